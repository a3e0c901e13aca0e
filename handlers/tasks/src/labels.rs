//! `/api/labels`: the labels of an organization.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use miyabi_core::{
    ApiError, Audit, Caller, Db, ETag, Event, IdempotencyKey, IfMatch, Json, Limit, Line,
    OnConstraint, Once, Page, Path, Problem, Query, Timestamp, Tx, fold, permission::tasks,
};
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// A label.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Label {
    /// Never changes.
    id: Uuid,
    /// Its name. No two labels look the same: capitals and Unicode normalizations are not told apart.
    name: String,
    /// Its colour, `#rrggbb`.
    color: String,
    /// Counts its changes from 1; also in the `ETag`.
    version: i64,
    /// When it was made.
    created_at: Timestamp,
    /// When it was last changed.
    updated_at: Timestamp,
}

/// A label to make.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewLabel {
    /// Its name. No two labels look the same: capitals and Unicode normalizations are not told apart.
    name: Line<50>,
    /// Its colour, `#rrggbb`; grey when not given.
    #[serde(default)]
    #[schema(value_type = String, pattern = "^#[0-9a-fA-F]{6}$")]
    color: Color,
}

/// A change to a label. What is not there stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LabelChange {
    /// Its name.
    #[serde(default, deserialize_with = "crate::change::given")]
    #[schema(nullable = false)]
    name: Option<Line<50>>,
    /// Its colour, `#rrggbb`.
    #[serde(default, deserialize_with = "crate::change::given")]
    #[schema(value_type = Option<String>, nullable = false, pattern = "^#[0-9a-fA-F]{6}$")]
    color: Option<Color>,
}

/// `#rrggbb`, in small letters.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
struct Color(String);

impl Default for Color {
    fn default() -> Color {
        Color("#64748b".to_owned())
    }
}

impl<'de> Deserialize<'de> for Color {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Color, D::Error> {
        let text = String::deserialize(deserializer)?.to_ascii_lowercase();
        let digits = text.strip_prefix('#').unwrap_or_default();
        if digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Ok(Color(text));
        }
        Err(de::Error::custom("must be a colour like #64748b"))
    }
}

/// Which labels.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct LabelsAsked {
    /// How many at most, 1 to 100; 50 when not given.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 100, default = 50)]
    limit: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Lists the labels by name.
#[utoipa::path(
    get,
    path = "/api/labels",
    tag = "labels",
    params(LabelsAsked),
    responses(
        (status = 200, description = "A page of labels.", body = Page<Label>),
        (status = 400, description = "`bad_cursor`, `bad_limit`", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn list(
    caller: Caller<tasks::Read>,
    State(db): State<Db>,
    query: Result<Query<LabelsAsked>, ApiError>,
) -> Result<Json<Page<Label>>, ApiError> {
    let mut tx = db.read(&caller).await?;
    let Query(asked) = query?;
    let limit = Limit::parse(asked.limit.as_deref())?;
    // The name in the cursor is the one that the list is sorted by.
    let after: Option<String> = asked
        .cursor
        .map(|cursor| caller.open_cursor(&"labels", &cursor))
        .transpose()?;
    let labels = sqlx::query_as!(
        Label,
        r#"select id, name, color, version, created_at as "created_at: Timestamp", updated_at as "updated_at: Timestamp"
            from labels where $1::text is null or name_key > lower($1) order by name_key limit $2"#,
        after,
        limit.rows()
    )
    .fetch_all(&mut *tx)
    .await?;
    tx.commit().await?;
    let names: Vec<String> = labels.iter().map(|label| label.name.clone()).collect();
    let page = Page::new(labels, limit, |last| {
        caller.seal_cursor(&"labels", &names[last])
    })?;
    Ok(Json(page))
}

/// Makes a label.
#[utoipa::path(
    post,
    path = "/api/labels",
    tag = "labels",
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 visible ASCII characters, a new one for each request.")),
    request_body = NewLabel,
    responses(
        (status = 201, description = "The label.", body = Label, headers(("ETag" = String, description = "Its version, for `If-Match`."))),
        (status = 409, description = "`label_exists`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid`, `idempotency_key_reused`", body = Problem, content_type = "application/problem+json"),
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
    let first = match key.take(&mut tx, &caller, "POST /api/labels", &new).await? {
        Once::First(first) => first,
        Once::Again(answer) => return tx.rollback().await.map(|()| answer),
    };
    let label = sqlx::query_as!(
        Label,
        r#"insert into labels (organization_id, id, name, name_fold, color) values ($1, $2, $3, $5, $4)
            returning id, name, color, version, created_at as "created_at: Timestamp", updated_at as "updated_at: Timestamp""#,
        caller.organization_id(),
        Uuid::now_v7(),
        new.name.as_str(),
        new.color.0,
        fold(new.name.as_str()),
    )
    .fetch_one(&mut *tx)
    .await
    .on_constraint("labels_name_key", exists_already)
    .on_constraint("labels_name_fold", exists_already)?;
    let line = Audit::new("label.create", "label", label.id).after(label.fields());
    tx.audit(line).await?;
    tx.emit(Event::LabelChanged { id: label.id });
    let etag = ETag(label.version);
    let answer = first
        .answer(&mut tx, StatusCode::CREATED, etag, &label)
        .await?;
    tx.commit().await?;
    Ok(answer)
}

/// Changes a label.
#[utoipa::path(
    patch,
    path = "/api/labels/{label_id}",
    tag = "labels",
    params(
        ("label_id" = Uuid, Path, description = "The label."),
        ("If-Match" = String, Header, description = "The version that was seen, `\"3\"`."),
    ),
    request_body = LabelChange,
    responses(
        (status = 200, description = "The label.", body = Label, headers(("ETag" = String, description = "Its version, for `If-Match`."))),
        (status = 409, description = "`label_exists`", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "`stale_version`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid`", body = Problem, content_type = "application/problem+json"),
        (status = 428, description = "`version_required`", body = Problem, content_type = "application/problem+json"),
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
    let color = change.color.map_or(before.color.clone(), |color| color.0);
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
    tx.emit(Event::LabelChanged { id });
    tx.commit_with(ETag(label.version), &label).await
}

/// Deletes a label and takes it off all tasks. It cannot be restored.
#[utoipa::path(
    delete,
    path = "/api/labels/{label_id}",
    tag = "labels",
    params(
        ("label_id" = Uuid, Path, description = "The label."),
        ("If-Match" = Option<String>, Header, description = "The version that was seen, `\"3\"`. Left out: whichever it is."),
    ),
    responses(
        (status = 204, description = "It is deleted."),
        (status = 412, description = "`stale_version`", body = Problem, content_type = "application/problem+json"),
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
    sqlx::query!("delete from labels where id = $1", id)
        .execute(&mut *tx)
        .await?;
    let line = Audit::new("label.delete", "label", id);
    tx.audit(line.before(label.fields())).await?;
    tx.emit(Event::LabelChanged { id });
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
    ApiError::conflict("label_exists", "There is a label of that name already.")
}

impl Label {
    /// What people set, for the audit trail.
    fn fields(&self) -> serde_json::Value {
        json!({ "name": self.name, "color": self.color })
    }
}
