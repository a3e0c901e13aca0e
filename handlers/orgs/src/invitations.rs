//! `/api/invitations`: links that let people in, as their author could do it.

use axum::{extract::State, response::Response};
use http::StatusCode;
use miyabi_core::{
    ApiError, Audit, Caller, Db, Event, Json, Opaque, Origin, Page, PageQuery, Path, Problem,
    Query, Timestamp, Tx, permission::members,
};
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::json;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, schema::Type},
};
use uuid::Uuid;

use crate::{authority, role_name::RoleName};

/// Most hours for which an invitation is good: 30 days.
const MAX_HOURS: i64 = 720;
/// Most people who can use one invitation.
const MAX_USES: i64 = 100;

/// An invitation to the organization.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Invitation {
    /// Id.
    id: Uuid,
    /// Role that it grants.
    role: String,
    /// Login at GitHub of the only person who can use it; null: whoever has the link.
    login: Option<String>,
    /// Id of the user who created it.
    invited_by: Uuid,
    /// Number of people who used it.
    #[schema(minimum = 0)]
    uses: i64,
    /// Number of people who can use it.
    #[schema(minimum = 1)]
    max_uses: i64,
    /// Time of creation.
    created_at: Timestamp,
    /// Time at which it expires.
    expires_at: Timestamp,
    /// Time at which it was revoked; null unless it was.
    revoked_at: Option<Timestamp>,
}

/// A new invitation with its code, which is in no other response.
#[derive(Serialize, ToSchema)]
pub(crate) struct NewInvitationLink {
    /// The invitation.
    invitation: Invitation,
    /// Code, for `POST /api/invitations/accept`.
    #[schema(pattern = "^[A-Za-z0-9_-]{43}$")]
    code: String,
    /// Page that accepts the invitation, with the code.
    url: String,
}

/// A new invitation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewInvitation {
    /// Name of a role of the organization. The caller needs every permission of it.
    #[schema(value_type = RoleName)]
    role: RoleName,
    /// Login at GitHub of the only person who can use it; null: whoever has the link.
    #[serde(default)]
    login: Option<Login>,
    /// Hours until it expires; 168, a week, when it is missing.
    #[serde(default = "a_week")]
    #[schema(minimum = 1, maximum = 720)]
    expires_in_hours: i64,
    /// Number of people who can use it; 1 when it is missing.
    #[serde(default = "one")]
    #[schema(minimum = 1, maximum = 100)]
    max_uses: i64,
}

const fn a_week() -> i64 {
    7 * 24
}

const fn one() -> i64 {
    1
}

/// A login at GitHub: 1 to 100 ASCII letters, digits, `-` and `_`.
#[derive(Debug)]
pub(crate) struct Login(String);

impl<'de> Deserialize<'de> for Login {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Login, D::Error> {
        let text = String::deserialize(deserializer)?;
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if (1..=100).contains(&text.len()) && text.bytes().all(is_word) {
            return Ok(Login(text));
        }
        Err(de::Error::custom("must be a login at GitHub"))
    }
}

impl PartialSchema for Login {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(1))
            .max_length(Some(100))
            .pattern(Some("^[A-Za-z0-9_-]{1,100}$"))
            .into()
    }
}

impl ToSchema for Login {}

