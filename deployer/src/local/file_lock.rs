//! The lease of a stage on this machine: a lock on a file. The kernel drops it with the process,
//! however that ends, so it can never be stale.

use std::{
    fs,
    io::{Read, Seek, Write},
    path::Path,
};

use async_trait::async_trait;
use rustix::fs::{FlockOperation, flock};

use crate::{
    Error,
    lease::{Lease, LeaseHolder, busy},
};

/// A lock on a file of this machine, held as long as the value lives.
#[derive(Debug)]
pub(super) struct FileLock {
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
    /// Takes the lock at `path`. [`crate::ErrorKind::Busy`] at once, naming the holder, when it is taken.
    pub(super) fn take(path: &Path, stage: &str, holder: &LeaseHolder) -> Result<FileLock, Error> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

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
