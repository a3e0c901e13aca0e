//! `/api/tasks/{task_id}/watch`: whether the caller is notified of a task.

use axum::extract::State;
use http::StatusCode;
use miyabi_core::{ApiError, Caller, Db, Json, Path, TaskRef, Tx, permission::tasks};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

/// Whether the caller watches a task.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Watching {
    /// Whether comments and changes of the status notify the caller.
    watching: bool,
}

/// Gets whether the caller watches a task.
#[utoipa::path(
    get,
    path = "/api/tasks/{task_id}/watch",
    tag = "inbox",
    operation_id = "getWatching",
    params(("task_id" = inline(TaskRef), Path, description = "Id of the task, or its number with the key of the organization: `MIY-12`.")),
    responses((status = 200, description = "Whether the caller watches it.", body = Watching)),
)]
pub(crate) async fn get(
    caller: Caller<tasks::Read>,
    State(db): State<Db>,
    path: Result<Path<TaskRef>, ApiError>,
) -> Result<Json<Watching>, ApiError> {
    let mut tx = db.read(&caller).await?;
    let Path(task) = path?;
    let task = task.id(&mut tx, caller.organization_id()).await?;
    check_task(&mut tx, task).await?;
    let watching = sqlx::query_scalar!(
        r#"select exists (select from task_watchers where task_id = $1 and user_id = $2) as "watching!""#,
        task,
        caller.user_id(),
    )
    .fetch_one(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(Json(Watching { watching }))
}

/// Watches a task.
///
/// Who creates a task, is assigned to it or comments on it watches it, too.
#[utoipa::path(
    put,
    path = "/api/tasks/{task_id}/watch",
    tag = "inbox",
    operation_id = "watchTask",
    params(("task_id" = inline(TaskRef), Path, description = "Id of the task, or its number with the key of the organization: `MIY-12`.")),
    responses((status = 204, description = "The caller watches the task.")),
)]
pub(crate) async fn watch(
    caller: Caller<tasks::Read>,
    State(db): State<Db>,
    path: Result<Path<TaskRef>, ApiError>,
) -> Result<StatusCode, ApiError> {
    let mut tx = db.write(&caller).await?;
    let Path(task) = path?;
    let task = task.id(&mut tx, caller.organization_id()).await?;
    check_task(&mut tx, task).await?;
    sqlx::query!(
        "insert into task_watchers (organization_id, task_id, user_id) values ($1, $2, $3) on conflict do nothing",
        caller.organization_id(),
        task,
        caller.user_id(),
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Stops watching a task.
///
/// An assignment or a mention notifies the caller all the same.
#[utoipa::path(
    delete,
    path = "/api/tasks/{task_id}/watch",
    tag = "inbox",
    operation_id = "unwatchTask",
    params(("task_id" = inline(TaskRef), Path, description = "Id of the task, or its number with the key of the organization: `MIY-12`.")),
    responses((status = 204, description = "The caller does not watch the task.")),
)]
pub(crate) async fn unwatch(
    caller: Caller<tasks::Read>,
    State(db): State<Db>,
    path: Result<Path<TaskRef>, ApiError>,
) -> Result<StatusCode, ApiError> {
    let mut tx = db.write(&caller).await?;
    let Path(task) = path?;
    let task = task.id(&mut tx, caller.organization_id()).await?;
    check_task(&mut tx, task).await?;
    sqlx::query!(
        "delete from task_watchers where task_id = $1 and user_id = $2",
        task,
        caller.user_id(),
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// # Errors
///
/// 404 when the organization has no such task, or it is deleted.
async fn check_task(tx: &mut Tx, task: Uuid) -> Result<(), ApiError> {
    let exists = sqlx::query_scalar!(
        r#"select exists (select from tasks where id = $1 and deleted_at is null) as "exists!""#,
        task
    )
    .fetch_one(&mut **tx)
    .await?;
    exists.then_some(()).ok_or(ApiError::NotFound)
}
