//! `GET /api/tasks/stats`.

use std::collections::BTreeMap;

use axum::extract::State;
use miyabi_core::{ApiError, Caller, Db, Json, permission::tasks};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{Priority, Status};

/// Numbers of tasks. A task is open while it is pending or in progress.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TaskStats {
    /// Tasks that are not deleted.
    #[schema(minimum = 0)]
    total: i64,
    /// Tasks by status; has a member for each status.
    by_status: BTreeMap<Status, i64>,
    /// Open tasks by priority; has a member for each priority.
    open_by_priority: BTreeMap<Priority, i64>,
    /// Open tasks.
    #[schema(minimum = 0)]
    open: i64,
    /// Open tasks whose due date is over.
    #[schema(minimum = 0)]
    overdue: i64,
    /// Open tasks without an assignee.
    #[schema(minimum = 0)]
    unassigned: i64,
    /// Open tasks assigned to the caller.
    #[schema(minimum = 0)]
    mine: i64,
}

/// Counts the tasks of the organization.
#[utoipa::path(
    get,
    path = "/api/tasks/stats",
    tag = "tasks",
    operation_id = "getTaskStats",
    responses((status = 200, description = "The numbers.", body = TaskStats)),
)]
pub(crate) async fn stats(
    caller: Caller<tasks::Read>,
    State(db): State<Db>,
) -> Result<Json<TaskStats>, ApiError> {
    let mut tx = db.read(&caller).await?;
    // All of it is in the index tasks_status_priority.
    let rows = sqlx::query!(
        r#"select status as "status: Status", priority as "priority: Priority", count(*) as "count!",
                count(*) filter (where due_key < now()) as "overdue!",
                count(*) filter (where assignee_id is null) as "unassigned!",
                count(*) filter (where assignee_id = $1) as "mine!"
            from tasks where deleted_at is null group by status, priority"#,
        caller.user_id()
    )
    .fetch_all(&mut *tx)
    .await?;
    tx.commit().await?;
    let mut stats = TaskStats {
        total: 0,
        by_status: Status::ALL.map(|status| (status, 0)).into(),
        open_by_priority: Priority::ALL.map(|priority| (priority, 0)).into(),
        open: 0,
        overdue: 0,
        unassigned: 0,
        mine: 0,
    };
    for row in rows {
        stats.total += row.count;
        *stats.by_status.entry(row.status).or_default() += row.count;
        if matches!(row.status, Status::Pending | Status::InProgress) {
            *stats.open_by_priority.entry(row.priority).or_default() += row.count;
            stats.open += row.count;
            stats.overdue += row.overdue;
            stats.unassigned += row.unassigned;
            stats.mine += row.mine;
        }
    }
    Ok(Json(stats))
}
