//! The function `tasks` with handlers that misbehave: for the tests of what a function makes of a
//! panic and of a response that Lambda does not take, in the profile that Lambda runs. No function
//! has such a handler, and nothing deploys this one.

use std::{panic::panic_any, process::ExitCode};

use axum::{
    Router,
    extract::State,
    routing::{get, post},
};
use miyabi_core::{ApiError, Caller, Db, Json, permission::tasks};
use sqlx::Executor;
use uuid::Uuid;

/// More than Lambda takes as a response, in bytes.
const TOO_MUCH: usize = 7_000_000;

fn main() -> ExitCode {
    let router = Router::new()
        .route("/api/tasks", get(organizations).post(panic_in_transaction))
        .route("/api/labels", get(too_much).post(panic_of_another_kind))
        .route("/api/tasks/bulk", post(panic_in_a_failed_transaction));
    miyabi_core::serve("tasks", router)
}

/// The organizations whose labels the caller sees.
async fn organizations(
    caller: Caller<tasks::Read>,
    State(db): State<Db>,
) -> Result<Json<Vec<Uuid>>, ApiError> {
    let mut tx = db.read(&caller).await?;
    let seen = sqlx::query_scalar("select organization_id from labels")
        .fetch_all(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(Json(seen))
}

/// Panics between a change and its commit.
async fn panic_in_transaction(
    caller: Caller<tasks::Write>,
    State(db): State<Db>,
) -> Result<(), ApiError> {
    let mut tx = db.write(&caller).await?;
    sqlx::query("insert into labels (organization_id, id, name) values ($1, $2, $2::text)")
        .bind(caller.organization_id())
        .bind(Uuid::now_v7())
        .execute(&mut *tx)
        .await?;
    panic!("The first panic of the tests.");
}

/// Panics in a transaction that PostgreSQL has aborted.
async fn panic_in_a_failed_transaction(
    caller: Caller<tasks::Write>,
    State(db): State<Db>,
) -> Result<(), ApiError> {
    let mut tx = db.write(&caller).await?;
    let failed = tx.execute("select 1/0").await;
    assert!(failed.is_ok(), "The second panic of the tests.");
    Ok(())
}

/// Panics without a sentence, and before any transaction.
async fn panic_of_another_kind(_: Caller<tasks::Write>) {
    panic_any(7);
}

async fn too_much() -> String {
    "a".repeat(TOO_MUCH)
}
