//! `/api/organizations`: those of the caller, a new one, and another name.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use miyabi_core::{
    ApiError, Audit, Caller, Db, ETag, Event, Idempotency, IdempotencyKey, IfMatch, Json, Line,
    Page, PageQuery, Path, Problem, Query, Timestamp, Tx, permission::org,
};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::task_key::TaskKey;

/// An organization.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Organization {
    /// Id.
    pub(crate) id: Uuid,
    /// Name.
    pub(crate) name: String,
    /// Stands before the numbers of tasks: `MIY` of `MIY-12`.
    #[schema(pattern = "^[A-Z]{2,5}$")]
    pub(crate) task_key: String,
    /// Version, 1 for a new organization; also in the `ETag`.
    #[schema(minimum = 1)]
    pub(crate) version: i64,
    /// Time of creation.
    pub(crate) created_at: Timestamp,
}

/// An organization that the caller belongs to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OwnOrganization {
    /// Id.
    id: Uuid,
    /// Name.
    name: String,
    /// Role of the caller.
    role: String,
    /// Time at which the caller joined first.
    joined_at: Timestamp,
    /// Time of deletion; null unless it was deleted.
    deleted_at: Option<Timestamp>,
    /// Until when a deleted organization can be restored; null unless it was deleted.
    restorable_until: Option<Timestamp>,
}

/// A new organization.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewOrganization {
    /// Name, of one line.
    name: Line<100>,
}

/// A change to an organization, as a JSON merge patch (RFC 7396). Absent members stay unchanged.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrganizationChange {
    /// Name, of one line.
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    name: Option<Line<100>>,
    /// Stands before the numbers of tasks, 2 to 5 letters from A to Z. The numbers stay.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, nullable = false, pattern = "^[A-Z]{2,5}$")]
    task_key: Option<TaskKey>,
}

/// A member that is present; null is refused.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Lists the organizations of the caller, by id.
///
/// Includes deleted ones that can still be restored.
#[utoipa::path(
    get,
    path = "/api/organizations",
    tag = "organizations",
    operation_id = "listOrganizations",
    params(PageQuery),
    responses(
        (status = 200, description = "A page of organizations.", body = Page<OwnOrganization>),
        (status = 400, description = "`bad_cursor`: not a cursor of this list. `bad_limit`.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn list(
    caller: Caller,
    State(db): State<Db>,
    query: Result<Query<PageQuery>, ApiError>,
) -> Result<Json<Page<OwnOrganization>>, ApiError> {
    let mut tx = db.read(&caller).await?;
    let scope = ("organizations", caller.user_id());
    let (limit, after) = query?.0.parse::<_, Uuid>(&caller, &scope)?;
    let rows = i32::try_from(limit.rows()).unwrap_or(i32::MAX);
    let organizations = sqlx::query_as!(
        OwnOrganization,
        r#"select organization_id as "id!", name as "name!", role as "role!", joined_at as "joined_at!: Timestamp",
                deleted_at as "deleted_at: Timestamp", restorable_until as "restorable_until: Timestamp"
           from app.my_memberships($1, $2)"#,
        after,
        rows
    )
    .fetch_all(&mut *tx)
    .await?;
    tx.commit().await?;
    let page = Page::new(&organizations, limit, |last| {
        caller.seal_cursor(&scope, &organizations[last].id)
    })?;
    Ok(Json(page))
}

/// Creates an organization with the caller as its owner.
///
/// The access token stays that of the present organization: `POST /api/auth/switch` issues one for
/// the new organization.
#[utoipa::path(
    post,
    path = "/api/organizations",
    tag = "organizations",
    operation_id = "createOrganization",
    params(IdempotencyKey),
    request_body = NewOrganization,
    responses(
        (status = 201, description = "The organization.", body = Organization, headers(("ETag" = String, description = "The version, for `If-Match`."))),
        (status = 409, description = "`too_many_organizations`: the caller belongs to 100 organizations.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid`: fields with invalid values, in `errors`. `idempotency_key_reused`.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn create(
    caller: Caller,
    State(db): State<Db>,
    key: Result<IdempotencyKey, ApiError>,
    body: Result<Json<NewOrganization>, ApiError>,
) -> Result<Response, ApiError> {
    let mut tx = db.write(&caller).await?;
    let (key, Json(new)) = (key?, body?);
    let route = "POST /api/organizations";
    let request = match key.take(&mut tx, &caller, route, &new).await? {
        Idempotency::Execute(request) => request,
        Idempotency::Replay(response) => return tx.rollback().await.map(|()| response),
    };
    let id = Uuid::now_v7();
    let created = sqlx::query!(
        r#"select app.found_organization($1, $2) as "founded!", app.task_key_of($2) as "task_key!", now() as "at!: Timestamp""#,
        id,
        new.name.as_str()
    )
    .fetch_one(&mut *tx)
    .await?;
    if !created.founded {
        return Err(too_many());
    }
    let organization = Organization {
        id,
        name: new.name.into(),
        task_key: created.task_key,
        version: 1,
        created_at: created.at,
    };
    let etag = ETag(organization.version);
    // The key belongs to the organization of the token, the line to the new one.
    let answer = request
        .answer(&mut tx, StatusCode::CREATED, etag, &organization)
        .await?;
    tx.select_organization(id).await?;
    let line = Audit::new("org.create", "organization", id);
    tx.audit(line.after(organization.fields())).await?;
    tx.commit().await?;
    Ok(answer)
}

/// Gets the organization of the access token.
#[utoipa::path(
    get,
    path = "/api/organizations/{organization_id}",
    tag = "organizations",
    operation_id = "getOrganization",
    params(("organization_id" = Uuid, Path, description = "Id of the organization of the access token.")),
    responses(
        (status = 200, description = "The organization.", body = Organization, headers(("ETag" = String, description = "The version, for `If-Match`."))),
    ),
)]
pub(crate) async fn get(
    caller: Caller,
    State(db): State<Db>,
    path: Result<Path<Uuid>, ApiError>,
) -> Result<Response, ApiError> {
    let mut tx = db.read(&caller).await?;
    let Path(id) = path?;
    let organization = Organization::find(&mut tx, id).await?;
    tx.commit().await?;
    Ok((ETag(organization.version), Json(organization)).into_response())
}

