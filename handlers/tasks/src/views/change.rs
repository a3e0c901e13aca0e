//! `PATCH` and `DELETE /api/views/{view_id}`.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use miyabi_core::{
    ApiError, Audit, Caller, Db, ETag, Event, IfMatch, Json, Line, OptionalIfMatch, Path,
    Permission, Problem, Timestamp, Tx, permission::tasks,
};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Layout, View, query::ViewQuery};
use crate::{change::given, rank};

/// A change to a view, as a JSON merge patch (RFC 7396). Absent members stay unchanged.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ViewChange {
    /// Name, of one line.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    name: Option<Line<100>>,
    /// Query string of `GET /api/tasks`: filters and `sort`.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    query: Option<ViewQuery>,
    /// How it is shown.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    layout: Option<Layout>,
    /// Whether all members see it. Only its owner makes it private again.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    shared: Option<bool>,
    /// Moves it behind this view; null: before all others.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Uuid>)]
    after: Option<Option<Uuid>>,
}

/// Updates a view.
///
/// A change that changes nothing keeps the version. A shared view, before or after the change,
/// requires `tasks.write` too.
#[utoipa::path(
    patch,
    path = "/api/views/{view_id}",
    tag = "views",
    operation_id = "updateView",
    params(
        ("view_id" = Uuid, Path, description = "Id of the view."),
        IfMatch,
    ),
    request_body = ViewChange,
    responses(
        (status = 200, description = "The view.", body = View, headers(("ETag" = String, description = "The version, for `If-Match`."))),
        (status = 403, description = "`missing_permission`. `not_the_owner`: only the owner of a shared view makes it private.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`no_room`: too many views were moved to this place.", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "`stale_version`: `If-Match` is not the current version.", body = Problem, content_type = "application/problem+json"),
        (status = 428, description = "`version_required`: `If-Match` is missing.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn change(
    caller: Caller<tasks::Read>,
    State(db): State<Db>,
    path: Result<Path<Uuid>, ApiError>,
    if_match: Result<IfMatch, ApiError>,
    body: Result<Json<ViewChange>, ApiError>,
) -> Result<Response, ApiError> {
    let mut tx = db.write(&caller).await?;
    let (Path(id), if_match, Json(change)) = (path?, if_match?, body?);
    let organization = caller.organization_id();
    if change.after.is_some() {
        rank::lock(&mut tx, organization).await?;
    }
    let before = View::lock(&mut tx, id).await?;
    let shared = change.shared.unwrap_or(before.shared);
    if before.shared || shared {
        tx = tx.require(Permission::TasksWrite).await?;
    }
    if !shared && before.owner_id != caller.user_id() {
        return Err(ApiError::forbidden(
            "not_the_owner",
            "Only its owner makes a shared view private.",
        ));
    }
    if_match.check(before.version)?;
    if let Some(query) = &change.query {
        query.check(caller.user_id())?;
    }
    let name = change.name.map_or(before.name.clone(), Into::into);
    let query = change
        .query
        .map_or(before.query.clone(), |query| query.as_str().to_owned());
    let layout = change
        .layout
        .map_or(before.layout.clone(), |layout| layout.as_str().to_owned());
    let rank = match change.after {
        Some(after) if after != Some(id) => move_behind(&mut tx, organization, id, after).await?,
        _ => None,
    };
    let is_same = name == before.name
        && query == before.query
        && layout == before.layout
        && shared == before.shared;
    if is_same && rank.is_none() {
        tx.rollback().await?;
        return Ok((ETag(before.version), Json(before)).into_response());
    }
    let view = sqlx::query_as!(
        View,
        r#"update views set name = $2, query = $3, layout = $4, shared = $5, rank = coalesce($6, rank),
                version = version + 1, updated_at = now()
            where id = $1
            returning id, owner_id, name, query, layout, shared, rank, version,
                created_at as "created_at: Timestamp", updated_at as "updated_at: Timestamp""#,
        id,
        name,
        query,
        layout,
        shared,
        rank,
    )
    .fetch_one(&mut *tx)
    .await?;
    let line = Audit::new("view.update", "view", id);
    tx.audit(line.before(before.fields()).after(view.fields()))
        .await?;
    tx.emit(Event::ViewChanged {
        id,
        version: view.version,
    });
    tx.commit_with(ETag(view.version), &view).await
}

/// Deletes a view.
///
/// A deleted view cannot be restored. Its tasks stay. A shared one requires `tasks.write`.
#[utoipa::path(
    delete,
    path = "/api/views/{view_id}",
    tag = "views",
    operation_id = "deleteView",
    params(
        ("view_id" = Uuid, Path, description = "Id of the view."),
        OptionalIfMatch,
    ),
    responses(
        (status = 204, description = "The view was deleted."),
        (status = 412, description = "`stale_version`: `If-Match` is not the current version.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn remove(
    caller: Caller<tasks::Read>,
    State(db): State<Db>,
    path: Result<Path<Uuid>, ApiError>,
    if_match: Result<Option<IfMatch>, ApiError>,
) -> Result<StatusCode, ApiError> {
    let mut tx = db.write(&caller).await?;
    let (Path(id), if_match) = (path?, if_match?);
    let view = View::lock(&mut tx, id).await?;
    if view.shared {
        tx = tx.require(Permission::TasksWrite).await?;
    }
    if let Some(if_match) = if_match {
        if_match.check(view.version)?;
    }
    sqlx::query!("delete from views where id = $1", id)
        .execute(&mut *tx)
        .await?;
    let line = Audit::new("view.delete", "view", id);
    tx.audit(line.before(view.fields())).await?;
    tx.emit(Event::ViewChanged {
        id,
        version: view.version + 1,
    });
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The key of a view that comes after all that the caller sees. Hold the order's lock.
///
/// # Errors
///
/// 409 when there is no room after them, and those of the database.
pub(super) async fn last_rank(tx: &mut Tx, organization: Uuid) -> Result<String, ApiError> {
    let last = sqlx::query_scalar!(
        "select rank from views where organization_id = $1 order by rank desc, id desc limit 1",
        organization
    )
    .fetch_optional(&mut **tx)
    .await?;
    room(rank::between(&last.unwrap_or_default(), None))
}

/// The key of a view behind another one; `None` when it is there already. Hold the order's lock.
/// Views that the caller does not see are between others as it happens: nobody sees both.
///
/// # Errors
///
/// 422 when the other one is not a view that the caller sees, 409 when there is no room behind it.
async fn move_behind(
    tx: &mut Tx,
    organization: Uuid,
    id: Uuid,
    after: Option<Uuid>,
) -> Result<Option<String>, ApiError> {
    let low = match after {
        None => String::new(),
        Some(after) => sqlx::query_scalar!("select rank from views where id = $1", after)
            .fetch_optional(&mut **tx)
            .await?
            .ok_or_else(|| ApiError::invalid("after", "is not a view that you see"))?,
    };
    let next = sqlx::query!(
        "select id, rank from views where organization_id = $1 and (rank, id) > ($2, $3) order by rank, id limit 1",
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
    room(rank::between(&low, high)).map(Some)
}

/// Length of a key that the check `views_rank_shape` allows: about a thousand moves to one place.
const LONGEST: usize = 200;

fn room(rank: Option<String>) -> Result<String, ApiError> {
    let short = rank.filter(|rank| rank.len() <= LONGEST);
    short.ok_or_else(|| {
        ApiError::conflict(
            "no_room",
            "There is no room at this place. Move another view instead.",
        )
    })
}
