//! Deletion of an organization, and its way back for 30 days.
//!
//! A deleted organization is nobody's: every function refuses its access tokens at once, its
//! invitations are unknown, and nothing in it changes until it is restored.

use axum::{extract::State, response::Response};
use http::StatusCode;
use miyabi_core::{
    ApiError, Audit, Caller, Db, ETag, Event, IfMatch, OptionalIfMatch, Path, Permission, Problem,
    permission::org,
};
use uuid::Uuid;

use crate::{authority, organizations::Organization};

/// Deletes the organization of the access token.
///
/// It can be restored for 30 days.
#[utoipa::path(
    delete,
    path = "/api/organizations/{organization_id}",
    tag = "organizations",
    operation_id = "deleteOrganization",
    params(
        ("organization_id" = Uuid, Path, description = "Id of the organization of the access token."),
        OptionalIfMatch,
    ),
    responses(
        (status = 204, description = "The organization was deleted. Its access tokens are not accepted any more."),
        (status = 412, description = "`stale_version`: `If-Match` is not the current version.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn delete(
    caller: Caller<org::Delete>,
    State(db): State<Db>,
    path: Result<Path<Uuid>, ApiError>,
    if_match: Result<Option<IfMatch>, ApiError>,
) -> Result<StatusCode, ApiError> {
    let tx = db.write(&caller).await?;
    let (Path(id), if_match) = (path?, if_match?);
    let (mut tx, _) = authority::lock(tx, &caller).await?;
    let organization = Organization::find(&mut tx, id).await?;
    if let Some(if_match) = if_match {
        if_match.check(organization.version)?;
    }
    sqlx::query!(
        "update organizations set deleted_at = now(), version = version + 1 where id = $1",
        id
    )
    .execute(&mut *tx)
    .await?;
    let line = Audit::new("org.delete", "organization", id);
    tx.audit(line.before(organization.fields())).await?;
    tx.emit(Event::OrganizationChanged {
        id,
        version: Some(organization.version + 1),
    });
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Restores an organization that was deleted less than 30 days ago.
///
/// The caller needs the permission `org.delete` in it. The access token is that of another
/// organization of the caller.
#[utoipa::path(
    post,
    path = "/api/organizations/{organization_id}/restore",
    tag = "organizations",
    operation_id = "restoreOrganization",
    params(("organization_id" = Uuid, Path, description = "Id of a deleted organization of the caller.")),
    responses(
        (status = 200, description = "The organization.", body = Organization, headers(("ETag" = String, description = "The version, for `If-Match`."))),
    ),
)]
pub(crate) async fn restore(
    caller: Caller,
    State(db): State<Db>,
    path: Result<Path<Uuid>, ApiError>,
) -> Result<Response, ApiError> {
    let mut tx = db.write(&caller).await?;
    let Path(id) = path?;
    let verdict = sqlx::query_scalar!(r#"select app.restore_organization($1) as "verdict!""#, id)
        .fetch_one(&mut *tx)
        .await?;
    match verdict.as_str() {
        "restored" => {}
        "missing_permission" => {
            // In the trail of the organization that the caller is in: the other one is deleted.
            let line = Audit::denied("org.restore", "organization", id);
            let refusal = ApiError::forbidden(
                "missing_permission",
                format!(
                    "Your role in the deleted organization does not have the permission `{}`.",
                    Permission::OrgDelete.as_str()
                ),
            );
            return Err(authority::refuse(tx, line, refusal).await);
        }
        _ => return Err(ApiError::NotFound),
    }
    tx.select_organization(id).await?;
    let organization = Organization::find(&mut tx, id).await?;
    let line = Audit::new("org.restore", "organization", id);
    tx.audit(line.after(organization.fields())).await?;
    tx.emit(Event::OrganizationChanged {
        id,
        version: Some(organization.version),
    });
    tx.commit_with(ETag(organization.version), &organization)
        .await
}
