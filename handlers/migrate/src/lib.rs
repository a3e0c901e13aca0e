//! Runs migrations/ as the owner of the schema, and lets the runtime roles log in.
//!
//! What always holds:
//!
//! - One at a time: the second waits for a lock that only the owner may take ([`lock`]).
//! - Nothing is written when a migration that was applied has been edited since.
//! - Each migration and the row that says so are one transaction, so that being killed anywhere is
//!   healed by running again.
//! - A statement that cannot have its lock soon gives up and is tried again: whoever waits for a
//!   lock makes everybody else wait behind it.

mod event;
mod large_objects;
mod lock;
mod migrations;
mod roles;
mod runs;
mod scram;

use miyabi_core::App;
use sqlx::{Connection, PgConnection};

pub use event::{Answer, Done, Event, Failure, Kind, Migration, Run};

/// Answers an invocation.
pub async fn handle(app: App, event: Event) -> Answer {
    match run(&app, &event).await {
        Ok(done) => Answer::Done(done),
        Err(error) => {
            tracing::error!(
                code = error.code,
                version = error.version,
                detail = error.detail,
                "The migration failed."
            );
            Answer::Failed { error }
        }
    }
}

async fn run(app: &App, event: &Event) -> Result<Done, Failure> {
    let mut connection = connect(app).await?;
    let run = event.run.as_deref();
    let result = match (event.kind, run) {
        (Kind::Status, run) => status(&mut connection, run).await,
        (Kind::DryRun, _) => migrations::dry_run(&mut connection).await,
        (Kind::Apply, None) => apply(app, &mut connection).await,
        (Kind::Apply, Some(run)) => apply_noted(app, &mut connection, run).await,
    };
    if let Err(error) = connection.close().await {
        tracing::warn!(%error, "The connection did not close well.");
    }
    result
}

async fn connect(app: &App) -> Result<PgConnection, Failure> {
    // The details of this error are in the log that it writes; they may name a secret.
    let options = app.connect_options().await.map_err(|_| {
        Failure::new(
            "unavailable",
            "The password of the owner cannot be read. The log of the function says why.",
        )
    })?;
    PgConnection::connect_with(&options).await.map_err(|error| {
        Failure::new(
            "unavailable",
            format!("The database cannot be reached: {error}."),
        )
    })
}

async fn status(connection: &mut PgConnection, run: Option<&str>) -> Result<Done, Failure> {
    let done = migrations::status(connection).await?;
    let run = match run {
        Some(id) => runs::read(connection, id).await?,
        None => None,
    };
    Ok(Done { run, ..done })
}

/// Applies, and notes what becomes of it.
async fn apply_noted(app: &App, connection: &mut PgConnection, run: &str) -> Result<Done, Failure> {
    runs::begin(connection, run).await?;
    let result = apply(app, connection).await;
    let failure = result.as_ref().err();
    if runs::end(connection, run, failure).await.is_err() {
        // The connection may be what failed.
        runs::end(&mut connect(app).await?, run, failure).await?;
    }
    result
}

async fn apply(app: &App, connection: &mut PgConnection) -> Result<Done, Failure> {
    // Read before anything is written: a secret that is missing stops all of it.
    let logins = roles::logins(app).await?;
    lock::take(connection).await?;
    let result = async {
        let done = migrations::apply(connection).await?;
        roles::let_in(connection, &logins).await?;
        large_objects::remove(connection).await;
        Ok(done)
    };
    let result = result.await;
    lock::release(connection).await;
    result
}
