//! The target on AWS, or at any endpoint that speaks its protocols: the stage's templates as
//! CloudFormation stacks.
//!
//! CloudFormation's own record is the truth about stacks; what it cannot know is one object in the
//! asset bucket ([`record`]). Nothing that is needed is kept on this machine, so any machine can go on
//! where another one stopped. Before anything else, the account behind the credentials is compared
//! with the stage's.

mod alarm_data;
mod alarms;
mod alias_state;
mod aliases;
mod aws_error;
mod bootstrap;
mod bucket;
mod change;
mod change_set;
mod clean_up;
mod clients;
mod code_deploy;
mod database;
mod databases;
mod deployed_functions;
mod drift;
mod event_pages;
mod events;
mod follow;
mod functions;
mod gc;
mod history;
mod lease;
mod logs;
mod object_versions;
mod outcome;
mod overrides;
mod place;
mod preflight;
mod preview;
mod protection;
mod record;
mod resources;
mod rollback;
mod secrets;
mod site;
mod snapshots;
mod spending;
mod stack;
mod target;
mod upkeep;

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::{try_join, try_join_all};

use aws_error::AwsError;
use bucket::Bucket;
use clients::{CallObserver, Clients};
use lease::Fence;
use stack::{Phase, StackView};

pub use bootstrap::Github;
pub use gc::SPARED_FOR;
pub use place::{DatabaseUrl, Endpoint};

use crate::{Error, progress::Progress, stage::Stage, state::Deployed};

/// A stage on AWS.
#[derive(Debug)]
pub struct Aws {
    stage: Stage,
    /// The account of the credentials, which is the stage's where the stage names one.
    account: String,
    clients: Clients,
    observer: CallObserver,
    bucket: Bucket,
    endpoint: Option<Endpoint>,
    database: Option<DatabaseUrl>,
    progress: Progress,
    /// How long an alias may take to move.
    alias_deadline: std::time::Duration,
    /// Checked before each change; shared with the lease, which clears it.
    fence: Arc<Mutex<Option<Fence>>>,
    /// What was read, until something is changed.
    known: Mutex<Option<Known>>,
}

/// What is deployed, and the stacks that no update can help, with what is in the way.
#[derive(Debug, Clone)]
struct Known {
    deployed: Deployed,
    in_trouble: Vec<(StackView, String)>,
}

impl Aws {
    /// The stage at AWS, or at `endpoint`. Refuses credentials of another account than the stage's.
    /// Changes nothing.
    pub async fn open(
        stage: &Stage,
        endpoint: Option<Endpoint>,
        database: Option<DatabaseUrl>,
        progress: &Progress,
    ) -> Result<Aws, Error> {
        let settings = stage.settings();
        if settings.account.is_none() && endpoint.is_none() {
            return Err(Error::usage(
                format!(
                    "The stage `{}` names no AWS account, so it needs the address of an endpoint.",
                    stage.name()
                ),
                format!(
                    "Give `--endpoint-url http://127.0.0.1:4566`, or set `account` in stacks/stages/{}.yaml",
                    stage.name()
                ),
            ));
        }
        if database.is_some() && settings.database.managed {
            return Err(Error::usage(
                format!(
                    "The stage `{}` has a database of its own, and another one was given.",
                    stage.name()
                ),
                format!(
                    "Leave `--database-url` out, or set `database.managed: false` in stacks/stages/{}.yaml",
                    stage.name()
                ),
            ));
        }
        let observer = CallObserver::default();
        let clients = Clients::new(stage, endpoint.as_ref(), &observer).await?;
        let account = account(stage, &clients).await?;
        let bucket = Bucket {
            s3: clients.s3.clone(),
            stage: stage.name().to_owned(),
            account: account.clone(),
            region: settings.region.clone(),
            endpoint: endpoint.clone(),
        };
        Ok(Aws {
            stage: stage.clone(),
            account,
            clients,
            observer,
            bucket,
            endpoint,
            database,
            progress: progress.clone(),
            alias_deadline: alias_state::MOVED_WITHIN,
            fence: Arc::default(),
            known: Mutex::default(),
        })
    }

    /// Whether this is an endpoint and not AWS itself.
    pub fn is_emulated(&self) -> bool {
        self.endpoint.is_some()
    }

    /// Called before each change: refuses when this process may no longer change the stage.
    async fn fence(&self) -> Result<(), Error> {
        self.forget();
        let fence = self
            .fence
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        match fence {
            Some(fence) => fence.check().await,
            None => Ok(()),
        }
    }

    fn forget(&self) {
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    async fn known(&self) -> Result<Known, Error> {
        let known = self
            .known
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Some(known) = known {
            return Ok(known);
        }
        let (stacks, record) = try_join(self.stacks(), self.record()).await?;
        let read = stacks.iter().map(|(name, view)| async move {
            Ok::<_, Error>((name.clone(), self.deployed_stack(view).await?))
        });
        let mut in_trouble = Vec::new();
        for view in stacks.values().filter(|view| is_trouble(view)) {
            in_trouble.push((view.clone(), self.failed_resources(view).await));
        }
        let mut deployed = Deployed {
            stacks: try_join_all(read).await?.into_iter().collect(),
            migrations: record.migrations,
            site: record.site,
            rollout: record.rollout,
            source: record.source,
            failed_deploy: record.failed_deploy,
        };
        self.read_overrides(&stacks, &mut deployed).await?;
        let known = Known {
            deployed,
            in_trouble,
        };
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(known.clone());
        Ok(known)
    }

    /// Waits for what goes on with any stack of the stage: the end of a deploy that was killed, or
    /// of what somebody does by hand.
    async fn settle(&self) -> Result<(), Error> {
        let stacks = self.stacks().await?;
        let busy = stacks.values().filter(|view| view.phase == Phase::Busy);
        for view in busy {
            let name = &view.name;
            let step = self.progress.step(
                format!("stack {name}"),
                format!(
                    "Waiting for the operation in progress on {name} ({})",
                    view.status
                ),
            );
            let ended = self.follow(name, &view.id, None, &self.progress).await?;
            step.done(format!("it ended as {}", ended.view.status));
        }
        Ok(())
    }
}

fn is_trouble(view: &StackView) -> bool {
    matches!(view.phase, Phase::Stuck | Phase::DeleteFailed)
}

/// Whose credentials these are; refused when they are not the stage's account's.
async fn account(stage: &Stage, clients: &Clients) -> Result<String, Error> {
    let answer = clients
        .sts
        .get_caller_identity()
        .send()
        .await
        .map_err(|error| {
            let error = AwsError::new("sts:GetCallerIdentity", error);
            let failed = match error.is_unsigned() {
                true => "There are no credentials of AWS",
                false => "AWS cannot be asked whose credentials these are,",
            };
            error.error(format!(
                "{failed} for the stage `{}`. Nothing was changed.",
                stage.name()
            ))
        })?;
    let account = answer.account().unwrap_or_default().to_owned();
    match &stage.settings().account {
        Some(wanted) if *wanted != account => Err(Error::usage(
            format!(
                "The stage `{}` belongs to the account {wanted}, and these credentials to {account} ({}). Nothing was changed.",
                stage.name(),
                answer.arn().unwrap_or("unknown")
            ),
            format!(
                "Use credentials of {wanted} (`AWS_PROFILE=..`), or set `account` in stacks/stages/{}.yaml",
                stage.name()
            ),
        )),
        _ => Ok(account),
    }
}
