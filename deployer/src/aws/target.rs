//! The traits of a target, implemented with AWS.

mod capabilities;
mod stacks;

use std::{collections::BTreeMap, time::Duration};

use async_trait::async_trait;

use super::{Aws, lease::BucketLease};
use crate::{
    Error,
    alarms::{Alarm, AlarmChange},
    database::DatabaseLogin,
    drift::Drift,
    lease::{Lease, LeaseHolder},
    progress::Progress,
    source::{FailedDeploy, Source},
    state::Deployed,
    target::{
        BackgroundInvoke, CallStats, DatabaseProcess, Functions, Invocation, Leases, LogLine,
        LogQuery, ManagedDatabase, Observe, Preview, Records, Releases, ResourceStatus, Spending,
        StackRollback, StageId, Target, Teardown, Upkeep,
    },
};

impl Target for Aws {
    fn id(&self) -> StageId {
        StageId {
            stage: self.stage.name().to_owned(),
            account: self.account.clone(),
            region: self.stage.settings().region.clone(),
            endpoint: self.endpoint.as_ref().map(|endpoint| endpoint.url.clone()),
        }
    }

    fn releases(&self) -> Option<&dyn Releases> {
        Some(self)
    }

    fn stack_rollback(&self) -> Option<&dyn StackRollback> {
        Some(self)
    }

    fn preview(&self) -> Option<&dyn Preview> {
        Some(self)
    }

    fn background(&self) -> Option<&dyn BackgroundInvoke> {
        Some(self)
    }

    fn call_stats(&self) -> Option<&dyn CallStats> {
        Some(self)
    }

    fn upkeep(&self) -> Option<&dyn Upkeep> {
        Some(self)
    }

    fn spending(&self) -> Option<&dyn Spending> {
        Some(self)
    }

    fn database_process(&self) -> Option<&dyn DatabaseProcess> {
        None
    }

    fn managed_database(&self) -> Option<&dyn ManagedDatabase> {
        Some(self)
    }

    fn as_aws(&self) -> Option<&Aws> {
        Some(self)
    }
}

#[async_trait(?Send)]
impl Leases for Aws {
    async fn lease(&self, holder: &LeaseHolder) -> Result<Box<dyn Lease>, Error> {
        let lease = BucketLease::take(&self.bucket, &self.observer, holder, &self.fence).await?;
        self.forget();
        match self.settle().await {
            Ok(()) => Ok(Box::new(lease)),
            Err(error) => {
                // The error of the wait is the one to report.
                let _ = Box::new(lease).release().await;
                Err(error)
            }
        }
    }
}

#[async_trait(?Send)]
impl Records for Aws {
    async fn deployed(&self) -> Result<Deployed, Error> {
        Ok(self.known().await?.deployed)
    }

    async fn known_parameters(&self) -> Result<BTreeMap<String, String>, Error> {
        let mut known = BTreeMap::from([
            (
                ::stacks::parameter::ASSET_BUCKET.to_owned(),
                self.bucket.name(),
            ),
            (
                ::stacks::parameter::GITHUB_ORIGIN.to_owned(),
                "https://github.com".to_owned(),
            ),
            (
                ::stacks::parameter::GITHUB_API_ORIGIN.to_owned(),
                "https://api.github.com".to_owned(),
            ),
        ]);
        if let Some(endpoint) = &self.endpoint {
            known.insert(
                ::stacks::parameter::ENDPOINT_URL.to_owned(),
                endpoint.url.clone(),
            );
        }
        if self.stage.settings().database.managed {
            return Ok(known);
        }
        if let Some(database) = &self.database {
            known.insert(
                ::stacks::parameter::DATABASE_HOST.to_owned(),
                database.host.clone(),
            );
            known.insert(
                ::stacks::parameter::DATABASE_PORT.to_owned(),
                database.port.to_string(),
            );
            return Ok(known);
        }
        // Where the database is was said once, and stays so.
        let deployed = self.deployed().await?;
        for name in [
            ::stacks::parameter::DATABASE_HOST,
            ::stacks::parameter::DATABASE_PORT,
        ] {
            let value = deployed
                .stacks
                .values()
                .find_map(|stack| stack.parameters.get(name));
            let Some(value) = value else {
                return Err(Error::usage(
                    format!(
                        "The stage `{}` has no database of its own, and none was given.",
                        self.stage.name()
                    ),
                    "Give `--database-url postgres://miyabi_owner:PASSWORD@HOST:PORT/miyabi` (or the variable MIYABI_DATABASE_URL).",
                ));
            };
            known.insert(name.to_owned(), value.clone());
        }
        Ok(known)
    }

    async fn source(&self) -> Result<Option<Source>, Error> {
        Ok(self.record().await?.source)
    }

    async fn record_source(&self, source: &Source) -> Result<(), Error> {
        self.change_record(|record| {
            record.source = Some(source.clone());
            record.failed_deploy = None;
        })
        .await
    }

    async fn record_failed_deploy(&self, failed: Option<&FailedDeploy>) -> Result<(), Error> {
        self.change_record(|record| record.failed_deploy = failed.cloned())
            .await
    }

    async fn record_migrations(&self, applied: &BTreeMap<i64, String>) -> Result<(), Error> {
        self.change_record(|record| record.migrations.clone_from(applied))
            .await
    }
}

#[async_trait(?Send)]
impl Functions for Aws {
    async fn invoke(&self, function: &str, payload: &[u8]) -> Result<Invocation, Error> {
        self.call(function, payload).await
    }
}

#[async_trait(?Send)]
impl Observe for Aws {
    async fn status(&self) -> Result<Vec<ResourceStatus>, Error> {
        self.resources().await
    }

    async fn drift(&self, stacks: Option<&[String]>, within: Duration) -> Result<Drift, Error> {
        self.detect_drift(stacks, within).await
    }

    async fn alarms(&self) -> Result<Vec<Alarm>, Error> {
        self.read_alarms().await
    }

    async fn alarm_changes(&self) -> Result<Vec<AlarmChange>, Error> {
        self.read_alarm_changes().await
    }

    async fn database_login(&self) -> Result<Option<DatabaseLogin>, Error> {
        Ok(None)
    }

    async fn logs(
        &self,
        query: &LogQuery,
        lines: &mut dyn FnMut(Vec<LogLine>),
    ) -> Result<(), Error> {
        self.read_logs(query, lines).await
    }
}

#[async_trait(?Send)]
impl Teardown for Aws {
    async fn note_retained(&self) -> Result<(), Error> {
        for view in self.stacks().await?.values() {
            self.note_leftovers(view).await?;
        }
        Ok(())
    }

    async fn destroy(&self, progress: &Progress) -> Result<(), Error> {
        self.remove_leftovers(progress).await?;
        self.empty_bucket().await
    }
}
