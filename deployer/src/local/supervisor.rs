//! The background process of a stage: it holds what runs, and puts again at its start what is
//! recorded. There is never more than one for a stage: it holds a lock as long as it lives.
//!
//! It plans nothing. It is told over [`control`](super::control) what to do.

mod calls;
mod only_one;
#[cfg(test)]
mod tests;
mod upkeep;

use std::{
    fs, io,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::Notify,
};

use super::{
    control::{Address, Problems},
    files::{self, Files},
    github::StandIn,
    lambda::Log,
    records::Records,
    resources::Record,
    running_stage::RunningStage,
    secrets::random,
};
use crate::{Error, project::Project, stage::Stage};

pub(super) use only_one::{fingerprint, is_running};

/// How long requests that run may go on when everything is to end.
const DRAIN: Duration = Duration::from_secs(30);

struct Supervisor {
    running: RunningStage,
    records: Records,
    log: Log,
    token: String,
    problems: Mutex<Problems>,
    project: Project,
    github: Mutex<Option<StandIn>>,
    /// Held by the one change that runs.
    changing: tokio::sync::Mutex<()>,
    stop: Notify,
}

/// Runs the stage until it is told to stop. Only for the command that is started in the background.
///
/// # Errors
///
/// When another supervisor runs and goes on, or the folder of the stage cannot be used.
pub async fn supervise(project: &Project, stage: &Stage) -> Result<(), Error> {
    // A session of its own: the terminal that it was started from may close.
    let _ = rustix::process::setsid();
    if !project.stages().is_dir() {
        return Err(Error::usage(
            format!("{} is not a checkout.", project.root().display()),
            format!(
                "`cargo xtask deploy --stage {}` starts the supervisor.",
                stage.name()
            ),
        ));
    }
    let files = Files::new(project.stage_dir(stage.name()));
    let failed = |cause: io::Error| {
        Error::failed(
            format!("The supervisor of the stage `{}` cannot start.", stage.name()),
            "Check that the folder .miyabi is writable and the disk is not full, then run the same command again.",
        )
        .because(cause)
    };
    let _only_one = only_one::lock(&files).await.map_err(failed)?;
    let records = Records::load(&files)?;
    let cache = project.cache();
    let running = RunningStage::new(stage.name(), files.clone(), &cache)
        .await
        .map_err(failed)?;
    let log = Log::open(&files.supervisor_log()).map_err(failed)?;
    let listener = TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0))
        .await
        .map_err(failed)?;
    let port = listener.local_addr().map_err(failed)?.port();
    let supervisor = Arc::new(Supervisor {
        running,
        records,
        log,
        token: random(64),
        problems: Mutex::default(),
        project: project.clone(),
        github: Mutex::default(),
        changing: tokio::sync::Mutex::default(),
        stop: Notify::new(),
    });
    supervisor
        .log
        .line(&format!("started, process {}", std::process::id()));
    supervisor.play_github().await;
    supervisor.restore().await;
    let address = Address {
        pid: std::process::id(),
        port,
        token: supervisor.token.clone(),
        fingerprint: fingerprint(),
    };
    files::write(&files.supervisor(), &address).map_err(failed)?;
    supervisor.serve(listener).await.map_err(failed)?;
    supervisor.log.line("stopping");
    supervisor.running.stop(DRAIN).await;
    supervisor.log.line("stopped");
    match fs::remove_file(files.supervisor()) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(error)),
        _ => Ok(()),
    }
}

impl Supervisor {
    async fn serve(self: &Arc<Self>, listener: TcpListener) -> io::Result<()> {
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let looking_after = tokio::spawn(self.clone().look_after());
        let measuring = tokio::spawn(self.clone().measure());
        loop {
            tokio::select! {
                accepted = listener.accept() => {
                    if let Ok((stream, _)) = accepted {
                        let supervisor = self.clone();
                        // An error is a command that went away; what it asked for is done anyway.
                        tokio::spawn(async move { supervisor.answer(stream).await });
                    }
                }
                () = self.stop.notified() => break,
                _ = terminate.recv() => break,
                _ = interrupt.recv() => break,
            }
        }
        looking_after.abort();
        measuring.abort();
        // A change that runs is ended first.
        drop(self.changing.lock().await);
        Ok(())
    }
}

fn name_of(stack: &str, record: &Record) -> String {
    format!("{stack} {}", record.logical_id)
}
