//! The migration files, and the one function that runs them.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{Error, build::hex, plan::Migration, project::Project, target::Target};

/// The function that runs them.
pub(crate) const FUNCTION: &str = "migrate";

/// The files of `migrations/` named `{version}_{description}.sql`, in the order of their versions.
pub fn files(project: &Project) -> Result<Vec<Migration>, Error> {
    let folder = project.migrations();
    let unreadable = |cause: std::io::Error| {
        Error::failed(
            format!("The migrations in {} cannot be read.", folder.display()),
            "Check the folder and its permissions, then run the same command again.",
        )
        .because(cause)
    };
    let mut found: BTreeMap<i64, Migration> = BTreeMap::new();
    for entry in fs::read_dir(&folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let Some((version, description)) = parse_name(&path) else {
            continue;
        };
        let sha256 = hex(&Sha256::digest(fs::read(&path).map_err(unreadable)?));
        let migration = Migration {
            version,
            description,
            sha256,
        };
        if let Some(twin) = found.insert(version, migration) {
            return Err(Error::failed(
                format!(
                    "Two migrations have the version {version}: `{}` and another.",
                    twin.description
                ),
                "Give the newer one the next free number.",
            ));
        }
    }
    Ok(found.into_values().collect())
}

/// `0003_add_labels.sql` -> 3, `add labels`.
fn parse_name(path: &Path) -> Option<(i64, String)> {
    let name = path.file_name()?.to_str()?.strip_suffix(".sql")?;
    let (version, description) = name.split_once('_')?;
    Some((version.parse().ok()?, description.replace('_', " ")))
}

/// Refuses migrations that were applied and are not what they were: editing one changes nothing in
/// a database that has it, and makes new ones differ.
pub(crate) fn assert_unedited(
    files: &[Migration],
    applied: &BTreeMap<i64, String>,
) -> Result<(), Error> {
    for (version, sha256) in applied {
        let message = match files.iter().find(|file| file.version == *version) {
            None => format!("The migration {version} was applied and its file is gone."),
            Some(file) if file.sha256 != *sha256 => format!(
                "The migration {version} (`{}`) was applied and its file has changed since.",
                file.description
            ),
            Some(_) => continue,
        };
        return Err(Error::failed(
            message,
            "Put the file back as it was (`git log -- migrations`), and make the change in a new migration.",
        ));
    }
    Ok(())
}

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

/// What `migrate` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Migrated {
    /// Applied; after [`Request::Apply`] those of this run.
    pub applied: Vec<Version>,
    /// Not applied.
    pub pending: Vec<Version>,
    /// The highest applied version.
    pub schema_version: i64,
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
pub async fn invoke(
    target: &impl Target,
    stage: &str,
    request: Request,
) -> Result<Migrated, Error> {
    let value = ask(target, stage, &json!(request)).await?;
    match value.get("error") {
        Some(error) => Err(failure(stage, error)),
        None => migrated(stage, value),
    }
}

/// Runs what is pending. Where the target can, in the background, and `migrate` is asked from time to
/// time what became of it: migrations may take longer than a connection lasts.
pub async fn apply(target: &impl Target, stage: &str) -> Result<Migrated, Error> {
    let run = run_id();
    let request = json!({ "kind": "apply", "run": run });
    if !target
        .start(FUNCTION, request.to_string().as_bytes())
        .await?
    {
        return invoke(target, stage, Request::Apply).await;
    }
    let mut pause = SHORTEST_PAUSE;
    let mut last_sign = Instant::now();
    loop {
        target.pause("migrations", pause).await;
        pause = (pause * 3 / 2).min(LONGEST_PAUSE);
        let value = ask(target, stage, &json!({ "kind": "status", "run": run })).await?;
        let state = value["run"]["state"].as_str();
        if state == Some("done") {
            return migrated(stage, value);
        }
        if state == Some("failed") {
            return Err(failure(stage, &value["run"]["error"]));
        }
        if value["run"]["alive"] == true {
            last_sign = Instant::now();
        }
        if last_sign.elapsed() > target.bears_silence_for() {
            // Why the database cannot be asked is most likely why nothing was heard.
            return Err(match value.get("error") {
                Some(error) => failure(stage, error),
                None => failed(
                    stage,
                    "The function `migrate` ended without a word, or never began.",
                ),
            });
        }
    }
}

/// Between two looks at migrations that run: short at first, since most take no time.
const SHORTEST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// A name for a run that no other has.
fn run_id() -> String {
    let nanos = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |now| now.as_nanos());
    format!("{nanos:x}-{:x}", std::process::id())
}

/// What `migrate` answers to a request.
async fn ask(target: &impl Target, stage: &str, request: &Value) -> Result<Value, Error> {
    let answer = target
        .invoke(FUNCTION, request.to_string().as_bytes())
        .await?;
    let text = || String::from_utf8_lossy(&answer.payload).into_owned();
    if let Some(kind) = &answer.function_error {
        let message = format!("The function `migrate` failed ({kind}).");
        return Err(failed(stage, message).because(text()));
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
        "Mend the migration and run the same command again: what was applied stays, the code in front of it has not changed. \
         The function's log: `cargo xtask logs migrate --stage {stage}`"
    );
    Error::failed(message, hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_read_in_order_and_others_are_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let migrations = folder.path().join("migrations");
        fs::create_dir(&migrations).unwrap();
        for name in [
            "0002_add_labels.sql",
            "0001_first.sql",
            "schema.sql",
            "README.md",
        ] {
            fs::write(migrations.join(name), name).unwrap();
        }
        let project = Project::new(folder.path());
        let found = files(&project).unwrap();
        let names: Vec<_> = found
            .iter()
            .map(|file| (file.version, file.description.as_str()))
            .collect();
        assert_eq!(names, [(1, "first"), (2, "add labels")]);
        fs::write(migrations.join("2_twice.sql"), "").unwrap();
        assert!(files(&project).unwrap_err().message().contains("version 2"));
    }

    #[test]
    fn an_edited_or_removed_migration_is_refused() {
        let file = |sha256: &str| Migration {
            version: 1,
            description: "first".to_owned(),
            sha256: sha256.to_owned(),
        };
        let applied = BTreeMap::from([(1, "a".to_owned())]);
        assert_unedited(&[file("a")], &applied).unwrap();
        let edited = assert_unedited(&[file("b")], &applied).unwrap_err();
        assert_eq!(
            edited.message(),
            "The migration 1 (`first`) was applied and its file has changed since."
        );
        let gone = assert_unedited(&[], &applied).unwrap_err();
        assert_eq!(
            gone.message(),
            "The migration 1 was applied and its file is gone."
        );
    }
}
