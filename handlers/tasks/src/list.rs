//! `GET /api/tasks`: filters, search, order and pages.

mod filter;
mod listed;
mod order;
mod statement;

pub use filter::{Asked, Filter};
pub use order::Order;
pub use statement::{Position, Statement};

use axum::extract::State;
use miyabi_core::{ApiError, Caller, Db, Json, Limit, Page, Problem, Query, permission::tasks};
use sqlx::{Postgres, QueryBuilder};

use crate::TaskSummary;
use listed::Listed;

/// Lists tasks.
///
/// All filters hold together. In `status` and `priority` several values can be given with commas
/// between. Tasks come without description and metadata. The order is one of:
///
/// - `-created_at` (when not given), `created_at`, `-updated_at`, `updated_at`
/// - `due_at`: what is due first comes first, what is never due last; `-due_at`: the reverse
/// - `-priority`: the most urgent first, and of equally urgent ones the oldest; `priority`: the reverse
/// - `title`, `-title`: by letters, capitals and small ones alike
///
/// With `q` the newest tasks that match come first, with `deleted=true` those deleted last, and
/// `sort` cannot be given.
#[utoipa::path(
    get,
    path = "/api/tasks",
    tag = "tasks",
    params(Asked),
    responses(
        (status = 200, description = "A page of tasks.", body = Page<TaskSummary>),
        (status = 400, description = "`bad_cursor`: not a cursor of this list with this order and these filters. `bad_limit`.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid`: a filter that is not acceptable.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn list(
    caller: Caller<tasks::Read>,
    State(db): State<Db>,
    query: Result<Query<Asked>, ApiError>,
) -> Result<Json<Page<TaskSummary>>, ApiError> {
    let mut tx = db.read(&caller).await?;
    let Query(asked) = query?;
    let limit = Limit::parse(asked.limit.as_deref())?;
    let cursor = asked.cursor.clone();
    let (filter, order) = asked.resolve(caller.user_id())?;
    let scope = ("tasks", order, &filter);
    let after: Option<Position> = cursor
        .map(|cursor| caller.open_cursor(&scope, &cursor))
        .transpose()?;
    let mut sql = QueryBuilder::<Postgres>::default();
    Statement {
        filter: &filter,
        order,
        after: after.as_ref(),
        rows: limit.rows(),
    }
    .write(&mut sql);
    // With filters it is not kept: it is planned for these values, since how many rows have them
    // decides the plan. Without, every page is found in the same way.
    let rows: Vec<Listed> = sql
        .build_query_as()
        .persistent(filter == Filter::default())
        .fetch_all(&mut *tx)
        .await?;
    let places: Vec<Position> = rows.iter().map(|row| order.position(row)).collect();
    let tasks = Listed::show(rows, &mut tx).await?;
    tx.commit().await?;
    let page = Page::new(tasks, limit, |last| {
        caller.seal_cursor(&scope, &places[last])
    })?;
    Ok(Json(page))
}
