//! What differs between AWS and this machine.
//!
//! Everything above a target (build, plan, apply, smoke test) is the same on every stage. A target
//! decides nothing: it is told what to create, update and delete, and says what is there.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Serialize};

use crate::{
    Error,
    asset::Asset,
    drift::{Drift, DriftKind, Drifted},
    lock::Holder,
    plan::StackPlan,
    progress::Progress,
    release::{AliasMove, InService, Rollout},
    site::SiteFile,
    source::Source,
    state::{Deployed, DeployedStack},
};

/// A place where stacks live. Methods that change something are only called between
/// [`Target::lock`] and [`Target::unlock`]; each is safe to call again after it was interrupted
/// at any point.
// The futures are awaited on the thread of the command, so they need no `Send` bound.
#[allow(async_fn_in_trait)]
pub trait Target {
    /// Proof that this process may change the stage. Dropping it without [`Target::unlock`] (a
    /// killed process) frees the stage too, at the latest after its expiry.
    type Lock;

    /// Takes the stage for this process. [`crate::ErrorKind::Busy`] at once, naming the holder,
    /// when somebody else has it.
    async fn lock(&self, holder: &Holder) -> Result<Self::Lock, Error>;

    /// Gives the stage back.
    async fn unlock(&self, lock: Self::Lock) -> Result<(), Error>;

    /// What is deployed, as recorded by the target; nothing deployed is an empty value, not an
    /// error. Reads only.
    async fn deployed(&self) -> Result<Deployed, Error>;

    /// Refuses what the target cannot do, before anything is changed: every unsupported resource
    /// type and property of all templates in one error.
    fn check(&self, stacks: &[StackPlan]) -> Result<(), Error>;

    /// Refuses stacks that cannot be created because of what earlier ones left behind. Called before
    /// the first write of an apply. Reads only.
    async fn assert_room_for(&self, _stacks: &[StackPlan]) -> Result<(), Error> {
        Ok(())
    }

    /// Gets ready for the stacks of a plan (`local`: the supervisor runs; AWS: the asset bucket
    /// exists). Called first by apply, before any upload and also for a plan that changes nothing;
    /// does nothing when all is ready.
    async fn prepare(&self, progress: &Progress) -> Result<(), Error>;

    /// Values of the parameters that no stack gives and the target knows: `AssetBucket`,
    /// `GithubOrigin`, `GithubApiOrigin`. Called while planning, before `prepare`: on `local` the
    /// stand-in's port is chosen and remembered then.
    async fn known_parameters(&self) -> Result<BTreeMap<String, String>, Error>;

    /// Makes an asset available to templates under its key; skipped when it is there already with
    /// the right content.
    async fn upload(&self, asset: &Asset) -> Result<Uploaded, Error>;

    /// Creates or updates a stack and waits until it is done. `parameters` are all of the
    /// template's, resolved. Gives the recorded stack with its outputs, after having recorded it.
    async fn apply_stack(
        &self,
        stack: &StackPlan,
        parameters: &BTreeMap<String, String>,
        progress: &Progress,
    ) -> Result<DeployedStack, Error>;

    /// The name under which an update of that stack that goes on can be taken back; `None` where
    /// that cannot be.
    fn revertible(&self, _stack: &str) -> Option<String> {
        None
    }

    /// Takes back the update of a stack that goes on; [`Target::apply_stack`] then ends with an
    /// error.
    async fn revert(&self, _stack: &str) -> Result<(), Error> {
        Ok(())
    }

    /// Deletes a stack; one that is not there is fine.
    async fn delete_stack(&self, stack: &str, progress: &Progress) -> Result<(), Error>;

    /// Records what was migrated, for the next plan.
    async fn record_migrations(&self, applied: &BTreeMap<i64, String>) -> Result<(), Error>;

    /// Records what the deploy that just ended was made of.
    async fn record_source(&self, _source: &Source) -> Result<(), Error> {
        Ok(())
    }

    /// What the last deploy that ended well and changed something was made of. Reads only.
    async fn source(&self) -> Result<Option<Source>, Error> {
        Ok(None)
    }

    /// Makes the bucket hold exactly these files, and records `sha256`, the hash over them, for the
    /// next plan.
    async fn put_site(&self, bucket: &str, files: &[SiteFile], sha256: &str) -> Result<(), Error>;

    /// Which version of each function is in service, by the function's short name. Nothing where a
    /// target keeps no versions to go back to. Reads only.
    async fn in_service(&self) -> Result<BTreeMap<String, InService>, Error> {
        Ok(BTreeMap::new())
    }

