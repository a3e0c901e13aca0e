//! `GET /api/stats/history`: what happened to tasks and how many were open, day by day.

use std::collections::BTreeMap;

use axum::extract::State;
use miyabi_core::{ApiError, Caller, Day, Db, Json, Problem, Query, permission::tasks};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{Priority, flow::check_range};

/// Which days.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct StatsHistoryQuery {
    /// The first day; by default, 364 days before the last one.
    #[param(inline)]
    from: Option<Day>,
    /// The last day, at most 365 days after the first; by default, today or 364 days after the first.
    #[param(inline)]
    to: Option<Day>,
}

/// A day of the organization, from midnight to midnight in UTC.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StatsDay {
    /// The day, in UTC.
    day: Day,
    /// Whether the day is over. Until then, its numbers change.
    finished: bool,
    /// Tasks that were created.
    #[schema(minimum = 0)]
    created: i64,
    /// Changes of tasks to `completed`: one that was reopened and completed again counts twice.
    #[schema(minimum = 0)]
    completed: i64,
    /// Changes of closed tasks to `pending` or `in_progress`.
    #[schema(minimum = 0)]
    reopened: i64,
    /// Tasks that were deleted, sub-tasks included.
    #[schema(minimum = 0)]
    deleted: i64,
    /// Deleted tasks that were restored, sub-tasks included.
    #[schema(minimum = 0)]
    restored: i64,
    /// Tasks that were open at the end of the day, or are open now.
    #[schema(minimum = 0)]
    open: i64,
    /// The same by priority; has a member for each priority.
    open_by_priority: BTreeMap<Priority, i64>,
}

/// Lists what happened to tasks each day, and how many were open at its end.
///
/// Days are those of UTC. What happened is counted on its day and stays counted when the task is
/// reopened, deleted or purged later. Days without changes are listed, too; days to come are not.
#[utoipa::path(
    get,
    path = "/api/stats/history",
    tag = "tasks",
    operation_id = "getStatsHistory",
    params(StatsHistoryQuery),
    responses(
        (status = 200, description = "The days, the first one first.", body = Vec<StatsDay>),
        (status = 422, description = "`invalid`: `from` or `to` is not a day, or `to` is before `from` or more than 365 days after it.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn history(
    caller: Caller<tasks::Read>,
    State(db): State<Db>,
    query: Result<Query<StatsHistoryQuery>, ApiError>,
) -> Result<Json<Vec<StatsDay>>, ApiError> {
    let mut tx = db.read(&caller).await?;
    let Query(StatsHistoryQuery { from, to }) = query?;
    if let (Some(from), Some(to)) = (from, to) {
        check_range(from, to)?;
    }
    // What the schedule has added up, and what it has not yet. Everything before the first day is one
    // day before it: its open tasks are those that the first day begins with.
    let rows = sqlx::query!(
        r#"with days as (
            select coalesce($2, least($3, today) - 364) as first, least($3, $2 + 364, today) as last, today
            from (select (now() at time zone 'UTC')::date as today) t
        ), counts as (
            select s.day, s.created, s.completed, s.reopened, s.deleted, s.restored, s.open_p0, s.open_p1, s.open_p2, s.open_p3
            from stats_days s where s.organization_id = $1
            union all
            select c.day, count(*) filter (where c.event = 'created'), count(*) filter (where c.event = 'completed'),
                count(*) filter (where c.event = 'reopened'), count(*) filter (where c.event = 'deleted'),
                count(*) filter (where c.event = 'restored'),
                count(*) filter (where c.is_open_as = 'p0') - count(*) filter (where c.was_open_as = 'p0'),
                count(*) filter (where c.is_open_as = 'p1') - count(*) filter (where c.was_open_as = 'p1'),
                count(*) filter (where c.is_open_as = 'p2') - count(*) filter (where c.was_open_as = 'p2'),
                count(*) filter (where c.is_open_as = 'p3') - count(*) filter (where c.was_open_as = 'p3')
            from stats_changes c where c.organization_id = $1 group by c.day
        ), by_day as (
            select greatest(c.day, d.first - 1) as day, sum(c.created)::bigint as created, sum(c.completed)::bigint as completed,
                sum(c.reopened)::bigint as reopened, sum(c.deleted)::bigint as deleted, sum(c.restored)::bigint as restored,
                sum(c.open_p0) as open_p0, sum(c.open_p1) as open_p1, sum(c.open_p2) as open_p2, sum(c.open_p3) as open_p3
            from counts c cross join days d where c.day <= d.last group by 1
        ), running as (
            select g.day::date as day, d.first, d.today, b.created, b.completed, b.reopened, b.deleted, b.restored,
                sum(b.open_p0) over until_day as p0, sum(b.open_p1) over until_day as p1,
                sum(b.open_p2) over until_day as p2, sum(b.open_p3) over until_day as p3
            from days d
                cross join generate_series((d.first - 1)::timestamp, d.last::timestamp, interval '1 day') g (day)
                left join by_day b on b.day = g.day::date
            window until_day as (order by g.day)
        )
        select r.day as "day!: Day", r.day < r.today as "finished!", coalesce(r.created, 0) as "created!",
            coalesce(r.completed, 0) as "completed!", coalesce(r.reopened, 0) as "reopened!",
            coalesce(r.deleted, 0) as "deleted!", coalesce(r.restored, 0) as "restored!",
            coalesce(r.p0, 0)::bigint as "p0!", coalesce(r.p1, 0)::bigint as "p1!",
            coalesce(r.p2, 0)::bigint as "p2!", coalesce(r.p3, 0)::bigint as "p3!"
        from running r where r.day >= r.first order by r.day"#,
        caller.organization_id(),
        from.map(Day::get),
        to.map(Day::get),
    )
    .fetch_all(&mut *tx)
    .await?;
    tx.commit().await?;
    let days = rows.into_iter().map(|row| StatsDay {
        day: row.day,
        finished: row.finished,
        created: row.created,
        completed: row.completed,
        reopened: row.reopened,
        deleted: row.deleted,
        restored: row.restored,
        open: row.p0 + row.p1 + row.p2 + row.p3,
        open_by_priority: [
            (Priority::P0, row.p0),
            (Priority::P1, row.p1),
            (Priority::P2, row.p2),
            (Priority::P3, row.p3),
        ]
        .into(),
    });
    Ok(Json(days.collect()))
}
