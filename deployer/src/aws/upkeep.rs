//! The capabilities that only AWS has.

use async_trait::async_trait;
use time::OffsetDateTime;

use super::{Aws, gc::SPARED_FOR};
use crate::{
    Error,
    collection::Collection,
    database::{DatabaseStatus, Snapshot},
    database_origin::RestoreSource,
    progress::Progress,
    target::{ManagedDatabase, Upkeep},
};

#[async_trait(?Send)]
impl Upkeep for Aws {
    async fn collect(&self, dry_run: bool, progress: &Progress) -> Result<Collection, Error> {
        self.collect_older(dry_run, SPARED_FOR, progress).await
    }

    async fn unprotect(&self, progress: &Progress) -> Result<Vec<String>, Error> {
        self.turn_protection_off(progress).await
    }
}

#[async_trait(?Send)]
impl ManagedDatabase for Aws {
    async fn instance(&self) -> Result<String, Error> {
        self.database_instance().await
    }

    async fn database_status(&self) -> Result<DatabaseStatus, Error> {
        self.status_of_database().await
    }

    async fn snapshots(&self) -> Result<Vec<Snapshot>, Error> {
        self.database_snapshots().await
    }

    async fn make_snapshot(&self, name: &str, progress: &Progress) -> Result<Snapshot, Error> {
        self.make_database_snapshot(name, progress).await
    }

    async fn snapshot_to_restore(&self, name: &str) -> Result<RestoreSource, Error> {
        self.restorable_snapshot(name).await
    }

    async fn moment_to_restore(&self, at: Option<OffsetDateTime>) -> Result<RestoreSource, Error> {
        self.restorable_moment(at).await
    }

    async fn is_left(&self, instance: &str) -> Result<bool, Error> {
        Ok(self.is_database_protected(instance).await? == Some(true))
    }
}
