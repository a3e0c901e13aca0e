//! The pre-flight of a deploy: what the account itself would refuse after minutes, or after a
//! protected database exists, is reported before the first write, everything at once, each with the
//! command that fixes it.
//!
//! Three parts: what the templates ask of the account ([`demands`]), what the account answers
//! ([`gather`]), and what of it does not fit ([`findings`], a pure function). The templates are the
//! only source of the demands, so a new resource is covered without a word about the application.

mod demands;
mod facts;
mod findings;
mod gather;
mod names;

use super::Aws;
use crate::{Error, plan::StackPlan};

use demands::Demands;
use findings::Finding;

impl Aws {
    /// Refuses a plan that the account would refuse; warns of what it may refuse. Reads only.
    pub(super) async fn preflight(&self, stacks: &[StackPlan]) -> Result<(), Error> {
        let demands = Demands::of(stacks);
        let facts = self.gather(&demands).await?;
        let (refusals, warnings): (Vec<Finding>, Vec<Finding>) =
            findings::findings(&demands, &facts)
                .into_iter()
                .partition(|finding| finding.is_refusal);
        for warning in warnings {
            self.progress.warn(warning.to_string());
        }
        if refusals.is_empty() {
            return Ok(());
        }
        Err(refusal(self.stage.name(), &refusals))
    }
}

fn refusal(stage: &str, refusals: &[Finding]) -> Error {
    let list: Vec<String> = refusals.iter().map(ToString::to_string).collect();
    let count = match list.len() {
        1 => "1 thing".to_owned(),
        count => format!("{count} things"),
    };
    Error::failed(
        format!(
            "AWS would refuse this deploy because of {count} in the account. Nothing was changed."
        ),
        format!("Run the command below each, then `cargo xtask deploy --stage {stage}` again."),
    )
    .because(list.join("\n"))
}
