//! `/api/roles`: the built-in roles, and those that the organization made.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use miyabi_core::{
    ApiError, Audit, Caller, Db, ETag, Event, Idempotency, IdempotencyKey, IfMatch, Json,
    OnConstraint, OptionalIfMatch, Page, PageQuery, Path, Problem, Query, Timestamp, Tx,
    permission::{members, roles},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    authority,
    permission_set::PermissionSet,
    role::{Role, Row},
    role_name::RoleName,
};

/// A new role.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewRole {
    /// Name, unique in the organization. It cannot be changed later.
    name: RoleName,
    /// What members with this role may do. The caller needs every one of them.
    permissions: PermissionSet,
}

/// A change to a role.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RoleChange {
    /// Replaces all permissions. The caller needs every former and every new one.
    permissions: PermissionSet,
}

/// Lists the roles by name.
#[utoipa::path(
    get,
    path = "/api/roles",
    tag = "roles",
    operation_id = "listRoles",
    params(PageQuery),
    responses(
        (status = 200, description = "A page of roles.", body = Page<Role>),
        (status = 400, description = "`bad_cursor`: not a cursor of this list. `bad_limit`.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn list(
    caller: Caller<members::Read>,
    State(db): State<Db>,
    query: Result<Query<PageQuery>, ApiError>,
) -> Result<Json<Page<Role>>, ApiError> {
    let mut tx = db.read(&caller).await?;
    let (limit, after) = query?.0.parse::<_, String>(&caller, &"roles")?;
    let rows = sqlx::query_as!(
        Row,
        r#"select name, array(select jsonb_array_elements_text(permissions)) as "permissions!", built_in, version,
                created_at as "created_at: Timestamp"
           from roles where organization_id = $3 and ($1::text is null or name > $1)
           order by name limit $2"#,
        after,
        limit.rows(),
        // Row-level security says the same, unseen by the planner.
        caller.organization_id(),
    )
    .fetch_all(&mut *tx)
    .await?;
    tx.commit().await?;
    let roles: Vec<Role> = rows.into_iter().map(Role::from).collect();
    let page = Page::new(&roles, limit, |last| {
        caller.seal_cursor(&"roles", &roles[last].name)
    })?;
    Ok(Json(page))
}

/// Creates a role.
#[utoipa::path(
    post,
    path = "/api/roles",
    tag = "roles",
    operation_id = "createRole",
    params(IdempotencyKey),
    request_body = NewRole,
    responses(
        (status = 201, description = "The role.", body = Role, headers(("ETag" = String, description = "The version, for `If-Match`."))),
        (status = 403, description = "`exceeds_own_permissions`: the caller lacks one of the permissions. `missing_permission`. `not_a_member`.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`role_exists`: another role has this name.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid`: fields with invalid values, in `errors`. `idempotency_key_reused`.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn create(
    caller: Caller<roles::Manage>,
    State(db): State<Db>,
    key: Result<IdempotencyKey, ApiError>,
    body: Result<Json<NewRole>, ApiError>,
) -> Result<Response, ApiError> {
    let tx = db.write(&caller).await?;
    let (key, Json(new)) = (key?, body?);
    let (mut tx, authority) = authority::lock(tx, &caller).await?;
    let name = new.name.as_str();
    // Before the key is taken: a refusal is committed, and must not use it up.
    if let Err(refusal) = authority.covers(name, &new.permissions) {
        let line = Audit::denied("role.create", "role", None);
        let line = line.after(json!({ "name": name, "permissions": new.permissions.to_json() }));
        return Err(authority::refuse(tx, line, refusal).await);
    }
    let request = match key.take(&mut tx, &caller, "POST /api/roles", &new).await? {
        Idempotency::Execute(request) => request,
        Idempotency::Replay(response) => return tx.rollback().await.map(|()| response),
    };
    sqlx::query!(
        "insert into roles (organization_id, name, permissions) values ($1, $2, $3)",
        caller.organization_id(),
        name,
        new.permissions.to_json(),
    )
    .execute(&mut *tx)
    .await
    .on_constraint("roles_pkey", || {
        ApiError::conflict("role_exists", "A role with this name exists already.")
    })?;
    let role = Role::find(&mut tx, name).await?;
    let line = Audit::new("role.create", "role", None).after(role.fields());
    tx.audit(line).await?;
    tx.emit(Event::OrganizationChanged {
        id: caller.organization_id(),
        version: None,
    });
    request
        .commit_with(tx, StatusCode::CREATED, ETag(role.version), &role)
        .await
}

/// Changes the permissions of a role.
///
/// It holds from the next request of each member with the role.
#[utoipa::path(
    patch,
    path = "/api/roles/{role_name}",
    tag = "roles",
    operation_id = "updateRole",
    params(("role_name" = RoleName, Path, description = "Name of the role."), IfMatch),
    request_body = RoleChange,
    responses(
        (status = 200, description = "The role.", body = Role, headers(("ETag" = String, description = "The version, for `If-Match`."))),
        (status = 403, description = "`exceeds_own_permissions`: the caller lacks a former or a new permission. `own_role`: the role is the caller's own. `missing_permission`. `not_a_member`.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`built_in_role`: a built-in role cannot be changed.", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "`stale_version`: `If-Match` is not the current version.", body = Problem, content_type = "application/problem+json"),
        (status = 428, description = "`version_required`: `If-Match` is missing.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn change(
    caller: Caller<roles::Manage>,
    State(db): State<Db>,
    path: Result<Path<String>, ApiError>,
    if_match: Result<IfMatch, ApiError>,
    body: Result<Json<RoleChange>, ApiError>,
) -> Result<Response, ApiError> {
    let tx = db.write(&caller).await?;
    let (Path(name), if_match, Json(change)) = (path?, if_match?, body?);
    let (mut tx, authority) = authority::lock(tx, &caller).await?;
    let before = Role::find(&mut tx, &name).await?;
    if_match.check(before.version)?;
    if let Err(refusal) = before
        .may_be_edited(&authority)
        .and_then(|()| authority.covers(&name, &change.permissions))
    {
        let line = Audit::denied("role.update", "role", None).before(before.fields());
        let line = line.after(json!({ "permissions": change.permissions.to_json() }));
        return Err(authority::refuse(tx, line, refusal).await);
    }
    if before.permissions == change.permissions {
        tx.rollback().await?;
        return Ok((ETag(before.version), Json(before)).into_response());
    }
    sqlx::query!(
        "update roles set permissions = $2, version = version + 1 where name = $1",
        name,
        change.permissions.to_json(),
    )
    .execute(&mut *tx)
    .await?;
    let role = Role::find(&mut tx, &name).await?;
    let line = Audit::new("role.update", "role", None);
    tx.audit(line.before(before.fields()).after(role.fields()))
        .await?;
    tx.emit(Event::OrganizationChanged {
        id: caller.organization_id(),
        version: None,
    });
    tx.commit_with(ETag(role.version), &role).await
}

/// Deletes a role that nobody has.
///
/// Invitations of the role that can still be used keep it, too.
#[utoipa::path(
    delete,
    path = "/api/roles/{role_name}",
    tag = "roles",
    operation_id = "deleteRole",
    params(("role_name" = RoleName, Path, description = "Name of the role."), OptionalIfMatch),
    responses(
        (status = 204, description = "The role was deleted."),
        (status = 403, description = "`exceeds_own_permissions`: the caller lacks a permission of the role. `own_role`: the role is the caller's own. `missing_permission`. `not_a_member`.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`built_in_role`: a built-in role cannot be deleted. `role_in_use`: a member or an open invitation has the role.", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "`stale_version`: `If-Match` is not the current version.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn delete(
    caller: Caller<roles::Manage>,
    State(db): State<Db>,
    path: Result<Path<String>, ApiError>,
    if_match: Result<Option<IfMatch>, ApiError>,
) -> Result<StatusCode, ApiError> {
    let tx = db.write(&caller).await?;
    let (Path(name), if_match) = (path?, if_match?);
    let (mut tx, authority) = authority::lock(tx, &caller).await?;
    let role = Role::find(&mut tx, &name).await?;
    if let Some(if_match) = if_match {
        if_match.check(role.version)?;
    }
    if let Err(refusal) = role.may_be_edited(&authority) {
        let line = Audit::denied("role.delete", "role", None).before(role.fields());
        return Err(authority::refuse(tx, line, refusal).await);
    }
    release(&mut tx, &name).await?;
    sqlx::query!("delete from roles where name = $1", name)
        .execute(&mut *tx)
        .await
        .on_constraint("memberships_role_fkey", in_use)
        .on_constraint("invitations_role_fkey", in_use)?;
    let line = Audit::new("role.delete", "role", None);
    tx.audit(line.before(role.fields())).await?;
    tx.emit(Event::OrganizationChanged {
        id: caller.organization_id(),
        version: None,
    });
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a role from what does not use it any more: those who left, and invitations that are over.
async fn release(tx: &mut Tx, role: &str) -> Result<(), ApiError> {
    sqlx::query!(
        "update memberships set role = 'viewer' where role = $1 and removed_at is not null",
        role
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "delete from invitations where role = $1 and (revoked_at is not null or expires_at < now() or uses = max_uses)",
        role
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

fn in_use() -> ApiError {
    ApiError::conflict(
        "role_in_use",
        "A member or an open invitation has this role. Give them another role first.",
    )
}
