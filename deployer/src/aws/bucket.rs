//! The asset bucket of a stage: code by content, large templates, the lease and the record. Every
//! request names the account that must own the bucket, so that a bucket of somebody else under our
//! name is never read or written.

use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_sdk_s3::{
    primitives::{ByteStream, ByteStreamError},
    types::{ChecksumAlgorithm, ChecksumMode},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

use super::{Endpoint, aws_error::AwsError};
use crate::{Error, asset::Asset, target::Uploaded};

/// How often an object is read that is cut off each time.
const READ_TRIES: u32 = 5;

/// The bucket. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Bucket {
    pub(super) s3: aws_sdk_s3::Client,
    /// The stage.
    pub(super) stage: String,
    /// The account that must own it.
    pub(super) account: String,
    pub(super) region: String,
    pub(super) endpoint: Option<Endpoint>,
}

/// An object and what is needed to replace exactly this version of it.
#[derive(Debug, Clone)]
pub(super) struct Object {
    pub(super) bytes: Vec<u8>,
    pub(super) etag: String,
    /// When it was written, by the server's clock.
    pub(super) modified: time::OffsetDateTime,
}

/// On what condition an object is written.
#[derive(Debug, Clone, Copy)]
pub(super) enum When<'a> {
    /// There is none under the key.
    Absent,
    /// The one that is there has this ETag.
    Is(&'a str),
}

impl Bucket {
    /// Name of the bucket.
    pub(super) fn name(&self) -> String {
        bucket_name(&self.stage, &self.account, &self.region)
    }

    /// The same for small requests whose answer is worth nothing when it comes late: a request is
    /// given up after `whole`, however many attempts of at most `attempt` it had by then.
    pub(super) fn within(&self, attempt: Duration, whole: Duration) -> Bucket {
        let config = self.s3.config();
        let timeouts = TimeoutConfig::builder()
            .operation_attempt_timeout(attempt)
            .operation_timeout(whole)
            .connect_timeout(attempt)
            .build();
        let s3 =
            aws_sdk_s3::Client::from_conf(config.to_builder().timeout_config(timeouts).build());
        Bucket { s3, ..self.clone() }
    }

    /// Refuses a stage whose bucket is not there, or not ours.
    pub(super) async fn assert_there(&self) -> Result<(), Error> {
        let answer = self
            .s3
            .head_bucket()
            .bucket(self.name())
            .expected_bucket_owner(&self.account)
            .send()
            .await;
        match answer {
            Ok(_) => Ok(()),
            Err(error) => Err(self.refused(AwsError::new("s3:ListBucket", error))),
        }
    }

    /// Whether the bucket exists.
    pub(super) async fn is_there(&self) -> Result<bool, Error> {
        let head = self.s3.head_bucket().bucket(self.name());
        match head.expected_bucket_owner(&self.account).send().await {
            Ok(_) => Ok(true),
            Err(error) => match AwsError::new("s3:ListBucket", error) {
                refused if refused.is_missing() => Ok(false),
                refused => Err(self.refused(refused)),
            },
        }
    }

    /// The error for a bucket that cannot be used.
    pub(super) fn refused(&self, refused: AwsError) -> Error {
        let (bucket, stage) = (self.name(), &self.stage);
        if refused.is_missing() {
            Error::failed(
                format!("The stage `{stage}` has no asset bucket: `{bucket}` is not there. Nothing was changed."),
                format!("`cargo xtask bootstrap --stage {stage}`"),
            )
            .because(refused)
        } else if refused.is_forbidden() {
            Error::failed(
                format!("The asset bucket `{bucket}` belongs to another account than {}, or these credentials may not use it. Nothing was changed.", self.account),
                format!("Check whose it is before anything is put there. In account {} `cargo xtask bootstrap --stage {stage}` makes the right one.", self.account),
            )
            .because(refused)
        } else {
            refused.error(format!("The asset bucket `{bucket}` cannot be used."))
        }
    }

    /// Whether a function's zip is there with exactly this content.
    pub(super) async fn has(&self, asset: &Asset) -> Result<bool, Error> {
        let head = self
            .s3
            .head_object()
            .bucket(self.name())
            .key(&asset.key)
            .checksum_mode(ChecksumMode::Enabled)
            .expected_bucket_owner(&self.account)
            .send()
            .await;
        match head {
            Ok(head) => Ok(head.checksum_sha256() == Some(&*checksum_of(&asset.sha256))),
            Err(error) => match AwsError::new("s3:GetObject", error) {
                refused if refused.is_missing() => Ok(false),
                refused => Err(self.refused(refused)),
            },
        }
    }

