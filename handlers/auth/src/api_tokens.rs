//! `/api/tokens`: what the caller's own programs use instead of a session.

use axum::{extract::State, response::Response};
use http::StatusCode;
use miyabi_core::{
    ApiError, ApiTokenSecret, Audit, Caller, Db, Json, Line, Page, PageQuery, Path, Problem, Query,
    Timestamp, Tx,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

mod permissions;

use permissions::TokenPermissions;

/// Most days for which a token is good.
const MAX_DAYS: i64 = 365;
/// Most tokens of one person in one organization that are good at a time.
const MAX_TOKENS: i64 = 50;

/// An API token of the caller for the organization of the access token.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ApiToken {
    /// Id, as in the audit trail.
    id: Uuid,
    /// Name.
    name: String,
    /// Last four characters of the token.
    #[schema(pattern = "^[0-9A-Za-z]{4}$")]
    last_four: String,
    /// Permissions. A permission counts only while the role of the caller has it too.
    permissions: TokenPermissions,
    /// Time of creation.
    created_at: Timestamp,
    /// Time at which it expires.
    expires_at: Timestamp,
    /// Time of the last use, to the minute; null before the first.
    last_used_at: Option<Timestamp>,
    /// Time at which it was revoked; null unless it was.
    revoked_at: Option<Timestamp>,
}

/// A new API token with its text, which is in no other response.
#[derive(Serialize, ToSchema)]
pub(crate) struct CreatedApiToken {
    /// The token without its text.
    api_token: ApiToken,
    /// For `Authorization: Bearer ..`.
    #[schema(pattern = "^miy_[0-9A-Za-z]{49}$")]
    token: String,
}

/// A new API token.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewApiToken {
    /// Name, for the caller and the audit trail.
    name: Line<100>,
    /// Permissions, at least one. The caller needs each of them.
    permissions: TokenPermissions,
    /// Days until it expires; 90 when it is missing.
    #[serde(default = "ninety")]
    #[schema(minimum = 1, maximum = 365)]
    expires_in_days: i64,
}

const fn ninety() -> i64 {
    90
}