    /// Puts versions of functions into service, whatever their templates say.
    async fn put_in_service(&self, _moves: &[AliasMove]) -> Result<(), Error> {
        Ok(())
    }

    /// Puts into service of these functions what their templates say, whatever was done past them.
    async fn put_as_templates_say(&self, _functions: &[String]) -> Result<(), Error> {
        Ok(())
    }

    /// Gives functions that code past their stacks, and has their aliases stand at it.
    async fn swap_code(&self, _code: &[Asset]) -> Result<(), Error> {
        Ok(())
    }

    /// Records versions and releases, for the next plan.
    async fn record_rollout(&self, _rollout: &Rollout) -> Result<(), Error> {
        Ok(())
    }

    /// Invokes a function by its short name (`tasks`) and waits for the answer.
    async fn invoke(&self, function: &str, payload: &[u8]) -> Result<Invocation, Error>;

    /// Starts a function by its short name and does not wait for it. False: the target cannot, and
    /// nothing was started.
    async fn start(&self, _function: &str, _payload: &[u8]) -> Result<bool, Error> {
        Ok(false)
    }

    /// A pause before the next look at something that goes on there; `what_for` is for people.
    async fn pause(&self, _what_for: &str, pause: Duration) {
        tokio::time::sleep(pause).await;
    }

    /// How long something that was started may give no sign of life before it counts as lost.
    fn bears_silence_for(&self) -> Duration {
        Duration::from_secs(240)
    }

    /// Each resource and how it is, in the order stack, logical id. Reads only.
    async fn status(&self) -> Result<Vec<ResourceStatus>, Error>;

    /// What differs in these stacks (`None`: in all) from what was deployed, because of what was done
    /// past the deployer. What takes longer than `within` is unknown. Reads only.
    async fn drift(&self, stacks: Option<&[String]>, within: Duration) -> Result<Drift, Error>;

    /// Calls `line` with each line of the logs that fits, oldest first; with `follow` until the
    /// future is dropped.
    async fn logs(&self, query: &LogQuery, line: &mut dyn FnMut(LogLine)) -> Result<(), Error>;

    /// Called before the stacks of a stage are deleted for good: remembers what they would leave
    /// behind and [`Target::destroy`] has to remove.
    async fn prepare_destroy(&self) -> Result<(), Error> {
        Ok(())
    }

    /// Removes everything of the stage that is not a stack (`local`: supervisor, database and
    /// files). Called after each stack was deleted.
    async fn destroy(&self, progress: &Progress) -> Result<(), Error>;
}

/// Whether an upload was needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Uploaded {
    /// It was not there, or not with the right content.
    Sent,
    /// It was there.
    AlreadyThere,
}

/// The answer of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation {
    /// `Some` when the function failed: `Unhandled`, or a timeout.
    pub function_error: Option<String>,
    /// What it gave back, JSON.
    pub payload: Vec<u8>,
    /// The version that answered.
    pub executed_version: String,
}

/// What a wait for something that goes on elsewhere came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Waited {
    /// How often it was looked again.
    pub looks: usize,
    /// How long the pauses before that were, together.
    pub seconds: f64,
}

/// How a resource is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceStatus {
    /// Stack.
    pub stack: String,
    /// Logical id.
    pub logical_id: String,
    /// `AWS::Lambda::Function`
    pub resource_type: String,
    /// Physical id (`Ref`).
    pub physical_id: String,
    /// How it is.
    pub health: Health,
    /// More for people: address, pid, version, or why it is not well.
    pub detail: String,
}

impl ResourceStatus {
    /// What it is when somebody deleted it.
    pub(crate) fn deleted_by_hand(self) -> Drifted {
        Drifted {
            stack: self.stack,
            logical_id: self.logical_id,
            resource_type: self.resource_type,
            kind: DriftKind::Deleted,
            properties: Vec::new(),
        }
    }
}

/// How a resource is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// It does its work.
    Ok,
    /// It is there and does not work.
    Failing,
    /// It is not there, although it was deployed.
    Missing,
    /// It cannot be told.
    Unknown,
}

/// Which log lines.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogQuery {
    /// Short names of functions; empty: all.
    pub functions: Vec<String>,
    /// Not older than this; `None`: all there is.
    pub since: Option<SystemTime>,
    /// Only lines that contain this text.
    pub filter: Option<String>,
    /// Go on with new lines.
    pub follow: bool,
}

/// A line of a function's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// The function's short name.
    pub function: String,
    /// When it was written.
    pub at: SystemTime,
    /// The line, without its end.
    pub text: String,
}
