//! `/api/labels`: the labels of an organization.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use miyabi_core::{
    ApiError, Audit, Caller, Db, ETag, Event, Idempotency, IdempotencyKey, IfMatch, Json, Line,
    OnConstraint, OptionalIfMatch, Page, PageQuery, Path, Problem, Query, Timestamp, Tx, fold,
    permission::tasks,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::color::Color;

/// A label.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Label {
    /// Id.
    id: Uuid,
    /// Name, unique in the organization regardless of case and Unicode normalization.
    name: String,
    /// Colour, `#rrggbb` in lower case.
    color: String,
    /// Version, 1 for a new label; also in the `ETag`.
    #[schema(minimum = 1)]
    version: i64,
    /// Time of creation.
    created_at: Timestamp,
    /// Time of the last change.
    updated_at: Timestamp,
}

/// A new label.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewLabel {
    /// Name, unique in the organization regardless of case and Unicode normalization.
    name: Line<50>,
    /// Colour, `#rrggbb`; grey by default.
    #[serde(default)]
    #[schema(value_type = String, pattern = "^#[0-9a-fA-F]{6}$")]
    color: Color,
}

/// A change to a label, as a JSON merge patch (RFC 7396). Absent members stay unchanged.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LabelChange {
    /// Name, unique in the organization regardless of case and Unicode normalization.
    #[serde(default, deserialize_with = "crate::change::given")]
    #[schema(nullable = false)]
    name: Option<Line<50>>,
    /// Colour, `#rrggbb`.
    #[serde(default, deserialize_with = "crate::change::given")]
    #[schema(value_type = Option<String>, nullable = false, pattern = "^#[0-9a-fA-F]{6}$")]
    color: Option<Color>,
}

