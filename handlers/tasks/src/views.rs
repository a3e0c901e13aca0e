//! `/api/views`: lists of tasks under a name, for one person or shared with all members.
//!
//! A view that is not shared exists for its owner alone: to others it is 404. Sharing one, and
//! changing or deleting a shared one, needs `tasks.write`.

mod change;
mod query;

pub(crate) use change::{__path_change, __path_remove, change, remove};

use axum::{extract::State, response::Response};
use http::StatusCode;
use miyabi_core::{
    ApiError, Audit, Caller, Db, ETag, Event, Idempotency, IdempotencyKey, Json, Line, Page,
    PageQuery, Permission, Problem, Query, Timestamp, Tx, permission::tasks,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::rank;
use query::ViewQuery;

/// A saved view.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct View {
    /// Id.
    id: Uuid,
    /// Id of the user who created it.
    owner_id: Uuid,
    /// Name.
    name: String,
    /// Query string of `GET /api/tasks`, without `limit` and `cursor`.
    query: String,
    /// How it is shown.
    #[schema(value_type = Layout)]
    layout: String,
    /// Whether all members see it.
    shared: bool,
    /// Place in the order of the views: they are sorted by the bytes of this text.
    rank: String,
    /// Version, 1 for a new view; also in the `ETag`.
    #[schema(minimum = 1)]
    version: i64,
    /// Time of creation.
    created_at: Timestamp,
    /// Time of the last change.
    updated_at: Timestamp,
}

/// How the tasks of a view are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ViewLayout)]
pub(crate) enum Layout {
    /// A list.
    #[default]
    List,
    /// A board, with a column for each status.
    Board,
}

impl Layout {
    fn as_str(self) -> &'static str {
        match self {
            Layout::List => "list",
            Layout::Board => "board",
        }
    }
}

/// A new view.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewView {
    /// Name, of one line.
    name: Line<100>,
    /// Query string of `GET /api/tasks`, as in `status=pending&assignee=me`: filters and `sort`. `me` is
    /// whoever looks at it.
    #[serde(default)]
    query: ViewQuery,
    /// How it is shown; `list` by default.
    #[serde(default)]
    layout: Layout,
    /// Whether all members see it. `true` requires `tasks.write`.
    #[serde(default)]
    shared: bool,
}

/// Lists the views that the caller sees, in their order.
#[utoipa::path(
    get,
    path = "/api/views",
    tag = "views",
    operation_id = "listViews",
    params(PageQuery),
    responses(
        (status = 200, description = "A page of views.", body = Page<View>),
        (status = 400, description = "`bad_cursor`: not a cursor of this list. `bad_limit`.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn list(
    caller: Caller<tasks::Read>,
    State(db): State<Db>,
    query: Result<Query<PageQuery>, ApiError>,
) -> Result<Json<Page<View>>, ApiError> {
    let mut tx = db.read(&caller).await?;
    let scope = ("views", caller.user_id());
    let (limit, after) = query?.0.parse::<_, (String, Uuid)>(&caller, &scope)?;
    let (rank, id) = after.unzip();
    tx.plan_for_values().await?;
    let views = sqlx::query_as!(
        View,
        r#"select id, owner_id, name, query, layout, shared, rank, version,
                created_at as "created_at: Timestamp", updated_at as "updated_at: Timestamp"
            from views where organization_id = $4 and ($1::text is null or (rank, id) > ($1, $2::uuid))
            order by rank, id limit $3"#,
        rank,
        id,
        limit.rows(),
        // Row-level security says the same, unseen by the planner.
        caller.organization_id(),
    )
    .fetch_all(&mut *tx)
    .await?;
    tx.commit().await?;
    let page = Page::new(&views, limit, |last| {
        let last = &views[last];
        caller.seal_cursor(&scope, &(&last.rank, last.id))
    })?;
    Ok(Json(page))
}

/// Creates a view, after all others.
#[utoipa::path(
    post,
    path = "/api/views",
    tag = "views",
    operation_id = "createView",
    params(IdempotencyKey),
    request_body = NewView,
    responses(
        (status = 201, description = "The view.", body = View, headers(("ETag" = String, description = "The version, for `If-Match`."))),
        (status = 422, description = "`invalid`: fields with invalid values, in `errors`. `idempotency_key_reused`.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn create(
    caller: Caller<tasks::Read>,
    State(db): State<Db>,
    key: Result<IdempotencyKey, ApiError>,
    body: Result<Json<NewView>, ApiError>,
) -> Result<Response, ApiError> {
    let mut tx = db.write(&caller).await?;
    let (key, Json(new)) = (key?, body?);
    if new.shared {
        tx = tx.require(Permission::TasksWrite).await?;
    }
    new.query.check(caller.user_id())?;
    let request = match key.take(&mut tx, &caller, "POST /api/views", &new).await? {
        Idempotency::Execute(request) => request,
        Idempotency::Replay(response) => return tx.rollback().await.map(|()| response),
    };
    rank::lock(&mut tx, caller.organization_id()).await?;
    let id = Uuid::now_v7();
    let rank = change::last_rank(&mut tx, caller.organization_id()).await?;
    let view = sqlx::query_as!(
        View,
        r#"insert into views (organization_id, id, owner_id, name, query, layout, shared, rank)
            values ($1, $2, $3, $4, $5, $6, $7, $8)
            returning id, owner_id, name, query, layout, shared, rank, version,
                created_at as "created_at: Timestamp", updated_at as "updated_at: Timestamp""#,
        caller.organization_id(),
        id,
        caller.user_id(),
        new.name.as_str(),
        new.query.as_str(),
        new.layout.as_str(),
        new.shared,
        rank,
    )
    .fetch_one(&mut *tx)
    .await?;
    let line = Audit::new("view.create", "view", id).after(view.fields());
    tx.audit(line).await?;
    tx.emit(Event::ViewChanged {
        id,
        version: view.version,
    });
    request
        .commit_with(tx, StatusCode::CREATED, ETag(view.version), &view)
        .await
}

impl View {
    /// A view that nobody else changes until this transaction ends; 404 when there is none that the
    /// caller sees.
    async fn lock(tx: &mut Tx, id: Uuid) -> Result<View, ApiError> {
        sqlx::query_as!(
            View,
            r#"select id, owner_id, name, query, layout, shared, rank, version,
                    created_at as "created_at: Timestamp", updated_at as "updated_at: Timestamp"
                from views where id = $1 for update"#,
            id
        )
        .fetch_optional(&mut **tx)
        .await?
        .ok_or(ApiError::NotFound)
    }

    /// What people set, for the audit trail.
    fn fields(&self) -> serde_json::Value {
        json!({
            "name": self.name,
            "query": self.query,
            "layout": self.layout,
            "shared": self.shared,
            "rank": self.rank,
        })
    }
}
