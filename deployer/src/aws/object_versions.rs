//! Deleting objects for good, with their old versions.

use aws_sdk_s3::types::{Delete, ObjectIdentifier};

use super::{Aws, refused::Refused};
use crate::Error;

impl Aws {
    /// Deletes every object of a bucket, old versions too. A missing bucket is not an error.
    pub(super) async fn empty_whole_bucket(&self, bucket: &str) -> Result<(), Error> {
        loop {
            let page = self
                .clients
                .s3
                .list_object_versions()
                .bucket(bucket)
                .expected_bucket_owner(&self.account)
                .send()
                .await;
            let page = match page {
                Ok(page) => page,
                Err(error) => {
                    let refused = Refused::new("s3:ListBucketVersions", error);
                    if refused.is_missing() {
                        return Ok(());
                    }
                    return Err(refused.error(failed(bucket)));
                }
            };
            let versions = page
                .versions()
                .iter()
                .map(|version| (version.key(), version.version_id()));
            let markers = page
                .delete_markers()
                .iter()
                .map(|marker| (marker.key(), marker.version_id()));
            let objects: Vec<ObjectIdentifier> = versions
                .chain(markers)
                .filter_map(|(key, version)| {
                    ObjectIdentifier::builder()
                        .key(key?)
                        .set_version_id(version.map(str::to_owned))
                        .build()
                        .ok()
                })
                .collect();
            if objects.is_empty() {
                return Ok(());
            }
            self.delete_object_versions(bucket, objects).await?;
        }
    }

    /// Deletes at most 1,000 versions of objects. S3 answers 200 also when it deleted only some; the
    /// first that it refused is the error.
    pub(super) async fn delete_object_versions(
        &self,
        bucket: &str,
        versions: Vec<ObjectIdentifier>,
    ) -> Result<(), Error> {
        let delete = Delete::builder()
            .set_objects(Some(versions))
            .quiet(true)
            .build()
            .map_err(|cause| {
                Error::failed(failed(bucket), "Run the same command again.").because(cause)
            })?;
        let answer = self
            .clients
            .s3
            .delete_objects()
            .bucket(bucket)
            .delete(delete)
            .expected_bucket_owner(&self.account)
            .send()
            .await
            .map_err(|error| Refused::new("s3:DeleteObjectVersion", error).error(failed(bucket)))?;
        let Some(first) = answer.errors().first() else {
            return Ok(());
        };
        let reason = format!(
            "s3:DeleteObjectVersion: {} {} ({})",
            first.key().unwrap_or_default(),
            first.message().unwrap_or_default(),
            first.code().unwrap_or_default()
        );
        let hint = "Give the credentials the right `s3:DeleteObjectVersion` and look for a lock on the object, then run the same command again.";
        Err(Error::failed(failed(bucket), hint).because(reason))
    }
}

fn failed(bucket: &str) -> String {
    format!("Objects of the bucket `{bucket}` cannot be deleted.")
}