/// Lists the invitations, newest first.
///
/// Includes those that were used up, expired or revoked.
#[utoipa::path(
    get,
    path = "/api/invitations",
    tag = "invitations",
    operation_id = "listInvitations",
    params(PageQuery),
    responses(
        (status = 200, description = "A page of invitations.", body = Page<Invitation>),
        (status = 400, description = "`bad_cursor`: not a cursor of this list. `bad_limit`.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn list(
    caller: Caller<members::Manage>,
    State(db): State<Db>,
    query: Result<Query<PageQuery>, ApiError>,
) -> Result<Json<Page<Invitation>>, ApiError> {
    let mut tx = db.read(&caller).await?;
    let (limit, before) = query?.0.parse::<_, Uuid>(&caller, &"invitations")?;
    tx.plan_for_values().await?;
    // Ids are made in the order of time.
    let invitations = sqlx::query_as!(
        Invitation,
        r#"select id, role, github_login as login, invited_by, uses, max_uses, created_at as "created_at: Timestamp",
                expires_at as "expires_at: Timestamp", revoked_at as "revoked_at: Timestamp"
           from invitations where organization_id = $3 and ($1::uuid is null or id < $1)
           order by id desc limit $2"#,
        before,
        limit.rows(),
        // Row-level security says the same, unseen by the planner.
        caller.organization_id(),
    )
    .fetch_all(&mut *tx)
    .await?;
    tx.commit().await?;
    let page = Page::new(&invitations, limit, |last| {
        caller.seal_cursor(&"invitations", &invitations[last].id)
    })?;
    Ok(Json(page))
}

/// Creates an invitation.
///
/// The code is in this response alone. It takes no `Idempotency-Key`, for which the response would
/// have to be stored.
#[utoipa::path(
    post,
    path = "/api/invitations",
    tag = "invitations",
    operation_id = "createInvitation",
    request_body = NewInvitation,
    responses(
        (status = 201, description = "The invitation with its code.", body = NewInvitationLink),
        (status = 403, description = "`exceeds_own_permissions`: the role has permissions that the caller lacks. `missing_permission`. `not_a_member`.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn create(
    caller: Caller<members::Manage>,
    State(db): State<Db>,
    origin: Origin,
    body: Result<Json<NewInvitation>, ApiError>,
) -> Result<Response, ApiError> {
    let tx = db.write(&caller).await?;
    let Json(new) = body?;
    new.check()?;
    let (mut tx, authority) = authority::lock(tx, &caller).await?;
    let role = new.role.as_str();
    let granted = authority::permissions_of(&mut tx, role)
        .await?
        .ok_or_else(|| ApiError::invalid("role", "must be a role of the organization"))?;
    let login = new.login.map(|login| login.0);
    if let Err(refusal) = authority.covers(role, &granted) {
        let line = Audit::denied("invitation.create", "invitation", None);
        let line = line.after(json!({ "role": role, "login": login }));
        return Err(authority::refuse(tx, line, refusal).await);
    }
    let code = Opaque::random()?;
    let invitation = sqlx::query_as!(
        Invitation,
        r#"insert into invitations (organization_id, id, role, github_login, token_hash, invited_by, expires_at, max_uses)
           values ($1, $2, $3, $4, $5, $6, now() + make_interval(hours => $7), $8)
           returning id, role, github_login as login, invited_by, uses, max_uses, created_at as "created_at: Timestamp",
                expires_at as "expires_at: Timestamp", revoked_at as "revoked_at: Timestamp""#,
        caller.organization_id(),
        Uuid::now_v7(),
        role,
        login,
        code.hash(),
        caller.user_id(),
        i32::try_from(new.expires_in_hours).unwrap_or_default(),
        new.max_uses,
    )
    .fetch_one(&mut *tx)
    .await?;
    let line = Audit::new("invitation.create", "invitation", invitation.id);
    tx.audit(line.after(invitation.fields())).await?;
    tx.emit(Event::InvitationChanged { id: invitation.id });
    let code = code.text();
    let link = NewInvitationLink {
        url: format!("{}/join/?code={code}", origin.url),
        invitation,
        code,
    };
    let mut response = tx.commit_with((), &link).await?;
    *response.status_mut() = StatusCode::CREATED;
    Ok(response)
}

/// Revokes an invitation.
#[utoipa::path(
    delete,
    path = "/api/invitations/{invitation_id}",
    tag = "invitations",
    operation_id = "revokeInvitation",
    params(("invitation_id" = Uuid, Path, description = "Id of the invitation.")),
    responses((status = 204, description = "The invitation cannot be used any more.")),
)]
pub(crate) async fn revoke(
    caller: Caller<members::Manage>,
    State(db): State<Db>,
    path: Result<Path<Uuid>, ApiError>,
) -> Result<StatusCode, ApiError> {
    let tx = db.write(&caller).await?;
    let Path(id) = path?;
    let (mut tx, _) = authority::lock(tx, &caller).await?;
    let invitation = Invitation::find(&mut tx, id).await?;
    if invitation.revoked_at.is_some() {
        tx.rollback().await?;
        return Ok(StatusCode::NO_CONTENT);
    }
    sqlx::query!(
        "update invitations set revoked_at = now() where id = $1",
        id
    )
    .execute(&mut *tx)
    .await?;
    let line = Audit::new("invitation.revoke", "invitation", id);
    tx.audit(line.before(invitation.fields())).await?;
    tx.emit(Event::InvitationChanged { id });
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

impl NewInvitation {
    /// # Errors
    ///
    /// 422 for numbers out of range.
    fn check(&self) -> Result<(), ApiError> {
        for (field, value, max) in [
            ("expires_in_hours", self.expires_in_hours, MAX_HOURS),
            ("max_uses", self.max_uses, MAX_USES),
        ] {
            if !(1..=max).contains(&value) {
                return Err(ApiError::invalid(
                    field,
                    format!("must be a number from 1 to {max}"),
                ));
            }
        }
        Ok(())
    }
}

impl Invitation {
    /// An invitation of the organization; 404 when there is none.
    async fn find(tx: &mut Tx, id: Uuid) -> Result<Invitation, ApiError> {
        sqlx::query_as!(
            Invitation,
            r#"select id, role, github_login as login, invited_by, uses, max_uses, created_at as "created_at: Timestamp",
                    expires_at as "expires_at: Timestamp", revoked_at as "revoked_at: Timestamp"
               from invitations where id = $1"#,
            id
        )
        .fetch_optional(&mut **tx)
        .await?
        .ok_or(ApiError::NotFound)
    }

    /// For the audit trail: never the code.
    fn fields(&self) -> serde_json::Value {
        json!({
            "role": self.role, "login": self.login, "max_uses": self.max_uses, "expires_at": self.expires_at,
        })
    }
}
