//! What became of an `apply` that nobody waited for: `status` tells whoever asks by its id.
//!
//! Kept in a table of the owner's own, beside the one of the migrations and like it made by this
//! function; no runtime role may read it. It holds what the deployer would have been answered,
//! and no secret.

use serde_json::{Value, json};
use sqlx::PgConnection;

use crate::{
    event::{Failure, Run},
    lock,
};

/// How many are remembered.
const REMEMBERED: i64 = 20;

/// Notes that a run has begun. The same one, retried by Lambda, begins again.
pub(crate) async fn begin(connection: &mut PgConnection, id: &str) -> Result<(), Failure> {
    sqlx::query(
        "create table if not exists public._migration_runs (
            id text primary key,
            state text not null,
            error jsonb,
            began_at timestamptz not null default now()
        )",
    )
    .execute(&mut *connection)
    .await?;
    note(connection, id, "running", None).await?;
    sqlx::query(
        "delete from public._migration_runs where id not in
            (select id from public._migration_runs order by began_at desc limit $1)",
    )
    .bind(REMEMBERED)
    .execute(connection)
    .await?;
    Ok(())
}

/// Notes how a run ended.
pub(crate) async fn end(
    connection: &mut PgConnection,
    id: &str,
    failure: Option<&Failure>,
) -> Result<(), Failure> {
    let state = if failure.is_none() { "done" } else { "failed" };
    note(connection, id, state, failure.map(|failure| json!(failure))).await?;
    Ok(())
}

async fn note(
    connection: &mut PgConnection,
    id: &str,
    state: &str,
    error: Option<Value>,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "insert into public._migration_runs (id, state, error) values ($1, $2, $3)
        on conflict (id) do update set state = excluded.state, error = excluded.error",
    )
    .bind(id)
    .bind(state)
    .bind(error)
    .execute(connection)
    .await?;
    Ok(())
}

/// A run as it was noted; `None`: it has not begun. Writes nothing.
pub(crate) async fn read(connection: &mut PgConnection, id: &str) -> Result<Option<Run>, Failure> {
    let has_table: bool =
        sqlx::query_scalar("select to_regclass('public._migration_runs') is not null")
            .fetch_one(&mut *connection)
            .await?;
    if !has_table {
        return Ok(None);
    }
    let row: Option<(String, Option<Value>)> =
        sqlx::query_as("select state, error from public._migration_runs where id = $1")
            .bind(id)
            .fetch_optional(&mut *connection)
            .await?;
    let Some((state, error)) = row else {
        return Ok(None);
    };
    let alive = lock::is_held(connection).await?;
    Ok(Some(Run {
        state,
        error,
        alive,
    }))
}
