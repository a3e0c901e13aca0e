//! What differs between AWS and this machine.
//!
//! Everything above a target (build, plan, apply, smoke test) is the same on every stage. A target
//! decides nothing: it creates, updates and deletes what it is given, and reports what is deployed.
//!
//! [`Target`] is the sum of what every stage has. What only AWS has are capabilities of their own,
//! which a target returns or does not: no method does nothing in silence.

mod accounting;
mod upkeep;
mod values;

use std::{collections::BTreeMap, fmt::Debug, time::Duration};

use async_trait::async_trait;

pub use crate::stage_id::StageId;
pub use accounting::{CallStats, Spending};
pub use upkeep::{DatabaseProcess, ManagedDatabase, Upkeep};
pub use values::{Health, Invocation, LogLine, LogQuery, ResourceStatus, Uploaded, Waited};

use crate::{
    Error,
    alarms::{Alarm, AlarmChange},
    asset::Asset,
    database::DatabaseLogin,
    drift::Drift,
    lease::{Lease, LeaseHolder},
    plan::{Plan, StackPlan},
    progress::Progress,
    release::{AliasMove, InService, Rollout},
    site::SiteFile,
    source::{FailedDeploy, Source},
    state::{Deployed, DeployedStack},
};

/// A place where the stacks of one stage live.
///
/// Whatever changes the stage is called only while its [`Lease`] is held, and each such call is safe
/// to repeat after an interruption at any point.
pub trait Target:
    Leases + Records + Stacks + Functions + Observe + Secrets + Teardown + Debug
{
    /// Which stage of which account this is.
    fn id(&self) -> StageId;

    /// Versions of functions and aliases that can be moved; `None`: the target keeps no versions.
    fn releases(&self) -> Option<&dyn Releases>;

    /// Taking back stack updates; `None`: the target cannot.
    fn stack_rollback(&self) -> Option<&dyn StackRollback>;

    /// Predicting the changes of a plan; `None`: the plan by the templates is all there is.
    fn preview(&self) -> Option<&dyn Preview>;

    /// Invoking functions in the background; `None`: every invocation is waited for.
    fn background(&self) -> Option<&dyn BackgroundInvoke>;

    /// Counters of calls to AWS; `None`: there are no such calls.
    fn call_stats(&self) -> Option<&dyn CallStats>;

    /// Collecting garbage and turning protections off; `None`: the target does both by itself.
    fn upkeep(&self) -> Option<&dyn Upkeep>;

    /// Snapshots and restores of the database; `None`: no service runs it.
    fn managed_database(&self) -> Option<&dyn ManagedDatabase>;

    /// What AWS charged; `None`: nobody charges anything.
    fn spending(&self) -> Option<&dyn Spending>;

    /// Stopping and starting the database; `None`: it is no process of the stage.
    fn database_process(&self) -> Option<&dyn DatabaseProcess>;

    /// The target on AWS, for commands that only AWS has.
    #[cfg(feature = "aws")]
    fn as_aws(&self) -> Option<&crate::aws::Aws>;
}

/// One deploy of a stage at a time.
#[async_trait(?Send)]
pub trait Leases {
    /// Takes the lease of the stage for this process.
    ///
    /// # Errors
    ///
    /// [`crate::ErrorKind::Busy`] at once, with the name of the holder, when somebody else has it.
    async fn lease(&self, holder: &LeaseHolder) -> Result<Box<dyn Lease>, Error>;
}

/// What is recorded about the stage.
#[async_trait(?Send)]
pub trait Records {
    /// What is deployed; an empty value when nothing is. Reads only.
    async fn deployed(&self) -> Result<Deployed, Error>;

    /// Values of the parameters that the target knows and no stack has as an output: `AssetBucket`,
    /// `GithubOrigin`, `GithubApiOrigin`. Called while planning, before [`Stacks::prepare`]: `local`
    /// chooses and remembers the port of the GitHub stand-in then.
    async fn known_parameters(&self) -> Result<BTreeMap<String, String>, Error>;

