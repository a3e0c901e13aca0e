//! The function that runs the migrations: what it is asked and what it answers.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    Error,
    target::{BackgroundInvoke, Target},
};

/// Its name.
pub(crate) const FUNCTION: &str = "migrate";

/// What `migrate` is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Request {
    /// What is applied and what is pending.
    Status,
    /// Runs what is pending and takes it back.
    DryRun,
    /// Runs what is pending.
    Apply,
}

/// The state of the migrations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Migrated {
    /// The applied ones; as the result of an apply, only those that it applied.
    pub applied: Vec<Version>,
    /// Not applied.
    pub pending: Vec<Version>,
    /// The highest applied version.
    pub schema_version: i64,
}

impl Migrated {
    /// `2 migrations, schema 8`
    pub fn summary(&self) -> String {
        let schema = self.schema_version;
        match self.applied.len() {
            0 => format!("nothing to apply, schema {schema}"),
            1 => format!("1 migration, schema {schema}"),
            count => format!("{count} migrations, schema {schema}"),
        }
    }
}

/// One migration, as the function knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// Its number.
    pub version: i64,
    /// Its name.
    pub description: String,
}

/// Invokes `migrate` and waits. An error of the function comes back whole, with the migration that
/// failed.
pub async fn invoke(target: &dyn Target, stage: &str, request: Request) -> Result<Migrated, Error> {
    let value = ask(target, stage, &json!(request)).await?;
    match value.get("error") {
        Some(error) => Err(failure(stage, error)),
        None => migrated(stage, value),
    }
}

/// Runs what is pending: in the background where the target can, since migrations may take longer
/// than a connection lasts. `migrate` reports all that is applied afterwards; returned are those that
/// were not applied before.
pub(crate) async fn apply(target: &dyn Target, stage: &str) -> Result<Migrated, Error> {
    let before = status(target, stage).await?;
    let mut after = match target.background() {
        Some(background) => apply_in_background(target, background, stage).await?,
        None => invoke(target, stage, Request::Apply).await?,
    };
    after
        .applied
        .retain(|version| !before.applied.contains(version));
    Ok(after)
}

/// What is applied now. The question only reads, so it is asked again when its response is lost.
async fn status(target: &dyn Target, stage: &str) -> Result<Migrated, Error> {
    let mut pause = SHORTEST_PAUSE;
    for _ in 0..STATUS_RETRIES {
        match invoke(target, stage, Request::Status).await {
            Err(error) if error.is_passing() => tokio::time::sleep(pause).await,
            answered => return answered,
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
    invoke(target, stage, Request::Status).await
}

/// Starts `migrate` and asks it about the run until the run has ended.
async fn apply_in_background(
    target: &dyn Target,
    background: &dyn BackgroundInvoke,
    stage: &str,
) -> Result<Migrated, Error> {
    let run = run_id();
    let request = json!({ "kind": "apply", "run": run });
    background
        .start(FUNCTION, request.to_string().as_bytes())
        .await?;
    let mut pause = SHORTEST_PAUSE;
    let mut last_sign = Instant::now();
    loop {
        background.pause("migrations", pause).await;
        pause = (pause * 3 / 2).min(LONGEST_PAUSE);
        let looked = look(target, stage, &run).await?;
        if let Ok(value) = &looked {
            let state = value["run"]["state"].as_str();
            if state == Some("done") {
                return migrated(stage, value.clone());
            }
            if state == Some("failed") {
                return Err(failure(stage, &value["run"]["error"]));
            }
            if value["run"]["alive"] == true {
                last_sign = Instant::now();
            }
        }
        if last_sign.elapsed() > background.silence_limit() {
            // What keeps the database from answering most likely caused the silence.
            return Err(match looked {
                Err(error) => error,
                Ok(value) => match value.get("error") {
                    Some(error) => failure(stage, error),
                    None => failed(
                        stage,
                        "The function `migrate` ended without a word, or never began.",
                    ),
                },
            });
        }
    }
}

/// Asks what became of a run. The inner error: no answer that tells anything. The migrations go on
/// whatever became of that answer, and the question only reads, so it may be asked again.
async fn look(target: &dyn Target, stage: &str, run: &str) -> Result<Result<Value, Error>, Error> {
    let request = json!({ "kind": "status", "run": run });
    match tokio::time::timeout(LONGEST_LOOK, ask(target, stage, &request)).await {
        Ok(Err(error)) if !error.is_passing() => Err(error),
        Ok(looked) => Ok(looked),
        Err(_) => Ok(Err(failed(
            stage,
            "The function `migrate` did not report the result of the migrations.",
        ))),
    }
}

/// How often the status before a migration is asked for again when its response is lost.
const STATUS_RETRIES: usize = 4;
/// Between two looks at migrations that run: short at first, since most take no time.
const SHORTEST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// One look. The call itself would be waited for as long as migrations may take.
const LONGEST_LOOK: Duration = Duration::from_secs(60);

/// A name for a run that no other has.
fn run_id() -> String {
    let nanos = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |now| now.as_nanos());
    format!("{nanos:x}-{:x}", std::process::id())
}

/// What `migrate` answers to a request.
async fn ask(target: &dyn Target, stage: &str, request: &Value) -> Result<Value, Error> {
    let answer = target
        .invoke(FUNCTION, request.to_string().as_bytes())
        .await?;
    let text = || String::from_utf8_lossy(&answer.payload).into_owned();
    if let Some(kind) = &answer.function_error {
        let message = format!("The function `migrate` failed ({kind}).");
        // Ended from outside, by its time or memory: that says nothing about what it was asked.
        return Err(failed(stage, message).because(text()).that_may_pass());
    }
    serde_json::from_slice(&answer.payload)
        .map_err(|_| failed(stage, "The function `migrate` gave no JSON.").because(text()))
}

fn migrated(stage: &str, value: Value) -> Result<Migrated, Error> {
    let wrong = "The function `migrate` gave an answer of another form.";
    serde_json::from_value(value).map_err(|cause| failed(stage, wrong).because(cause))
}

/// What `migrate` says is wrong, as an error.
fn failure(stage: &str, error: &Value) -> Error {
    let part = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default();
    let which = match error.get("version").and_then(Value::as_i64) {
        Some(version) => format!("Migration {version} failed"),
        None => "The migrations could not run".to_owned(),
    };
    failed(stage, format!("{which} ({}).", part("code"))).because(part("detail"))
}

fn failed(stage: &str, message: impl Into<String>) -> Error {
    let hint = format!(
        "Fix the migration and run the same command again: applied migrations stay, and the functions in service have not changed. \
         The function's log: `cargo xtask logs migrate --stage {stage}`"
    );
    Error::failed(message, hint)
}