/// Lists the labels by name.
#[utoipa::path(
    get,
    path = "/api/labels",
    tag = "labels",
    operation_id = "listLabels",
    params(PageQuery),
    responses(
        (status = 200, description = "A page of labels.", body = Page<Label>),
        (status = 400, description = "`bad_cursor`: not a cursor of this list. `bad_limit`.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn list(
    caller: Caller<tasks::Read>,
    State(db): State<Db>,
    query: Result<Query<PageQuery>, ApiError>,
) -> Result<Json<Page<Label>>, ApiError> {
    let mut tx = db.read(&caller).await?;
    // The name in the cursor is the one that the list is sorted by.
    let (limit, after) = query?.0.parse::<_, String>(&caller, &"labels")?;
    tx.plan_for_values().await?;
    let labels = sqlx::query_as!(
        Label,
        r#"select id, name, color, version, created_at as "created_at: Timestamp", updated_at as "updated_at: Timestamp"
            from labels where organization_id = $3 and ($1::text is null or name_key > lower($1))
            order by name_key limit $2"#,
        after,
        limit.rows(),
        // Row-level security says the same, unseen by the planner.
        caller.organization_id(),
    )
    .fetch_all(&mut *tx)
    .await?;
    tx.commit().await?;
    let page = Page::new(&labels, limit, |last| {
        caller.seal_cursor(&"labels", &labels[last].name)
    })?;
    Ok(Json(page))
}

/// Creates a label.
#[utoipa::path(
    post,
    path = "/api/labels",
    tag = "labels",
    operation_id = "createLabel",
    params(IdempotencyKey),
    request_body = NewLabel,
    responses(
        (status = 201, description = "The label.", body = Label, headers(("ETag" = String, description = "The version, for `If-Match`."))),
        (status = 409, description = "`label_exists`: another label has this name.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid`: fields with invalid values, in `errors`. `idempotency_key_reused`.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn create(
    caller: Caller<tasks::Write>,
    State(db): State<Db>,
    key: Result<IdempotencyKey, ApiError>,
    body: Result<Json<NewLabel>, ApiError>,
) -> Result<Response, ApiError> {
    let mut tx = db.write(&caller).await?;
    let (key, Json(new)) = (key?, body?);
    let request = match key.take(&mut tx, &caller, "POST /api/labels", &new).await? {
        Idempotency::Execute(request) => request,
        Idempotency::Replay(response) => return tx.rollback().await.map(|()| response),
    };
    let label = sqlx::query_as!(
        Label,
        r#"insert into labels (organization_id, id, name, name_fold, color) values ($1, $2, $3, $5, $4)
            returning id, name, color, version, created_at as "created_at: Timestamp", updated_at as "updated_at: Timestamp""#,
        caller.organization_id(),
        Uuid::now_v7(),
        new.name.as_str(),
        new.color.into_text(),
        fold(new.name.as_str()),
    )
    .fetch_one(&mut *tx)
    .await
    .on_constraint("labels_name_key", exists_already)
    .on_constraint("labels_name_fold", exists_already)?;
    let line = Audit::new("label.create", "label", label.id).after(label.fields());
    tx.audit(line).await?;
    tx.emit(Event::LabelChanged {
        id: label.id,
        version: label.version,
    });
    request
        .commit_with(tx, StatusCode::CREATED, ETag(label.version), &label)
        .await
}

/// Updates a label.
#[utoipa::path(
    patch,
    path = "/api/labels/{label_id}",
    tag = "labels",
    operation_id = "updateLabel",
    params(
        ("label_id" = Uuid, Path, description = "Id of the label."),
        IfMatch,
    ),
    request_body = LabelChange,
    responses(
        (status = 200, description = "The label.", body = Label, headers(("ETag" = String, description = "The version, for `If-Match`."))),
        (status = 409, description = "`label_exists`: another label has this name.", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "`stale_version`: `If-Match` is not the current version.", body = Problem, content_type = "application/problem+json"),
        (status = 428, description = "`version_required`: `If-Match` is missing.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn change(
    caller: Caller<tasks::Write>,
    State(db): State<Db>,
    path: Result<Path<Uuid>, ApiError>,
    if_match: Result<IfMatch, ApiError>,
    body: Result<Json<LabelChange>, ApiError>,
) -> Result<Response, ApiError> {
    let mut tx = db.write(&caller).await?;
    let (Path(id), if_match, Json(change)) = (path?, if_match?, body?);
    let before = lock(&mut tx, id).await?;
    if_match.check(before.version)?;
    let name = change.name.map_or(before.name.clone(), Into::into);
    let color = change.color.map_or(before.color.clone(), Color::into_text);
    if name == before.name && color == before.color {
        tx.rollback().await?;
        return Ok((ETag(before.version), Json(before)).into_response());
    }
    let label = sqlx::query_as!(
        Label,
        r#"update labels set name = $2, name_fold = $4, color = $3, version = version + 1, updated_at = now() where id = $1
            returning id, name, color, version, created_at as "created_at: Timestamp", updated_at as "updated_at: Timestamp""#,
        id,
        name,
        color,
        fold(&name),
    )
    .fetch_one(&mut *tx)
    .await
    .on_constraint("labels_name_key", exists_already)
    .on_constraint("labels_name_fold", exists_already)?;
    let line = Audit::new("label.update", "label", id);
    tx.audit(line.before(before.fields()).after(label.fields()))
        .await?;
    tx.emit(Event::LabelChanged {
        id,
        version: label.version,
    });
    tx.commit_with(ETag(label.version), &label).await
}

/// Deletes a label and removes it from all tasks.
///
/// A deleted label cannot be restored.
#[utoipa::path(
    delete,
    path = "/api/labels/{label_id}",
    tag = "labels",
    operation_id = "deleteLabel",
    params(
        ("label_id" = Uuid, Path, description = "Id of the label."),
        OptionalIfMatch,
    ),
    responses(
        (status = 204, description = "The label was deleted."),
        (status = 412, description = "`stale_version`: `If-Match` is not the current version.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn remove(
    caller: Caller<tasks::Delete>,
    State(db): State<Db>,
    path: Result<Path<Uuid>, ApiError>,
    if_match: Result<Option<IfMatch>, ApiError>,
) -> Result<StatusCode, ApiError> {
    let mut tx = db.write(&caller).await?;
    let (Path(id), if_match) = (path?, if_match?);
    let label = lock(&mut tx, id).await?;
    if let Some(if_match) = if_match {
        if_match.check(label.version)?;
    }
    let version = sqlx::query_scalar!("delete from labels where id = $1 returning version", id)
        .fetch_one(&mut *tx)
        .await?;
    let line = Audit::new("label.delete", "label", id);
    tx.audit(line.before(label.fields())).await?;
    tx.emit(Event::LabelChanged {
        id,
        version: version + 1,
    });
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A label that nobody else changes until this transaction ends; 404 when there is none.
async fn lock(tx: &mut Tx, id: Uuid) -> Result<Label, ApiError> {
    sqlx::query_as!(
        Label,
        r#"select id, name, color, version, created_at as "created_at: Timestamp", updated_at as "updated_at: Timestamp"
            from labels where id = $1 for update"#,
        id
    )
    .fetch_optional(&mut **tx)
    .await?
    .ok_or(ApiError::NotFound)
}

fn exists_already() -> ApiError {
    ApiError::conflict("label_exists", "A label with this name exists already.")
}

impl Label {
    /// What people set, for the audit trail.
    fn fields(&self) -> serde_json::Value {
        json!({ "name": self.name, "color": self.color })
    }
}
