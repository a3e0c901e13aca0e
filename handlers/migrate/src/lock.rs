//! The lock that makes migrators wait for each other: a row that names the backend of PostgreSQL
//! that holds it, for as long as that backend runs.
//!
//! An advisory lock ends with its backend as well, but every role that may log in could take it, and
//! keep it. The row is in a schema of its own, which only the owner may use. It outlives nothing: of
//! a migrator that was killed, the lock is held until PostgreSQL has ended what it still executes.

use std::time::{Duration, Instant};

use sqlx::{Connection, Executor, PgConnection};

use crate::event::Failure;

/// Longest to wait for another migrator.
const WAIT: Duration = Duration::from_secs(120);
/// Time between two tries.
const PAUSE: Duration = Duration::from_millis(250);

/// Statements of their own: each leaves nothing half done.
const CREATE: [&str; 4] = [
    "create schema if not exists migrate",
    "create table if not exists migrate.lock (
        id bigint primary key check (id = 1),
        pid integer,
        backend_start timestamptz
    )",
    "comment on table migrate.lock is 'The backend that migrates. It holds the lock for as long as it runs.'",
    "insert into migrate.lock (id) values (1) on conflict do nothing",
];

/// Takes the lock for the backend of this connection.
///
/// # Errors
///
/// `busy` when another migrator has held it for two minutes; those of the database.
pub(crate) async fn take(connection: &mut PgConnection) -> Result<(), Failure> {
    let began = Instant::now();
    for statement in CREATE {
        // `if not exists` does not see what another transaction creates at the same time: the second
        // time it does.
        if connection.execute(statement).await.is_err() {
            connection.execute(statement).await?;
        }
    }
    while !try_take(connection).await? {
        if began.elapsed() > WAIT {
            return Err(Failure::new(
                "busy",
                "Another migration is still running. Wait for it, then run this again.",
            ));
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}

/// Takes the lock unless another backend that runs holds it.
async fn try_take(connection: &mut PgConnection) -> Result<bool, Failure> {
    let mut transaction = connection.begin().await?;
    // First, so that the backends are looked at when nobody else can take the lock any more.
    transaction
        .execute("select from migrate.lock for update")
        .await?;
    let taken = transaction
        .execute(
            "update migrate.lock l set pid = own.pid, backend_start = own.backend_start
             from pg_stat_activity own
             where own.pid = pg_backend_pid() and not exists (
                select from pg_stat_activity a
                where a.pid = l.pid and a.backend_start = l.backend_start and a.pid <> own.pid)",
        )
        .await?;
    transaction.commit().await?;
    Ok(taken.rows_affected() == 1)
}

/// Gives the lock back before the backend ends.
pub(crate) async fn release(connection: &mut PgConnection) {
    let release = "update migrate.lock set pid = null where pid = pg_backend_pid()";
    if let Err(error) = connection.execute(release).await {
        tracing::warn!(%error, "The lock of the migrations ends with the connection.");
    }
}

/// Whether a backend that runs holds the lock.
pub(crate) async fn is_held(connection: &mut PgConnection) -> Result<bool, Failure> {
    let has_table: bool = sqlx::query_scalar("select to_regclass('migrate.lock') is not null")
        .fetch_one(&mut *connection)
        .await?;
    if !has_table {
        return Ok(false);
    }
    Ok(sqlx::query_scalar(
        "select exists (select from migrate.lock l
            join pg_stat_activity a on a.pid = l.pid and a.backend_start = l.backend_start)",
    )
    .fetch_one(connection)
    .await?)
}
