//! What we ask of the `github` function, and what its failures mean for who signs in.

use std::time::Duration;

use http::StatusCode;
use miyabi_core::{ApiError, App};
use serde::Deserialize;
use serde_json::{Value, json};

/// Longer than `github` gives GitHub, shorter than a request may take.
const PATIENCE: Duration = Duration::from_secs(12);

/// Who somebody is at GitHub. See docs/ARCHITECTURE.md.
#[derive(Debug, Deserialize)]
pub(crate) struct Profile {
    pub(crate) id: i64,
    pub(crate) login: String,
    pub(crate) name: Option<String>,
    pub(crate) avatar_url: String,
    pub(crate) email: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Url(String),
    Profile(Profile),
    Error(Failure),
}

#[derive(Deserialize)]
struct Failure {
    code: String,
}

/// The page at GitHub to send somebody to.
pub(crate) async fn authorize_url(
    app: &App,
    state: &str,
    code_challenge: &str,
    redirect_uri: &str,
    login: Option<&str>,
) -> Result<String, ApiError> {
    let event = json!({
        "kind": "authorize_url",
        "state": state,
        "code_challenge": code_challenge,
        "redirect_uri": redirect_uri,
        "login": login,
    });
    match ask(app, &event).await? {
        Answer::Url(url) => Ok(url),
        _ => Err(unexpected()),
    }
}

/// Who came back with that code.
pub(crate) async fn exchange(
    app: &App,
    code: &str,
    code_verifier: &str,
    redirect_uri: &str,
) -> Result<Profile, ApiError> {
    let event = json!({
        "kind": "exchange",
        "code": code,
        "code_verifier": code_verifier,
        "redirect_uri": redirect_uri,
    });
    match ask(app, &event).await? {
        Answer::Profile(profile) => Ok(profile),
        _ => Err(unexpected()),
    }
}

async fn ask(app: &App, event: &Value) -> Result<Answer, ApiError> {
    let answer = app
        .invoke("github", event, PATIENCE)
        .await
        .map_err(|error| {
            tracing::warn!(%error, "The function `github` gives no answer.");
            unavailable()
        })?;
    match serde_json::from_value(answer) {
        Ok(Answer::Error(failure)) => Err(refused(&failure.code)),
        Ok(answer) => Ok(answer),
        Err(_) => Err(unexpected()),
    }
}

fn refused(code: &str) -> ApiError {
    // Details are in the log of `github`, under the same request id.
    tracing::info!(code, "GitHub signs nobody in.");
    match code {
        "bad_code" => ApiError::bad_request(
            "bad_code",
            "GitHub does not confirm this sign-in. Begin again at /api/auth/login.",
        ),
        "not_configured" => ApiError::refused(
            StatusCode::BAD_GATEWAY,
            "github_not_configured",
            "GitHub does not know the OAuth application of this site. Its operator must put the right client id and secret in place.",
        ),
        "unavailable" => unavailable(),
        _ => unexpected(),
    }
}

fn unavailable() -> ApiError {
    ApiError::refused(
        StatusCode::BAD_GATEWAY,
        "github_unavailable",
        "GitHub does not answer now. Begin again in a moment at /api/auth/login.",
    )
}

fn unexpected() -> ApiError {
    ApiError::refused(
        StatusCode::BAD_GATEWAY,
        "github_unexpected",
        "GitHub answered with something that we do not understand. Begin again at /api/auth/login.",
    )
}
