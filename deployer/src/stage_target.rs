//! The target of a stage: this machine for `local`, AWS or an endpoint like it for the others.

use std::{collections::BTreeMap, time::Duration};

use crate::{
    Error,
    asset::Asset,
    drift::Drift,
    local::Local,
    lock::Holder,
    plan::{Plan, StackPlan},
    progress::Progress,
    project::Project,
    release::{AliasMove, InService, Rollout},
    site::SiteFile,
    source::Source,
    stage::Stage,
    state::{Deployed, DeployedStack},
    target::{Invocation, LogLine, LogQuery, ResourceStatus, Target, Uploaded, Waited},
};
#[cfg(feature = "aws")]
use crate::{
    aws::{self, Aws},
    offline,
};

/// What a person says about how to reach a stage. On `local` nothing is needed.
#[derive(Debug, Clone, Default)]
pub struct Reach {
    /// Address of an AWS-compatible endpoint.
    pub endpoint_url: Option<String>,
    /// Address of a PostgreSQL that the stage does not manage. A secret.
    pub database_url: Option<String>,
}

/// Where a stage lives.
#[derive(Debug)]
pub enum StageTarget {
    /// This machine.
    Local(Box<Local>),
    /// AWS.
    #[cfg(feature = "aws")]
    Aws(Box<Aws>),
}

/// The lock of a [`StageTarget`].
#[derive(Debug)]
pub enum StageLock {
    /// Of this machine.
    Local(<Local as Target>::Lock),
    /// Of AWS.
    #[cfg(feature = "aws")]
    Aws(<Aws as Target>::Lock),
}

/// Whether this program can reach stages other than `local`.
pub const HAS_AWS: bool = cfg!(feature = "aws");

impl StageTarget {
    /// Where `stage` of that checkout lives. On AWS the credentials are checked; nothing is changed.
    pub async fn open(
        project: &Project,
        stage: &Stage,
        reach: &Reach,
        progress: &Progress,
    ) -> Result<StageTarget, Error> {
        if stage.is_local() {
            if reach.endpoint_url.is_some() || reach.database_url.is_some() {
                return Err(Error::usage(
                    "The stage `local` is on this machine: it has neither endpoint nor a database by address.",
                    "Leave `--endpoint-url` and `--database-url` out, or take the stage `sandbox`.",
                ));
            }
            return Ok(StageTarget::Local(Box::new(Local::open(project, stage)?)));
        }
        StageTarget::open_aws(stage, reach, progress).await
    }

    #[cfg(feature = "aws")]
    async fn open_aws(
        stage: &Stage,
        reach: &Reach,
        progress: &Progress,
    ) -> Result<StageTarget, Error> {
        let endpoint = reach
            .endpoint_url
            .as_deref()
            .map(aws::Endpoint::parse)
            .transpose()?;
        let database = reach
            .database_url
            .as_deref()
            .map(aws::DatabaseUrl::parse)
            .transpose()?;
        Ok(StageTarget::Aws(Box::new(
            Aws::open(stage, endpoint, database, progress).await?,
        )))
    }

    #[cfg(not(feature = "aws"))]
    #[allow(clippy::unused_async)]
    async fn open_aws(stage: &Stage, _: &Reach, _: &Progress) -> Result<StageTarget, Error> {
        Err(Error::usage(
            format!(
                "This program was built without AWS, and the stage `{}` needs it.",
                stage.name()
            ),
            "`cargo run --package xtask --features aws -- ..`",
        ))
    }

    /// Whether the stage is at an endpoint that stands in for AWS.
    pub fn is_emulated(&self) -> bool {
        match self {
            StageTarget::Local(_) => false,
            #[cfg(feature = "aws")]
            StageTarget::Aws(aws) => aws.is_emulated(),
        }
    }

