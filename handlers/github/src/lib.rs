//! GitHub, as far as signing in goes: where to send somebody, and who comes back with a code.
//!
//! It has no database and no route: `auth` invokes it, because GitHub has no IPv6 address and this
//! is the one function that runs outside of the VPC.
//!
//! What always holds:
//!
//! - GitHub's token lives as long as one invocation, and only here. It is in no answer and no log.
//!   That its scope can be wider than asked therefore changes nothing.
//! - Nothing that GitHub sends is held beyond a bounded number of bytes, and all of an exchange
//!   ends within [`PATIENCE`].
//! - Every failure is one of four codes; what GitHub sent is not in it.

mod api;
mod client;
mod event;
mod oauth;
mod profile;

use std::{env, time::Duration};

use client::Client;
use miyabi_core::{App, CachedSecret, Clock};
use tokio::time::Instant;

pub use event::{Answer, Code, Event, Failure, Profile};

/// All of an exchange: three requests. Less than what `auth` waits for us.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// What is needed to speak to GitHub.
pub struct GitHub {
    /// ARN of the client id and secret.
    secret: String,
    /// Where people sign in, without a slash at the end.
    origin: String,
    /// Where the API is, without a slash at the end.
    api_origin: String,
    client: CachedSecret<Client>,
}

impl GitHub {
    /// Reads the environment of this process.
    ///
    /// # Errors
    ///
    /// A sentence that names the variable that is missing or wrong.
    pub fn from_environment() -> Result<GitHub, String> {
        GitHub::read(&|name| env::var(name).ok().filter(|value| !value.is_empty()))
    }

    fn read(get: &dyn Fn(&str) -> Option<String>) -> Result<GitHub, String> {
        let require = |name: &str| {
            get(name).ok_or_else(|| {
                format!("The function `github` needs the environment variable {name}; the templates of its stack set it.")
            })
        };
        let origin = |name: &str| {
            let origin = require(name)?.trim_end_matches('/').to_owned();
            // Without TLS only to what stands in for GitHub on the same machine.
            let is_local = origin.starts_with("http://127.0.0.1:");
            if is_local || origin.starts_with("https://") {
                Ok(origin)
            } else {
                Err(format!(
                    "{name} must begin with https://; it is `{origin}`."
                ))
            }
        };
        Ok(GitHub {
            secret: require("GITHUB_SECRET")?,
            origin: origin("GITHUB_ORIGIN")?,
            api_origin: origin("GITHUB_API_ORIGIN")?,
            client: CachedSecret::new("the OAuth application", Duration::MAX, Clock::system()),
        })
    }

    /// Answers an invocation.
    pub async fn answer(&self, app: &App, event: Event) -> Answer {
        let result = match event {
            Event::AuthorizeUrl {
                state,
                code_challenge,
                redirect_uri,
                login,
            } => {
                let person = login.as_deref();
                self.authorize_url(app, &state, &code_challenge, &redirect_uri, person)
                    .await
                    .map(Answer::Url)
            }
            Event::Exchange {
                code,
                code_verifier,
                redirect_uri,
            } => {
                let until = Instant::now() + PATIENCE;
                self.exchange(app, &code, &code_verifier, &redirect_uri, until)
                    .await
                    .map(Answer::Profile)
            }
        };
        result.unwrap_or_else(|failure| {
            tracing::warn!(code = ?failure.code, detail = failure.detail, "GitHub signs nobody in.");
            Answer::Error(failure)
        })
    }

    async fn exchange(
        &self,
        app: &App,
        code: &str,
        code_verifier: &str,
        redirect_uri: &str,
        until: Instant,
    ) -> Result<Profile, Failure> {
        let token = self
            .token(app, code, code_verifier, redirect_uri, until)
            .await?;
        self.profile(app, &token, until).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_variable_is_needed_and_named() {
        let good = |name: &str| match name {
            "GITHUB_SECRET" => Some("arn:github".to_owned()),
            "GITHUB_ORIGIN" => Some("https://github.com/".to_owned()),
            _ => Some("https://api.github.com".to_owned()),
        };
        assert_eq!(
            GitHub::read(&good).ok().unwrap().origin,
            "https://github.com"
        );
        for name in ["GITHUB_SECRET", "GITHUB_ORIGIN", "GITHUB_API_ORIGIN"] {
            let missing = |asked: &str| good(asked).filter(|_| asked != name);
            assert!(GitHub::read(&missing).err().unwrap().contains(name));
        }
        let plain =
            |name: &str| good(name).map(|value| value.replace("https://github", "http://github"));
        assert!(
            GitHub::read(&plain)
                .err()
                .unwrap()
                .contains("GITHUB_ORIGIN")
        );
    }
}
