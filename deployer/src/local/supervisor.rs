//! The background process of a stage: it holds what runs, and puts again at its start what is
//! recorded. There is never more than one for a stage: it holds a lock as long as it lives.
//!
//! It plans nothing. It is told over [`control`](super::control) what to do.

mod calls;
#[cfg(test)]
mod tests;

use std::{
    fs::{self, File},
    io,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use rustix::fs::{FlockOperation, flock};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::Notify,
};

use super::{
    GITHUB, GITHUB_PORT, alarms,
    control::{Address, Problems},
    files::{self, Files},
    github::{StandIn, seeded},
    lambda::Log,
    metrics::Sampler,
    records::Records,
    resources::{Record, Wish, provider},
    secrets::random,
    world::{World, port_taken},
};
use crate::{Error, mutex::lock, project::Project, stage::Stage};

/// How long requests that run may go on when everything is to end.
const DRAIN: Duration = Duration::from_secs(30);
/// How long a predecessor may take to end.
const PREDECESSOR_ENDS_WITHIN: Duration = Duration::from_secs(60);
/// How often it looks after what runs.
const LOOK_AFTER_EVERY: Duration = Duration::from_secs(1);
/// How often everything is measured and alarms are evaluated: twice in the shortest period.
const MEASURE_EVERY: Duration = Duration::from_secs(5);

struct Supervisor {
    world: World,
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
    let _only_one = only_one(&files).await.map_err(failed)?;
    let records = Records::load(&files)?;
    let cache = project.cache();
    let world = World::new(stage.name(), files.clone(), &cache)
        .await
        .map_err(failed)?;
    let log = Log::open(&files.supervisor_log()).map_err(failed)?;
    let listener = TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0))
        .await
        .map_err(failed)?;
    let port = listener.local_addr().map_err(failed)?.port();
    let supervisor = Arc::new(Supervisor {
        world,
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
    supervisor.world.stop(DRAIN).await;
    supervisor.log.line("stopped");
    match fs::remove_file(files.supervisor()) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(error)),
        _ => Ok(()),
    }
}

/// Which program this process is: it changes with every build of it.
pub(super) fn fingerprint() -> String {
    // The link leads to the file that runs, also when another was put in its place.
    let running = fs::metadata("/proc/self/exe");
    let metadata = running.or_else(|_| fs::metadata(std::env::current_exe()?));
    let Ok(metadata) = metadata else {
        return String::new();
    };
    let modified = metadata.modified().ok();
    let modified = modified.and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
    format!(
        "{}-{}",
        metadata.len(),
        modified.unwrap_or_default().as_nanos()
    )
}

/// Whether a supervisor lives, as its lock says.
pub(super) fn is_running(files: &Files) -> bool {
    let Ok(file) = File::open(files.supervisor_lock()) else {
        return false;
    };
    match flock(&file, FlockOperation::NonBlockingLockShared) {
        Ok(()) => {
            let _ = flock(&file, FlockOperation::Unlock);
            false
        }
        Err(_) => true,
    }
}

async fn only_one(files: &Files) -> io::Result<File> {
    fs::create_dir_all(files.dir())?;
    let file = File::create(files.supervisor_lock())?;
    let begun = Instant::now();
    while let Err(error) = flock(&file, FlockOperation::NonBlockingLockExclusive) {
        if begun.elapsed() > PREDECESSOR_ENDS_WITHIN {
            return Err(io::Error::other(format!(
                "another supervisor of this stage runs: {error}"
            )));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(file)
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

    /// Starts the stand-in for GitHub, whose port the templates have as a parameter.
    async fn play_github(&self) {
        let started = async {
            let people = seeded(&self.project).map_err(|error| error.to_string())?;
            let port = self.world.files().port(GITHUB, GITHUB_PORT);
            let port = port.map_err(|error| format!("It has no port: {error}."))?;
            let stand_in = StandIn::start(port, people).await;
            stand_in.map_err(|error| port_taken(port, &error))
        };
        match started.await {
            Ok(stand_in) => *lock(&self.github) = Some(stand_in),
            Err(why) => {
                self.log
                    .line(&format!("the stand-in for GitHub does not run: {why}"));
                lock(&self.problems).insert(GITHUB.to_owned(), why);
            }
        }
    }

    /// Puts everything that is recorded.
    async fn restore(&self) {
        for stack in self.records.stacks() {
            for record in stack.resources {
                self.put_again(&stack.name, record).await;
            }
        }
    }

    /// Tries again what could not be put, and what came after it: all, because putting what is
    /// there changes nothing.
    async fn mend(&self) {
        if lock(&self.problems).remove(GITHUB).is_some() {
            self.play_github().await;
        }
        self.restore().await;
    }

    async fn put_again(&self, stack: &str, record: Record) {
        let name = name_of(stack, &record);
        let Some(provider) = provider(&record.resource_type) else {
            return;
        };
        let wish = Wish {
            stack: stack.to_owned(),
            logical_id: record.logical_id.clone(),
            properties: record.properties.clone(),
            before: Some(record),
        };
        match provider.put(&self.world, &wish).await {
            Ok(_) => drop(lock(&self.problems).remove(&name)),
            Err(why) => {
                self.log.line(&format!("{name} cannot be put: {why}"));
                lock(&self.problems).insert(name, why);
            }
        }
    }

    /// Stops environments that nobody needs, and starts databases and caches that have ended.
    async fn look_after(self: Arc<Self>) {
        loop {
            tokio::time::sleep(LOOK_AFTER_EVERY).await;
            for (_, version) in self.world.functions.all() {
                version.sweep();
            }
            let ended = self.ended();
            if ended.is_empty() {
                continue;
            }
            let _one = self.changing.lock().await;
            for stack in self.records.stacks() {
                for record in stack.resources {
                    let is_that = |(of, id): &(&str, String)| {
                        record.resource_type == *of && record.reference == *id
                    };
                    if ended.iter().any(is_that) {
                        self.log.line(&format!(
                            "{} has ended; it is started again",
                            record.logical_id
                        ));
                        self.put_again(&stack.name, record).await;
                    }
                }
            }
        }
    }

    /// Measures what does not report by itself, and evaluates the alarms.
    async fn measure(self: Arc<Self>) {
        let mut sampler = Sampler::default();
        let mut ticks = tokio::time::interval(MEASURE_EVERY);
        // A machine that slept has nothing to say about the time between.
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            sampler.look(&self.world).await;
            let evaluated = self
                .world
                .alarms
                .evaluate(&self.world.metrics, alarms::now());
            if let Err(error) = evaluated {
                self.log
                    .line(&format!("the states of the alarms cannot be kept: {error}"));
            }
        }
    }

    /// Servers that do not run any more: type and physical id.
    fn ended(&self) -> Vec<(&'static str, String)> {
        let mut ended = Vec::new();
        for (id, server) in lock(&self.world.databases).iter_mut() {
            if !server.is_running() {
                ended.push(("AWS::RDS::DBInstance", id.clone()));
            }
        }
        for (name, server) in lock(&self.world.caches).iter_mut() {
            if !server.is_running() {
                ended.push(("AWS::ElastiCache::ServerlessCache", name.clone()));
            }
        }
        ended
    }
}

fn name_of(stack: &str, record: &Record) -> String {
    format!("{stack} {}", record.logical_id)
}
