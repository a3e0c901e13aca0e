//! A copy of what was last read from AWS about a stage, for plans without AWS. Nothing else reads
//! it, and nothing is lost with it. It holds templates, parameters and outputs, none of which has a
//! secret.

use std::{fs, io, path::PathBuf};

use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    Error,
    progress::Progress,
    project::Project,
    stage::Stage,
    state::{self, Deployed},
    target::Target,
};

/// What was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LastRead {
    /// When, RFC 3339 in UTC, to the second.
    pub at: String,
    /// Where: an account and region, or the address of an endpoint.
    pub from: String,
    /// What is deployed there.
    pub deployed: Deployed,
}

/// Keeps a copy of what is deployed for [`crate::offline`], which alone reads it. Costs a look at the
/// stage when something was changed since the last one. Nothing depends on the copy, so a failure is
/// only a warning. `local` needs none: its record is on this machine.
pub async fn remember(target: &dyn Target, project: &Project, stage: &Stage, progress: &Progress) {
    if stage.is_local() {
        return;
    }
    let kept = match target.deployed().await {
        Ok(deployed) => keep(project, stage.name(), &target.id().to_string(), &deployed),
        Err(error) => Err(error),
    };
    if let Err(error) = kept {
        progress.warn(format!(
            "The deployed templates were not kept for `plan --offline`: {error}"
        ));
    }
}

/// Keeps what was just read at `from`, in place of what was read before.
pub(super) fn keep(
    project: &Project,
    stage: &str,
    from: &str,
    deployed: &Deployed,
) -> Result<(), Error> {
    let now = OffsetDateTime::now_utc();
    let read = LastRead {
        at: now
            .replace_nanosecond(0)
            .unwrap_or(now)
            .format(&Rfc3339)
            .unwrap_or_default(),
        from: from.to_owned(),
        deployed: deployed.clone(),
    };
    let path = path(project, stage);
    let bytes = serde_json::to_vec(&read).map_err(io::Error::from);
    bytes
        .and_then(|bytes| state::write_private(&path, &bytes))
        .map_err(|cause| {
            Error::failed(
                format!("The copy of the deployed templates, {}, cannot be written.", path.display()),
                format!("Make room on the disk and check the permissions of the folder; until then, `cargo xtask plan --stage {stage} --offline` knows only the templates that were read before."),
            )
            .because(cause)
        })
}

/// Removes the copy; none is fine.
pub fn forget(project: &Project, stage: &str) -> Result<(), Error> {
    let path = path(project, stage);
    match fs::remove_file(&path) {
        Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(Error::failed(
            format!("{} cannot be removed.", path.display()),
            "Check the permissions of the folder and remove it by hand.",
        )
        .because(cause)),
        _ => Ok(()),
    }
}

/// What was last read.
pub(super) fn load(project: &Project, stage: &str) -> Result<LastRead, Error> {
    let path = path(project, stage);
    let hint = format!(
        "Name the deployed templates: `cargo xtask plan --stage {stage} --offline --deployed FOLDER`. Or read them at AWS: `cargo xtask plan --stage {stage}`"
    );
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
            return Err(Error::usage(
                format!(
                    "Nothing was read of the stage `{stage}` on this machine, so there is nothing to compare with."
                ),
                hint,
            ));
        }
        Err(cause) => return Err(unreadable(&path, hint).because(cause)),
    };
    serde_json::from_slice(&bytes).map_err(|cause| unreadable(&path, hint).because(cause))
}

fn unreadable(path: &std::path::Path, hint: String) -> Error {
    Error::failed(
        format!(
            "The copy of the deployed templates, {}, cannot be read.",
            path.display()
        ),
        hint,
    )
}

fn path(project: &Project, stage: &str) -> PathBuf {
    project.stage_dir(stage).join("last-read.json")
}
