//! What a release is made of: the commit, whether the tree was clean, the lockfile and the compiler.
//!
//! It is recorded with each deploy that changes something and shown by `status`, so that what runs
//! can be found again. It holds no names of files and no secret.

use std::{path::Path, process::Command};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{Error, build::hex, project::Project, stage::Stage};

/// What a release was made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// The commit, 40 hex digits; `None`: the checkout is no git repository, or has no commit yet.
    pub commit: Option<String>,
    /// Whether a file was changed, added or removed since that commit; `None` like `commit`. Files
    /// that git is told to ignore do not count.
    pub dirty: Option<bool>,
    /// SHA-256 of Cargo.lock, lowercase hex; `None`: there is none.
    pub lockfile: Option<String>,
    /// `rustc 1.95.0 (59807616e 2026-04-14)`; `None`: there is none on the `PATH`.
    pub rustc: Option<String>,
    /// When this was read, RFC 3339, UTC.
    pub at: String,
}

/// A deploy that failed after something may have been changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedDeploy {
    /// When it ended, RFC 3339, UTC.
    pub at: String,
    /// What failed: the message of its error without causes, which can quote logs.
    pub message: String,
    /// The commit that it was made of, 40 hex digits; `None`: not known.
    pub commit: Option<String>,
}

impl FailedDeploy {
    /// A deploy of that source that ends now with that error.
    pub(crate) fn now(error: &Error, source: Option<&Source>) -> FailedDeploy {
        FailedDeploy {
            at: now(),
            message: error.message().to_owned(),
            commit: source.and_then(|source| source.commit.clone()),
        }
    }
}

impl Source {
    /// What the checkout is now. What cannot be told is left out.
    pub fn read(project: &Project) -> Source {
        let root = project.root();
        let commit = line(root, "git", &["rev-parse", "--verify", "--quiet", "HEAD"]);
        let dirty = commit.is_some().then(|| {
            // Not even told: rather dirty than wrongly clean.
            said(root, "git", &["status", "--porcelain"]).is_none_or(|changes| !changes.is_empty())
        });
        Source {
            commit,
            dirty,
            lockfile: lockfile(root),
            rustc: line(root, "rustc", &["--version"]),
            at: now(),
        }
    }

    /// Refuses what the stage's file does not let be deployed: a tree that no commit describes.
    pub fn assert_may_go_to(&self, stage: &Stage) -> Result<(), Error> {
        if !stage.settings().require_clean_tree || self.dirty == Some(false) {
            return Ok(());
        }
        let why = match self.dirty {
            Some(_) => "this checkout has changes that no commit has",
            None => "this checkout is not a git repository with a commit",
        };
        Err(Error::usage(
            format!(
                "The stage `{}` deploys only committed code, and {why}. Nothing was changed.",
                stage.name()
            ),
            format!(
                "`git status` shows them; commit or stash them, then run the same command again. Or set `require-clean-tree: false` in stacks/stages/{}.yaml",
                stage.name()
            ),
        ))
    }
}

/// RFC 3339, UTC, in whole seconds.
fn now() -> String {
    OffsetDateTime::now_utc()
        .replace_nanosecond(0)
        .unwrap_or(OffsetDateTime::UNIX_EPOCH)
        .format(&Rfc3339)
        .unwrap_or_default()
}

/// SHA-256 of the lockfile that cargo uses: the nearest upwards.
fn lockfile(root: &Path) -> Option<String> {
    let path = root.ancestors().map(|folder| folder.join("Cargo.lock"));
    let bytes = path.filter_map(|path| std::fs::read(path).ok()).next()?;
    Some(hex(&Sha256::digest(bytes)))
}

fn line(root: &Path, program: &str, arguments: &[&str]) -> Option<String> {
    said(root, program, arguments).filter(|line| !line.is_empty())
}

/// What a program wrote, when it ended well.
fn said(root: &Path, program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(root)
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
