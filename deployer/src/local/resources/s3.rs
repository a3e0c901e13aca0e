//! Buckets: contents in the folder of the stage, readable as their policy says.

use std::{fs, io};

use async_trait::async_trait;
use serde_json::Value;

use super::{Made, Provider, PutRequest, Record, RunningStage};
use crate::{
    local::{
        REGION,
        cdn::{self, bucket_arn},
    },
    target::Health,
};

pub(super) struct Bucket;
pub(super) struct BucketPolicy;

#[async_trait]
impl Provider for Bucket {
    /// Encryption, versions, lifecycle and public access mean something on AWS only: nobody but the
    /// distribution reads a bucket here.
    fn properties(&self) -> &'static [&'static str] {
        &[
            "BucketEncryption",
            "BucketName",
            "LifecycleConfiguration",
            "OwnershipControls",
            "PublicAccessBlockConfiguration",
            "Tags",
            "VersioningConfiguration",
        ]
    }

    async fn put(&self, running: &RunningStage, request: &PutRequest) -> Result<Made, String> {
        let name = request.name(running, "BucketName");
        if running.cdn.bucket(&name).is_none() {
            let bucket = cdn::Bucket::new(running.files().bucket(&name));
            running.cdn.set_bucket(&name, Some(bucket));
        }
        Ok(Made::new(&name)
            .with("Arn", bucket_arn(&name))
            .with("DomainName", format!("{name}.s3.amazonaws.com"))
            .with(
                "RegionalDomainName",
                format!("{name}.s3.{REGION}.amazonaws.com"),
            ))
    }

    async fn delete(&self, running: &RunningStage, record: &Record) -> Result<(), String> {
        running.cdn.set_bucket(&record.reference, None);
        let dir = running.files().bucket(&record.reference);
        match fs::remove_dir_all(&dir) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(format!(
                "Its files in {} cannot be removed: {error}.",
                dir.display()
            )),
            _ => Ok(()),
        }
    }

    async fn health(&self, running: &RunningStage, record: &Record) -> (Health, String) {
        let bucket = running.cdn.bucket(&record.reference);
        match bucket.map(|bucket| bucket.len()) {
            Some(Ok(1)) => (Health::Ok, "1 object".to_owned()),
            Some(Ok(count)) => (Health::Ok, format!("{count} objects")),
            Some(Err(error)) => (Health::Failing, format!("cannot be read: {error}")),
            None => (Health::Missing, String::new()),
        }
    }

    fn holds_data(&self) -> bool {
        true
    }
}

#[async_trait]
impl Provider for BucketPolicy {
    fn properties(&self) -> &'static [&'static str] {
        &["Bucket", "PolicyDocument"]
    }

    async fn put(&self, running: &RunningStage, request: &PutRequest) -> Result<Made, String> {
        let bucket = request.text("Bucket");
        let document: Value = request.properties["PolicyDocument"].clone();
        running.cdn.set_bucket_policy(bucket, Some(document));
        Ok(Made::new(bucket))
    }

    async fn delete(&self, running: &RunningStage, record: &Record) -> Result<(), String> {
        running.cdn.set_bucket_policy(record.text("Bucket"), None);
        Ok(())
    }
}