    /// The plan with what CloudFormation itself says about the updates that `which` takes, and the
    /// stacks that it was asked about: change sets that are made and removed, nothing is executed. On
    /// `local` the plan as it is. An error when CloudFormation refuses a change.
    pub async fn preview(
        &self,
        plan: Plan,
        which: fn(&StackPlan) -> bool,
        progress: &Progress,
    ) -> Result<(Plan, Vec<String>), Error> {
        match self {
            StageTarget::Local(_) => {
                let _ = (which, progress);
                Ok((plan, Vec::new()))
            }
            #[cfg(feature = "aws")]
            StageTarget::Aws(aws) => aws.preview(plan, which, progress).await,
        }
    }

    /// Keeps a copy of what is deployed for [`crate::offline`], which alone reads it. Costs a look at
    /// the stage when something was changed since the last one. Nothing depends on it, so that it
    /// cannot be kept is only a warning. On `local` the record itself is there.
    pub async fn remember(&self, project: &Project, stage: &Stage, progress: &Progress) {
        #[cfg(feature = "aws")]
        if let StageTarget::Aws(aws) = self {
            let kept = match aws.deployed().await {
                Ok(deployed) => offline::keep(project, stage.name(), &aws.place(), &deployed),
                Err(error) => Err(error),
            };
            if let Err(error) = kept {
                progress.warn(format!(
                    "What is deployed was not kept for `plan --offline`: {error}"
                ));
            }
        }
        #[cfg(not(feature = "aws"))]
        let _ = (project, stage, progress);
    }

    /// Calls to AWS so far, by `Service.Operation`; nothing on `local`.
    pub fn calls(&self) -> BTreeMap<String, usize> {
        match self {
            StageTarget::Local(_) => BTreeMap::new(),
            #[cfg(feature = "aws")]
            StageTarget::Aws(aws) => aws.calls(),
        }
    }

    /// Leads stuck stacks back to their end; gives their short names. On `local` none gets stuck.
    #[cfg_attr(not(feature = "aws"), allow(clippy::unused_async, unused_variables))]
    pub async fn continue_rollback(
        &self,
        skip: &[String],
        progress: &Progress,
    ) -> Result<Vec<String>, Error> {
        match self {
            StageTarget::Local(_) => Ok(Vec::new()),
            #[cfg(feature = "aws")]
            StageTarget::Aws(aws) => aws.roll_back(skip, progress).await,
        }
    }

    /// What was waited for so far between calls to AWS; nothing on `local`.
    pub fn waits(&self) -> BTreeMap<String, Waited> {
        match self {
            StageTarget::Local(_) => BTreeMap::new(),
            #[cfg(feature = "aws")]
            StageTarget::Aws(aws) => aws.waits(),
        }
    }

    /// The target on AWS; an error on `local`, which has nothing of that.
    #[cfg(feature = "aws")]
    pub fn aws(&self) -> Result<&Aws, Error> {
        match self {
            StageTarget::Aws(aws) => Ok(aws),
            StageTarget::Local(_) => Err(Error::usage(
                "The stage `local` needs nothing of the kind.",
                "`cargo xtask deploy --stage local`",
            )),
        }
    }
}

/// The same call at whichever target it is.
macro_rules! at {
    ($self:ident, $target:ident => $call:expr) => {
        match $self {
            StageTarget::Local($target) => $call,
            #[cfg(feature = "aws")]
            StageTarget::Aws($target) => $call,
        }
    };
}

impl Target for StageTarget {
    type Lock = StageLock;

    async fn lock(&self, holder: &Holder) -> Result<StageLock, Error> {
        match self {
            StageTarget::Local(local) => local.lock(holder).await.map(StageLock::Local),
            #[cfg(feature = "aws")]
            StageTarget::Aws(aws) => aws.lock(holder).await.map(StageLock::Aws),
        }
    }

    async fn unlock(&self, lock: StageLock) -> Result<(), Error> {
        match (self, lock) {
            (StageTarget::Local(local), StageLock::Local(lock)) => local.unlock(lock).await,
            #[cfg(feature = "aws")]
            (StageTarget::Aws(aws), StageLock::Aws(lock)) => aws.unlock(lock).await,
            // A lock of another target frees itself when it is dropped.
            #[cfg(feature = "aws")]
            _ => Ok(()),
        }
    }

    async fn deployed(&self) -> Result<Deployed, Error> {
        at!(self, target => target.deployed().await)
    }

