//! The snapshots of a stage's database.

use std::time::{Duration, Instant};

use super::{
    Aws,
    aws_error::AwsError,
    database::{moment, unreadable},
};
use crate::{Error, database::Snapshot, database_origin::RestoreSource, progress::Progress};

/// A first snapshot copies the whole storage; the largest database of a stage file has 64 TiB, and
/// who waits may stop waiting: RDS goes on by itself.
const MADE_WITHIN: Duration = Duration::from_secs(4 * 3600);
const BETWEEN_LOOKS: Duration = Duration::from_secs(5);

impl Aws {
    /// Every snapshot of the stage's databases, the oldest first: of the one that runs, and of those
    /// that its stacks had before. Reads only.
    pub(super) async fn database_snapshots(&self) -> Result<Vec<Snapshot>, Error> {
        let id = self.database_instance().await?;
        let ours = format!("miyabi-{}-", self.stage.name());
        let mut found = Vec::new();
        let mut marker = None;
        loop {
            let page = self
                .clients
                .rds
                .describe_db_snapshots()
                .set_marker(marker)
                .send()
                .await
                .map_err(|error| {
                    unreadable(&id, AwsError::new("rds:DescribeDBSnapshots", error))
                })?;
            found.extend(page.db_snapshots().iter().filter_map(|snapshot| {
                let instance = snapshot.db_instance_identifier()?;
                let name = snapshot.db_snapshot_identifier()?;
                let is_ours =
                    instance == id || instance.starts_with(&ours) || name.starts_with(&ours);
                is_ours.then(|| snapshot_of(snapshot))
            }));
            marker = page.marker().map(str::to_owned);
            if marker.is_none() {
                found.sort_by(|a, b| (&a.made, &a.name).cmp(&(&b.made, &b.name)));
                return Ok(found);
            }
        }
    }

    /// One snapshot by its name, available or not; `None`: there is none.
    pub(super) async fn database_snapshot(&self, name: &str) -> Result<Option<Snapshot>, Error> {
        let answer = self
            .clients
            .rds
            .describe_db_snapshots()
            .db_snapshot_identifier(name)
            .send()
            .await;
        match answer {
            Ok(answer) => Ok(answer.db_snapshots().first().map(snapshot_of)),
            Err(error) => {
                let refused = AwsError::new("rds:DescribeDBSnapshots", error);
                if refused.is_missing() || refused.code.starts_with("DBSnapshotNotFound") {
                    return Ok(None);
                }
                Err(refused.error(format!("The snapshot `{name}` cannot be looked up.")))
            }
        }
    }

    /// That snapshot as the origin of a restore.
    ///
    /// # Errors
    ///
    /// [`crate::ErrorKind::Usage`] when there is no such snapshot, or it is not complete.
    pub(super) async fn restorable_snapshot(&self, name: &str) -> Result<RestoreSource, Error> {
        let problem = match self.database_snapshot(name).await? {
            Some(snapshot) if snapshot.status == "available" => {
                return Ok(RestoreSource::Snapshot(snapshot.name));
            }
            Some(snapshot) => format!("is not complete: {}", snapshot.status),
            None => "does not exist".to_owned(),
        };
        Err(Error::usage(
            format!("The snapshot `{name}` {problem}. Nothing was changed."),
            format!(
                "`cargo xtask database --stage {} snapshots`",
                self.stage.name()
            ),
        ))
    }

    /// Makes a snapshot `miyabi-STAGE-NAME` and waits until it can be restored from.
    pub(super) async fn make_database_snapshot(
        &self,
        name: &str,
        progress: &Progress,
    ) -> Result<Snapshot, Error> {
        let id = self.database_instance().await?;
        let snapshot = snapshot_name(self.stage.name(), name)?;
        let step = progress.step("snapshot", format!("Making the snapshot {snapshot}"));
        self.clients
            .rds
            .create_db_snapshot()
            .db_instance_identifier(&id)
            .db_snapshot_identifier(&snapshot)
            .send()
            .await
            .map_err(|error| {
                AwsError::new("rds:CreateDBSnapshot", error).error(format!(
                    "The snapshot `{snapshot}` of `{id}` cannot be made."
                ))
            })?;
        let began = Instant::now();
        loop {
            let made = self.database_snapshot(&snapshot).await?;
            match made {
                Some(made) if made.status == "available" => {
                    step.done(format!("{} GiB", made.storage));
                    return Ok(made);
                }
                Some(made) if made.status == "creating" && began.elapsed() < MADE_WITHIN => {
                    self.observer
                        .pause("snapshot of the database", BETWEEN_LOOKS)
                        .await;
                }
                made => {
                    let status = made.map_or("deleted".to_owned(), |made| made.status);
                    return Err(Error::failed(
                        format!("The snapshot `{snapshot}` was not completed: it is {status}."),
                        format!(
                            "`cargo xtask database --stage {} snapshots` lists them.",
                            self.stage.name()
                        ),
                    ));
                }
            }
        }
    }
}

/// The full name of a snapshot, which begins as everything of the stage does: the deploy role may
/// touch no other.
///
/// # Errors
///
/// [`crate::ErrorKind::Usage`] for what RDS does not take: letters, digits and single hyphens, at most
/// 255 characters (`DBSnapshotIdentifier` of CreateDBSnapshot).
fn snapshot_name(stage: &str, name: &str) -> Result<String, Error> {
    let prefix = format!("miyabi-{stage}-");
    let name = name.strip_prefix(&prefix).unwrap_or(name);
    let full = format!("{prefix}{name}");
    let letters = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
    let fits = !name.is_empty()
        && full.len() <= 255
        && full.chars().all(letters)
        && !full.contains("--")
        && !full.ends_with('-');
    if fits {
        return Ok(full);
    }
    Err(Error::usage(
        format!("`{name}` cannot be the name of a snapshot."),
        "Take letters, digits and single hyphens: `--name before-friday`",
    ))
}

fn snapshot_of(snapshot: &aws_sdk_rds::types::DbSnapshot) -> Snapshot {
    let text = |value: Option<&str>| value.unwrap_or_default().to_owned();
    Snapshot {
        name: text(snapshot.db_snapshot_identifier()),
        instance: text(snapshot.db_instance_identifier()),
        kind: text(snapshot.snapshot_type()),
        status: text(snapshot.status()),
        made: snapshot.snapshot_create_time().and_then(moment),
        storage: snapshot.allocated_storage().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_snapshot_begins_as_everything_of_its_stage() {
        let name = |name| snapshot_name("prod", name).ok();
        assert_eq!(
            name("before-friday").as_deref(),
            Some("miyabi-prod-before-friday")
        );
        assert_eq!(name("miyabi-prod-x").as_deref(), Some("miyabi-prod-x"));
        for wrong in ["", "a_b", "a--b", "a-", "é", &"a".repeat(250)] {
            assert_eq!(name(wrong), None, "{wrong}");
        }
    }
}
