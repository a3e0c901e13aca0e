//! The database of a stage: how it is, and up to when it can be restored.

use aws_smithy_types::{DateTime, date_time::Format};
use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

use super::{Aws, aws_error::AwsError, databases::INSTANCE};
use crate::{Error, database::DatabaseStatus, database_origin::RestoreSource};

impl Aws {
    /// The identifier of the stage's database instance.
    ///
    /// # Errors
    ///
    /// [`crate::ErrorKind::Usage`] when the stage has none of its own.
    pub(super) async fn database_instance(&self) -> Result<String, Error> {
        let resources = self.resources().await?;
        let mut instances = resources
            .into_iter()
            .filter(|resource| resource.resource_type == INSTANCE);
        let stage = self.stage.name();
        instances
            .find(|resource| !resource.physical_id.is_empty())
            .map(|resource| resource.physical_id)
            .ok_or_else(|| {
                Error::usage(
                    format!("The stage `{stage}` has no database at RDS: it is not deployed, or its database was given by address and is looked after elsewhere."),
                    format!("`cargo xtask status --stage {stage}` lists its resources."),
                )
            })
    }

    /// How the database is. Reads only.
    pub(super) async fn status_of_database(&self) -> Result<DatabaseStatus, Error> {
        let id = self.database_instance().await?;
        let answer = self
            .clients
            .rds
            .describe_db_instances()
            .db_instance_identifier(&id)
            .send()
            .await
            .map_err(|error| unreadable(&id, AwsError::new("rds:DescribeDBInstances", error)))?;
        let Some(instance) = answer.db_instances().first() else {
            return Err(Error::failed(
                format!("The database `{id}` does not exist any more."),
                format!("`cargo xtask drift --stage {}`", self.stage.name()),
            ));
        };
        let mut pending = changes(instance.pending_modified_values());
        pending.extend(self.maintenance(&id, instance.db_instance_arn()).await?);
        let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
        Ok(DatabaseStatus {
            status: text(instance.db_instance_status()),
            engine: format!(
                "{} {}",
                instance.engine().unwrap_or_default(),
                instance.engine_version().unwrap_or_default()
            ),
            class: text(instance.db_instance_class()),
            storage: instance.allocated_storage().unwrap_or_default(),
            multi_az: instance.multi_az().unwrap_or_default(),
            deletion_protection: instance.deletion_protection().unwrap_or_default(),
            backup_days: instance.backup_retention_period().unwrap_or_default(),
            latest_restorable: instance.latest_restorable_time().and_then(moment),
            pending,
            instance: id,
        })
    }

    async fn maintenance(&self, id: &str, arn: Option<&str>) -> Result<Vec<String>, Error> {
        let Some(arn) = arn else {
            return Ok(Vec::new());
        };
        let answer = self
            .clients
            .rds
            .describe_pending_maintenance_actions()
            .resource_identifier(arn)
            .send()
            .await
            .map_err(|error| {
                unreadable(
                    id,
                    AwsError::new("rds:DescribePendingMaintenanceActions", error),
                )
            })?;
        let actions = answer.pending_maintenance_actions().iter();
        let details = actions.flat_map(|actions| actions.pending_maintenance_action_details());
        Ok(details
            .map(|detail| {
                let action = detail.action().unwrap_or_default();
                let description = detail.description().unwrap_or_default();
                let by = detail.auto_applied_after_date().and_then(moment);
                let by = by
                    .map(|by| format!(", applied after {by}"))
                    .unwrap_or_default();
                format!("{action}: {description}{by}")
            })
            .collect())
    }

    /// That moment of the stage's database as the origin of a restore; `None`: the latest.
    ///
    /// # Errors
    ///
    /// [`crate::ErrorKind::Usage`] when it has no backups, or the moment cannot be restored yet.
    pub(super) async fn restorable_moment(
        &self,
        at: Option<OffsetDateTime>,
    ) -> Result<RestoreSource, Error> {
        let status = self.status_of_database().await?;
        let latest = status
            .latest_restorable
            .as_deref()
            .and_then(|latest| OffsetDateTime::parse(latest, &Rfc3339).ok());
        let Some(latest) = latest else {
            return Err(Error::usage(
                format!(
                    "The database `{}` has no backups to restore a moment from. Nothing was changed.",
                    status.instance
                ),
                format!(
                    "Restore from a snapshot: `cargo xtask database --stage {} snapshots`",
                    self.stage.name()
                ),
            ));
        };
        let at = at.unwrap_or(latest);
        if at > latest {
            return Err(Error::usage(
                format!(
                    "The latest moment that can be restored is {}. Nothing was changed.",
                    rfc3339(latest)
                ),
                "RDS saves changes every five minutes: wait, or take `--to latest`.",
            ));
        }
        Ok(RestoreSource::PointInTime {
            instance: status.instance,
            at: rfc3339(at),
        })
    }
}

/// The changes that wait for a restart or the maintenance window.
fn changes(pending: Option<&aws_sdk_rds::types::PendingModifiedValues>) -> Vec<String> {
    let Some(pending) = pending else {
        return Vec::new();
    };
    let class = pending
        .db_instance_class()
        .map(|class| format!("class: {class}"));
    let storage = pending
        .allocated_storage()
        .map(|storage| format!("storage: {storage} GiB"));
    let version = pending
        .engine_version()
        .map(|version| format!("version: {version}"));
    let zones = pending
        .multi_az()
        .map(|multi_az| format!("standby: {multi_az}"));
    [class, storage, version, zones]
        .into_iter()
        .flatten()
        .collect()
}

/// In UTC and whole seconds, as CloudFormation takes a `RestoreTime`.
fn rfc3339(at: OffsetDateTime) -> String {
    let at = at.to_offset(UtcOffset::UTC).replace_nanosecond(0);
    at.ok()
        .and_then(|at| at.format(&Rfc3339).ok())
        .unwrap_or_default()
}

pub(super) fn moment(at: &DateTime) -> Option<String> {
    at.fmt(Format::DateTime).ok()
}

pub(super) fn unreadable(id: &str, refused: AwsError) -> Error {
    refused.error(format!("The database `{id}` cannot be looked at."))
}
