//! What only a stage on AWS needs: collecting what deploys leave behind, turning protections off, and
//! looking after a database that is not a process of ours.

use async_trait::async_trait;
use time::OffsetDateTime;

use crate::{
    Error,
    collection::Collection,
    database::{DatabaseStatus, Snapshot},
    database_origin::RestoreSource,
    progress::Progress,
};

/// Keeping a stage tidy, and ending it. Both are called only while the lease is held.
#[async_trait(?Send)]
pub trait Upkeep {
    /// Deletes old versions of functions, old assets and abandoned change sets that nothing uses; with
    /// `dry_run` only reports them. What comes into use meanwhile is kept and reported.
    async fn collect(&self, dry_run: bool, progress: &Progress) -> Result<Collection, Error>;

    /// Turns off what keeps the stage from being destroyed, and reports it, one line each. The caller
    /// has the typed name of the stage.
    async fn unprotect(&self, progress: &Progress) -> Result<Vec<String>, Error>;
}

/// The database of a stage, where a service runs it.
#[async_trait(?Send)]
pub trait ManagedDatabase {
    /// The identifier of its instance.
    ///
    /// # Errors
    ///
    /// [`crate::ErrorKind::Usage`] when the stage has none of its own.
    async fn instance(&self) -> Result<String, Error>;

    /// How it is. Reads only.
    async fn database_status(&self) -> Result<DatabaseStatus, Error>;

    /// Its snapshots and those of its predecessors, the oldest first. Reads only.
    async fn snapshots(&self) -> Result<Vec<Snapshot>, Error>;

    /// Makes a snapshot `miyabi-STAGE-NAME` and waits until it can be restored from.
    async fn make_snapshot(&self, name: &str, progress: &Progress) -> Result<Snapshot, Error>;

    /// That snapshot as the origin of a restore.
    ///
    /// # Errors
    ///
    /// [`crate::ErrorKind::Usage`] when there is no such snapshot, or it is not complete.
    async fn snapshot_to_restore(&self, name: &str) -> Result<RestoreSource, Error>;

    /// That moment as the origin of a restore; `None`: the latest one.
    ///
    /// # Errors
    ///
    /// [`crate::ErrorKind::Usage`] when it has no backups, or the moment cannot be restored yet.
    async fn moment_to_restore(&self, at: Option<OffsetDateTime>) -> Result<RestoreSource, Error>;

    /// Whether an instance that was replaced is still there because it is protected. Reads only.
    async fn is_left(&self, instance: &str) -> Result<bool, Error>;
}

/// A database that is a process of the stage.
#[async_trait(?Send)]
pub trait DatabaseProcess {
    /// Stops it in order, or starts it again. Stopped, only this call or a deploy starts it.
    ///
    /// # Errors
    ///
    /// When it does not start.
    async fn run_database(&self, run: bool) -> Result<(), Error>;
}
