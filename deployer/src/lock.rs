//! The holder of a lease, and the lease of this machine.
//!
//! [`FileLock`] is a lock on a file: the kernel drops it with the process, however that ends, so it
//! can never be stale.

use std::{
    fs,
    io::{Read, Seek, Write},
    path::Path,
};

use async_trait::async_trait;
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use crate::{Error, ErrorKind, target::Lease};

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

/// A lock on a file of this machine, held as long as the value lives.
#[derive(Debug)]
pub struct FileLock {
    file: fs::File,
}

#[async_trait(?Send)]
impl Lease for FileLock {
    async fn release(self: Box<Self>) -> Result<(), Error> {
        drop(self);
        Ok(())
    }
}

impl Drop for FileLock {
    fn drop(&mut self) {
        // Closing is not enough: a child between fork and exec still has the descriptor. An
        // unlock that fails leaves what closing does.
        let _ = flock(&self.file, FlockOperation::Unlock);
    }
}

impl FileLock {
    /// Takes the lock at `path`. [`ErrorKind::Busy`] at once, naming the holder, when it is taken.
    pub fn take(path: &Path, stage: &str, holder: &LeaseHolder) -> Result<FileLock, Error> {
        let failed = |cause: std::io::Error| {
            Error::failed(
                format!("The lock of the stage `{stage}`, {}, cannot be taken.", path.display()),
                "Check that the folder is writable and the disk is not full, then run the same command again.",
            )
            .because(cause)
        };
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        let mut file = fs::OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(failed)?;
        if let Err(error) = flock(&file, FlockOperation::NonBlockingLockExclusive) {
            if error != rustix::io::Errno::WOULDBLOCK {
                return Err(failed(error.into()));
            }
            let mut text = String::new();
            file.read_to_string(&mut text).map_err(failed)?;
            return Err(busy(stage, serde_json::from_str(&text).ok().as_ref()));
        }
        let text = serde_json::to_vec(holder).map_err(|error| failed(error.into()))?;
        file.set_len(0).map_err(failed)?;
        file.rewind().map_err(failed)?;
        file.write_all(&text).map_err(failed)?;
        Ok(FileLock { file })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_taker_is_told_who_has_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("local/lock");
        let holder = LeaseHolder::this_process("deploy");
        let lock = FileLock::take(&path, "local", &holder).unwrap();
        let error = FileLock::take(&path, "local", &holder).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Busy);
        assert!(
            error.message().contains(&format!("process {}", holder.pid)),
            "{error}"
        );
        drop(lock);
        FileLock::take(&path, "local", &holder).unwrap();
    }
}
