//! The traits of a target, implemented with AWS.

use std::{collections::BTreeMap, sync::PoisonError, time::Duration};

use async_trait::async_trait;

use super::{Aws, lease::BucketLease, outcome, placed::moves_gradually};
use crate::{
    Error,
    alarms::{Alarm, AlarmChange},
    asset::Asset,
    database::DatabaseLogin,
    drift::Drift,
    lock::LeaseHolder,
    plan::{StackAction, StackPlan},
    progress::Progress,
    release::{AliasMove, InService, Rollout},
    site::SiteFile,
    source::{FailedDeploy, Source},
    state::{Deployed, DeployedStack},
    target::{
        BackgroundInvoke, CallStats, DatabaseProcess, Functions, Invocation, Lease, Leases,
        LogLine, LogQuery, ManagedDatabase, Observe, Preview, Records, Releases, ResourceStatus,
        StackRollback, Stacks, StageId, Target, Teardown, Upkeep, Uploaded, Waited,
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
        let lease = BucketLease::take(&self.bucket, &self.seen, holder, &self.fence).await?;
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
                stacks::parameter::ASSET_BUCKET.to_owned(),
                self.bucket.name(),
            ),
            (
                stacks::parameter::GITHUB_ORIGIN.to_owned(),
                "https://github.com".to_owned(),
            ),
            (
                stacks::parameter::GITHUB_API_ORIGIN.to_owned(),
                "https://api.github.com".to_owned(),
            ),
        ]);
        if let Some(endpoint) = &self.endpoint {
            known.insert(
                stacks::parameter::ENDPOINT_URL.to_owned(),
                endpoint.url.clone(),
            );
        }
        if self.stage.settings().database.managed {
            return Ok(known);
        }
        if let Some(database) = &self.database {
            known.insert(
                stacks::parameter::DATABASE_HOST.to_owned(),
                database.host.clone(),
            );
            known.insert(
                stacks::parameter::DATABASE_PORT.to_owned(),
                database.port.to_string(),
            );
            return Ok(known);
        }
        // Where the database is was said once, and stays so.
        let deployed = self.deployed().await?;
        for name in [
            stacks::parameter::DATABASE_HOST,
            stacks::parameter::DATABASE_PORT,
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
impl Stacks for Aws {
    fn check(&self, stacks: &[StackPlan]) -> Result<(), Error> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let in_trouble = known.iter().flat_map(|known| &known.in_trouble);
        for (view, reasons) in in_trouble {
            let touched =
                |stack: &&StackPlan| stack.name == view.name && stack.action != StackAction::None;
            if stacks.iter().any(|stack| touched(&stack)) {
                return Err(outcome::refuse(self.stage.name(), view, reasons.clone()));
            }
        }
        Ok(())
    }

    async fn assert_room_for(&self, stacks: &[StackPlan]) -> Result<(), Error> {
        self.preflight(stacks).await
    }

    async fn prepare(&self, progress: &Progress) -> Result<(), Error> {
        self.bucket.assert_there().await?;
        let deployed = self.deployed().await?;
        let mut stacks = deployed.stacks.values();
        if stacks.any(|stack| moves_gradually(&stack.template))
            && let Err(error) = self.provisioned_aliases_stand().await
        {
            // A deploy may be what ends it; one that changes nothing is refused after this.
            progress.warn(format!("{error} {}", error.causes().join("; ")));
        }
        Ok(())
    }

    async fn has_asset(&self, asset: &Asset) -> Result<bool, Error> {
        self.bucket.has(asset).await
    }

    async fn upload(&self, asset: &Asset) -> Result<Uploaded, Error> {
        self.bucket.upload(asset).await
    }

    async fn apply_stack(
        &self,
        stack: &StackPlan,
        parameters: &BTreeMap<String, String>,
        progress: &Progress,
    ) -> Result<DeployedStack, Error> {
        let deployed = self.change_stack(stack, parameters, progress).await?;
        if let Some(secret) = deployed.outputs.get("databaseOwnerSecret") {
            self.write_owner_secret(secret).await?;
        }
        self.forget();
        self.expire_database_logs(&stack.template).await?;
        if moves_gradually(&stack.template) {
            self.provisioned_aliases_stand().await?;
        }
        Ok(deployed)
    }

    async fn delete_stack(&self, stack: &str, progress: &Progress) -> Result<(), Error> {
        self.fence().await?;
        self.remove_stack(stack, progress).await?;
        self.forget();
        Ok(())
    }

    async fn put_site(&self, bucket: &str, files: &[SiteFile], sha256: &str) -> Result<(), Error> {
        let left = self.put_files(bucket, files).await?;
        self.change_record(|record| {
            record.site = Some(sha256.to_owned());
            record.site_left = left;
        })
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

#[async_trait(?Send)]
impl Releases for Aws {
    async fn in_service(&self) -> Result<BTreeMap<String, InService>, Error> {
        self.read_aliases().await
    }

    async fn put_in_service(&self, moves: &[AliasMove]) -> Result<(), Error> {
        self.move_aliases(moves).await
    }

    async fn put_as_templates_say(&self, functions: &[String]) -> Result<(), Error> {
        self.put_functions_as_templates_say(functions).await
    }

    async fn swap_code(&self, code: &[Asset]) -> Result<(), Error> {
        self.swap_function_code(code).await
    }

    async fn record_rollout(&self, rollout: &Rollout) -> Result<(), Error> {
        self.change_record(|record| record.rollout.clone_from(rollout))
            .await
    }
}

#[async_trait(?Send)]
impl BackgroundInvoke for Aws {
    async fn start(&self, function: &str, payload: &[u8]) -> Result<(), Error> {
        self.begin_call(function, payload).await
    }

    async fn pause(&self, what_for: &str, pause: Duration) {
        self.seen.pause(what_for, pause).await;
    }

    fn silence_limit(&self) -> Duration {
        Duration::from_secs(if self.is_emulated() { 30 } else { 240 })
    }
}

impl CallStats for Aws {
    fn calls(&self) -> BTreeMap<String, usize> {
        self.seen.calls()
    }

    fn waits(&self) -> BTreeMap<String, Waited> {
        self.seen.waits()
    }
}
