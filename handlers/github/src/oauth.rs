//! The OAuth web flow with PKCE, by the crate `oauth2`: where people are sent, and a code that
//! becomes a token.
//!
//! GitHub answers failures with status 200, which no client expects: [`call`] turns such an answer
//! into the refusal that it is before the crate sees it.

use std::{borrow::Cow, fmt};

use bytes::Bytes;
use http::{HeaderValue, StatusCode};
use miyabi_core::App;
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointNotSet,
    EndpointSet, HttpRequest, HttpResponse, PkceCodeVerifier, RedirectUrl, RequestTokenError,
    Scope, TokenResponse, TokenUrl,
    basic::{BasicClient, BasicErrorResponse},
};
use tokio::time::Instant;

use crate::{
    GitHub, api,
    client::Client,
    event::{Code, Failure},
};

/// To read the primary address; everything else that we read is public.
const SCOPE: &str = "user:email";
/// The step, in the log.
const WHAT: &str = "exchanging the code";

/// GitHub's token, for the rest of the invocation. Without `Debug`.
pub(crate) struct Token(pub(crate) HeaderValue);

/// The application with the two addresses of GitHub that it needs.
type Flow = BasicClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

impl GitHub {
    /// The page at GitHub that asks somebody whether to sign in here.
    pub(crate) async fn authorize_url(
        &self,
        app: &App,
        state: &str,
        code_challenge: &str,
        redirect_uri: &str,
        login: Option<&str>,
    ) -> Result<String, Failure> {
        let flow = self.flow(&*self.client(app).await?)?;
        let state = state.to_owned();
        // The verifier is with `auth`: here is only what was made of it.
        let mut request = flow
            .authorize_url(|| CsrfToken::new(state))
            .add_scope(Scope::new(SCOPE.to_owned()))
            .set_redirect_uri(redirect(redirect_uri)?)
            .add_extra_param("code_challenge", code_challenge)
            .add_extra_param("code_challenge_method", "S256");
        if let Some(login) = login {
            request = request.add_extra_param("login", login);
        }
        Ok(request.url().0.into())
    }

    /// Exchanges a code.
    pub(crate) async fn token(
        &self,
        app: &App,
        code: &str,
        code_verifier: &str,
        redirect_uri: &str,
        until: Instant,
    ) -> Result<Token, Failure> {
        let flow = self.flow(&*self.client(app).await?)?;
        let http = |request| call(app, request, until);
        let exchanged = flow
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .set_pkce_verifier(PkceCodeVerifier::new(code_verifier.to_owned()))
            .set_redirect_uri(redirect(redirect_uri)?)
            .request_async(&http)
            .await;
        let token = match exchanged {
            Ok(answer) => bearer(answer.access_token().secret()).ok_or_else(|| {
                Failure::new(Code::UnexpectedAnswer, format!("{WHAT}: not a token."))
            }),
            Err(error) => Err(failure(error)),
        };
        if matches!(&token, Err(failure) if failure.code == Code::NotConfigured) {
            self.client.forget();
        }
        token
    }

    fn flow(&self, client: &Client) -> Result<Flow, Failure> {
        let page = |path: &str| format!("{}/login/oauth/{path}", self.origin);
        let address = |error: oauth2::url::ParseError| {
            Failure::new(Code::NotConfigured, format!("GITHUB_ORIGIN: {error}."))
        };
        Ok(BasicClient::new(ClientId::new(client.client_id.clone()))
            .set_client_secret(ClientSecret::new(client.client_secret.clone()))
            .set_auth_type(AuthType::RequestBody)
            .set_auth_uri(AuthUrl::new(page("authorize")).map_err(address)?)
            .set_token_uri(TokenUrl::new(page("access_token")).map_err(address)?))
    }
}

fn redirect(uri: &str) -> Result<Cow<'static, RedirectUrl>, Failure> {
    RedirectUrl::new(uri.to_owned())
        .map(Cow::Owned)
        .map_err(|_| Failure::new(Code::NotConfigured, "The redirect address is not a URL."))
}

/// A failure, as the crate wants an error to be.
#[derive(Debug)]
struct NoResponse(Failure);

