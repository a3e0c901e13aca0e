//! The OAuth web flow with PKCE: where people are sent, and a code that becomes a token.

use bytes::Bytes;
use http::{HeaderValue, Request, header};
use miyabi_core::App;
use serde::Deserialize;
use tokio::time::Instant;

use crate::{
    GitHub, api,
    event::{Code, Failure},
};

/// To read the primary address; everything else that we read is public.
const SCOPE: &str = "user:email";

/// GitHub's token, for the rest of the invocation. Without `Debug`.
pub(crate) struct Token(pub(crate) HeaderValue);

/// GitHub answers failures with status 200, too.
#[derive(Deserialize)]
struct TokenAnswer {
    access_token: Option<String>,
    error: Option<String>,
}

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
        let client = self.client(app).await?;
        let mut query = form_urlencoded::Serializer::new(String::new());
        query
            .append_pair("client_id", &client.client_id)
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("scope", SCOPE)
            .append_pair("state", state)
            .append_pair("code_challenge", code_challenge)
            .append_pair("code_challenge_method", "S256");
        if let Some(login) = login {
            query.append_pair("login", login);
        }
        Ok(format!(
            "{}/login/oauth/authorize?{}",
            self.origin,
            query.finish()
        ))
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
        let client = self.client(app).await?;
        let body = form_urlencoded::Serializer::new(String::new())
            .append_pair("client_id", &client.client_id)
            .append_pair("client_secret", &client.client_secret)
            .append_pair("code", code)
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("code_verifier", code_verifier)
            .finish();
        let request = Request::post(format!("{}/login/oauth/access_token", self.origin))
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let what = "exchanging the code";
        let (status, answer) =
            api::ask::<TokenAnswer>(app, what, request, Bytes::from(body), until).await?;
        let failure = match answer {
            Some(TokenAnswer {
                access_token: Some(token),
                error: None,
            }) => match bearer(&token) {
                Some(token) => return Ok(token),
                None => Failure::new(Code::UnexpectedAnswer, format!("{what}: not a token.")),
            },
            Some(TokenAnswer {
                error: Some(error), ..
            }) => refusal(&error),
            Some(_) => Failure::new(Code::UnexpectedAnswer, format!("{what}: no token.")),
            None => Failure::new(
                Code::UnexpectedAnswer,
                format!("{what}: status {}.", status.as_u16()),
            ),
        };
        if failure.code == Code::NotConfigured {
            self.client.forget().await;
        }
        Err(failure)
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
    fn a_token_that_could_break_a_header_is_none() {
        assert!(bearer("gho_16C7e42F292c6912E7710c838347Ae178B4a").is_some());
        for wrong in ["", "a b", "a\r\nx: y", "é", &"a".repeat(1025)] {
            assert!(bearer(wrong).is_none(), "{wrong:?}");
        }
    }
}
