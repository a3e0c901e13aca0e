//! `GET /api/tasks/{task_id}`.

use axum::extract::State;
use miyabi_core::{ApiError, Caller, Db, ETag, Json, Path, permission::tasks};
use uuid::Uuid;

use crate::Task;

/// Gets a task.
#[utoipa::path(
    get,
    path = "/api/tasks/{task_id}",
    tag = "tasks",
    operation_id = "getTask",
    params(("task_id" = Uuid, Path, description = "Id of the task.")),
    responses(
        (status = 200, description = "The task.", body = Task, headers(("ETag" = String, description = "The version, for `If-Match`."))),
    ),
)]
pub(crate) async fn one(
    caller: Caller<tasks::Read>,
    State(db): State<Db>,
    path: Result<Path<Uuid>, ApiError>,
) -> Result<(ETag, Json<Task>), ApiError> {
    let mut tx = db.read(&caller).await?;
    let Path(id) = path?;
    let task = Task::find(&mut tx, id).await?;
    tx.commit().await?;
    Ok((ETag(task.version), Json(task)))
}