    /// Source of the last successful deploy that changed something. Reads only.
    async fn source(&self) -> Result<Option<Source>, Error>;

    /// Records the source of the deploy that just ended well, and forgets one that failed before.
    async fn record_source(&self, source: &Source) -> Result<(), Error>;

    /// Records that the last deploy failed; `None`: that it did not.
    async fn record_failed_deploy(&self, failed: Option<&FailedDeploy>) -> Result<(), Error>;

    /// Records the applied migrations (version -> SHA-256 of the file), for the next plan.
    async fn record_migrations(&self, applied: &BTreeMap<i64, String>) -> Result<(), Error>;
}

/// Creating, updating and deleting stacks and their contents.
#[async_trait(?Send)]
pub trait Stacks {
    /// Refuses what the target cannot do, before anything is changed: every unsupported resource
    /// type and property of all templates in one error.
    fn check(&self, stacks: &[StackPlan]) -> Result<(), Error>;

    /// Refuses stacks that cannot be created because of what earlier ones left behind. Called before
    /// the first write of an apply. Reads only.
    async fn assert_room_for(&self, stacks: &[StackPlan]) -> Result<(), Error>;

    /// Prepares the target for the stacks of a plan (`local`: the supervisor runs; AWS: the asset
    /// bucket exists). Called first by apply, before any upload and also for a plan that changes
    /// nothing; does nothing when everything is ready.
    async fn prepare(&self, progress: &Progress) -> Result<(), Error>;

    /// Whether an asset with the right content is available to templates already. Reads only.
    async fn has_asset(&self, asset: &Asset) -> Result<bool, Error>;

    /// Makes an asset available to templates under its key; skipped when an object with the right
    /// content exists there.
    async fn upload(&self, asset: &Asset) -> Result<Uploaded, Error>;

    /// Creates or updates a stack and waits for the end. `parameters` are all of the template's,
    /// resolved. Returns the recorded stack with its outputs.
    async fn apply_stack(
        &self,
        stack: &StackPlan,
        parameters: &BTreeMap<String, String>,
        progress: &Progress,
    ) -> Result<DeployedStack, Error>;

    /// Deletes a stack. A missing stack is not an error.
    async fn delete_stack(&self, stack: &str, progress: &Progress) -> Result<(), Error>;

    /// Makes the bucket hold exactly these files, and records `sha256`, the hash over them, for the
    /// next plan.
    async fn put_site(&self, bucket: &str, files: &[SiteFile], sha256: &str) -> Result<(), Error>;
}

/// Calling functions.
#[async_trait(?Send)]
pub trait Functions {
    /// Invokes a function by its short name (`tasks`) and waits for its output.
    async fn invoke(&self, function: &str, payload: &[u8]) -> Result<Invocation, Error>;
}

/// Looking at a running stage. Reads only.
#[async_trait(?Send)]
pub trait Observe {
    /// Each resource and its health, ordered by stack and logical id.
    async fn status(&self) -> Result<Vec<ResourceStatus>, Error>;

    /// What differs in these stacks (`None`: in all) from the deployed templates because somebody
    /// changed it outside of the deployer. What takes longer than `within` is reported as unknown.
    async fn drift(&self, stacks: Option<&[String]>, within: Duration) -> Result<Drift, Error>;

    /// Each alarm and how it is, in the order of their names.
    async fn alarms(&self) -> Result<Vec<Alarm>, Error>;

    /// The changes of the alarms' states, the newest first; as many as are kept.
    async fn alarm_changes(&self) -> Result<Vec<AlarmChange>, Error>;

    /// How to log in to the database as its owner from this machine; `None`: nobody reaches it from
    /// here.
    async fn database_login(&self) -> Result<Option<DatabaseLogin>, Error>;

