//! The site's files in their bucket: those that carry a hash in their name first, so that no page
//! ever asks for one that is not there, pages last, `config.json` at the very end.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_cloudfront::types::{InvalidationBatch, Paths};
use aws_sdk_s3::{primitives::ByteStream, types::ChecksumAlgorithm};
use futures_util::{StreamExt, TryStreamExt, stream};
use time::{Duration, OffsetDateTime};

use super::{Aws, aws_error::AwsError, change::token};
use crate::{Error, site::SiteFile};

/// Uploads at once.
const AT_ONCE: usize = 8;
/// How long a file with a hash in its name outlives its release, from the deploy that dropped it: a
/// page that is still open in a browser may ask for it.
const OLD_FILES_STAY: Duration = Duration::days(7);

/// The files in the bucket that the release does not have.
#[derive(Debug, PartialEq, Eq)]
struct Old {
    /// Those that a page of an earlier release may still ask for, and since when they are old.
    stay: BTreeMap<String, i64>,
    /// Those whose time is over.
    over: Vec<String>,
}

impl Old {
    /// `before`: what stayed at the deploy before. What is not among it is old from now on: when it was
    /// uploaded says nothing, as a release may be in service for months.
    fn of(
        there: Vec<String>,
        wanted: &BTreeSet<&str>,
        before: &BTreeMap<String, i64>,
        now: OffsetDateTime,
    ) -> Old {
        let gone_by = (now - OLD_FILES_STAY).unix_timestamp();
        let mut old = Old {
            stay: BTreeMap::new(),
            over: Vec::new(),
        };
        for key in there {
            if wanted.contains(key.as_str()) {
                continue;
            }
            let since = *before.get(&key).unwrap_or(&now.unix_timestamp());
            if key.starts_with("_next/static/") && since > gone_by {
                old.stay.insert(key, since);
            } else {
                old.over.push(key);
            }
        }
        old
    }
}

impl Aws {
    /// Makes the bucket hold these files. Gives those of earlier releases that stay for a while, and
    /// since when: [`super::record::Record::site_left`].
    pub(super) async fn put_files(
        &self,
        bucket: &str,
        files: &[SiteFile],
    ) -> Result<BTreeMap<String, i64>, Error> {
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
        let unhashed: Vec<&str> = pages
            .iter()
            .chain(&last)
            .map(|file| file.key.as_str())
            .collect();
        self.invalidate(&unhashed).await?;
        // Only now: until then an edge may give a page of the release before.
        self.remove_old_files(bucket, files).await
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
                AwsError::new("s3:PutObject", error).error(format!(
                    "The file `{}` of the site cannot be put into `{bucket}`.",
                    file.key
                ))
            })
    }

    async fn remove_old_files(
        &self,
        bucket: &str,
        files: &[SiteFile],
    ) -> Result<BTreeMap<String, i64>, Error> {
        let there = self.keys(bucket).await?;
        let wanted: BTreeSet<&str> = files.iter().map(|file| file.key.as_str()).collect();
        let before = self.record().await?.site_left;
        let old = Old::of(there, &wanted, &before, self.observer.now());
        self.delete_keys(bucket, &old.over).await?;
        Ok(old.stay)
    }

    /// Every key of a bucket.
    pub(super) async fn keys(&self, bucket: &str) -> Result<Vec<String>, Error> {
        let mut keys = Vec::new();
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
                    AwsError::new("s3:ListBucket", error)
                        .error(format!("The bucket `{bucket}` cannot be listed."))
                })?;
            let page_keys = page.contents().iter().filter_map(|object| object.key());
            keys.extend(page_keys.map(str::to_owned));
            token = page.next_continuation_token().map(str::to_owned);
            if token.is_none() {
                return Ok(keys);
            }
        }
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
        let failed = || {
            "The site's new files are in place, and CloudFront's cache could not be invalidated."
                .to_owned()
        };
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
            .map_err(|error| AwsError::new("cloudfront:CreateInvalidation", error).error(failed()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The files of a deploy on that day whose release has only these, with what the one before kept.
    fn deploy(day: i64, there: &[&str], wanted: &[&str], before: &BTreeMap<String, i64>) -> Old {
        let now = OffsetDateTime::UNIX_EPOCH + Duration::days(day);
        let there = there.iter().map(|key| (*key).to_owned()).collect();
        Old::of(there, &wanted.iter().copied().collect(), before, now)
    }

    #[test]
    fn a_hashed_file_stays_seven_days_from_the_deploy_that_dropped_it_however_old_it_is() {
        let (old, new) = ("_next/static/old.js", "_next/static/new.js");
        let there = [old, new, "about.html", "index.html"];
        let wanted = [new, "index.html"];
        // The release before was in service for a hundred days.
        let first = deploy(100, &there, &wanted, &BTreeMap::new());
        assert_eq!(first.stay.keys().collect::<Vec<_>>(), [old]);
        assert_eq!(first.over, ["about.html"], "a page is requested again");

        let second = deploy(106, &there[..2], &wanted, &first.stay);
        assert_eq!(second.stay, first.stay, "the first deploy counts");
        let third = deploy(107, &there[..2], &wanted, &second.stay);
        assert_eq!(third.over, [old]);
        assert!(third.stay.is_empty());

        // Back in the release, and dropped again.
        let back = deploy(106, &there[..2], &[old, new], &first.stay);
        assert!(back.stay.is_empty() && back.over.is_empty());
        let again = deploy(108, &there[..2], &wanted, &back.stay);
        assert!(again.over.is_empty());
    }
}
