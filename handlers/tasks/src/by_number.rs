//! `GET /api/tasks/by-number/{number}`.

use axum::extract::State;
use miyabi_core::{ApiError, Caller, Db, ETag, Json, Path, permission::tasks};

use crate::{Task, number::TaskNumber};

/// Gets a task by its number.
///
/// `12`, or `MIY-12` with the present key of the organization, in capital letters or not.
#[utoipa::path(
    get,
    path = "/api/tasks/by-number/{number}",
    tag = "tasks",
    operation_id = "getTaskByNumber",
    params(("number" = inline(TaskNumber), Path, description = "Number of the task, with or without the key before it.")),
    responses(
        (status = 200, description = "The task.", body = Task, headers(("ETag" = String, description = "The version, for `If-Match`."))),
    ),
)]
pub(crate) async fn by_number(
    caller: Caller<tasks::Read>,
    State(db): State<Db>,
    path: Result<Path<TaskNumber>, ApiError>,
) -> Result<(ETag, Json<Task>), ApiError> {
    let mut tx = db.read(&caller).await?;
    let Path(number) = path?;
    let id = number.find(&mut tx, caller.organization_id()).await?;
    let task = Task::find(&mut tx, id).await?;
    tx.commit().await?;
    Ok((ETag(task.version), Json(task)))
}
