//! `GET /api/tasks/{task_id}`.

use axum::extract::State;
use miyabi_core::{ApiError, Caller, Db, ETag, Json, Path, TaskRef, permission::tasks};

use crate::Task;

/// Gets a task.
#[utoipa::path(
    get,
    path = "/api/tasks/{task_id}",
    tag = "tasks",
    operation_id = "getTask",
    params(("task_id" = inline(TaskRef), Path, description = "Id of the task, or its number with the key of the organization: `MIY-12`.")),
    responses(
        (status = 200, description = "The task.", body = Task, headers(("ETag" = String, description = "The version, for `If-Match`."))),
    ),
)]
pub(crate) async fn get(
    caller: Caller<tasks::Read>,
    State(db): State<Db>,
    path: Result<Path<TaskRef>, ApiError>,
) -> Result<(ETag, Json<Task>), ApiError> {
    let mut tx = db.read(&caller).await?;
    let Path(task) = path?;
    let id = task.id(&mut tx, caller.organization_id()).await?;
    let task = Task::find(&mut tx, id).await?;
    tx.commit().await?;
    Ok((ETag(task.version), Json(task)))
}