/// Updates the organization of the access token.
///
/// A change that changes nothing keeps the version.
#[utoipa::path(
    patch,
    path = "/api/organizations/{organization_id}",
    tag = "organizations",
    operation_id = "updateOrganization",
    params(
        ("organization_id" = Uuid, Path, description = "Id of the organization of the access token."),
        IfMatch,
    ),
    request_body = OrganizationChange,
    responses(
        (status = 200, description = "The organization.", body = Organization, headers(("ETag" = String, description = "The version, for `If-Match`."))),
        (status = 412, description = "`stale_version`: `If-Match` is not the current version.", body = Problem, content_type = "application/problem+json"),
        (status = 428, description = "`version_required`: `If-Match` is missing.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn change(
    caller: Caller<org::Update>,
    State(db): State<Db>,
    path: Result<Path<Uuid>, ApiError>,
    if_match: Result<IfMatch, ApiError>,
    body: Result<Json<OrganizationChange>, ApiError>,
) -> Result<Response, ApiError> {
    let tx = db.write(&caller).await?;
    let (Path(id), if_match, Json(change)) = (path?, if_match?, body?);
    let (mut tx, _) = crate::authority::lock(tx, &caller).await?;
    let before = Organization::find(&mut tx, id).await?;
    if_match.check(before.version)?;
    let name = change.name.map_or(before.name.clone(), Into::into);
    let task_key = change.task_key.as_ref().map(TaskKey::as_str);
    let task_key = task_key.unwrap_or(&before.task_key);
    if name == before.name && task_key == before.task_key {
        tx.rollback().await?;
        return Ok((ETag(before.version), Json(before)).into_response());
    }
    let organization = sqlx::query_as!(
        Organization,
        r#"update organizations set name = $2, task_key = $3, version = version + 1 where id = $1
           returning id, name, task_key as "task_key!", version, created_at as "created_at: Timestamp""#,
        id,
        name,
        task_key,
    )
    .fetch_one(&mut *tx)
    .await?;
    let line = Audit::new("org.update", "organization", id);
    tx.audit(line.before(before.fields()).after(organization.fields()))
        .await?;
    tx.emit(Event::OrganizationChanged {
        id,
        version: Some(organization.version),
    });
    tx.commit_with(ETag(organization.version), &organization)
        .await
}

impl Organization {
    /// The organization of the transaction; 404 for the id of any other.
    pub(crate) async fn find(tx: &mut Tx, id: Uuid) -> Result<Organization, ApiError> {
        sqlx::query_as!(
            Organization,
            r#"select id, name, task_key as "task_key!", version, created_at as "created_at: Timestamp"
               from organizations where id = $1 and deleted_at is null"#,
            id
        )
        .fetch_optional(&mut **tx)
        .await?
        .ok_or(ApiError::NotFound)
    }

    /// What people set, for the audit trail.
    pub(crate) fn fields(&self) -> serde_json::Value {
        json!({ "name": self.name, "task_key": self.task_key })
    }
}

/// The 409 for one organization too many.
pub(crate) fn too_many() -> ApiError {
    ApiError::conflict(
        "too_many_organizations",
        "You belong to 100 organizations, which is the maximum. Leave one first.",
    )
}
