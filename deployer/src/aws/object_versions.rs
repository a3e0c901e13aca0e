//! Deleting objects of a bucket, for good with their old versions, or as they are listed.
//!
//! This is the only place that asks for DeleteObjects: its response is 200 also when S3 deleted only
//! some, so the errors in it have to be read
//! (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html>).

use aws_sdk_s3::types::{Delete, ObjectIdentifier};

use super::{Aws, aws_error::AwsError};
use crate::Error;

/// The most that one request deletes.
pub(super) const AT_ONCE: usize = 1000;

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
                    let refused = AwsError::new("s3:ListBucketVersions", error);
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
            self.delete_listed(bucket, objects).await?;
        }
    }

    /// Deletes the objects of these keys; in a bucket with versions they keep their old ones.
    pub(super) async fn delete_keys(&self, bucket: &str, keys: &[String]) -> Result<(), Error> {
        for keys in keys.chunks(AT_ONCE) {
            let objects = keys
                .iter()
                .filter_map(|key| ObjectIdentifier::builder().key(key).build().ok());
            self.delete_listed(bucket, objects.collect()).await?;
        }
        Ok(())
    }

    /// Deletes at most [`AT_ONCE`] objects or versions of objects.
    ///
    /// # Errors
    ///
    /// Also when S3 deleted only some: the first one that it kept, and how many there are.
    pub(super) async fn delete_listed(
        &self,
        bucket: &str,
        objects: Vec<ObjectIdentifier>,
    ) -> Result<(), Error> {
        let action = match objects.iter().any(|object| object.version_id().is_some()) {
            true => "s3:DeleteObjectVersion",
            false => "s3:DeleteObject",
        };
        let delete = Delete::builder()
            .set_objects(Some(objects))
            .quiet(true)
            .build()
            .map_err(|cause| {
                Error::failed(failed(bucket), "Run the same command again.").because(cause)
            })?;
        let response = self
            .clients
            .s3
            .delete_objects()
            .bucket(bucket)
            .delete(delete)
            .expected_bucket_owner(&self.account)
            .send()
            .await
            .map_err(|error| AwsError::new(action, error).error(failed(bucket)))?;
        let Some(first) = response.errors().first() else {
            return Ok(());
        };
        let code = first.code().unwrap_or_default();
        let reason = format!(
            "{action}: {} {} ({code}), one of {} that were not deleted",
            first.key().unwrap_or_default(),
            first.message().unwrap_or_default(),
            response.errors().len(),
        );
        let hint = match code {
            "AccessDenied" => format!(
                "Give the credentials the right `{action}` and look for a lock on the object, then run the same command again."
            ),
            _ => "Run the same command again.".to_owned(),
        };
        Err(Error::failed(failed(bucket), hint).because(reason))
    }
}

fn failed(bucket: &str) -> String {
    format!("Objects of the bucket `{bucket}` cannot be deleted.")
}
