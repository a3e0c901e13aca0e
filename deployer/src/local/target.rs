//! What the deployer asks of every stage, on this machine.

use std::{collections::BTreeMap, fs, time::Duration};

use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{
    ACCOUNT, GITHUB, GITHUB_PORT, Local, REGION, STAND_IN, assets, cdn, check,
    control::{Call, Client, InvokeOutput, Problems},
    file_lock::FileLock,
    logs, real_github,
    records::Records,
    start, unusable,
};
use crate::{
    Error,
    alarms::{Alarm, AlarmChange},
    asset::Asset,
    database::DatabaseLogin,
    drift::Drift,
    lease::{Lease, LeaseHolder},
    plan::StackPlan,
    progress::Progress,
    site::SiteFile,
    source::{FailedDeploy, Source},
    state::{Deployed, DeployedStack, StateFile},
    target::{
        BackgroundInvoke, CallStats, DatabaseProcess, Functions, Health, Invocation, Leases,
        LogLine, LogQuery, ManagedDatabase, Observe, Preview, Records as StageRecords, Releases,
        ResourceStatus, Secrets as _, Spending, StackRollback, Stacks, StageId, Target, Upkeep,
        Uploaded,
    },
};

impl Target for Local {
    fn id(&self) -> StageId {
        StageId {
            stage: self.stage.clone(),
            account: ACCOUNT.to_owned(),
            region: REGION.to_owned(),
            endpoint: None,
        }
    }

    fn releases(&self) -> Option<&dyn Releases> {
        None
    }

    fn stack_rollback(&self) -> Option<&dyn StackRollback> {
        None
    }

    fn preview(&self) -> Option<&dyn Preview> {
        None
    }

    fn background(&self) -> Option<&dyn BackgroundInvoke> {
        None
    }

    fn call_stats(&self) -> Option<&dyn CallStats> {
        None
    }

    fn upkeep(&self) -> Option<&dyn Upkeep> {
        None
    }

    fn spending(&self) -> Option<&dyn Spending> {
        None
    }

    fn database_process(&self) -> Option<&dyn DatabaseProcess> {
        Some(self)
    }

    fn managed_database(&self) -> Option<&dyn ManagedDatabase> {
        None
    }

    #[cfg(feature = "aws")]
    fn as_aws(&self) -> Option<&crate::aws::Aws> {
        None
    }
}

#[async_trait(?Send)]
impl Leases for Local {
    async fn lease(&self, holder: &LeaseHolder) -> Result<Box<dyn Lease>, Error> {
        let lock = FileLock::take(&self.files.lock(), &self.stage, holder)?;
        Ok(Box::new(lock))
    }
}

#[async_trait(?Send)]
impl StageRecords for Local {
    async fn deployed(&self) -> Result<Deployed, Error> {
        StateFile::new(self.files.state()).load()
    }

    async fn known_parameters(&self) -> Result<BTreeMap<String, String>, Error> {
        let (github, api) = match self.signs_in_at_github().await? {
            true => (
                "https://github.com".to_owned(),
                "https://api.github.com".to_owned(),
            ),
            false => {
                let port = self.files.port(GITHUB, GITHUB_PORT);
                let port = port.map_err(|cause| unusable(self.files.dir(), cause))?;
                let origin = format!("http://127.0.0.1:{port}");
                (origin.clone(), origin)
            }
        };
        Ok([
            (stacks::parameter::ASSET_BUCKET, self.asset_bucket()),
            (stacks::parameter::GITHUB_ORIGIN, github),
            (stacks::parameter::GITHUB_API_ORIGIN, api),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into())
    }

    async fn source(&self) -> Result<Option<Source>, Error> {
        Ok(self.deployed().await?.source)
    }

    async fn record_source(&self, source: &Source) -> Result<(), Error> {
        self.send(Call::RecordSource {
            source: source.clone(),
        })
        .await
    }

    async fn record_failed_deploy(&self, failed: Option<&FailedDeploy>) -> Result<(), Error> {
        self.send(Call::RecordFailedDeploy {
            failed: failed.cloned(),
        })
        .await
    }

    async fn record_migrations(&self, applied: &BTreeMap<i64, String>) -> Result<(), Error> {
        self.send(Call::RecordMigrations {
            applied: applied.clone(),
        })
        .await
    }
}

#[async_trait(?Send)]
impl Stacks for Local {
    fn check(&self, stacks: &[StackPlan]) -> Result<(), Error> {
        check::check(stacks)
    }

    /// A deleted stack leaves nothing behind.
    async fn assert_room_for(&self, _: &[StackPlan]) -> Result<(), Error> {
        Ok(())
    }

    async fn prepare(&self, progress: &Progress) -> Result<(), Error> {
        let client = start::start(&self.files, &self.root, &self.stage, progress).await?;
        // What `secrets set` put there stays, unless other values are given.
        let given = real_github();
        if given.is_some() || self.secret("github").await?.is_none() {
            let stand_in = || (STAND_IN.to_owned(), STAND_IN.to_owned());
            let (id, secret) = given.unwrap_or_else(stand_in);
            let call = Call::PutSecret {
                name: self.secret_name("github"),
                value: json!({"client_id": id, "client_secret": secret}).to_string(),
            };
            client.call::<Value>(call, progress).await?;
        }
        let bucket = self.files.bucket(&self.asset_bucket());
        let used = fs::read_to_string(self.files.records());
        match used {
            Ok(used) => assets::sweep(&bucket, &used).map_err(|cause| unusable(&bucket, cause)),
            Err(_) => Ok(()),
        }
    }

