//! `GET /api/tasks/stats`.

use std::collections::BTreeMap;

use axum::extract::State;
use miyabi_core::{ApiError, Caller, Day, Db, Json, Problem, Query, permission::tasks};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{Priority, Status};

/// Where the reader is.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct StatsQuery {
    /// The date where the reader is; by default, the one in UTC.
    #[param(inline)]
    today: Option<Day>,
}

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
    /// Open tasks whose due date is over: at a time before now, or on a day before `today`.
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
    params(StatsQuery),
    responses(
        (status = 200, description = "The numbers.", body = TaskStats),
        (status = 422, description = "`invalid`: `today` is not a day.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn stats(
    caller: Caller<tasks::Read>,
    State(db): State<Db>,
    query: Result<Query<StatsQuery>, ApiError>,
) -> Result<Json<TaskStats>, ApiError> {
    let mut tx = db.read(&caller).await?;
    let Query(StatsQuery { today }) = query?;
    // All of it is in the index tasks_status_priority_due.
    let rows = sqlx::query!(
        r#"select status as "status: Status", priority as "priority: Priority", count(*) as "count!",
                count(*) filter (where due_on < coalesce($2, (now() at time zone 'UTC')::date)
                    or due_on is null and due_key < now()) as "overdue!",
                count(*) filter (where assignee_id is null) as "unassigned!",
                count(*) filter (where assignee_id = $1) as "mine!"
            from tasks where deleted_at is null group by status, priority"#,
        caller.user_id(),
        today.map(Day::get),
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
