//! The end of a sign-in: who comes back from GitHub becomes a session.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use miyabi_core::{ApiError, App, Audit, Opaque, Origin, Problem, Query, Tx};
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::{
    cookies, failed_sign_in,
    github::{self, Profile},
    login::redirect_uri,
    organizations::{self, Membership},
};

/// Longest that a session lives, however often it is refreshed, in seconds.
const LONGEST: u32 = 30 * 24 * 60 * 60;
/// Longest code that is passed on, in bytes.
const MAX_CODE: usize = 500;

/// Query parameters that GitHub adds.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Callback {
    /// Authorization code.
    #[param(min_length = 1, max_length = 500, pattern = r"^[^\u0000]*$")]
    code: Option<String>,
    /// State of the sign-in, from `GET /api/auth/login`.
    #[param(
        required = true,
        min_length = 43,
        max_length = 43,
        pattern = "^[A-Za-z0-9_-]{43}$"
    )]
    state: Option<String>,
    /// Why there is no code, for example `access_denied`.
    #[param(pattern = r"^[^\u0000]*$")]
    error: Option<String>,
}

/// A sign-in that this browser began.
struct Attempt {
    code_verifier: String,
    return_to: String,
}

/// Completes a sign-in.
///
/// GitHub redirects the browser here. When the sign-in fails, a browser that navigates on the site
/// is redirected to `/auth/callback/?error={code}&request_id={id}`, which explains the failure; every
/// other client gets the problem.
#[utoipa::path(
    get, path = "/api/auth/callback", tag = "auth", operation_id = "completeSignIn", params(Callback),
    responses(
        (status = 303, description = "Redirects to the page given as `return_to`, with the cookies of a new session.", headers(("location" = String, description = "Path of this site."))),
        (status = 400, description = "`bad_state`: not a sign-in that this browser began in the last ten minutes. `not_confirmed`: GitHub did not confirm it. `bad_code`.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "`account_disabled`: the account is disabled.", body = Problem, content_type = "application/problem+json"),
        (status = 502, description = "GitHub did not respond, or not as documented.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn callback(
    State(app): State<App>,
    origin: Origin,
    headers: HeaderMap,
    query: Result<Query<Callback>, ApiError>,
) -> Response {
    let done = match query {
        Ok(Query(query)) => complete(&app, &origin, &headers, query).await,
        Err(error) => Err(error),
    };
    done.unwrap_or_else(|error| failed_sign_in::response(error, &origin, &headers))
}

async fn complete(
    app: &App,
    origin: &Origin,
    headers: &HeaderMap,
    query: Callback,
) -> Result<Response, ApiError> {
    // Before the query is looked at: whoever tries states is counted with each.
    app.db().check_limits().await?;
    let state = query.state.as_deref().and_then(Opaque::parse);
    let state = state.ok_or_else(bad_state)?;
    let attempt = take_attempt(app, headers, &state).await?;
    if query.error.is_some() {
        return Err(ApiError::bad_request(
            "not_confirmed",
            "The sign-in was not confirmed at GitHub. Begin again at /api/auth/login.",
        ));
    }
    let code = query
        .code
        .filter(|code| (1..=MAX_CODE).contains(&code.len()))
        .ok_or_else(bad_state)?;
    let profile =
        github::exchange(app, &code, &attempt.code_verifier, &redirect_uri(origin)).await?;

    let mut tx = app.db().before_sign_in().await?;
    let user = upsert(&mut tx, &profile).await?;
    if user.is_disabled {
        return Err(refuse_disabled(tx, user.id).await);
    }
    let user = user.id;
    let membership = enter(&mut tx, user, &profile).await?;
    let (refresh, csrf) = (Opaque::random()?, Opaque::random()?);
    let client = Client::of(headers, origin);
    let session = begin_session(&mut tx, user, &membership, &refresh, &csrf, client).await?;
    tx.select_session(session);
    tx.audit(Audit::new("auth.sign_in", "session", session))
        .await?;
    tx.commit().await?;
    let location = [(header::LOCATION, attempt.return_to)];
    let cookies = cookies::of_new_session(&refresh, &csrf, &state);
    Ok((StatusCode::SEE_OTHER, location, cookies).into_response())
}

/// The open sign-in with that state, when this browser began it. Its row is deleted, however the
/// sign-in ends: the path that it returns to can have the code of an invitation.
async fn take_attempt(app: &App, headers: &HeaderMap, state: &Opaque) -> Result<Attempt, ApiError> {
    let browser = cookies::read_attempt(headers, state).ok_or_else(bad_state)?;
    let mut tx = app.db().before_sign_in().await?;
    let attempt = sqlx::query_as!(
        Attempt,
        "delete from sign_in_attempts
         where state_hash = $1 and browser_hash = $2 and used_at is null and expires_at > now()
         returning code_verifier, return_to",
        state.hash(),
        browser.hash(),
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or_else(bad_state)?;
    tx.commit().await?;
    Ok(attempt)
}

fn bad_state() -> ApiError {
    ApiError::bad_request(
        "bad_state",
        "This is not the end of a sign-in that this browser began within the last ten minutes. Begin again at /api/auth/login.",
    )
}

/// A user, as the sign-in finds them.
struct Found {
    id: Uuid,
    is_disabled: bool,
}

/// The user with that id at GitHub, made when there is none. The transaction is then theirs.
async fn upsert(tx: &mut Tx, profile: &Profile) -> Result<Found, ApiError> {
    // As the table's check has it: a picture that cannot be kept signs in all the same.
    let avatar_url = Some(profile.avatar_url.as_str())
        .filter(|url| url.starts_with("https://") || url.starts_with("http://127.0.0.1"));
    let user = sqlx::query_as!(
        Found,
        r#"select user_id as "id!", is_disabled as "is_disabled!"
           from app.upsert_user($1, $2, $3, $4, $5, $6)"#,
        Uuid::now_v7(),
        profile.id,
        profile.login,
        profile.name.as_deref(),
        avatar_url,
        profile.email.as_deref(),
    )
    .fetch_one(&mut **tx)
    .await?;
    tx.select_user(user.id).await?;
    Ok(user)
}

/// 403, with a line in the trail of the organization that they would have entered.
async fn refuse_disabled(mut tx: Tx, user: Uuid) -> ApiError {
    let refused = async {
        if organizations::enter(&mut tx, None).await?.is_some() {
            let after = json!({ "reason": "account_disabled" });
            tx.audit_refusal(Audit::denied("auth.sign_in", "user", user).after(after))
                .await?;
        }
        tx.commit().await
    };
    match refused.await {
        Ok(()) => ApiError::forbidden("account_disabled", "This account is disabled."),
        Err(error) => error,
    }
}

/// An organization of the user: the one that they were in last, else their first, else a new one.
async fn enter(tx: &mut Tx, user: Uuid, profile: &Profile) -> Result<Membership, ApiError> {
    let last = sqlx::query_scalar!(
        "select selected_organization_id from sessions where user_id = $1 order by created_at desc limit 1",
        user
    )
    .fetch_optional(&mut **tx)
    .await?;
    match organizations::enter(tx, last.flatten()).await? {
        Some(membership) => Ok(membership),
        None => organizations::begin(tx, user, &profile.login).await,
    }
}

/// From where somebody signs in, for them to recognize the session by.
struct Client {
    user_agent: Option<String>,
    address: Option<String>,
}

impl Client {
    fn of(headers: &HeaderMap, origin: &Origin) -> Client {
        let user_agent = headers
            .get(header::USER_AGENT)
            .and_then(|value| value.to_str().ok())
            .map(|text| text.chars().filter(|c| !c.is_control()).take(500).collect());
        Client {
            user_agent,
            address: origin
                .client_address
                .clone()
                .filter(|address| address.len() <= 64),
        }
    }
}

/// A new session with its first refresh token: always new, whatever cookies were sent.
async fn begin_session(
    tx: &mut Tx,
    user: Uuid,
    membership: &Membership,
    refresh: &Opaque,
    csrf: &Opaque,
    client: Client,
) -> Result<Uuid, ApiError> {
    let session = Uuid::now_v7();
    sqlx::query!(
        "insert into sessions (id, user_id, selected_organization_id, csrf_hash, user_agent, ip_address, expires_at)
         values ($1, $2, $3, $4, $5, $6, now() + make_interval(secs => $7))",
        session,
        user,
        membership.id,
        csrf.hash(),
        client.user_agent,
        client.address,
        f64::from(LONGEST),
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "insert into refresh_tokens (token_hash, session_id, generation, expires_at)
         values ($1, $2, 0, now() + make_interval(secs => $3))",
        refresh.hash(),
        session,
        f64::from(cookies::IDLE),
    )
    .execute(&mut **tx)
    .await?;
    // The chains of this person's sessions that are over: nothing can be had for them any more.
    sqlx::query!(
        "delete from refresh_tokens where session_id in (
            select id from sessions where user_id = $1 and (revoked_at is not null or expires_at < now()))",
        user
    )
    .execute(&mut **tx)
    .await?;
    Ok(session)
}
