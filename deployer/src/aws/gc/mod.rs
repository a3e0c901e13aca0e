//! Collection of what deploys leave behind: versions of functions, assets, change sets of plans that
//! were stopped.
//!
//! What is in use is read twice: once to find what is not, and once more right before anything is
//! deleted; a version is looked at a third time on its own. What came into use meanwhile is kept and
//! reported. The caller holds the stage, so no deploy of ours runs at the same time; a plan may.

mod change_sets;
mod in_use;
mod objects;
mod versions;

use std::time::Duration;

use super::Aws;
use crate::{Error, collection::Collection, progress::Progress};

/// Objects and change sets that are younger may belong to a plan that is being made now: a plan needs
/// no lease.
pub const SPARED_FOR: Duration = Duration::from_secs(3600);

impl Aws {
    /// Removes what no template, release, alias or plan uses. With `dry_run` only reports it. What is
    /// younger than `spare` is kept ([`SPARED_FOR`]).
    ///
    /// # Errors
    ///
    /// When something cannot be read or deleted; what was deleted before stays deleted, and the same
    /// command continues.
    pub async fn collect_older(
        &self,
        dry_run: bool,
        spare: Duration,
        progress: &Progress,
    ) -> Result<Collection, Error> {
        let step = progress.step("gc", "Collecting old versions and assets");
        let in_use = self.in_use().await?;
        let before = self.observer.now() - spare;
        let mut collection = Collection::default();
        let mut versions = self.unused_versions(&in_use).await?;
        let mut objects = self.unused_objects(&in_use, before).await?;
        let change_sets = self.abandoned_change_sets(before).await?;
        let is_needed = !versions.is_empty() || !objects.is_empty();
        if is_needed && !dry_run {
            let now = self.in_use().await?;
            versions.retain(|version| now.keep_or_note(version, &mut collection.kept));
            objects.retain(|object| object.keep_or_note(&now, &mut collection.kept));
        }
        if !dry_run {
            versions = self.delete_versions(versions, &mut collection.kept).await?;
            self.delete_objects(&objects).await?;
            self.delete_change_sets(&change_sets).await?;
        }
        collection.versions = versions;
        collection.objects = objects.iter().map(objects::Unused::collected).collect();
        collection.change_sets = change_sets
            .iter()
            .map(change_sets::Abandoned::path)
            .collect();
        step.done(format!("{} bytes", collection.bytes()));
        Ok(collection)
    }
}
