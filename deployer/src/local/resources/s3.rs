//! Buckets: contents in the folder of the stage, readable as their policy says.

use std::{fs, io};

use async_trait::async_trait;
use serde_json::Value;

use super::{Made, Provider, Record, Wish, World};
use crate::{
    local::{
        REGION,
        edge::{self, bucket_arn},
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

    async fn put(&self, world: &World, wish: &Wish) -> Result<Made, String> {
        let name = wish.name(world, "BucketName");
        if world.edge.bucket(&name).is_none() {
            let bucket = edge::Bucket::new(world.files().bucket(&name));
            world.edge.set_bucket(&name, Some(bucket));
        }
        Ok(Made::new(&name)
            .with("Arn", bucket_arn(&name))
            .with("DomainName", format!("{name}.s3.amazonaws.com"))
            .with(
                "RegionalDomainName",
                format!("{name}.s3.{REGION}.amazonaws.com"),
            ))
    }

    async fn delete(&self, world: &World, record: &Record) -> Result<(), String> {
        world.edge.set_bucket(&record.reference, None);
        let dir = world.files().bucket(&record.reference);
        match fs::remove_dir_all(&dir) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(format!(
                "Its files in {} cannot be removed: {error}.",
                dir.display()
            )),
            _ => Ok(()),
        }
    }

    async fn health(&self, world: &World, record: &Record) -> (Health, String) {
        let bucket = world.edge.bucket(&record.reference);
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

    async fn put(&self, world: &World, wish: &Wish) -> Result<Made, String> {
        let bucket = wish.text("Bucket");
        let document: Value = wish.properties["PolicyDocument"].clone();
        world.edge.set_bucket_policy(bucket, Some(document));
        Ok(Made::new(bucket))
    }

    async fn delete(&self, world: &World, record: &Record) -> Result<(), String> {
        world.edge.set_bucket_policy(record.text("Bucket"), None);
        Ok(())
    }
}
