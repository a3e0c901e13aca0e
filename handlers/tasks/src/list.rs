//! `GET /api/tasks`: filters, search, order and pages.

mod approach;
mod by_ids;
mod conditions;
mod filter;
mod found;
mod listed;
mod numbered;
mod order;
mod position;
mod saved;
mod schema;
mod statement;
mod values;

pub(crate) use by_ids::in_order;

pub use approach::{Approach, SETTINGS, write_counts};
pub use filter::{Asked, Filter};
pub use found::FoundIn;
pub use order::Order;
pub use position::Position;
pub use statement::Statement;

use axum::extract::State;
use miyabi_core::{
    ApiError, Caller, Db, Json, Limit, Page, Problem, Query, RateLimit, permission::tasks,
};
use sqlx::{Postgres, QueryBuilder};

use crate::TaskSummary;
use found::Found;
use listed::Listed;

/// Lists tasks.
///
/// A task must match all filters. Items have no description and no metadata. Orders:
///
/// - `-created_at` (default), `created_at`, `-updated_at`, `updated_at`
/// - `due_at`: earliest first, tasks without a due date last; `-due_at`: the reverse. A day is sorted
///   by its end in UTC
/// - `-priority`: most urgent first, the oldest first within a priority; `priority`: the reverse
/// - `title`, `-title`: alphabetical, regardless of case
/// - `rank`: as people ordered them (`after` of a change); `-rank`: the reverse
///
/// `q` finds tasks that have all its words in their title and description together, or in one comment.
/// Each item has `found_in`. Open tasks (`pending`, `in_progress`) come first, then closed ones, each
/// the newest first, so `q` cannot be combined with `title_prefix`, `overdue=true`, `deleted=true` or a
/// `sort` other than `-created_at`. `q` with the number of a task, `MIY-12` or `#12`, finds that task
/// before all others. `deleted=true` cannot be combined with `sort`: the task that
/// was deleted last comes first.
#[utoipa::path(
    get,
    path = "/api/tasks",
    tag = "tasks",
    operation_id = "listTasks",
    params(Asked),
    responses(
        (status = 200, description = "A page of tasks.", body = Page<TaskSummary>),
        (status = 400, description = "`bad_cursor`: not a cursor of this list with this order and these filters. `bad_limit`.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid`: a filter with an invalid value, or filters that cannot be combined.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn list(
    caller: Caller<tasks::Read>,
    State(db): State<Db>,
    query: Result<Query<Asked>, ApiError>,
) -> Result<Json<Page<TaskSummary>>, ApiError> {
    if matches!(&query, Ok(Query(asked)) if asked.is_search()) {
        db.count(&caller, RateLimit::Search)?;
    }
    let mut tx = db.read(&caller).await?;
    let Query(asked) = query?;
    if let Some(ids) = &asked.ids {
        if !asked.has_ids_alone() {
            return Err(ApiError::invalid(
                "ids",
                "cannot be given with another parameter",
            ));
        }
        let tasks = by_ids::find(&mut tx, caller.organization_id(), &ids.0).await?;
        tx.commit().await?;
        return Ok(Json(tasks));
    }
    let limit = Limit::parse(asked.limit.as_deref())?;
    let cursor = asked.cursor.clone();
    let (filter, order) = asked.resolve(caller.user_id())?;
    let is_search = filter.search.is_some();
    // Places in a search are of another kind.
    let scope = (if is_search { "search" } else { "tasks" }, order, &filter);
    let after: Option<Position> = cursor
        .map(|cursor| caller.open_cursor(&scope, &cursor))
        .transpose()?;
    let organization = caller.organization_id();
    let numbered = numbered::find(&mut tx, organization, &filter).await?;
    let approach = Approach::choose(&mut tx, organization, &filter, order).await?;
    let mut sql = QueryBuilder::<Postgres>::default();
    Statement {
        organization,
        filter: &filter,
        order,
        approach,
        // The first page may end with the task that was put first: the next one has all the others.
        after: after
            .as_ref()
            .filter(|after| numbered.is_none() || !after.is_before_all()),
        // One more, since one may be left out.
        rows: limit.rows() + i64::from(numbered.is_some()),
    }
    .write(&mut sql);
    // With filters it is not kept: it is planned for these values, since how many rows have them
    // decides the plan. Without, every page is found in the same way.
    let mut rows: Vec<Found> = sql
        .build_query_as()
        .persistent(filter == Filter::default())
        .fetch_all(&mut *tx)
        .await?;
    let first = numbered.as_ref().filter(|_| after.is_none());
    let first = first.map(|task| Position::before_all(task.id));
    numbered::put_first(numbered, after.is_none(), &mut rows);
    let (rows, found_in): (Vec<Listed>, Vec<_>) =
        rows.into_iter().map(|row| (row.task, row.found_in)).unzip();
    let place = |task| match is_search {
        true => Position::in_search(task),
        false => order.position(task),
    };
    let mut places: Vec<Position> = rows.iter().map(place).collect();
    if let (Some(first), Some(place)) = (first, places.first_mut()) {
        *place = first;
    }
    let mut tasks = Listed::show(rows, &mut tx).await?;
    for (task, found_in) in tasks.iter_mut().zip(found_in) {
        task.found_in = found_in;
    }
    tx.commit().await?;
    let page = Page::new(&tasks, limit, |last| {
        caller.seal_cursor(&scope, &places[last])
    })?;
    Ok(Json(page))
}
