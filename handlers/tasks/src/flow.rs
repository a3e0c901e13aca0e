//! `GET /api/tasks/flow`: what came in and what was completed, day by day.

use axum::extract::State;
use miyabi_core::{ApiError, Caller, Day, Db, Json, Problem, Query, permission::tasks};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::zone::{self, Zone};

/// Most days of one response: a leap year.
const MAX_DAYS: i64 = 366;

/// Which days, and where the reader is.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct FlowQuery {
    /// The first day.
    #[param(inline)]
    from: Day,
    /// The last day, at most 365 days after the first.
    #[param(inline)]
    to: Day,
    /// Time zone in which days begin and end, a name of the time zone database with its area:
    /// `Europe/Berlin`. `UTC` by default.
    #[param(inline)]
    tz: Option<Zone>,
}

/// A day of the organization. Deleted tasks are not counted.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FlowDay {
    /// The day, in the time zone that was asked for.
    day: Day,
    /// Tasks that were created on this day.
    #[schema(minimum = 0)]
    created: i64,
    /// Tasks that were completed on this day, and are completed still.
    #[schema(minimum = 0)]
    completed: i64,
    /// Hours from the beginning of work to completion that half of these tasks took at most; null when
    /// none of them was in progress before.
    #[schema(minimum = 0)]
    cycle_p50_h: Option<f64>,
    /// The same for 85 of 100 tasks.
    #[schema(minimum = 0)]
    cycle_p85_h: Option<f64>,
}

/// Lists how many tasks were created and completed each day, and how long they took.
///
/// The cycle of a task is the time from its last change to `in_progress` to its completion; a task that
/// is reopened is not completed any more, and begins again. Days without tasks are listed, too.
#[utoipa::path(
    get,
    path = "/api/tasks/flow",
    tag = "tasks",
    operation_id = "getTaskFlow",
    params(FlowQuery),
    responses(
        (status = 200, description = "The days, the first one first.", body = Vec<FlowDay>),
        (status = 422, description = "`invalid`: `from` or `to` is not a day, `to` is before `from` or more than 365 days after it, or `tz` is not a known time zone.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn flow(
    caller: Caller<tasks::Read>,
    State(db): State<Db>,
    query: Result<Query<FlowQuery>, ApiError>,
) -> Result<Json<Vec<FlowDay>>, ApiError> {
    let mut tx = db.read(&caller).await?;
    let Query(FlowQuery { from, to, tz }) = query?;
    check_range(from, to)?;
    let tz = tz.unwrap_or_else(Zone::utc);
    // Compiling the plan takes half a second, and reading 100,000 tasks a fifth of it.
    sqlx::query("set local jit = off").execute(&mut *tx).await?;
    // A day is the date that clocks show where the reader is: hours that are skipped or repeated there
    // need no rule. The bounds in UTC are a day wider, for the indexes alone. The time zone is checked
    // where there are no tasks, too.
    let days = sqlx::query_as!(
        FlowDay,
        r#"with created as (
            select (t.created_at at time zone $4)::date as day, count(*) as tasks
            from tasks t
            where t.organization_id = $1 and t.deleted_at is null
                and t.created_at >= ($2::date - 1)::timestamp at time zone 'UTC'
                and t.created_at < ($3::date + 2)::timestamp at time zone 'UTC'
            group by 1
        ), completed as (
            select (t.completed_at at time zone $4)::date as day, count(*) as tasks,
                percentile_cont(array[0.5, 0.85]) within group (
                    order by extract(epoch from t.completed_at - t.started_at)::float8 / 3600) as cycle
            from tasks t
            where t.organization_id = $1 and t.deleted_at is null
                and t.completed_at >= ($2::date - 1)::timestamp at time zone 'UTC'
                and t.completed_at < ($3::date + 2)::timestamp at time zone 'UTC'
            group by 1
        )
        select d.day::date as "day!: Day", coalesce(c.tasks, 0) as "created!", coalesce(f.tasks, 0) as "completed!",
            round(f.cycle[1]::numeric, 2)::float8 as cycle_p50_h, round(f.cycle[2]::numeric, 2)::float8 as cycle_p85_h
        from generate_series($2::date::timestamp, $3::date::timestamp, interval '1 day') d (day)
            left join created c on c.day = d.day::date
            left join completed f on f.day = d.day::date
        where now() at time zone $4 is not null
        order by d.day"#,
        caller.organization_id(),
        from.get(),
        to.get(),
        tz.as_str(),
    )
    .fetch_all(&mut *tx)
    .await
    .map_err(|error| {
        if zone::is_unknown(&error) {
            return ApiError::invalid("tz", "is not a known time zone");
        }
        error.into()
    })?;
    tx.commit().await?;
    Ok(Json(days))
}

/// # Errors
///
/// 422 for a last day before the first one, and for more days than one response has.
pub(crate) fn check_range(from: Day, to: Day) -> Result<(), ApiError> {
    if to < from {
        return Err(ApiError::invalid("to", "must not be before `from`"));
    }
    if (to.get() - from.get()).whole_days() >= MAX_DAYS {
        return Err(ApiError::invalid(
            "to",
            format!("must be at most {} days after `from`", MAX_DAYS - 1),
        ));
    }
    Ok(())
}