/// Lists the API tokens of the caller, newest first.
///
/// Those for the organization of the access token, also those that expired or were revoked.
#[utoipa::path(
    get,
    path = "/api/tokens",
    tag = "tokens",
    operation_id = "listApiTokens",
    params(PageQuery),
    responses(
        (status = 200, description = "A page of API tokens.", body = Page<ApiToken>),
        (status = 400, description = "`bad_cursor`: not a cursor of this list. `bad_limit`.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn list(
    caller: Caller,
    State(db): State<Db>,
    query: Result<Query<PageQuery>, ApiError>,
) -> Result<Json<Page<ApiToken>>, ApiError> {
    let mut tx = db.read(&caller).await?;
    let scope = ("tokens", caller.user_id());
    let (limit, before) = query?.0.parse::<_, Uuid>(&caller, &scope)?;
    let tokens = sqlx::query_as!(
        ApiToken,
        r#"select id, name, last_four, permissions, created_at as "created_at: Timestamp",
                expires_at as "expires_at: Timestamp", last_used_at as "last_used_at: Timestamp", revoked_at as "revoked_at: Timestamp"
           from api_tokens
           where organization_id = $4 and user_id = $1 and ($2::uuid is null or id < $2)
           order by id desc limit $3"#,
        caller.user_id(),
        before,
        limit.rows(),
        // Row-level security says the same, unseen by the planner.
        caller.organization_id(),
    )
    .fetch_all(&mut *tx)
    .await?;
    tx.commit().await?;
    let page = Page::new(&tokens, limit, |last| {
        caller.seal_cursor(&scope, &tokens[last].id)
    })?;
    Ok(Json(page))
}

/// Creates an API token for the organization of the access token.
///
/// The token is in this response alone. It takes no `Idempotency-Key`, for which the response would
/// have to be stored.
#[utoipa::path(
    post,
    path = "/api/tokens",
    tag = "tokens",
    operation_id = "createApiToken",
    request_body = NewApiToken,
    responses(
        (status = 201, description = "The token.", body = CreatedApiToken),
        (status = 403, description = "`exceeds_own_permissions`: a permission that the caller lacks. `not_a_member`. `session_required`.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`too_many_tokens`: the caller has 50 that are good in this organization.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn create(
    caller: Caller,
    State(db): State<Db>,
    body: Result<Json<NewApiToken>, ApiError>,
) -> Result<Response, ApiError> {
    let mut tx = db.write(&caller).await?;
    let Json(new) = body?;
    if !(1..=MAX_DAYS).contains(&new.expires_in_days) {
        let detail = format!("must be a number from 1 to {MAX_DAYS}");
        return Err(ApiError::invalid("expires_in_days", detail));
    }
    let beyond = new.permissions.beyond(tx.permissions());
    if !beyond.is_empty() {
        let line = Audit::denied("api_token.create", "api_token", None);
        let line = line.after(json!({ "name": new.name, "permissions": new.permissions }));
        let refusal = exceeds(tx.role(), &beyond);
        return Err(refuse(tx, line, refusal).await);
    }
    has_room(&mut tx, caller.user_id()).await?;
    let secret = ApiTokenSecret::random()?;
    let api_token = sqlx::query_as!(
        ApiToken,
        r#"insert into api_tokens (organization_id, id, user_id, name, token_hash, last_four, permissions, expires_at)
           values ($1, $2, $3, $4, $5, $6, $7, now() + make_interval(days => $8))
           returning id, name, last_four, permissions, created_at as "created_at: Timestamp",
                expires_at as "expires_at: Timestamp", last_used_at as "last_used_at: Timestamp", revoked_at as "revoked_at: Timestamp""#,
        caller.organization_id(),
        Uuid::now_v7(),
        caller.user_id(),
        new.name.as_str(),
        secret.hash(),
        secret.last_four(),
        new.permissions.to_json(),
        i32::try_from(new.expires_in_days).unwrap_or_default(),
    )
    .fetch_one(&mut *tx)
    .await?;
    let line = Audit::new("api_token.create", "api_token", api_token.id);
    tx.audit(line.after(api_token.fields())).await?;
    let created = CreatedApiToken {
        api_token,
        token: secret.text().to_owned(),
    };
    let mut response = tx.commit_with((), &created).await?;
    *response.status_mut() = StatusCode::CREATED;
    Ok(response)
}

/// Revokes an API token of the caller.
#[utoipa::path(
    delete,
    path = "/api/tokens/{token_id}",
    tag = "tokens",
    operation_id = "revokeApiToken",
    params(("token_id" = Uuid, Path, description = "Id of the token.")),
    responses((status = 204, description = "The token is not accepted any more.")),
)]
pub(crate) async fn revoke(
    caller: Caller,
    State(db): State<Db>,
    path: Result<Path<Uuid>, ApiError>,
) -> Result<StatusCode, ApiError> {
    let mut tx = db.write(&caller).await?;
    let Path(id) = path?;
    let token = sqlx::query_as!(
        ApiToken,
        r#"select id, name, last_four, permissions, created_at as "created_at: Timestamp",
                expires_at as "expires_at: Timestamp", last_used_at as "last_used_at: Timestamp", revoked_at as "revoked_at: Timestamp"
           from api_tokens where id = $1 and user_id = $2 for no key update"#,
        id,
        caller.user_id(),
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or(ApiError::NotFound)?;
    if token.revoked_at.is_some() {
        tx.rollback().await?;
        return Ok(StatusCode::NO_CONTENT);
    }
    sqlx::query!("update api_tokens set revoked_at = now() where id = $1", id)
        .execute(&mut *tx)
        .await?;
    let line = Audit::new("api_token.revoke", "api_token", id);
    tx.audit(line.before(token.fields())).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Two requests at once may both take the last place: the limit keeps the list short, and nothing
/// depends on it.
///
/// # Errors
///
/// 409 when the caller has [`MAX_TOKENS`] that are good.
async fn has_room(tx: &mut Tx, user: Uuid) -> Result<(), ApiError> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from api_tokens
           where user_id = $1 and revoked_at is null and expires_at > now()"#,
        user
    )
    .fetch_one(&mut **tx)
    .await?;
    if count < MAX_TOKENS {
        return Ok(());
    }
    Err(ApiError::conflict(
        "too_many_tokens",
        format!("You have {MAX_TOKENS} API tokens in this organization. Revoke one first."),
    ))
}

fn exceeds(role: &str, beyond: &[&str]) -> ApiError {
    ApiError::forbidden(
        "exceeds_own_permissions",
        format!(
            "Your role `{role}` does not have these permissions: {}. Leave them out, or ask for another role.",
            beyond.join(", ")
        ),
    )
}

/// Writes down what was refused, commits that, and returns the refusal.
async fn refuse(mut tx: Tx, line: Audit, refusal: ApiError) -> ApiError {
    let written = async {
        tx.audit_refusal(line).await?;
        tx.commit().await
    };
    written.await.err().unwrap_or(refusal)
}

impl ApiToken {
    /// For the audit trail: never the token or its hash.
    fn fields(&self) -> serde_json::Value {
        json!({
            "name": self.name, "last_four": self.last_four, "permissions": self.permissions,
            "expires_at": self.expires_at,
        })
    }
}
