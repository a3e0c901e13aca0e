//! The site's files in their bucket: those that carry a hash in their name first, so that no page
//! ever asks for one that is not there, pages last, `config.json` at the very end.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudfront::types::{InvalidationBatch, Paths};
use aws_sdk_s3::{
    primitives::ByteStream,
    types::{ChecksumAlgorithm, Delete, ObjectIdentifier},
};
use futures_util::{StreamExt, TryStreamExt, stream};
use time::{Duration, OffsetDateTime};

use super::{Aws, change::token, refused::Refused};
use crate::{Error, site::SiteFile};

/// Uploads at once.
const AT_ONCE: usize = 8;
/// How long a file with a hash in its name outlives its release: a page that is still open in a
/// browser may ask for it.
const OLD_FILES_STAY: Duration = Duration::days(7);
/// The most keys that one request deletes.
const DELETED_AT_ONCE: usize = 1000;

impl Aws {
    /// Makes the bucket hold these files.
    pub(super) async fn put_files(&self, bucket: &str, files: &[SiteFile]) -> Result<(), Error> {
        self.fence().await?;
        let (hashed, pages): (Vec<&SiteFile>, Vec<&SiteFile>) = files
            .iter()
            .partition(|file| file.cache_control.contains("immutable"));
        let (last, pages): (Vec<&SiteFile>, Vec<&SiteFile>) = pages
            .into_iter()
            .partition(|file| file.key == "config.json");
        for group in [&hashed, &pages, &last] {
            stream::iter(group)
                .map(|file| self.put_file(bucket, file))
                .buffer_unordered(AT_ONCE)
                .try_collect::<Vec<()>>()
                .await?;
        }
        self.remove_old_files(bucket, files).await?;
        let unhashed: Vec<&str> = pages
            .iter()
            .chain(&last)
            .map(|file| file.key.as_str())
            .collect();
        self.invalidate(&unhashed).await
    }

    async fn put_file(&self, bucket: &str, file: &SiteFile) -> Result<(), Error> {
        self.clients
            .s3
            .put_object()
            .bucket(bucket)
            .key(&file.key)
            .content_type(&file.content_type)
            .cache_control(&file.cache_control)
            .checksum_algorithm(ChecksumAlgorithm::Sha256)
            .expected_bucket_owner(&self.account)
            .body(ByteStream::from(file.body.clone()))
            .send()
            .await
            .map(|_| ())
            .map_err(|error| {
                Refused::new("s3:PutObject", error).error(format!(
                    "The file `{}` of the site cannot be put into `{bucket}`.",
                    file.key
                ))
            })
    }

    async fn remove_old_files(&self, bucket: &str, files: &[SiteFile]) -> Result<(), Error> {
        let wanted: BTreeSet<&str> = files.iter().map(|file| file.key.as_str()).collect();
        let old = self.seen.now() - OLD_FILES_STAY;
        let there = self.keys(bucket).await?;
        let unwanted: Vec<String> = there
            .into_iter()
            .filter(|(key, at)| {
                !wanted.contains(key.as_str()) && (!key.starts_with("_next/static/") || *at < old)
            })
            .map(|(key, _)| key)
            .collect();
        for keys in unwanted.chunks(DELETED_AT_ONCE) {
            self.delete_keys(bucket, keys).await?;
        }
        Ok(())
    }

    /// Every key of a bucket and when it was written.
    pub(super) async fn keys(
        &self,
        bucket: &str,
    ) -> Result<BTreeMap<String, OffsetDateTime>, Error> {
        let mut keys = BTreeMap::new();
        let mut token = None;
        loop {
            let page = self
                .clients
                .s3
                .list_objects_v2()
                .bucket(bucket)
                .set_continuation_token(token)
                .expected_bucket_owner(&self.account)
                .send()
                .await
                .map_err(|error| {
                    Refused::new("s3:ListBucket", error)
                        .error(format!("The bucket `{bucket}` cannot be listed."))
                })?;
            for object in page.contents() {
                let at = object.last_modified().map_or(0, |at| at.secs());
                let at =
                    OffsetDateTime::from_unix_timestamp(at).unwrap_or(OffsetDateTime::UNIX_EPOCH);
                keys.extend(object.key().map(|key| (key.to_owned(), at)));
            }
            token = page.next_continuation_token().map(str::to_owned);
            if token.is_none() {
                return Ok(keys);
            }
        }
    }

    pub(super) async fn delete_keys(&self, bucket: &str, keys: &[String]) -> Result<(), Error> {
        let failed = || format!("Old files cannot be removed from `{bucket}`.");
        let unwritable = |cause: aws_sdk_s3::error::BuildError| {
            Error::failed(failed(), "Run the same command again.").because(cause)
        };
        let objects: Result<Vec<_>, _> = keys
            .iter()
            .map(|key| ObjectIdentifier::builder().key(key).build())
            .collect();
        let delete = Delete::builder()
            .set_objects(Some(objects.map_err(unwritable)?))
            .quiet(true)
            .build()
            .map_err(unwritable)?;
        self.clients
            .s3
            .delete_objects()
            .bucket(bucket)
            .delete(delete)
            .expected_bucket_owner(&self.account)
            .send()
            .await
            .map(|_| ())
            .map_err(|error| Refused::new("s3:DeleteObject", error).error(failed()))
    }

    /// One invalidation of the files whose names stay the same. Not waited for: within a minute or
    /// two every edge has the new ones.
    async fn invalidate(&self, keys: &[&str]) -> Result<(), Error> {
        let stacks = self.stacks().await?;
        let Some(distribution) = stacks
            .values()
            .find_map(|stack| stack.outputs.get("distributionId"))
        else {
            return Ok(());
        };
        let mut paths: Vec<String> = Vec::new();
        for key in keys {
            paths.push(format!("/{key}"));
            // A folder's page is asked for by the folder.
            if let Some(folder) = key.strip_suffix("index.html") {
                paths.push(format!("/{folder}"));
            }
        }
        // Up to 1,000 paths a month cost nothing, and one that ends with a star counts as one.
        if paths.len() > 20 {
            paths = vec!["/*".to_owned()];
        }
        let failed =
            || "The site's new files are in place, and CloudFront cannot be told so.".to_owned();
        let unwritable = |cause: aws_sdk_cloudfront::error::BuildError| {
            Error::failed(failed(), "Run the same command again.").because(cause)
        };
        let quantity = i32::try_from(paths.len()).unwrap_or(i32::MAX);
        let paths = Paths::builder()
            .quantity(quantity)
            .set_items(Some(paths))
            .build()
            .map_err(unwritable)?;
        let batch = InvalidationBatch::builder()
            .paths(paths)
            .caller_reference(token())
            .build()
            .map_err(unwritable)?;
        self.clients
            .cloudfront
            .create_invalidation()
            .distribution_id(distribution)
            .invalidation_batch(batch)
            .send()
            .await
            .map(|_| ())
            .map_err(|error| Refused::new("cloudfront:CreateInvalidation", error).error(failed()))
    }
}