    /// The supervisor links what a build on this machine left, so nothing else has it.
    async fn has_asset(&self, asset: &Asset) -> Result<bool, Error> {
        Ok(asset.path.is_file())
    }

    async fn upload(&self, asset: &Asset) -> Result<Uploaded, Error> {
        let bucket = self.files.bucket(&self.asset_bucket());
        assets::put(&bucket, asset).map_err(|cause| unusable(&bucket, cause))
    }

    async fn apply_stack(
        &self,
        stack: &StackPlan,
        parameters: &BTreeMap<String, String>,
        progress: &Progress,
    ) -> Result<DeployedStack, Error> {
        let call = Call::Apply {
            stack: stack.name.clone(),
            template: stack.template.clone(),
            parameters: parameters.clone(),
        };
        self.supervisor().await?.call(call, progress).await
    }

    async fn delete_stack(&self, stack: &str, progress: &Progress) -> Result<(), Error> {
        if let Some((client, _)) = Client::find(&self.files).await {
            let call = Call::Delete {
                stack: stack.to_owned(),
            };
            return client.call::<Value>(call, progress).await.map(drop);
        }
        // Nothing runs, and nothing needs to be started to remove files.
        let records = Records::load(&self.files)?;
        self.remove_data(&records, stack)?;
        records.forget(stack)
    }

    async fn put_site(&self, name: &str, files: &[SiteFile], sha256: &str) -> Result<(), Error> {
        let dir = self.files.bucket(name);
        cdn::Bucket::new(dir.clone())
            .replace(files)
            .map_err(|cause| unusable(&dir, cause))?;
        self.send(Call::RecordSite {
            sha256: sha256.to_owned(),
        })
        .await
    }
}

#[async_trait(?Send)]
impl Functions for Local {
    async fn invoke(&self, function: &str, payload: &[u8]) -> Result<Invocation, Error> {
        let call = Call::Invoke {
            function: format!("miyabi-{}-{function}", self.stage),
            payload: STANDARD.encode(payload),
        };
        let answer: InvokeOutput = self
            .supervisor()
            .await?
            .call(call, &Progress::silent())
            .await?;
        let payload = STANDARD.decode(answer.payload).unwrap_or_default();
        Ok(Invocation {
            function_error: answer.function_error,
            payload,
            executed_version: answer.executed_version,
        })
    }
}

#[async_trait(?Send)]
impl Observe for Local {
    async fn status(&self) -> Result<Vec<ResourceStatus>, Error> {
        if let Some((client, _)) = Client::find(&self.files).await {
            return client.call(Call::Status, &Progress::silent()).await;
        }
        let records = Records::load(&self.files)?;
        let statuses = records.stacks().into_iter().flat_map(|stack| {
            stack
                .resources
                .into_iter()
                .map(move |record| ResourceStatus {
                    stack: stack.name.clone(),
                    logical_id: record.logical_id,
                    resource_type: record.resource_type,
                    physical_id: record.reference,
                    health: Health::Missing,
                    detail: "the supervisor does not run".to_owned(),
                })
        });
        Ok(statuses.collect())
    }

    async fn drift(&self, stacks: Option<&[String]>, _: Duration) -> Result<Drift, Error> {
        // What does not run is not deleted: the supervisor must say what there is.
        let client = self.supervisor().await?;
        let statuses: Vec<ResourceStatus> = client.call(Call::Status, &Progress::silent()).await?;
        let missing = statuses.into_iter().filter(|one| {
            one.health == Health::Missing && stacks.is_none_or(|names| names.contains(&one.stack))
        });
        Ok(Drift {
            resources: missing.map(ResourceStatus::deleted_by_hand).collect(),
            ..Drift::default()
        })
    }

    async fn alarms(&self) -> Result<Vec<Alarm>, Error> {
        let client = self.supervisor().await?;
        client.call(Call::Alarms, &Progress::silent()).await
    }

    async fn alarm_changes(&self) -> Result<Vec<AlarmChange>, Error> {
        let client = self.supervisor().await?;
        client.call(Call::AlarmChanges, &Progress::silent()).await
    }

    async fn database_login(&self) -> Result<Option<DatabaseLogin>, Error> {
        self.owners_login().await
    }

    async fn logs(
        &self,
        query: &LogQuery,
        lines: &mut dyn FnMut(Vec<LogLine>),
    ) -> Result<(), Error> {
        logs::read(&self.files, &self.stage, query, lines).await
    }
}

#[async_trait(?Send)]
impl DatabaseProcess for Local {
    async fn run_database(&self, run: bool) -> Result<(), Error> {
        let client = self.supervisor().await?;
        let call = Call::RunDatabases { run };
        if !run {
            return client
                .call::<Value>(call, &Progress::silent())
                .await
                .map(drop);
        }
        let problems: Problems = client.call(call, &Progress::silent()).await?;
        match problems.into_iter().next() {
            None => Ok(()),
            Some((resource, why)) => Err(Error::failed(
                format!("{resource} cannot be started."),
                format!("`cargo xtask logs database --stage {}`", self.stage),
            )
            .because(why)),
        }
    }
}
