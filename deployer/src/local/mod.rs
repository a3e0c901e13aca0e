//! The target on this machine: the stage's templates as processes on 127.0.0.1.
//!
//! Two processes: the command, with [`Local`], which plans and tells; and the supervisor in the
//! background ([`supervise`]), which holds everything that runs and records what there is. A
//! resource type is one file under `resources/`.

mod alarms;
mod assets;
pub mod aws_api;
mod cdn;
mod check;
mod control;
mod file_lock;
mod files;
pub mod gateway;
pub mod github;
pub mod http;
mod intrinsics;
pub mod lambda;
mod logs;
mod metrics;
mod ops;
pub mod orphans;
pub mod queues;
mod records;
pub mod registry;
mod resources;
mod rules;
mod running_stage;
mod schedules;
pub mod secrets;
pub mod socket;
mod stack;
mod stage_secrets;
mod start;
mod supervisor;
mod target;
mod teardown;

use std::{env, fs, io, path::PathBuf};

use serde_json::Value;

pub use metrics::Metrics;
pub use supervisor::supervise;

use crate::{
    Error, progress::Progress, project::Project, stage::Stage, stage_id::THIS_MACHINE,
    target::Secrets as _,
};
use control::{Call, Client};
use files::Files;
use records::Records;

/// The account and the region that everything here is in.
const ACCOUNT: &str = THIS_MACHINE;
const REGION: &str = "us-east-1";

/// The stand-in for GitHub, as its port and its troubles are called.
const GITHUB: &str = "github";
/// Client id and secret at the stand-in.
const STAND_IN: &str = "stand-in";
/// The port that is taken for the stand-in for GitHub when it is free.
const GITHUB_PORT: u16 = 8789;

/// The stage on this machine.
#[derive(Debug)]
pub struct Local {
    files: Files,
    stage: String,
    root: PathBuf,
}

impl Local {
    /// The stage `stage` of that checkout.
    ///
    /// # Errors
    ///
    /// None so far.
    pub fn open(project: &Project, stage: &Stage) -> Result<Local, Error> {
        Ok(Local {
            files: Files::new(project.stage_dir(stage.name())),
            stage: stage.name().to_owned(),
            root: project.root().to_owned(),
        })
    }

    /// `miyabi-local-assets`: the bucket with the functions' code.
    fn asset_bucket(&self) -> String {
        format!("miyabi-{}-assets", self.stage)
    }

    /// `miyabi-local-jwt-keys`
    fn secret_name(&self, name: &str) -> String {
        format!("miyabi-{}-{name}", self.stage)
    }

    /// Whether people sign in at GitHub itself: an OAuth application of it is given, or was set.
    async fn signs_in_at_github(&self) -> Result<bool, Error> {
        if real_github().is_some() {
            return Ok(true);
        }
        let set = self.secret("github").await?;
        let set = set.and_then(|value| serde_json::from_str::<Value>(&value).ok());
        Ok(set.is_some_and(|value| value["client_id"] != STAND_IN))
    }

    /// The supervisor; an error that says how to start it when none runs.
    async fn supervisor(&self) -> Result<Client, Error> {
        if let Some((client, _)) = Client::find(&self.files).await {
            return Ok(client);
        }
        Err(Error::failed(
            format!("The stage `{}` does not run.", self.stage),
            format!("Start it: `cargo xtask deploy --stage {}`", self.stage),
        ))
    }

    /// Sends a call whose result nobody needs.
    async fn send(&self, call: Call) -> Result<(), Error> {
        let client = self.supervisor().await?;
        client
            .call::<Value>(call, &Progress::silent())
            .await
            .map(drop)
    }

    /// Removes what a stack holds on the disk while nothing of it runs.
    fn remove_data(&self, records: &Records, stack: &str) -> Result<(), Error> {
        for record in records.of(stack) {
            if record.resource_type == "AWS::RDS::DBInstance" {
                let request = self.files.database(&record.reference);
                let dir = postgres_server::place(&request);
                remove(&dir).map_err(|cause| unusable(&dir, cause))?;
            }
        }
        Ok(())
    }
}

fn unusable(path: &std::path::Path, cause: io::Error) -> Error {
    Error::failed(
        format!("{} cannot be changed.", path.display()),
        "Make room on the disk and check the permissions of the folder, then run the same command again.",
    )
    .because(cause)
}

/// Id and secret of an OAuth application of GitHub, when both are given: people then sign in there
/// and not at the stand-in.
fn real_github() -> Option<(String, String)> {
    let given = |name| {
        env::var(name)
            .ok()
            .filter(|value: &String| !value.is_empty())
    };
    Some((
        given("MIYABI_GITHUB_CLIENT_ID")?,
        given("MIYABI_GITHUB_CLIENT_SECRET")?,
    ))
}

/// Removes a folder with everything in it; none is fine.
fn remove(dir: &std::path::Path) -> io::Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
