//! The RDS instances of stacks: their deletion protection, and what outlives them.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Aws, aws_error::AwsError, stack::StackView};
pub(super) use crate::database_origin::INSTANCE;
use crate::{Error, database_origin, progress::Progress};

/// An instance that is being changed takes no other change; most changes end within minutes.
const CHANGEABLE_WITHIN: Duration = Duration::from_secs(900);
const BETWEEN_LOOKS: Duration = Duration::from_secs(5);
/// The logs that RDS exports for PostgreSQL. It makes their groups itself, without expiry, and leaves
/// them when the instance goes.
const EXPORTED_LOGS: [&str; 2] = ["postgresql", "upgrade"];

/// An instance of a stack that RDS refuses to delete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ProtectedDatabase {
    pub(super) logical_id: String,
    /// `DBInstanceIdentifier`.
    pub(super) instance: String,
}

impl Aws {
    /// The instances of a stack that have deletion protection. Reads only.
    pub(super) async fn protected_databases(
        &self,
        view: &StackView,
    ) -> Result<Vec<ProtectedDatabase>, Error> {
        let mut found = Vec::new();
        for resource in self.resources_of(view).await? {
            let id = resource.physical_id;
            if resource.resource_type != INSTANCE || id.is_empty() {
                continue;
            }
            if self.is_database_protected(&id).await? == Some(true) {
                found.push(ProtectedDatabase {
                    logical_id: resource.logical_id,
                    instance: id,
                });
            }
        }
        Ok(found)
    }

    /// `None`: there is no such instance.
    pub(super) async fn is_database_protected(
        &self,
        instance: &str,
    ) -> Result<Option<bool>, Error> {
        let answer = self
            .clients
            .rds
            .describe_db_instances()
            .db_instance_identifier(instance)
            .send()
            .await;
        match answer {
            Ok(answer) => Ok(answer
                .db_instances()
                .first()
                .map(|instance| instance.deletion_protection().unwrap_or_default())),
            Err(error) => {
                let refused = AwsError::new("rds:DescribeDBInstances", error);
                if refused.is_missing() {
                    return Ok(None);
                }
                Err(refused.error(format!(
                    "Whether the database `{instance}` is protected cannot be read."
                )))
            }
        }
    }

    /// Turns deletion protection off and waits until it is. The caller has the approval.
    pub(super) async fn unprotect_database(&self, instance: &str) -> Result<(), Error> {
        let began = Instant::now();
        loop {
            self.fence().await?;
            let answer = self
                .clients
                .rds
                .modify_db_instance()
                .db_instance_identifier(instance)
                .deletion_protection(false)
                .apply_immediately(true)
                .send()
                .await;
            let refused = match answer {
                Ok(_) => break,
                Err(error) => AwsError::new("rds:ModifyDBInstance", error),
            };
            let is_busy = refused.code.starts_with("InvalidDBInstanceState");
            if !is_busy || began.elapsed() > CHANGEABLE_WITHIN {
                return Err(refused.error(format!(
                    "The deletion protection of the database `{instance}` cannot be turned off."
                )));
            }
            self.pause_for(instance).await;
        }
        while self.is_database_protected(instance).await? == Some(true) {
            if began.elapsed() > CHANGEABLE_WITHIN {
                return Err(Error::failed(
                    format!("The database `{instance}` is still protected after 15 minutes."),
                    "Run the same command again.",
                ));
            }
            self.pause_for(instance).await;
        }
        Ok(())
    }

    async fn pause_for(&self, instance: &str) {
        let what_for = format!("database {instance}");
        self.observer.pause(&what_for, BETWEEN_LOOKS).await;
    }

    /// Deletes what RDS leaves behind when an instance is deleted and nobody needs, and names what is
    /// kept: the final snapshot.
    pub(super) async fn remove_database_leftovers(
        &self,
        instance: &str,
        progress: &Progress,
    ) -> Result<(), Error> {
        for log in EXPORTED_LOGS {
            self.remove_log_group(&format!("/aws/rds/instance/{instance}/{log}"))
                .await?;
        }
        for snapshot in self.snapshots_of(instance).await? {
            progress.warn(format!(
                "The snapshot `{snapshot}` of the database is kept. Delete it when its data may go: `aws rds delete-db-snapshot --region {} --db-snapshot-identifier {snapshot}`",
                self.stage.settings().region
            ));
        }
        Ok(())
    }

    /// Gives the logs that RDS exports an expiry, before RDS makes their groups without one. CloudFormation
    /// cannot: the groups are called after the instance, which has to exist first, and then RDS has
    /// made them.
    pub(super) async fn expire_database_logs(&self, template: &Value) -> Result<(), Error> {
        let Some(logical_id) = database_origin::database_of(template) else {
            return Ok(());
        };
        let logs = exported_logs(&template["Resources"][logical_id]["Properties"]);
        if logs.is_empty() {
            return Ok(());
        }
        let instance = self.database_instance().await?;
        for log in logs {
            let group = format!("/aws/rds/instance/{instance}/{log}");
            self.expire_log_group(&group).await?;
        }
        Ok(())
    }

    async fn expire_log_group(&self, group: &str) -> Result<(), Error> {
        let failed = |refused: AwsError| {
            refused.error(format!(
                "The log group `{group}` cannot be given an expiry."
            ))
        };
        self.fence().await?;
        let made = self.clients.logs.create_log_group().log_group_name(group);
        if let Err(error) = made.send().await {
            let refused = AwsError::new("logs:CreateLogGroup", error);
            if refused.code != "ResourceAlreadyExistsException" {
                return Err(failed(refused));
            }
        }
        let days = i32::from(self.stage.settings().functions.log_retention_days);
        let expiry = self.clients.logs.put_retention_policy();
        let expiry = expiry.log_group_name(group).retention_in_days(days);
        expiry
            .send()
            .await
            .map(drop)
            .map_err(|error| failed(AwsError::new("logs:PutRetentionPolicy", error)))
    }

    async fn remove_log_group(&self, group: &str) -> Result<(), Error> {
        let answer = self.clients.logs.delete_log_group().log_group_name(group);
        let Err(error) = answer.send().await else {
            return Ok(());
        };
        let refused = AwsError::new("logs:DeleteLogGroup", error);
        if refused.is_missing() {
            return Ok(());
        }
        Err(refused.error(format!("The log group `{group}` cannot be deleted.")))
    }

    /// Names of the snapshots of an instance that stay when it is deleted.
    async fn snapshots_of(&self, instance: &str) -> Result<Vec<String>, Error> {
        let mut found = Vec::new();
        let mut marker = None;
        loop {
            let page = self
                .clients
                .rds
                .describe_db_snapshots()
                .db_instance_identifier(instance)
                .snapshot_type("manual")
                .set_marker(marker)
                .send()
                .await
                .map_err(|error| {
                    AwsError::new("rds:DescribeDBSnapshots", error).error(format!(
                        "The snapshots of the database `{instance}` cannot be listed."
                    ))
                })?;
            let names = page.db_snapshots().iter();
            found.extend(
                names.filter_map(|snapshot| snapshot.db_snapshot_identifier().map(str::to_owned)),
            );
            marker = page.marker().map(str::to_owned);
            if marker.is_none() {
                return Ok(found);
            }
        }
    }
}

/// The names of the logs that an instance exports.
fn exported_logs(properties: &Value) -> Vec<&str> {
    let exports = properties["EnableCloudwatchLogsExports"].as_array();
    exports
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}
