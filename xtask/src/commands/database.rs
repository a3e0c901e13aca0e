//! `cargo xtask database`: the database of a stage on AWS, its snapshots, and restoring it.

use clap::{Args, Subcommand};
use deployer::{
    Error,
    database::{DatabaseStatus, Snapshot},
    stage::Stage,
    target::ManagedDatabase,
};
use serde_json::json;

use crate::{context::Context, show::table::table};

mod psql;
mod restore;

/// Opens, shows, snapshots and restores the database of a stage.
///
/// `local` has a PostgreSQL of its own on this machine and no snapshots: `psql`, `stop` and `start` are for
/// it, everything else for stages on AWS.
#[derive(Args)]
pub(crate) struct Database {
    /// The stage.
    #[arg(long, global = true)]
    stage: Option<String>,
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Makes a snapshot and waits until it can be restored from.
    ///
    /// It is called `miyabi-STAGE-NAME` and stays until somebody deletes it.
    Snapshot {
        /// The rest of its name: letters, digits and single hyphens. Else the time, in UTC.
        #[arg(long)]
        name: Option<String>,
    },
    /// Lists the snapshots of the stage, the oldest first.
    Snapshots,
    /// Shows the instance: version, storage, what waits for the maintenance window, and up to when it
    /// can be restored.
    Status,
    Restore(restore::Restore),
    Psql(psql::Psql),
    /// Stops the PostgreSQL of the stage `local`, to see what happens without a database.
    ///
    /// It stays stopped until `start`, or a deploy.
    Stop,
    /// Starts the PostgreSQL of the stage `local` again.
    Start,
}

impl Database {
    pub(crate) async fn run(self, context: &Context) -> Result<u8, Error> {
        let Some(stage) = &self.stage else {
            return Err(Error::usage(
                "The stage is missing: `--stage` names it.",
                "For example: `cargo xtask database psql --stage local`",
            ));
        };
        let stage = context.stage(stage)?;
        if let Action::Psql(psql) = self.action {
            return psql.run(context, &stage).await;
        }
        if let Action::Stop | Action::Start = self.action {
            return run_process(context, &stage, matches!(self.action, Action::Start)).await;
        }
        assert_at_rds(&stage)?;
        let target = context.target(&stage).await?;
        let Some(database) = target.managed_database() else {
            return Err(without_snapshots());
        };
        match self.action {
            Action::Snapshot { name } => snapshot(context, &stage, database, name).await,
            Action::Snapshots => snapshots(context, &stage, database).await,
            Action::Status => status(context, &stage, database).await,
            Action::Restore(restore) => restore.run(context, &stage, &*target, database).await,
            Action::Psql(psql) => psql.run(context, &stage).await,
            Action::Stop | Action::Start => Ok(0),
        }
    }
}

/// Stops or starts the database that is a process on this machine.
async fn run_process(context: &Context, stage: &Stage, run: bool) -> Result<u8, Error> {
    let name = stage.name();
    if !stage.is_local() {
        return Err(Error::usage(
            format!("The database of the stage `{name}` does not run on this machine."),
            "`cargo xtask database stop --stage local`",
        ));
    }
    let target = context.target(stage).await?;
    let Some(database) = target.database_process() else {
        return Err(without_snapshots());
    };
    context.interrupt.or(database.run_database(run)).await?;
    let text = match run {
        true => "The database runs.".to_owned(),
        false => format!(
            "The database is stopped. Start it again: `cargo xtask database start --stage {name}`"
        ),
    };
    context
        .ui
        .answer(&json!({"stage": name, "running": run}), &text);
    Ok(0)
}

fn without_snapshots() -> Error {
    Error::usage(
        "The stage `local` has no snapshots: its PostgreSQL is a process on this machine, and its data are files that must not be copied while it runs.",
        "`cargo xtask database psql --stage local` opens it; `pg_dump` copies its content.",
    )
}

/// Refuses stages whose database is not at RDS, before anything is asked.
fn assert_at_rds(stage: &Stage) -> Result<(), Error> {
    let name = stage.name();
    if stage.is_local() {
        return Err(without_snapshots());
    }
    if stage.settings().database.managed {
        return Ok(());
    }
    Err(Error::usage(
        format!(
            "The stage `{name}` has no database of its own: it was given by address, and whoever runs it makes its snapshots."
        ),
        format!("`cargo xtask status --stage {name}` lists the resources of the stage."),
    ))
}

