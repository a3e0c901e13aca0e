//! The target on this machine: the stage's templates as processes on 127.0.0.1.

pub mod github;
mod http;

use std::{collections::BTreeMap, path::PathBuf};

use crate::{
    Error,
    lock::{FileLock, Holder},
    plan::StackPlan,
    progress::Progress,
    project::Project,
    stage::Stage,
    state::{Deployed, DeployedStack, StateFile},
    target::{Asset, Invocation, LogLine, LogQuery, ResourceStatus, SiteFile, Target, Uploaded},
};

/// The stage on this machine.
#[derive(Debug)]
pub struct Local {
    dir: PathBuf,
}

impl Local {
    /// The stage `stage` of that checkout.
    ///
    /// # Errors
    ///
    /// None so far.
    pub fn open(project: &Project, stage: &Stage) -> Result<Local, Error> {
        Ok(Local {
            dir: project.stage_dir(stage.name()),
        })
    }
}

fn not_yet() -> Error {
    Error::failed(
        "The local target cannot do this yet.",
        "Use a newer version.",
    )
}

impl Target for Local {
    type Lock = FileLock;

    async fn lock(&self, holder: &Holder) -> Result<FileLock, Error> {
        FileLock::take(&self.dir.join("lock"), "local", holder)
    }

    async fn unlock(&self, _lock: FileLock) -> Result<(), Error> {
        Ok(())
    }

    async fn deployed(&self) -> Result<Deployed, Error> {
        StateFile::new(self.dir.join("state.json")).load()
    }

    fn check(&self, _stacks: &[StackPlan]) -> Result<(), Error> {
        Ok(())
    }

    async fn prepare(&self, _progress: &Progress) -> Result<(), Error> {
        Err(not_yet())
    }

    async fn known_parameters(&self) -> Result<BTreeMap<String, String>, Error> {
        Err(not_yet())
    }

    async fn upload(&self, _asset: &Asset) -> Result<Uploaded, Error> {
        Err(not_yet())
    }

    async fn apply_stack(
        &self,
        _stack: &StackPlan,
        _parameters: &BTreeMap<String, String>,
        _progress: &Progress,
    ) -> Result<DeployedStack, Error> {
        Err(not_yet())
    }

    async fn delete_stack(&self, _stack: &str, _progress: &Progress) -> Result<(), Error> {
        Err(not_yet())
    }

    async fn record_migrations(&self, _applied: &BTreeMap<i64, String>) -> Result<(), Error> {
        Err(not_yet())
    }

    async fn put_site(
        &self,
        _bucket: &str,
        _files: &[SiteFile],
        _sha256: &str,
    ) -> Result<(), Error> {
        Err(not_yet())
    }

    async fn invoke(&self, _function: &str, _payload: &[u8]) -> Result<Invocation, Error> {
        Err(not_yet())
    }

    async fn status(&self) -> Result<Vec<ResourceStatus>, Error> {
        Ok(Vec::new())
    }

    async fn logs(&self, _query: &LogQuery, _line: &mut dyn FnMut(LogLine)) -> Result<(), Error> {
        Err(not_yet())
    }

    async fn destroy(&self, _progress: &Progress) -> Result<(), Error> {
        Err(not_yet())
    }
}