    /// Puts a function's zip there, unless it is there with exactly this content.
    pub(super) async fn upload(&self, asset: &Asset) -> Result<Uploaded, Error> {
        if self.has(asset).await? {
            return Ok(Uploaded::AlreadyThere);
        }
        let checksum = checksum_of(&asset.sha256);
        let bytes = std::fs::read(&asset.path).map_err(|cause| {
            Error::failed(
                format!(
                    "The built function {} cannot be read.",
                    asset.path.display()
                ),
                "Build it again: run the same command once more.",
            )
            .because(cause)
        })?;
        if hash(&bytes) != checksum {
            return Err(Error::failed(
                format!(
                    "The artifact {} changed after the build.",
                    asset.path.display()
                ),
                "Remove that file and run the same command again.",
            ));
        }
        self.s3
            .put_object()
            .bucket(self.name())
            .key(&asset.key)
            .checksum_algorithm(ChecksumAlgorithm::Sha256)
            .checksum_sha256(checksum)
            .expected_bucket_owner(&self.account)
            .body(ByteStream::from(bytes))
            .send()
            .await
            .map_err(|error| self.refused(AwsError::new("s3:PutObject", error)))?;
        Ok(Uploaded::Sent)
    }

    /// Writes an object whatever is there.
    pub(super) async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<(), Error> {
        self.write(key, bytes, None)
            .await
            .map(|_| ())
            .map_err(|refused| self.refused(refused))
    }

    /// Writes an object on a condition; gives its new ETag.
    pub(super) async fn put_when(
        &self,
        key: &str,
        bytes: Vec<u8>,
        when: When<'_>,
    ) -> Result<String, AwsError> {
        self.write(key, bytes, Some(when)).await
    }

    async fn write(
        &self,
        key: &str,
        bytes: Vec<u8>,
        when: Option<When<'_>>,
    ) -> Result<String, AwsError> {
        let request = self
            .s3
            .put_object()
            .bucket(self.name())
            .key(key)
            .checksum_algorithm(ChecksumAlgorithm::Sha256)
            .checksum_sha256(hash(&bytes))
            .expected_bucket_owner(&self.account)
            .body(ByteStream::from(bytes));
        let request = match when {
            None => request,
            Some(When::Absent) => request.if_none_match("*"),
            Some(When::Is(etag)) => request.if_match(etag),
        };
        let answer = request
            .send()
            .await
            .map_err(|error| AwsError::new("s3:PutObject", error))?;
        Ok(answer.e_tag().unwrap_or_default().to_owned())
    }

    /// Reads an object; `None` when there is none. One that is cut off on its way is asked for again:
    /// the SDK tries again until an answer begins, and no further.
    pub(super) async fn get(&self, key: &str) -> Result<Option<Object>, Error> {
        let mut tries = 1;
        loop {
            match self.get_once(key).await? {
                Some(Err(_)) if tries < READ_TRIES => tries += 1,
                Some(Err(cause)) => {
                    let message = format!(
                        "The object `{key}` of the asset bucket was cut off {READ_TRIES} times while it was read."
                    );
                    return Err(
                        Error::failed(message, "Run the same command again.").because(cause)
                    );
                }
                Some(Ok(object)) => return Ok(Some(object)),
                None => return Ok(None),
            }
        }
    }

    /// The inner error: it was cut off.
    async fn get_once(&self, key: &str) -> Result<Option<Result<Object, ByteStreamError>>, Error> {
        let answer = self
            .s3
            .get_object()
            .bucket(self.name())
            .key(key)
            .expected_bucket_owner(&self.account)
            .send()
            .await;
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => {
                let refused = AwsError::new("s3:GetObject", error);
                if refused.code == "NoSuchKey" {
                    return Ok(None);
                }
                return Err(self.refused(refused));
            }
        };
        let etag = answer.e_tag().unwrap_or_default().to_owned();
        let modified = answer
            .last_modified()
            .and_then(|at| time::OffsetDateTime::from_unix_timestamp(at.secs()).ok())
            .unwrap_or(time::OffsetDateTime::UNIX_EPOCH);
        let body = answer.body.collect().await;
        Ok(Some(body.map(|body| Object {
            bytes: body.to_vec(),
            etag,
            modified,
        })))
    }

    /// Where CloudFormation reads an object.
    pub(super) fn url_of(&self, key: &str) -> String {
        let bucket = self.name();
        match &self.endpoint {
            Some(endpoint) => format!("{}/{bucket}/{key}", endpoint.url.trim_end_matches('/')),
            None => format!("https://{bucket}.s3.{}.amazonaws.com/{key}", self.region),
        }
    }
}

/// `miyabi-dev-assets-111111111111-us-east-1`: one for a stage, an account and a region, so that
/// nobody has to look it up.
pub(super) fn bucket_name(stage: &str, account: &str, region: &str) -> String {
    format!("miyabi-{stage}-assets-{account}-{region}")
}

/// SHA-256 as S3 writes it.
fn hash(bytes: &[u8]) -> String {
    STANDARD.encode(Sha256::digest(bytes))
}

/// The same, from lowercase hex.
fn checksum_of(sha256: &str) -> String {
    let bytes: Vec<u8> = (0..sha256.len() / 2)
        .filter_map(|at| u8::from_str_radix(sha256.get(at * 2..at * 2 + 2)?, 16).ok())
        .collect();
    STANDARD.encode(bytes)
}

#[cfg(test)]
#[path = "bucket_tests.rs"]
mod tests;