    /// Calls `lines` with the log lines of each look, oldest first; with `follow` until the future is
    /// dropped.
    async fn logs(
        &self,
        query: &LogQuery,
        lines: &mut dyn FnMut(Vec<LogLine>),
    ) -> Result<(), Error>;
}

/// Values of secrets. They are in no log, no error and no record.
#[async_trait(?Send)]
pub trait Secrets {
    /// The value of the secret `miyabi-STAGE-NAME`; `None`: it does not exist or has no value.
    async fn secret(&self, name: &str) -> Result<Option<String>, Error>;

    /// Gives an existing secret a value.
    async fn put_secret(&self, name: &str, value: &str) -> Result<(), Error>;

    /// Has the distribution send the value of the origin secret, and returns when it does so
    /// everywhere. Functions accept it by then.
    async fn send_origin_secret(&self, progress: &Progress) -> Result<(), Error>;
}

/// Deleting a stage for good.
#[async_trait(?Send)]
pub trait Teardown {
    /// Called before the first stack is deleted: notes what the stacks retain, so that
    /// [`Teardown::destroy`] can delete it.
    async fn note_retained(&self) -> Result<(), Error>;

    /// Deletes everything of the stage that is not a stack (`local`: supervisor, database and
    /// files). Called after all stacks were deleted.
    async fn destroy(&self, progress: &Progress) -> Result<(), Error>;
}

/// Versions of functions, and the aliases that put them into service.
#[async_trait(?Send)]
pub trait Releases: Records {
    /// The version in service of each function, by short name. Reads only.
    async fn in_service(&self) -> Result<BTreeMap<String, InService>, Error>;

    /// Moves aliases to these versions, whatever the templates say.
    async fn put_in_service(&self, moves: &[AliasMove]) -> Result<(), Error>;

    /// Moves the aliases of these functions to the versions in their templates.
    async fn put_as_templates_say(&self, functions: &[String]) -> Result<(), Error>;

    /// Updates the code of functions without their stacks, and points their aliases at it.
    async fn swap_code(&self, code: &[Asset]) -> Result<(), Error>;

    /// Records versions and releases, for the next plan.
    async fn record_rollout(&self, rollout: &Rollout) -> Result<(), Error>;
}

/// Taking back the update of a stack.
#[async_trait(?Send)]
pub trait StackRollback {
    /// The full name of a stack, for commands that a person types: `miyabi-dev-api`.
    fn stack_name(&self, stack: &str) -> String;

    /// Cancels a running update; the pending [`Stacks::apply_stack`] then fails.
    async fn cancel_update(&self, stack: &str) -> Result<(), Error>;

    /// Continues the rollback of every stuck stack; returns their short names. `skip` lists
    /// resources to leave as they are, each as `STACK.RESOURCE`.
    async fn continue_rollback(
        &self,
        skip: &[String],
        progress: &Progress,
    ) -> Result<Vec<String>, Error>;
}

/// Asking the target what it would do.
#[async_trait(?Send)]
pub trait Preview {
    /// The plan refined by the target's own prediction (AWS: change sets that are created and
    /// deleted, never executed), and the stacks that were previewed. Asks about the updates for which
    /// `which` returns true.
    ///
    /// # Errors
    ///
    /// When the target refuses a change.
    async fn preview_changes(
        &self,
        plan: Plan,
        which: for<'p> fn(&'p StackPlan) -> bool,
        progress: &Progress,
    ) -> Result<(Plan, Vec<String>), Error>;
}

/// Invoking functions without waiting for them.
#[async_trait(?Send)]
pub trait BackgroundInvoke {
    /// Starts a function by its short name and returns.
    async fn start(&self, function: &str, payload: &[u8]) -> Result<(), Error>;

    /// Waits before the next look at a background invocation; `what_for` is shown to people.
    async fn pause(&self, what_for: &str, pause: Duration);

    /// How long a background invocation may stay silent before it is considered lost.
    fn silence_limit(&self) -> Duration;
}
