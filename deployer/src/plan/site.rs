//! Whether the files of the site are put into their bucket.

use super::{SitePlan, StackPlan, parameter_changes::future_output};
use crate::{
    site::{self, SiteFile},
    state::{Deployed, PUBLIC_OUTPUTS, public_outputs},
};

/// The output with the name of the bucket.
const BUCKET: &str = "siteBucket";

/// They are when what the bucket holds is not these files and the addresses in `config.json`, and
/// when the bucket or an address may be another one after the deploy.
pub(super) fn plan(
    files: &[SiteFile],
    stage: &str,
    deployed: &Deployed,
    stacks: &[StackPlan],
) -> SitePlan {
    let has_site = stacks
        .iter()
        .any(|stack| stack.template["Outputs"].get(BUCKET).is_some());
    let holds = held(files, stage, deployed);
    let is_there = deployed.site.as_deref() == Some(&holds);
    let moves = stacks.iter().any(|stack| moves(stack, deployed, stacks));
    let put = has_site && (!is_there || moves);
    SitePlan {
        put,
        sha256: site::hash(files),
        files: if put { files.to_vec() } else { Vec::new() },
    }
}

/// What is recorded of a bucket with these files and the `config.json` of what is deployed.
pub(crate) fn held(files: &[SiteFile], stage: &str, deployed: &Deployed) -> String {
    let config = site::config(stage, &public_outputs(&deployed.stacks));
    site::hash(files.iter().chain([&config]))
}

/// Whether the bucket or an address that the stack gives may be another one.
fn moves(stack: &StackPlan, deployed: &Deployed, stacks: &[StackPlan]) -> bool {
    let before = deployed.stacks.get(&stack.name);
    PUBLIC_OUTPUTS
        .into_iter()
        .chain([BUCKET])
        .filter(|output| stack.template["Outputs"].get(output).is_some())
        .any(|output| {
            let (after, _) = future_output(&stack.name, output, deployed, stacks);
            after.is_none() || after.as_ref() != before.and_then(|stack| stack.outputs.get(output))
        })
}
