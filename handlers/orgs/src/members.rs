//! `/api/members`: who belongs to the organization, as what, and no longer.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use miyabi_core::{
    ApiError, Audit, Caller, Db, ETag, Event, IfMatch, Json, OptionalIfMatch, Page, PageQuery,
    Path, Problem, Query, Timestamp, Tx, permission::members,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    authority::{self, Authority},
    role_name::RoleName,
};

/// The role without which an organization cannot be.
const OWNER: &str = "owner";

/// A member of the organization.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Member {
    /// Id of the user.
    id: Uuid,
    /// Login at GitHub at the last sign-in.
    login: String,
    /// Display name at GitHub.
    name: Option<String>,
    /// URL of a picture.
    avatar_url: Option<String>,
    /// Role.
    role: String,
    /// Time at which the user joined first.
    joined_at: Timestamp,
    /// Version of the membership; also in the `ETag`.
    #[schema(minimum = 1)]
    version: i64,
}

/// A change to a member.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MemberChange {
    /// Name of a role of the organization.
    #[schema(value_type = RoleName)]
    role: RoleName,
}

/// Lists the members, by the id of the user.
#[utoipa::path(
    get,
    path = "/api/members",
    tag = "members",
    operation_id = "listMembers",
    params(PageQuery),
    responses(
        (status = 200, description = "A page of members.", body = Page<Member>),
        (status = 400, description = "`bad_cursor`: not a cursor of this list. `bad_limit`.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn list(
    caller: Caller<members::Read>,
    State(db): State<Db>,
    query: Result<Query<PageQuery>, ApiError>,
) -> Result<Json<Page<Member>>, ApiError> {
    let mut tx = db.read(&caller).await?;
    let (limit, after) = query?.0.parse::<_, Uuid>(&caller, &"members")?;
    tx.plan_for_values().await?;
    let members = sqlx::query_as!(
        Member,
        r#"select m.user_id as id, u.login, u.name, u.avatar_url, m.role, m.created_at as "joined_at: Timestamp", m.version
           from memberships m join users u on u.id = m.user_id
           where m.organization_id = $3 and m.removed_at is null and ($1::uuid is null or m.user_id > $1)
           order by m.user_id limit $2"#,
        after,
        limit.rows(),
        // Row-level security says the same, unseen by the planner.
        caller.organization_id(),
    )
    .fetch_all(&mut *tx)
    .await?;
    tx.commit().await?;
    let page = Page::new(&members, limit, |last| {
        caller.seal_cursor(&"members", &members[last].id)
    })?;
    Ok(Json(page))
}

/// Changes the role of a member.
///
/// The caller needs every permission of the former role and of the new one.
#[utoipa::path(
    patch,
    path = "/api/members/{user_id}",
    tag = "members",
    operation_id = "updateMember",
    params(("user_id" = Uuid, Path, description = "Id of the user."), IfMatch),
    request_body = MemberChange,
    responses(
        (status = 200, description = "The member.", body = Member, headers(("ETag" = String, description = "The version, for `If-Match`."))),
        (status = 403, description = "`exceeds_own_permissions`: one of the two roles has permissions that the caller lacks. `missing_permission`. `not_a_member`.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`last_owner`: the organization would have no owner.", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "`stale_version`: `If-Match` is not the current version.", body = Problem, content_type = "application/problem+json"),
        (status = 428, description = "`version_required`: `If-Match` is missing.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn change_role(
    caller: Caller<members::Manage>,
    State(db): State<Db>,
    path: Result<Path<Uuid>, ApiError>,
    if_match: Result<IfMatch, ApiError>,
    body: Result<Json<MemberChange>, ApiError>,
) -> Result<Response, ApiError> {
    let tx = db.write(&caller).await?;
    let (Path(user), if_match, Json(change)) = (path?, if_match?, body?);
    let (mut tx, authority) = authority::lock(tx, &caller).await?;
    let before = Member::find(&mut tx, user).await?;
    if_match.check(before.version)?;
    let role = change.role.as_str();
    let granted = authority::permissions_of(&mut tx, role)
        .await?
        .ok_or_else(|| ApiError::invalid("role", "must be a role of the organization"))?;
    if before.role == role {
        tx.rollback().await?;
        return Ok((ETag(before.version), Json(before)).into_response());
    }
    let allowed = match may_take(&mut tx, &authority, &before).await {
        Ok(()) => authority.covers(role, &granted),
        refused => refused,
    };
    if let Err(refusal) = allowed {
        let line = Audit::denied("member.update", "user", user).before(before.fields());
        let line = line.after(json!({ "role": role }));
        return Err(authority::refuse(tx, line, refusal).await);
    }
    sqlx::query!(
        "update memberships set role = $2, version = version + 1 where user_id = $1",
        user,
        role
    )
    .execute(&mut *tx)
    .await?;
    let member = Member::find(&mut tx, user).await?;
    let line = Audit::new("member.update", "user", user);
    tx.audit(line.before(before.fields()).after(member.fields()))
        .await?;
    tx.emit(Event::MemberChanged {
        user_id: user,
        version: Some(member.version),
    });
    tx.commit_with(ETag(member.version), &member).await
}

/// Removes a member.
///
/// The caller needs every permission of the member's role.
#[utoipa::path(
    delete,
    path = "/api/members/{user_id}",
    tag = "members",
    operation_id = "removeMember",
    params(("user_id" = Uuid, Path, description = "Id of the user."), OptionalIfMatch),
    responses(
        (status = 204, description = "The member was removed. Access tokens for the organization are not accepted any more."),
        (status = 403, description = "`exceeds_own_permissions`: the role of the member has permissions that the caller lacks. `missing_permission`. `not_a_member`.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`last_owner`: the organization would have no owner.", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "`stale_version`: `If-Match` is not the current version.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn remove(
    caller: Caller<members::Manage>,
    State(db): State<Db>,
    path: Result<Path<Uuid>, ApiError>,
    if_match: Result<Option<IfMatch>, ApiError>,
) -> Result<StatusCode, ApiError> {
    let tx = db.write(&caller).await?;
    let (Path(user), if_match) = (path?, if_match?);
    let (mut tx, authority) = authority::lock(tx, &caller).await?;
    let member = Member::find(&mut tx, user).await?;
    if let Some(if_match) = if_match {
        if_match.check(member.version)?;
    }
    if let Err(refusal) = may_take(&mut tx, &authority, &member).await {
        let line = Audit::denied("member.remove", "user", user).before(member.fields());
        return Err(authority::refuse(tx, line, refusal).await);
    }
    end(tx, "member.remove", member).await
}

/// Leaves the organization of the access token.
#[utoipa::path(
    post,
    path = "/api/organizations/{organization_id}/leave",
    tag = "organizations",
    operation_id = "leaveOrganization",
    params(("organization_id" = Uuid, Path, description = "Id of the organization of the access token.")),
    responses(
        (status = 204, description = "The caller is not a member any more."),
        (status = 409, description = "`last_owner`: the organization would have no owner.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn leave(
    caller: Caller,
    State(db): State<Db>,
    path: Result<Path<Uuid>, ApiError>,
) -> Result<StatusCode, ApiError> {
    let tx = db.write(&caller).await?;
    let Path(organization) = path?;
    if organization != caller.organization_id() {
        return Err(ApiError::NotFound);
    }
    let (mut tx, _) = authority::lock(tx, &caller).await?;
    let member = Member::find(&mut tx, caller.user_id()).await?;
    if let Err(refusal) = leaves_an_owner(&mut tx, &member).await {
        let line = Audit::denied("member.leave", "user", member.id).before(member.fields());
        return Err(authority::refuse(tx, line, refusal).await);
    }
    end(tx, "member.leave", member).await
}

/// Ends a membership. The row stays, so that what the member wrote still says by whom.
async fn end(mut tx: Tx, action: &'static str, member: Member) -> Result<StatusCode, ApiError> {
    // The clock of now: an invitation of before is not good for somebody who was removed after it.
    sqlx::query!(
        "update memberships set removed_at = clock_timestamp(), version = version + 1 where user_id = $1",
        member.id
    )
    .execute(&mut *tx)
    .await?;
    let line = Audit::new(action, "user", member.id);
    tx.audit(line.before(member.fields())).await?;
    tx.emit(Event::MemberChanged {
        user_id: member.id,
        version: Some(member.version + 1),
    });
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whether the caller may take a member's role away.
///
/// # Errors
///
/// 403 when the role has permissions that the caller lacks, 409 for the last owner.
async fn may_take(tx: &mut Tx, authority: &Authority, member: &Member) -> Result<(), ApiError> {
    let had = authority::permissions_of(tx, &member.role).await?;
    if let Some(had) = had {
        authority.covers(&member.role, &had)?;
    }
    leaves_an_owner(tx, member).await
}

/// Whether somebody is an owner and can sign in, apart from this member. The organization is locked.
async fn leaves_an_owner(tx: &mut Tx, member: &Member) -> Result<(), ApiError> {
    if member.role != OWNER {
        return Ok(());
    }
    let other_owners = sqlx::query_scalar!(
        r#"select exists (
            select from memberships m join users u on u.id = m.user_id
            where m.role = $1 and m.removed_at is null and m.user_id <> $2 and u.disabled_at is null) as "exists!""#,
        OWNER,
        member.id
    )
    .fetch_one(&mut **tx)
    .await?;
    if other_owners {
        return Ok(());
    }
    Err(ApiError::conflict(
        "last_owner",
        "An organization needs an owner. Make another member an owner first, or delete the organization.",
    ))
}

impl Member {
    /// A present member; 404 when there is none.
    async fn find(tx: &mut Tx, user: Uuid) -> Result<Member, ApiError> {
        sqlx::query_as!(
            Member,
            r#"select m.user_id as id, u.login, u.name, u.avatar_url, m.role, m.created_at as "joined_at: Timestamp", m.version
               from memberships m join users u on u.id = m.user_id
               where m.user_id = $1 and m.removed_at is null"#,
            user
        )
        .fetch_optional(&mut **tx)
        .await?
        .ok_or(ApiError::NotFound)
    }

    /// For the audit trail.
    fn fields(&self) -> serde_json::Value {
        json!({ "login": self.login, "role": self.role })
    }
}
