//! A private bucket: versioned, encrypted, its owner's alone, and reachable by TLS only.

use cfn::{Handle, Intrinsic, RemovalPolicy, Stack, s3};
use serde_json::{Value as Json, json};

/// Old versions of objects are kept for that many days.
const KEPT_DAYS: i64 = 30;

/// Adds a bucket that outlives its stack. Its policy must have [`tls_only`].
pub(crate) fn private(
    stack: &mut Stack,
    logical_id: &str,
    name: Option<Intrinsic>,
) -> Handle<s3::Bucket> {
    let encryption = s3::BucketServerSideEncryptionRule {
        server_side_encryption_by_default: Some(s3::BucketServerSideEncryptionByDefault::new(
            s3::BucketServerSideEncryptionByDefaultSSEAlgorithm::Aes256,
        )),
        ..Default::default()
    };
    let ownership = s3::BucketOwnershipControlsRule {
        object_ownership: Some(
            s3::BucketOwnershipControlsRuleObjectOwnership::BucketOwnerEnforced.into(),
        ),
    };
    let old_versions = s3::BucketRule {
        id: Some("old-versions".into()),
        noncurrent_version_expiration: Some(s3::BucketNoncurrentVersionExpiration::new(KEPT_DAYS)),
        ..s3::BucketRule::new(s3::BucketRuleStatus::Enabled)
    };
    let bucket = stack.add(
        logical_id,
        s3::Bucket {
            bucket_name: name.map(Into::into),
            bucket_encryption: Some(s3::BucketBucketEncryption::new([encryption])),
            public_access_block_configuration: Some(s3::BucketPublicAccessBlockConfiguration {
                block_public_acls: Some(true.into()),
                block_public_policy: Some(true.into()),
                ignore_public_acls: Some(true.into()),
                restrict_public_buckets: Some(true.into()),
            }),
            ownership_controls: Some(s3::BucketOwnershipControls::new([ownership])),
            versioning_configuration: Some(s3::BucketVersioningConfiguration::new(
                s3::BucketVersioningConfigurationStatus::Enabled,
            )),
            lifecycle_configuration: Some(s3::BucketLifecycleConfiguration::new([old_versions])),
            ..Default::default()
        },
    );
    stack.on_removal(&bucket, RemovalPolicy::Retain);
    bucket
}

/// The statement of its policy by which nobody reaches it without TLS.
pub(crate) fn tls_only(bucket: &Handle<s3::Bucket>) -> Json {
    json!({
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [
            { "Fn::GetAtt": [bucket.logical_id(), "Arn"] },
            { "Fn::Sub": format!("${{{}.Arn}}/*", bucket.logical_id()) },
        ],
        "Condition": { "Bool": { "aws:SecureTransport": "false" } },
    })
}
