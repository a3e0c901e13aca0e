//! `DELETE /api/tasks/{task_id}` and `POST /api/tasks/{task_id}/restore`: a task goes, and comes
//! back, with its sub-tasks.

use axum::{extract::State, response::Response};
use http::StatusCode;
use miyabi_core::{
    ApiError, Audit, Caller, Db, ETag, Event, IfMatch, OptionalIfMatch, Path, Problem, TaskRef,
    Timestamp, Tx, permission::tasks,
};
use serde_json::json;
use uuid::Uuid;

use crate::{Task, hierarchy};

/// Most tasks that go with one.
const MAX: i64 = 1000;

/// The deletion of a task, or its restoration.
pub(crate) struct Deletion {
    pub(crate) id: Uuid,
    pub(crate) version: i64,
    deleted_at: Option<Timestamp>,
    was_deleted_at: Option<Timestamp>,
}

impl Deletion {
    /// Its line of the trail.
    pub(crate) fn line(&self, action: &'static str) -> Audit {
        Audit::new(action, "task", self.id)
            .before(json!({ "deleted_at": self.was_deleted_at }))
            .after(json!({ "deleted_at": self.deleted_at }))
    }
}

/// Deletes a task and its sub-tasks.
///
/// Deleted tasks can be restored; the list shows them with `deleted=true`.
#[utoipa::path(
    delete,
    path = "/api/tasks/{task_id}",
    tag = "tasks",
    operation_id = "deleteTask",
    params(
        ("task_id" = inline(TaskRef), Path, description = "Id of the task, or its number with the key of the organization: `MIY-12`."),
        OptionalIfMatch,
    ),
    responses(
        (status = 204, description = "The task was deleted."),
        (status = 409, description = "`too_many_subtasks`: the task has more than 1,000 sub-tasks.", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "`stale_version`: `If-Match` is not the current version.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn remove(
    caller: Caller<tasks::Delete>,
    State(db): State<Db>,
    path: Result<Path<TaskRef>, ApiError>,
    if_match: Result<Option<IfMatch>, ApiError>,
) -> Result<StatusCode, ApiError> {
    let mut tx = db.write(&caller).await?;
    let (Path(task), if_match) = (path?, if_match?);
    let id = task.id(&mut tx, caller.organization_id()).await?;
    hierarchy::lock(&mut tx, caller.organization_id()).await?;
    if let Some(if_match) = if_match {
        let task = Task::lock(&mut tx, &[id]).await?.pop();
        if_match.check(task.ok_or(ApiError::NotFound)?.version)?;
    }
    let deleted = delete(&mut tx, id).await?;
    record(&mut tx, "task.delete", deleted).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Restores a deleted task and the sub-tasks that were deleted with it.
///
/// A task that is not deleted is returned unchanged.
#[utoipa::path(
    post,
    path = "/api/tasks/{task_id}/restore",
    tag = "tasks",
    operation_id = "restoreTask",
    params(("task_id" = inline(TaskRef), Path, description = "Id of the task, or its number with the key of the organization: `MIY-12`.")),
    responses(
        (status = 200, description = "The task.", body = Task, headers(("ETag" = String, description = "The version, for `If-Match`."))),
        (status = 409, description = "`parent_is_deleted`: the parent task must be restored first. `too_deep`: its sub-tasks would be nested too deep.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn restore(
    caller: Caller<tasks::Delete>,
    State(db): State<Db>,
    path: Result<Path<TaskRef>, ApiError>,
) -> Result<Response, ApiError> {
    let mut tx = db.write(&caller).await?;
    let Path(task) = path?;
    let id = task.id(&mut tx, caller.organization_id()).await?;
    hierarchy::lock(&mut tx, caller.organization_id()).await?;
    let restored = undelete(&mut tx, id).await?;
    if !restored.is_empty() {
        record(&mut tx, "task.restore", restored).await?;
    }
    let task = Task::find(&mut tx, id).await?;
    tx.commit_with(ETag(task.version), &task).await
}

/// Marks a task and its sub-tasks as deleted. Hold the lock of the hierarchy.
///
/// # Errors
///
/// 404 when there is no such task, or it is deleted; 409 when it has too many sub-tasks.
pub(crate) async fn delete(tx: &mut Tx, id: Uuid) -> Result<Vec<Deletion>, ApiError> {
    // Two statements: how many there are is known before it is decided how to find their rows.
    let ids = sqlx::query_scalar!(
        r#"with recursive down as (
                select id from tasks where id = $1 and deleted_at is null
                union
                select t.id from down join tasks t on t.parent_id = down.id where t.deleted_at is null
            )
            select id as "id!" from down limit $2"#,
        id,
        MAX + 1
    )
    .fetch_all(&mut **tx)
    .await?;
    if ids.is_empty() {
        return Err(ApiError::NotFound);
    }
    if ids.len() > usize::try_from(MAX).unwrap_or_default() {
        return Err(ApiError::conflict(
            "too_many_subtasks",
            format!("It has more than {MAX} sub-tasks. Delete some of them first."),
        ));
    }
    let deleted = sqlx::query_as!(
        Deletion,
        r#"update tasks set deleted_at = now(), updated_at = now(), version = version + 1
            where id = any($1) and deleted_at is null
            returning id, version, deleted_at as "deleted_at: Timestamp", null::timestamptz as "was_deleted_at: Timestamp""#,
        &ids
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(deleted)
}

/// Takes back the deletion of a task, and of the sub-tasks that were deleted with it; none when it is
/// not deleted. Hold the lock of the hierarchy.
///
/// # Errors
///
/// 409 when its parent is deleted, or it would be nested too deep.
pub(crate) async fn undelete(tx: &mut Tx, id: Uuid) -> Result<Vec<Deletion>, ApiError> {
    let is_parent_deleted = sqlx::query_scalar!(
        r#"select p.deleted_at is not null as "is_deleted!"
            from tasks t join tasks p on p.id = t.parent_id where t.id = $1"#,
        id
    )
    .fetch_optional(&mut **tx)
    .await?;
    if is_parent_deleted == Some(true) {
        return Err(ApiError::conflict(
            "parent_is_deleted",
            "The task that it is a part of is deleted. Restore that one.",
        ));
    }
    let deleted = sqlx::query!(
        r#"with recursive down as (
                select id, deleted_at from tasks where id = $1 and deleted_at is not null
                union
                select t.id, t.deleted_at from down join tasks t on t.parent_id = down.id and t.deleted_at = down.deleted_at
            )
            select id as "id!", deleted_at as "deleted_at: Timestamp" from down"#,
        id
    )
    .fetch_all(&mut **tx)
    .await?;
    let ids: Vec<Uuid> = deleted.iter().map(|task| task.id).collect();
    // Tasks may have moved meanwhile, since what is deleted does not count where they go.
    if !ids.is_empty() && hierarchy::is_too_deep(tx, id, &ids).await? {
        return Err(ApiError::conflict(
            "too_deep",
            format!(
                "Restored, tasks would be nested deeper than {} levels. Move the task that it is a part of first.",
                hierarchy::MAX_DEPTH
            ),
        ));
    }
    let restored = sqlx::query!(
        "update tasks set deleted_at = null, updated_at = now(), version = version + 1 where id = any($1)
         returning id, version",
        &ids
    )
    .fetch_all(&mut **tx)
    .await?;
    // Tasks that were deleted with one have its time of deletion.
    let was_deleted_at = deleted.first().and_then(|task| task.deleted_at);
    let restored: Vec<Deletion> = restored
        .into_iter()
        .map(|task| Deletion {
            id: task.id,
            version: task.version,
            deleted_at: None,
            was_deleted_at,
        })
        .collect();
    Ok(restored)
}

/// A line of the trail for each task, and one event for all.
async fn record(tx: &mut Tx, action: &'static str, tasks: Vec<Deletion>) -> Result<(), ApiError> {
    let lines = tasks.iter().map(|task| task.line(action));
    tx.audit_all(lines.collect()).await?;
    tx.emit(match tasks.as_slice() {
        [one] => Event::TaskChanged {
            id: one.id,
            version: one.version,
        },
        many => Event::TasksChanged {
            tasks: many.iter().map(|task| (task.id, task.version)).collect(),
        },
    });
    Ok(())
}