impl fmt::Display for NoResponse {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.detail)
    }
}

impl std::error::Error for NoResponse {}

/// Sends the request of the exchange with our limits. An answer that names an error is one, with
/// whatever status it comes and whatever else is in it.
async fn call(app: &App, request: HttpRequest, until: Instant) -> Result<HttpResponse, NoResponse> {
    let answer = api::send(app, WHAT, request.map(Bytes::from), until)
        .await
        .map_err(NoResponse)?;
    let mut response = HttpResponse::new(answer.body.to_vec());
    *response.status_mut() = status(answer.status, &answer.body);
    *response.headers_mut() = answer.headers;
    Ok(response)
}

fn status(status: StatusCode, body: &[u8]) -> StatusCode {
    let names_error = serde_json::from_slice::<serde_json::Value>(body)
        .is_ok_and(|body| body.get("error").is_some());
    match status {
        StatusCode::OK if names_error => StatusCode::BAD_REQUEST,
        other => other,
    }
}

/// Nothing of the body is repeated: it could hold a token.
fn failure(error: RequestTokenError<NoResponse, BasicErrorResponse>) -> Failure {
    match error {
        RequestTokenError::ServerResponse(response) => refusal(response.error().as_ref()),
        RequestTokenError::Request(NoResponse(failure)) => failure,
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => Failure::new(
            Code::UnexpectedAnswer,
            format!("{WHAT}: the body is not the documented JSON."),
        ),
    }
}

fn bearer(token: &str) -> Option<Token> {
    let is_token =
        (1..=1024).contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_graphic());
    let mut value = HeaderValue::from_str(&format!("Bearer {token}"))
        .ok()
        .filter(|_| is_token)?;
    value.set_sensitive(true);
    Some(Token(value))
}

/// What GitHub's `error` means (docs.github.com, "Troubleshooting OAuth app access token request
/// errors").
fn refusal(error: &str) -> Failure {
    match error {
        "bad_verification_code" | "invalid_grant" | "unverified_user_email" | "access_denied" => {
            Failure::new(
                Code::BadCode,
                format!("GitHub does not take the code: {error}."),
            )
        }
        "incorrect_client_credentials"
        | "invalid_client"
        | "redirect_uri_mismatch"
        | "application_suspended"
        | "unauthorized_client" => Failure::new(
            Code::NotConfigured,
            format!("GitHub does not take the OAuth application of this stage: {error}."),
        ),
        // Not repeated: this is no word of GitHub's that we know.
        _ => Failure::new(
            Code::UnexpectedAnswer,
            "GitHub refused the code with an error that is not documented.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_have_the_documented_codes() {
        assert_eq!(refusal("bad_verification_code").code, Code::BadCode);
        assert_eq!(
            refusal("incorrect_client_credentials").code,
            Code::NotConfigured
        );
        let unknown = refusal("gho_secret");
        assert_eq!(unknown.code, Code::UnexpectedAnswer);
        assert!(!unknown.detail.contains("gho_secret"));
    }

    #[test]
    fn an_answer_that_names_an_error_is_one_although_it_has_a_token() {
        let ok = StatusCode::OK;
        for refused in [
            r#"{"error": "bad_verification_code"}"#,
            r#"{"access_token": "gho_x", "token_type": "bearer", "error": "access_denied"}"#,
            r#"{"error": "x", "access_token": "gho_x", "error": "y"}"#,
        ] {
            assert_eq!(status(ok, refused.as_bytes()), 400, "{refused}");
        }
        assert_eq!(status(ok, br#"{"access_token": "gho_x"}"#), ok);
        assert_eq!(status(StatusCode::NOT_FOUND, b"{}"), 404);
    }

    #[test]
    fn a_token_that_could_break_a_header_is_none() {
        assert!(bearer("gho_16C7e42F292c6912E7710c838347Ae178B4a").is_some());
        for wrong in ["", "a b", "a\r\nx: y", "é", &"a".repeat(1025)] {
            assert!(bearer(wrong).is_none(), "{wrong:?}");
        }
    }
}
