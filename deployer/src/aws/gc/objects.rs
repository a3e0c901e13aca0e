//! Old objects of the asset bucket: code that no function runs any more, large templates that were
//! only there for a request, and old versions of both. The record and the lease are left to the
//! bucket's own rules.

use std::collections::BTreeMap;

use aws_sdk_s3::types::ObjectIdentifier;
use time::OffsetDateTime;

use super::in_use::InUse;
use crate::{
    Error,
    aws::{Aws, aws_error::AwsError, object_versions::AT_ONCE},
    collection::CollectedObject,
};

/// What the deployer uploads under the hash of its content.
const PREFIXES: [&str; 2] = ["functions/", "templates/"];

/// Versions of one object that can go.
#[derive(Debug, Clone)]
pub(super) struct Unused {
    key: String,
    /// Whether the whole object goes, and not only old versions of it.
    is_whole: bool,
    versions: Vec<ObjectIdentifier>,
    bytes: u64,
}

impl Unused {
    pub(super) fn collected(&self) -> CollectedObject {
        CollectedObject {
            key: self.key.clone(),
            versions: self.versions.len(),
            bytes: self.bytes,
        }
    }

    /// True: still unused. False: noted as kept.
    pub(super) fn keep_or_note(&self, now: &InUse, kept: &mut Vec<String>) -> bool {
        let is_unused = !(self.is_whole && now.keys.contains(&self.key));
        if !is_unused {
            kept.push(self.key.clone());
        }
        is_unused
    }
}

/// A version of an object, or a delete marker.
struct ObjectVersion {
    id: Option<String>,
    bytes: u64,
    is_latest: bool,
    modified: OffsetDateTime,
}

impl Aws {
    /// What of the bucket nothing uses and is older than `before`.
    pub(super) async fn unused_objects(
        &self,
        in_use: &InUse,
        before: OffsetDateTime,
    ) -> Result<Vec<Unused>, Error> {
        let mut unused = Vec::new();
        for prefix in PREFIXES {
            for (key, versions) in self.object_versions(prefix).await? {
                unused.extend(unused_of(key, versions, in_use, before));
            }
        }
        Ok(unused)
    }

    async fn object_versions(
        &self,
        prefix: &str,
    ) -> Result<BTreeMap<String, Vec<ObjectVersion>>, Error> {
        let bucket = self.bucket.name();
        let mut found: BTreeMap<String, Vec<ObjectVersion>> = BTreeMap::new();
        let (mut key_marker, mut version_marker) = (None, None);
        let moment = |at: Option<&aws_smithy_types::DateTime>| {
            at.and_then(|at| OffsetDateTime::from_unix_timestamp(at.secs()).ok())
        };
        loop {
            let page = self
                .clients
                .s3
                .list_object_versions()
                .bucket(&bucket)
                .prefix(prefix)
                .set_key_marker(key_marker)
                .set_version_id_marker(version_marker)
                .expected_bucket_owner(&self.account)
                .send()
                .await
                .map_err(|error| {
                    self.bucket
                        .refused(AwsError::new("s3:ListBucketVersions", error))
                })?;
            let versions = page.versions().iter().map(|version| {
                let (id, modified) = (version.version_id(), version.last_modified());
                (
                    version.key(),
                    id,
                    version.is_latest(),
                    modified,
                    version.size(),
                )
            });
            // A delete marker is a version without bytes.
            let markers = page.delete_markers().iter().map(|marker| {
                let (id, modified) = (marker.version_id(), marker.last_modified());
                (marker.key(), id, marker.is_latest(), modified, None)
            });
            for (key, id, is_latest, modified, bytes) in versions.chain(markers) {
                let (Some(key), Some(modified)) = (key, moment(modified)) else {
                    continue;
                };
                found
                    .entry(key.to_owned())
                    .or_default()
                    .push(ObjectVersion {
                        id: id.map(str::to_owned),
                        bytes: bytes
                            .and_then(|bytes| u64::try_from(bytes).ok())
                            .unwrap_or(0),
                        is_latest: is_latest.unwrap_or_default(),
                        modified,
                    });
            }
            if !page.is_truncated().unwrap_or_default() {
                return Ok(found);
            }
            key_marker = page.next_key_marker().map(str::to_owned);
            version_marker = page.next_version_id_marker().map(str::to_owned);
        }
    }

    /// Deletes exactly these versions: one that was uploaded meanwhile stays.
    pub(super) async fn delete_objects(&self, unused: &[Unused]) -> Result<(), Error> {
        let bucket = self.bucket.name();
        let versions: Vec<ObjectIdentifier> = unused
            .iter()
            .flat_map(|unused| unused.versions.clone())
            .collect();
        for versions in versions.chunks(AT_ONCE) {
            self.fence().await?;
            self.delete_listed(&bucket, versions.to_vec()).await?;
        }
        Ok(())
    }
}

fn unused_of(
    key: String,
    versions: Vec<ObjectVersion>,
    in_use: &InUse,
    before: OffsetDateTime,
) -> Option<Unused> {
    let is_young = |version: &ObjectVersion| version.modified > before;
    let is_whole = !in_use.keys.contains(&key) && !versions.iter().any(is_young);
    let goes = |version: &&ObjectVersion| is_whole || (!version.is_latest && !is_young(version));
    let going: Vec<&ObjectVersion> = versions.iter().filter(goes).collect();
    let identifiers = going.iter().filter_map(|version| {
        let identifier = ObjectIdentifier::builder().key(&key);
        identifier.set_version_id(version.id.clone()).build().ok()
    });
    let unused = Unused {
        is_whole,
        versions: identifiers.collect(),
        bytes: going.iter().map(|version| version.bytes).sum(),
        key,
    };
    (!unused.versions.is_empty()).then_some(unused)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    fn version(id: &str, is_latest: bool, age: i64) -> ObjectVersion {
        ObjectVersion {
            id: Some(id.to_owned()),
            bytes: 10,
            is_latest,
            modified: NOW - time::Duration::seconds(age),
        }
    }

    fn gone(used: &[&str], versions: Vec<ObjectVersion>) -> Vec<String> {
        let in_use = InUse {
            keys: used.iter().map(|key| (*key).to_owned()).collect(),
            ..InUse::default()
        };
        let before = NOW - time::Duration::seconds(100);
        let unused = unused_of("key".to_owned(), versions, &in_use, before);
        let versions = unused.into_iter().flat_map(|unused| unused.versions);
        versions.filter_map(|version| version.version_id).collect()
    }

    #[test]
    fn all_of_an_unused_object_goes_and_only_old_versions_of_a_used_one() {
        let both = || vec![version("new", true, 200), version("old", false, 300)];
        assert_eq!(gone(&[], both()), ["new", "old"]);
        assert_eq!(gone(&["key"], both()), ["old"]);
    }

    #[test]
    fn an_object_that_was_uploaded_a_moment_ago_stays_and_so_does_its_latest_version() {
        let fresh = || vec![version("new", true, 5), version("old", false, 300)];
        assert_eq!(gone(&[], fresh()), ["old"], "a plan may be about to use it");
        assert_eq!(
            gone(
                &["key"],
                vec![version("new", true, 5), version("old", false, 6)]
            ),
            [""; 0]
        );
    }
}
