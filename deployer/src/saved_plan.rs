//! A plan in a file, to be applied later and by somebody else.
//!
//! The file has everything that apply needs but bytes: templates, parameters, migrations, the hashes
//! of the functions' code and of the site, and fingerprints of what was deployed. It holds no secret
//! and no path of a machine. The bytes come from the checkout of whoever applies it, and only when
//! their hashes are those of the plan.

use std::{fs, path::Path};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{
    Error,
    asset::Asset,
    build::hex,
    plan::{Plan, canonical_hash},
    project::Project,
    site,
    target::Target,
};

/// Goes up with every change that an older program would read wrongly.
const FORMAT: u32 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope {
    format: u32,
    /// SHA-256 over format and plan, whatever the order of keys and the white space.
    checksum: String,
    plan: Value,
}

fn checksum(format: u32, plan: &Value) -> String {
    hex(&canonical_hash(&json!([format, plan])))
}

/// Writes a plan to `file`, whole or not at all.
///
/// # Errors
///
/// [`crate::ErrorKind::Usage`] for a plan that was made offline, which cannot be applied; when the
/// file cannot be written.
pub fn save(plan: &Plan, file: &Path) -> Result<(), Error> {
    if plan.made_from.stage.is_none() {
        return Err(Error::usage(
            "A plan that was made offline cannot be applied, so it is not saved.",
            format!(
                "`cargo xtask plan --stage {} --out {}`",
                plan.stage,
                file.display()
            ),
        ));
    }
    let mut portable = plan.clone();
    for asset in &mut portable.assets {
        asset.path.clear();
    }
    let plan = json!(portable);
    let envelope = json!(Envelope {
        format: FORMAT,
        checksum: checksum(FORMAT, &plan),
        plan,
    });
    let temporary = file.with_extension(format!("tmp{}", std::process::id()));
    fs::write(&temporary, format!("{envelope:#}\n"))
        .and_then(|()| fs::rename(&temporary, file))
        .map_err(|cause| {
            Error::failed(
                format!("The plan cannot be written to {}.", file.display()),
                "Name a file in a folder that can be written to: `--out plan.json`",
            )
            .because(cause)
        })
}

/// Reads a plan from `file`. The bytes that it refers to are added by [`locate`].
///
/// # Errors
///
/// [`crate::ErrorKind::Usage`] when there is no such file, it is not a plan of this format, or it was
/// edited.
pub fn load(file: &Path) -> Result<Plan, Error> {
    let unusable = |why: &str| {
        Error::usage(
            format!(
                "{} cannot be applied: {why}. Nothing was changed.",
                file.display()
            ),
            format!(
                "Save a new one with `--out {}` at `plan`: `cargo xtask help plan`",
                file.display()
            ),
        )
    };
    let text = fs::read(file).map_err(|cause| unusable("it cannot be read").because(cause))?;
    let value: Value =
        serde_json::from_slice(&text).map_err(|cause| unusable("it is not JSON").because(cause))?;
    let Some(format) = value.get("format").and_then(Value::as_u64) else {
        return Err(unusable("it is not a saved plan"));
    };
    if format != u64::from(FORMAT) {
        return Err(unusable(&format!(
            "it has format {format}, and this program reads format {FORMAT}"
        )));
    }
    let envelope: Envelope = serde_json::from_value(value)
        .map_err(|cause| unusable("it is not a saved plan").because(cause))?;
    if checksum(envelope.format, &envelope.plan) != envelope.checksum {
        return Err(unusable(
            "it was edited after it was saved, so its checksum is wrong",
        ));
    }
    serde_json::from_value(envelope.plan)
        .map_err(|cause| unusable("it is of another version of this program").because(cause))
}

/// Finds the bytes that a plan from a file refers to: code that was built in this checkout or was
/// uploaded already, and the files of the site.
///
/// # Errors
///
/// When some are missing or different, with the commit that has them.
pub async fn locate(plan: &mut Plan, project: &Project, target: &dyn Target) -> Result<(), Error> {
    let mut missing = Vec::new();
    for asset in &mut plan.assets {
        if !find(asset, project) && !target.has_asset(asset).await? {
            missing.push(format!("{} {}", asset.function, asset.sha256));
        }
    }
    if !missing.is_empty() {
        return Err(absent(plan, "The code of functions").because(missing.join("\n")));
    }
    if plan.site.put {
        plan.site.files = site::files(project)?;
        if site::hash(&plan.site.files) != plan.site.sha256 {
            return Err(absent(plan, "The files of the site"));
        }
    }
    Ok(())
}

/// Whether the checkout has the code; sets its path then.
fn find(asset: &mut Asset, project: &Project) -> bool {
    let folder = project.artifacts().join("functions").join(&asset.function);
    let built = [
        folder.join(&asset.sha256).join("bootstrap"),
        folder.join(format!("{}.zip", asset.sha256)),
    ];
    let same =
        |path: &Path| fs::read(path).is_ok_and(|bytes| hex(&Sha256::digest(bytes)) == asset.sha256);
    match built.into_iter().find(|path| same(path)) {
        Some(path) => {
            asset.path = path;
            true
        }
        None => false,
    }
}

fn absent(plan: &Plan, what: &str) -> Error {
    let stage = &plan.stage;
    let source = plan.made_from.source.as_ref();
    let commit = source.and_then(|source| source.commit.as_deref());
    let checkout = match commit {
        Some(commit) => format!("`git checkout {commit}`, then "),
        None => "In the checkout that the plan was made in: ".to_owned(),
    };
    Error::failed(
        format!("{what} that the plan needs is not in this checkout. Nothing was changed."),
        format!("{checkout}`cargo xtask build --stage {stage}`, and the same command again"),
    )
}

#[cfg(test)]
#[path = "saved_plan_tests.rs"]
mod tests;
