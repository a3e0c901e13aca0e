//! Buckets: contents in the folder of the stage, readable as their policy says.

use std::{fs, io};

use futures_util::future::{BoxFuture, FutureExt};
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

    fn put<'a>(&'a self, world: &'a World, wish: &'a Wish) -> BoxFuture<'a, Result<Made, String>> {
        async move {
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
        .boxed()
    }

    fn delete<'a>(
        &'a self,
        world: &'a World,
        record: &'a Record,
    ) -> BoxFuture<'a, Result<(), String>> {
        async move {
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
        .boxed()
    }

    fn health<'a>(
        &'a self,
        world: &'a World,
        record: &'a Record,
    ) -> BoxFuture<'a, (Health, String)> {
        let bucket = world.edge.bucket(&record.reference);
        async move {
            match bucket.map(|bucket| bucket.len()) {
                Some(Ok(1)) => (Health::Ok, "1 object".to_owned()),
                Some(Ok(count)) => (Health::Ok, format!("{count} objects")),
                Some(Err(error)) => (Health::Failing, format!("cannot be read: {error}")),
                None => (Health::Missing, String::new()),
            }
        }
        .boxed()
    }

    fn holds_data(&self) -> bool {
        true
    }
}

impl Provider for BucketPolicy {
    fn properties(&self) -> &'static [&'static str] {
        &["Bucket", "PolicyDocument"]
    }

    fn put<'a>(&'a self, world: &'a World, wish: &'a Wish) -> BoxFuture<'a, Result<Made, String>> {
        async move {
            let bucket = wish.text("Bucket");
            let document: Value = wish.properties["PolicyDocument"].clone();
            world.edge.set_bucket_policy(bucket, Some(document));
            Ok(Made::new(bucket))
        }
        .boxed()
    }

    fn delete<'a>(
        &'a self,
        world: &'a World,
        record: &'a Record,
    ) -> BoxFuture<'a, Result<(), String>> {
        async move {
            world.edge.set_bucket_policy(record.text("Bucket"), None);
            Ok(())
        }
        .boxed()
    }
}
