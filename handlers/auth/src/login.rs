//! The begin of a sign-in: a state, a verifier, and the way to GitHub.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{HeaderMap, StatusCode, header};
use miyabi_core::{ApiError, App, Opaque, Origin, Problem, Query, sha256};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{cookies, failed_sign_in, github, return_to::ReturnTo};

/// Query parameters of a sign-in.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Login {
    /// Path of this site to redirect to after the sign-in; `/` by default.
    #[param(value_type = Option<ReturnTo>, inline)]
    return_to: Option<String>,
    /// Login at GitHub, as a hint.
    #[param(min_length = 1, max_length = 100, pattern = "^[A-Za-z0-9_-]{1,100}$")]
    login: Option<String>,
}

/// Begins a sign-in.
///
/// Redirects the browser to GitHub. A failure is explained as by the callback.
#[utoipa::path(
    get, path = "/api/auth/login", tag = "auth", operation_id = "beginSignIn", params(Login),
    responses(
        (status = 303, description = "Redirects to GitHub, with a cookie `__Host-oauth-..` of this sign-in.", headers(("location" = String, description = "URL of the page at GitHub."))),
        (status = 422, description = "`invalid`: `return_to` is not a path of this site, or `login` is not a login at GitHub.", body = Problem, content_type = "application/problem+json"),
        (status = 502, description = "GitHub is not reachable.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn login(
    State(app): State<App>,
    origin: Origin,
    headers: HeaderMap,
    query: Result<Query<Login>, ApiError>,
) -> Response {
    let begun = match query {
        Ok(Query(query)) => begin(&app, &origin, &headers, query).await,
        Err(error) => Err(error),
    };
    begun.unwrap_or_else(|error| failed_sign_in::response(error, &origin, &headers))
}

async fn begin(
    app: &App,
    origin: &Origin,
    headers: &HeaderMap,
    query: Login,
) -> Result<Response, ApiError> {
    // GitHub is asked before the database is.
    app.db().check_limits().await?;
    let return_to = ReturnTo::new(query.return_to.as_deref())?;
    let login = query.login.as_deref().map(check_login).transpose()?;
    // One browser can begin several sign-ins, in several tabs; each has a state and a cookie.
    let (state, verifier, browser) = (Opaque::random()?, Opaque::random()?, Opaque::random()?);
    let challenge = URL_SAFE_NO_PAD.encode(sha256(verifier.text().as_bytes()));
    let url =
        github::authorize_url(app, &state.text(), &challenge, &redirect_uri(origin), login).await?;

    let mut tx = app.db().before_sign_in().await?;
    sqlx::query!(
        "insert into sign_in_attempts (state_hash, browser_hash, code_verifier, return_to, expires_at)
         values ($1, $2, $3, $4, now() + make_interval(secs => $5))",
        state.hash(),
        browser.hash(),
        verifier.text(),
        return_to.as_str(),
        f64::from(cookies::SIGN_IN),
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "delete from sign_in_attempts where state_hash in (
            select state_hash from sign_in_attempts where expires_at < now() limit 100 for update skip locked)"
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    let location = [(header::LOCATION, url)];
    Ok((
        StatusCode::SEE_OTHER,
        location,
        cookies::of_sign_in(headers, &state, &browser),
    )
        .into_response())
}

/// Where GitHub sends people back to: the callback, at the address that they see.
pub(crate) fn redirect_uri(origin: &Origin) -> String {
    format!("{}/api/auth/callback", origin.url)
}

fn check_login(login: &str) -> Result<&str, ApiError> {
    let is_login = (1..=100).contains(&login.len())
        && login
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    if is_login {
        Ok(login)
    } else {
        Err(ApiError::invalid("login", "must be a login at GitHub"))
    }
}
