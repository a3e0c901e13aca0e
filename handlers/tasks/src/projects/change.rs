//! `PATCH /api/projects/{project_id}`: its name, colour and place, and whether it is archived.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use miyabi_core::{
    ApiError, Audit, Caller, Db, ETag, Event, IfMatch, Json, Line, Path, Problem, Timestamp, Tx,
    permission::tasks,
};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Project;
use crate::{change::given, color::Color, rank};

/// Length of a key beyond which all projects of the organization get new ones: half of what the
/// check `projects_rank_shape` allows.
const LONG: usize = 100;

/// A change to a project, as a JSON merge patch (RFC 7396). Absent members stay unchanged.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProjectChange {
    /// Name, of one line.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    name: Option<Line<100>>,
    /// Colour, `#rrggbb`.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, nullable = false, pattern = "^#[0-9a-fA-F]{6}$")]
    color: Option<Color>,
    /// `true` archives it, `false` restores it. Its tasks stay in it.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    archived: Option<bool>,
    /// Moves it behind this project; null: before all others.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Uuid>)]
    after: Option<Option<Uuid>>,
}

/// Updates a project.
///
/// A change that changes nothing keeps the version.
#[utoipa::path(
    patch,
    path = "/api/projects/{project_id}",
    tag = "projects",
    operation_id = "updateProject",
    params(
        ("project_id" = Uuid, Path, description = "Id of the project."),
        IfMatch,
    ),
    request_body = ProjectChange,
    responses(
        (status = 200, description = "The project.", body = Project, headers(("ETag" = String, description = "The version, for `If-Match`."))),
        (status = 412, description = "`stale_version`: `If-Match` is not the current version.", body = Problem, content_type = "application/problem+json"),
        (status = 428, description = "`version_required`: `If-Match` is missing.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn change(
    caller: Caller<tasks::Write>,
    State(db): State<Db>,
    path: Result<Path<Uuid>, ApiError>,
    if_match: Result<IfMatch, ApiError>,
    body: Result<Json<ProjectChange>, ApiError>,
) -> Result<Response, ApiError> {
    let mut tx = db.write(&caller).await?;
    let (Path(id), if_match, Json(change)) = (path?, if_match?, body?);
    let organization = caller.organization_id();
    if change.after.is_some() {
        rank::lock(&mut tx, organization).await?;
    }
    let before = Project::lock(&mut tx, id).await?;
    if_match.check(before.version)?;
    let name = change.name.map_or(before.name.clone(), Into::into);
    let color = change.color.map_or(before.color.clone(), Color::into_text);
    let is_archived = before.archived_at.is_some();
    let archived = change.archived.unwrap_or(is_archived);
    let rank = match change.after {
        Some(after) if after != Some(id) => move_behind(&mut tx, organization, id, after).await?,
        _ => None,
    };
    if name == before.name && color == before.color && archived == is_archived && rank.is_none() {
        tx.rollback().await?;
        return Ok((ETag(before.version), Json(before)).into_response());
    }
    let project = sqlx::query_as!(
        Project,
        r#"update projects set name = $2, color = $3, rank = coalesce($4, rank),
                archived_at = case when $5 then coalesce(archived_at, now()) end,
                version = version + 1, updated_at = now()
            where id = $1
            returning id, name, color, rank, archived_at as "archived_at: Timestamp", version,
                created_at as "created_at: Timestamp", updated_at as "updated_at: Timestamp""#,
        id,
        name,
        color,
        rank,
        archived,
    )
    .fetch_one(&mut *tx)
    .await?;
    let line = Audit::new("project.update", "project", id);
    tx.audit(line.before(before.fields()).after(project.fields()))
        .await?;
    tx.emit(Event::ProjectChanged {
        id,
        version: project.version,
    });
    tx.commit_with(ETag(project.version), &project).await
}

/// The key of a project that comes after all others. Hold the order's lock.
///
/// # Errors
///
/// Those of the database.
pub(super) async fn last_rank(
    tx: &mut Tx,
    organization: Uuid,
    id: Uuid,
) -> Result<String, ApiError> {
    for _ in 0..2 {
        let last = sqlx::query_scalar!(
            "select rank from projects where organization_id = $1 and id <> $2 order by rank desc, id desc limit 1",
            organization,
            id
        )
        .fetch_optional(&mut **tx)
        .await?;
        match rank::between(&last.unwrap_or_default(), None) {
            Some(rank) if rank.len() <= LONG => return Ok(rank),
            _ => renumber(tx, organization).await?,
        }
    }
    Err(no_room())
}

/// The key of a project behind another one; `None` when it is there already. Hold the order's lock.
///
/// # Errors
///
/// 422 when the other one is not a project of the organization.
async fn move_behind(
    tx: &mut Tx,
    organization: Uuid,
    id: Uuid,
    after: Option<Uuid>,
) -> Result<Option<String>, ApiError> {
    for _ in 0..2 {
        let low = match after {
            None => String::new(),
            Some(after) => sqlx::query_scalar!("select rank from projects where id = $1", after)
                .fetch_optional(&mut **tx)
                .await?
                .ok_or_else(|| {
                    ApiError::invalid("after", "is not a project of this organization")
                })?,
        };
        let next = sqlx::query!(
            "select id, rank from projects where organization_id = $1 and (rank, id) > ($2, $3) order by rank, id limit 1",
            organization,
            low,
            after.unwrap_or_default(),
        )
        .fetch_optional(&mut **tx)
        .await?;
        if next.as_ref().is_some_and(|next| next.id == id) {
            return Ok(None);
        }
        let high = next.as_ref().map(|next| next.rank.as_str());
        match rank::between(&low, high) {
            Some(rank) if rank.len() <= LONG => return Ok(Some(rank)),
            _ => renumber(tx, organization).await?,
        }
    }
    Err(no_room())
}

/// Gives all projects of the organization short keys in the order that they have.
async fn renumber(tx: &mut Tx, organization: Uuid) -> Result<(), ApiError> {
    sqlx::query!(
        "update projects p set rank = lpad(placed.place::text, 9, '0') || 'V'
         from (select id, row_number() over (order by rank, id) as place from projects where organization_id = $1) placed
         where p.organization_id = $1 and p.id = placed.id",
        organization
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

fn no_room() -> ApiError {
    ApiError::Internal("Projects with new keys have no room between them.".to_owned())
}
