//! The resources of the stacks: how each is, and those that outlive their stack.

use aws_sdk_cloudformation::types::ResourceStatus as Status;
use serde_json::Value;

use super::{Aws, aws_error::AwsError, databases::INSTANCE, record::Orphan, stack::StackView};
use crate::{
    Error,
    progress::Progress,
    target::{Health, ResourceStatus},
};

impl Aws {
    /// Each resource of the stage and how CloudFormation says that it is.
    pub(super) async fn resources(&self) -> Result<Vec<ResourceStatus>, Error> {
        let stacks = self.stacks().await?;
        let lists = stacks.values().map(|view| self.resources_of(view));
        let mut all: Vec<ResourceStatus> = futures_util::future::try_join_all(lists)
            .await?
            .into_iter()
            .flatten()
            .collect();
        all.sort_by(|a, b| (&a.stack, &a.logical_id).cmp(&(&b.stack, &b.logical_id)));
        Ok(all)
    }

    pub(super) async fn resources_of(
        &self,
        view: &StackView,
    ) -> Result<Vec<ResourceStatus>, Error> {
        let mut found = Vec::new();
        let mut token = None;
        loop {
            let page = self
                .clients
                .cloudformation
                .list_stack_resources()
                .stack_name(&view.id)
                .set_next_token(token)
                .send()
                .await
                .map_err(|error| {
                    AwsError::new("cloudformation:ListStackResources", error).error(format!(
                        "The resources of the stack `{}` cannot be listed.",
                        view.name
                    ))
                })?;
            for resource in page.stack_resource_summaries() {
                let status = resource.resource_status();
                if status == Some(&Status::DeleteComplete) {
                    continue;
                }
                let word = status.map_or("", Status::as_str);
                let reason = resource.resource_status_reason().unwrap_or_default();
                let physical_id = resource.physical_resource_id().unwrap_or_default();
                found.push(ResourceStatus {
                    stack: view.name.clone(),
                    logical_id: resource
                        .logical_resource_id()
                        .unwrap_or_default()
                        .to_owned(),
                    resource_type: resource.resource_type().unwrap_or_default().to_owned(),
                    physical_id: physical_id.to_owned(),
                    health: health(word),
                    detail: match reason {
                        "" => format!("{word} {physical_id}"),
                        reason => format!("{word} {reason}"),
                    },
                });
            }
            token = page.next_token().map(str::to_owned);
            if token.is_none() {
                return Ok(found);
            }
        }
    }

    /// Writes down what a stack that will be deleted retains, so that a `destroy` that is cut off
    /// still removes it at the next run.
    pub(super) async fn note_leftovers(&self, view: &StackView) -> Result<(), Error> {
        let template = self.template(&view.name).await?;
        let retained = self
            .resources_of(view)
            .await?
            .into_iter()
            .filter(|resource| {
                let policy = template["Resources"][&resource.logical_id]["DeletionPolicy"].as_str();
                // A database leaves logs and snapshots behind, whatever its policy is.
                let leaves = policy == Some("Retain") || resource.resource_type == INSTANCE;
                leaves && !resource.physical_id.is_empty()
            });
        let retained: Vec<Orphan> = retained
            .map(|resource| Orphan {
                resource_type: resource.resource_type,
                physical_id: resource.physical_id,
            })
            .collect();
        self.change_record(|record| {
            for leftover in retained {
                if !record.leftovers.contains(&leftover) {
                    record.leftovers.push(leftover);
                }
            }
        })
        .await
    }

    /// Removes what deleted stacks retained.
    pub(super) async fn remove_leftovers(&self, progress: &Progress) -> Result<(), Error> {
        let leftovers = self.record().await?.leftovers;
        if leftovers.is_empty() {
            return Ok(());
        }
        let step = progress.step(
            "leftovers",
            "Deleting the resources that the stacks retained",
        );
        for leftover in &leftovers {
            step.doing(format!(
                "{} {}",
                leftover.resource_type, leftover.physical_id
            ));
            self.fence().await?;
            match leftover.resource_type.as_str() {
                "AWS::SecretsManager::Secret" => self.remove_secret(&leftover.physical_id).await?,
                "AWS::S3::Bucket" => self.remove_bucket(&leftover.physical_id).await?,
                INSTANCE => {
                    self.remove_database_leftovers(&leftover.physical_id, progress)
                        .await?;
                }
                // A version goes with its function.
                "AWS::Lambda::Version" => (),
                other => progress.warn(format!(
                    "{other} `{}` stays: it is kept on purpose. Remove it by hand when it may go.",
                    leftover.physical_id
                )),
            }
        }
        self.change_record(|record| record.leftovers.clear())
            .await?;
        step.done(format!("{} resources", leftovers.len()));
        Ok(())
    }

    async fn remove_secret(&self, id: &str) -> Result<(), Error> {
        let answer = self
            .clients
            .secrets
            .delete_secret()
            .secret_id(id)
            // Its name is free at once, so that the stage can be deployed again.
            .force_delete_without_recovery(true)
            .send()
            .await;
        match answer {
            Ok(_) => Ok(()),
            Err(error) => {
                let refused = AwsError::new("secretsmanager:DeleteSecret", error);
                if refused.is_missing() {
                    return Ok(());
                }
                Err(refused.error(format!("The secret `{id}` cannot be deleted.")))
            }
        }
    }

    /// Empties a bucket and deletes it. A missing bucket is not an error.
    pub(super) async fn remove_bucket(&self, bucket: &str) -> Result<(), Error> {
        let failed = || format!("The bucket `{bucket}` cannot be deleted.");
        self.empty_whole_bucket(bucket).await?;
        let deleted = self
            .clients
            .s3
            .delete_bucket()
            .bucket(bucket)
            .expected_bucket_owner(&self.account)
            .send()
            .await;
        match deleted {
            Ok(_) => Ok(()),
            Err(error) => {
                let refused = AwsError::new("s3:DeleteBucket", error);
                if refused.is_missing() {
                    Ok(())
                } else {
                    Err(refused.error(failed()))
                }
            }
        }
    }

    /// Writes the owner's password where `migrate` reads it, when the database was given by URL.
    pub(super) async fn write_owner_secret(&self, secret: &str) -> Result<(), Error> {
        let Some(database) = &self.database else {
            return Ok(());
        };
        let wanted =
            serde_json::json!({"username": super::place::OWNER, "password": database.password});
        let current = self
            .clients
            .secrets
            .get_secret_value()
            .secret_id(secret)
            .send()
            .await;
        if let Ok(current) = current {
            let current: Option<Value> = current
                .secret_string()
                .and_then(|text| serde_json::from_str(text).ok());
            if current.as_ref() == Some(&wanted) {
                return Ok(());
            }
        }
        self.fence().await?;
        self.clients
            .secrets
            .put_secret_value()
            .secret_id(secret)
            .secret_string(wanted.to_string())
            .send()
            .await
            .map(|_| ())
            .map_err(|error| {
                AwsError::new("secretsmanager:PutSecretValue", error).error(format!(
                    "The password of the database's owner cannot be put into the secret `{secret}`."
                ))
            })
    }
}

fn health(status: &str) -> Health {
    match status {
        "UPDATE_ROLLBACK_COMPLETE" | "ROLLBACK_COMPLETE" => Health::Ok,
        status if status.ends_with("_FAILED") => Health::Failing,
        status if status.ends_with("_COMPLETE") => Health::Ok,
        _ => Health::Unknown,
    }
}
