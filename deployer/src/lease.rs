//! The lease of a stage: who holds it may change the stage, and nobody else.
//!
//! Where it is kept is the target's: a lock on a file on this machine, an object in the bucket on AWS.

use std::fmt::Debug;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::{Error, ErrorKind};

/// Proof that this process may change the stage. Dropping it without [`Lease::release`] frees the
/// stage too: at once where that needs no answer from elsewhere, else at the latest when it expires.
#[async_trait(?Send)]
pub trait Lease: Debug {
    /// Frees the stage.
    async fn release(self: Box<Self>) -> Result<(), Error>;
}

/// The process that holds the lease of a stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseHolder {
    /// What the process does: `deploy`, `destroy`, `dev`.
    pub command: String,
    /// Login name.
    pub user: String,
    /// Host name.
    pub host: String,
    /// Process id on that host.
    pub pid: u32,
    /// When it began, RFC 3339, UTC.
    pub since: String,
}

impl LeaseHolder {
    /// This process, doing `command`.
    pub fn this_process(command: &str) -> LeaseHolder {
        let now = time::OffsetDateTime::now_utc();
        let seconds = now.replace_nanosecond(0).unwrap_or(now);
        LeaseHolder {
            command: command.to_owned(),
            user: std::env::var("USER").unwrap_or_else(|_| "unknown".to_owned()),
            host: rustix::system::uname()
                .nodename()
                .to_string_lossy()
                .into_owned(),
            pid: std::process::id(),
            since: seconds
                .format(&time::format_description::well_known::Rfc3339)
                .unwrap_or_default(),
        }
    }
}

/// The error that names the holder of the lease.
pub fn busy(stage: &str, holder: Option<&LeaseHolder>) -> Error {
    let who = match holder {
        Some(holder) => format!(
            "`{}` of {}@{}, process {}, since {}",
            holder.command, holder.user, holder.host, holder.pid, holder.since
        ),
        // Between the other process taking the lock and writing its name.
        None => "another process".to_owned(),
    };
    Error::new(
        ErrorKind::Busy,
        format!("The stage `{stage}` is busy: {who}."),
        "Wait until it has ended, then run the same command again.",
    )
}
