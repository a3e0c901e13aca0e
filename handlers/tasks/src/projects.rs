//! `/api/projects`: the projects of an organization, in the order that people give them.

mod change;

pub(crate) use change::{__path_change, change};

use axum::{extract::State, response::Response};
use http::StatusCode;
use miyabi_core::{
    ApiError, Audit, Caller, Db, ETag, Event, Idempotency, IdempotencyKey, Json, Line, Page,
    PageQuery, Problem, Query, Timestamp, Tx, permission::tasks,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{color::Color, rank};

/// A project.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Project {
    /// Id.
    id: Uuid,
    /// Name.
    name: String,
    /// Colour, `#rrggbb` in lower case.
    color: String,
    /// Place in the order of the projects: they are sorted by the bytes of this text.
    rank: String,
    /// Time at which it was archived; null unless it is.
    archived_at: Option<Timestamp>,
    /// Version, 1 for a new project; also in the `ETag`.
    #[schema(minimum = 1)]
    version: i64,
    /// Time of creation.
    created_at: Timestamp,
    /// Time of the last change.
    updated_at: Timestamp,
}

/// A new project.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewProject {
    /// Name, of one line.
    name: Line<100>,
    /// Colour, `#rrggbb`; grey by default.
    #[serde(default)]
    #[schema(value_type = String, pattern = "^#[0-9a-fA-F]{6}$")]
    color: Color,
}

/// Lists the projects in their order.
///
/// Includes archived ones.
#[utoipa::path(
    get,
    path = "/api/projects",
    tag = "projects",
    operation_id = "listProjects",
    params(PageQuery),
    responses(
        (status = 200, description = "A page of projects.", body = Page<Project>),
        (status = 400, description = "`bad_cursor`: not a cursor of this list. `bad_limit`.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn list(
    caller: Caller<tasks::Read>,
    State(db): State<Db>,
    query: Result<Query<PageQuery>, ApiError>,
) -> Result<Json<Page<Project>>, ApiError> {
    let mut tx = db.read(&caller).await?;
    let (limit, after) = query?.0.parse::<_, (String, Uuid)>(&caller, &"projects")?;
    let (rank, id) = after.unzip();
    tx.plan_for_values().await?;
    let projects = sqlx::query_as!(
        Project,
        r#"select id, name, color, rank, archived_at as "archived_at: Timestamp", version,
                created_at as "created_at: Timestamp", updated_at as "updated_at: Timestamp"
            from projects where organization_id = $4 and ($1::text is null or (rank, id) > ($1, $2::uuid))
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
    let page = Page::new(&projects, limit, |last| {
        let last = &projects[last];
        caller.seal_cursor(&"projects", &(&last.rank, last.id))
    })?;
    Ok(Json(page))
}

/// Creates a project, after all others.
#[utoipa::path(
    post,
    path = "/api/projects",
    tag = "projects",
    operation_id = "createProject",
    params(IdempotencyKey),
    request_body = NewProject,
    responses(
        (status = 201, description = "The project.", body = Project, headers(("ETag" = String, description = "The version, for `If-Match`."))),
        (status = 422, description = "`invalid`: fields with invalid values, in `errors`. `idempotency_key_reused`.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn create(
    caller: Caller<tasks::Write>,
    State(db): State<Db>,
    key: Result<IdempotencyKey, ApiError>,
    body: Result<Json<NewProject>, ApiError>,
) -> Result<Response, ApiError> {
    let mut tx = db.write(&caller).await?;
    let (key, Json(new)) = (key?, body?);
    let route = "POST /api/projects";
    let request = match key.take(&mut tx, &caller, route, &new).await? {
        Idempotency::Execute(request) => request,
        Idempotency::Replay(response) => return tx.rollback().await.map(|()| response),
    };
    rank::lock(&mut tx, caller.organization_id()).await?;
    let id = Uuid::now_v7();
    let rank = change::last_rank(&mut tx, caller.organization_id(), id).await?;
    let project = sqlx::query_as!(
        Project,
        r#"insert into projects (organization_id, id, name, color, rank) values ($1, $2, $3, $4, $5)
            returning id, name, color, rank, archived_at as "archived_at: Timestamp", version,
                created_at as "created_at: Timestamp", updated_at as "updated_at: Timestamp""#,
        caller.organization_id(),
        id,
        new.name.as_str(),
        new.color.into_text(),
        rank,
    )
    .fetch_one(&mut *tx)
    .await?;
    let line = Audit::new("project.create", "project", id).after(project.fields());
    tx.audit(line).await?;
    tx.emit(Event::ProjectChanged {
        id,
        version: project.version,
    });
    request
        .commit_with(tx, StatusCode::CREATED, ETag(project.version), &project)
        .await
}

impl Project {
    /// A project that nobody else changes until this transaction ends; 404 when there is none.
    async fn lock(tx: &mut Tx, id: Uuid) -> Result<Project, ApiError> {
        sqlx::query_as!(
            Project,
            r#"select id, name, color, rank, archived_at as "archived_at: Timestamp", version,
                    created_at as "created_at: Timestamp", updated_at as "updated_at: Timestamp"
                from projects where id = $1 for no key update"#,
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
            "color": self.color,
            "rank": self.rank,
            "archived_at": self.archived_at,
        })
    }
}
