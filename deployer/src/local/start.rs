//! Starting, replacing and stopping the supervisor, from the side of the command.

use std::{
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use super::{
    control::{Call, Client, Problems},
    files::Files,
    supervisor::{fingerprint, is_running},
};
use crate::{
    Error,
    progress::{Progress, Step},
};

/// It starts a database that may have to recover, and reads 50 MB programs from a cold disk.
const READY_WITHIN: Duration = Duration::from_secs(120);
/// Requests that run are ended first, and a database writes what it has.
const ENDS_WITHIN: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(10);

/// Makes the supervisor run, from this very program, with everything that is recorded.
pub(super) async fn start(
    files: &Files,
    root: &Path,
    stage: &str,
    progress: &Progress,
) -> Result<Client, Error> {
    let found = match Client::find(files).await {
        Some(found) => Some(found),
        // It holds its lock, and is not ready yet, ends, or hangs.
        None if is_running(files) => {
            let step = progress.step("supervisor", "Waiting for the supervisor");
            let found = answer_or_end(files).await?;
            step.done("");
            found
        }
        None => None,
    };
    let (client, problems) = match found {
        Some((client, problems)) if client.address.fingerprint == fingerprint() => {
            if problems.is_empty() {
                return Ok(client);
            }
            let step = progress.step(
                "supervisor",
                "Retrying the resources that could not be started",
            );
            let problems = client.call(Call::Retry, progress).await?;
            step.done("");
            (client, problems)
        }
        Some((client, _)) => {
            let step = progress.step("supervisor", "Replacing the supervisor by this version");
            end(&client, files).await?;
            let started = launch(files, root, stage, &step).await?;
            step.done(format!("process {}", started.0.address.pid));
            started
        }
        None => {
            let step = progress.step("supervisor", "Starting the supervisor");
            let started = launch(files, root, stage, &step).await?;
            step.done(format!("process {}", started.0.address.pid));
            started
        }
    };
    match problems.is_empty() {
        true => Ok(client),
        false => Err(not_restored(stage, &problems)),
    }
}

/// Ends the supervisor and everything that it holds; none is fine.
pub(super) async fn stop(files: &Files, progress: &Progress) -> Result<(), Error> {
    let found = Client::find(files).await;
    if found.is_none() && !is_running(files) {
        return Ok(());
    }
    let step = progress.step("supervisor", "Stopping the supervisor");
    let found = match found {
        Some(found) => Some(found),
        None => answer_or_end(files).await?,
    };
    if let Some((client, _)) = found {
        end(&client, files).await?;
    }
    step.done("");
    Ok(())
}

/// The supervisor that holds the lock, when it answers; `None` when it has ended.
async fn answer_or_end(files: &Files) -> Result<Option<(Client, Problems)>, Error> {
    let begun = Instant::now();
    while is_running(files) {
        if let Some(found) = Client::find(files).await {
            return Ok(Some(found));
        }
        if begun.elapsed() > READY_WITHIN {
            return Err(hangs(files));
        }
        tokio::time::sleep(POLL).await;
    }
    Ok(None)
}

async fn end(client: &Client, files: &Files) -> Result<(), Error> {
    client
        .call::<serde_json::Value>(Call::Stop, &Progress::silent())
        .await?;
    let begun = Instant::now();
    while is_running(files) {
        if begun.elapsed() > ENDS_WITHIN {
            return Err(Error::failed(
                format!(
                    "The supervisor, process {}, did not end within {} s.",
                    client.address.pid,
                    ENDS_WITHIN.as_secs()
                ),
                format!(
                    "`kill -9 {}`, then run the same command again.",
                    client.address.pid
                ),
            ));
        }
        tokio::time::sleep(POLL).await;
    }
    Ok(())
}

async fn launch(
    files: &Files,
    root: &Path,
    stage: &str,
    step: &Step,
) -> Result<(Client, Problems), Error> {
    step.doing("starting the deployed resources");
    // Of one that was killed; whoever has its port now would be asked.
    let stale = fs::remove_file(files.supervisor());
    if let Err(error) = stale
        && error.kind() != std::io::ErrorKind::NotFound
    {
        return Err(not_started(files, &error.to_string()));
    }
    let mut child = spawn(files, root, stage)?;
    let pid = child.id();
    let alive = || match child.try_wait() {
        Ok(None) => Ok(()),
        Ok(Some(status)) => Err(not_started(files, &format!("it ended with {status}"))),
        Err(error) => Err(not_started(files, &error.to_string())),
    };
    let found = wait(files, alive).await?;
    if found.0.address.pid != pid {
        return Err(not_started(files, "another one answers"));
    }
    Ok(found)
}

fn spawn(files: &Files, root: &Path, stage: &str) -> Result<Child, Error> {
    let failed = |cause: std::io::Error| not_started(files, &cause.to_string());
    fs::create_dir_all(files.dir()).map_err(failed)?;
    let log = fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(files.supervisor_log())
        .map_err(failed)?;
    let program = std::env::current_exe().map_err(failed)?;
    Command::new(program)
        .args(["supervisor", "--stage", stage, "--root"])
        .arg(root)
        .current_dir(root)
        .stdin(Stdio::null())
        .stdout(log.try_clone().map_err(failed)?)
        .stderr(log)
        .spawn()
        .map_err(failed)
}

/// Waits until a supervisor says hello. `alive` gives the error when it cannot any more.
async fn wait(
    files: &Files,
    mut alive: impl FnMut() -> Result<(), Error>,
) -> Result<(Client, Problems), Error> {
    let begun = Instant::now();
    loop {
        if let Some(found) = Client::find(files).await {
            return Ok(found);
        }
        alive()?;
        if begun.elapsed() > READY_WITHIN {
            return Err(not_started(
                files,
                &format!("it was not ready after {} s", READY_WITHIN.as_secs()),
            ));
        }
        tokio::time::sleep(POLL).await;
    }
}

/// The error with the end of the supervisor's log.
fn not_started(files: &Files, why: &str) -> Error {
    let path = files.supervisor_log();
    let text = fs::read_to_string(&path).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let tail = lines[lines.len().saturating_sub(8)..].join("\n");
    Error::failed(
        "The supervisor, which keeps the stage running in the background, did not start.",
        "Fix what its log reports, then run the same command again. `cargo xtask doctor` lists the missing tools.",
    )
    .because(format!("{why}; the end of {}:\n{tail}", path.display()))
}

fn hangs(files: &Files) -> Error {
    let pid = super::files::read::<super::control::Address>(&files.supervisor());
    let pid = pid
        .ok()
        .flatten()
        .map_or("PID".to_owned(), |address| address.pid.to_string());
    Error::failed(
        "A supervisor of this stage lives and does not answer.",
        format!("`kill -9 {pid}`, then run the same command again: no data is lost."),
    )
}

fn not_restored(stage: &str, problems: &Problems) -> Error {
    let list: Vec<String> = problems
        .iter()
        .map(|(name, why)| format!("{name}: {why}"))
        .collect();
    Error::failed(
        format!("Not everything that is deployed of `{stage}` could be started."),
        "Fix that, then run the same command again: it starts the rest.",
    )
    .because(list.join("\n"))
}