    fn check(&self, stacks: &[StackPlan]) -> Result<(), Error> {
        at!(self, target => target.check(stacks))
    }

    async fn assert_room_for(&self, stacks: &[StackPlan]) -> Result<(), Error> {
        at!(self, target => target.assert_room_for(stacks).await)
    }

    async fn prepare(&self, progress: &Progress) -> Result<(), Error> {
        at!(self, target => target.prepare(progress).await)
    }

    async fn known_parameters(&self) -> Result<BTreeMap<String, String>, Error> {
        at!(self, target => target.known_parameters().await)
    }

    async fn upload(&self, asset: &Asset) -> Result<Uploaded, Error> {
        at!(self, target => target.upload(asset).await)
    }

    async fn apply_stack(
        &self,
        stack: &StackPlan,
        parameters: &BTreeMap<String, String>,
        progress: &Progress,
    ) -> Result<DeployedStack, Error> {
        at!(self, target => target.apply_stack(stack, parameters, progress).await)
    }

    fn revertible(&self, stack: &str) -> Option<String> {
        at!(self, target => target.revertible(stack))
    }

    async fn revert(&self, stack: &str) -> Result<(), Error> {
        at!(self, target => target.revert(stack).await)
    }

    async fn delete_stack(&self, stack: &str, progress: &Progress) -> Result<(), Error> {
        at!(self, target => target.delete_stack(stack, progress).await)
    }

    async fn record_migrations(&self, applied: &BTreeMap<i64, String>) -> Result<(), Error> {
        at!(self, target => target.record_migrations(applied).await)
    }

    async fn record_source(&self, source: &Source) -> Result<(), Error> {
        at!(self, target => target.record_source(source).await)
    }

    async fn source(&self) -> Result<Option<Source>, Error> {
        at!(self, target => target.source().await)
    }

    async fn put_site(&self, bucket: &str, files: &[SiteFile], sha256: &str) -> Result<(), Error> {
        at!(self, target => target.put_site(bucket, files, sha256).await)
    }

    async fn in_service(&self) -> Result<BTreeMap<String, InService>, Error> {
        at!(self, target => target.in_service().await)
    }

    async fn put_in_service(&self, moves: &[AliasMove]) -> Result<(), Error> {
        at!(self, target => target.put_in_service(moves).await)
    }

    async fn put_as_templates_say(&self, functions: &[String]) -> Result<(), Error> {
        at!(self, target => target.put_as_templates_say(functions).await)
    }

    async fn swap_code(&self, code: &[Asset]) -> Result<(), Error> {
        at!(self, target => target.swap_code(code).await)
    }

    async fn record_rollout(&self, rollout: &Rollout) -> Result<(), Error> {
        at!(self, target => target.record_rollout(rollout).await)
    }

    async fn invoke(&self, function: &str, payload: &[u8]) -> Result<Invocation, Error> {
        at!(self, target => target.invoke(function, payload).await)
    }

    async fn start(&self, function: &str, payload: &[u8]) -> Result<bool, Error> {
        at!(self, target => target.start(function, payload).await)
    }

    async fn pause(&self, what_for: &str, pause: Duration) {
        at!(self, target => target.pause(what_for, pause).await)
    }

    fn bears_silence_for(&self) -> Duration {
        at!(self, target => target.bears_silence_for())
    }

    async fn status(&self) -> Result<Vec<ResourceStatus>, Error> {
        at!(self, target => target.status().await)
    }

    async fn drift(&self, stacks: Option<&[String]>, within: Duration) -> Result<Drift, Error> {
        at!(self, target => target.drift(stacks, within).await)
    }

    async fn logs(&self, query: &LogQuery, line: &mut dyn FnMut(LogLine)) -> Result<(), Error> {
        at!(self, target => target.logs(query, line).await)
    }

    async fn prepare_destroy(&self) -> Result<(), Error> {
        at!(self, target => target.prepare_destroy().await)
    }

    async fn destroy(&self, progress: &Progress) -> Result<(), Error> {
        at!(self, target => target.destroy(progress).await)
    }
}