async fn snapshot(
    context: &Context,
    stage: &Stage,
    database: &dyn ManagedDatabase,
    name: Option<String>,
) -> Result<u8, Error> {
    let name = name.unwrap_or_else(now);
    let progress = context.ui.progress();
    let make = database.make_snapshot(&name, &progress);
    let made = context.interrupt.or(make).await?;
    let text = format!(
        "The snapshot `{0}` is complete. Restore from it: `cargo xtask database --stage {1} restore --snapshot {0}`",
        made.name,
        stage.name()
    );
    context
        .ui
        .answer(&json!({"stage": stage.name(), "snapshot": made}), &text);
    Ok(0)
}

async fn snapshots(
    context: &Context,
    stage: &Stage,
    database: &dyn ManagedDatabase,
) -> Result<u8, Error> {
    let snapshots = context.interrupt.or(database.snapshots()).await?;
    let value = json!({"stage": stage.name(), "snapshots": snapshots});
    context.ui.answer(&value, &list(stage.name(), &snapshots));
    Ok(0)
}

async fn status(
    context: &Context,
    stage: &Stage,
    database: &dyn ManagedDatabase,
) -> Result<u8, Error> {
    let status = context.interrupt.or(database.database_status()).await?;
    let value = json!({"stage": stage.name(), "database": status});
    context.ui.answer(&value, &describe(&status));
    Ok(0)
}

/// `20261126-174500`
fn now() -> String {
    let now = time::OffsetDateTime::now_utc();
    format!(
        "{:04}{:02}{:02}-{:02}{:02}{:02}",
        now.year(),
        u8::from(now.month()),
        now.day(),
        now.hour(),
        now.minute(),
        now.second()
    )
}

fn list(stage: &str, snapshots: &[Snapshot]) -> String {
    if snapshots.is_empty() {
        return format!("No snapshots. Make one: `cargo xtask database --stage {stage} snapshot`");
    }
    let rows: Vec<Vec<String>> = snapshots
        .iter()
        .map(|snapshot| {
            vec![
                snapshot.made.clone().unwrap_or_default(),
                snapshot.kind.clone(),
                snapshot.status.clone(),
                format!("{} GiB", snapshot.storage),
                snapshot.name.clone(),
            ]
        })
        .collect();
    table(&rows)
}

fn describe(status: &DatabaseStatus) -> String {
    let on = |on: bool| if on { "yes" } else { "no" }.to_owned();
    let row = |name: &str, value: String| vec![name.to_owned(), value];
    let restorable = match &status.latest_restorable {
        Some(at) => at.clone(),
        None => "not at any moment: it has no backups".to_owned(),
    };
    let mut rows = vec![
        row("instance", status.instance.clone()),
        row("status", status.status.clone()),
        row("engine", status.engine.clone()),
        row("class", status.class.clone()),
        row("storage", format!("{} GiB", status.storage)),
        row("standby in another zone", on(status.multi_az)),
        row("deletion protection", on(status.deletion_protection)),
        row("backups kept", format!("{} days", status.backup_days)),
        row("restorable up to", restorable),
    ];
    rows.extend(
        status
            .pending
            .iter()
            .map(|pending| row("pending", pending.clone())),
    );
    table(&rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_without_a_database_at_rds_are_refused_with_the_reason() {
        let refused = |name| assert_at_rds(&Stage::load(name).unwrap()).unwrap_err();
        assert!(refused("local").message().contains("has no snapshots"));
        assert!(refused("sandbox").message().contains("given by address"));
        assert_at_rds(&Stage::load("prod").unwrap()).unwrap();
    }

    #[test]
    fn the_status_says_up_to_when_it_can_be_restored_and_what_is_pending() {
        let mut status = DatabaseStatus {
            instance: "db-1".to_owned(),
            status: "available".to_owned(),
            engine: "postgres 15.17".to_owned(),
            class: "db.t3.small".to_owned(),
            storage: 20,
            multi_az: false,
            deletion_protection: true,
            backup_days: 7,
            latest_restorable: Some("2026-11-26T17:45:00Z".to_owned()),
            pending: vec!["system-update: new operating system".to_owned()],
        };
        let text = describe(&status);
        assert!(
            text.contains("2026-11-26T17:45:00Z") && text.contains("system-update"),
            "{text}"
        );
        status.latest_restorable = None;
        assert!(describe(&status).contains("it has no backups"));
    }
}
