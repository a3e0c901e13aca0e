//! Who a token belongs to.

use std::time::Duration;

use http::{HeaderValue, Request, header};
use miyabi_core::{App, Line, Text};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use tokio::time::Instant;

use crate::{
    GitHub, Profile, api,
    event::{Code, Failure},
    oauth::Token,
};

/// The version of the API that these structs are of.
const API_VERSION: HeaderValue = HeaderValue::from_static("2022-11-28");

/// How long sign-in waits for the addresses.
const ADDRESS_PATIENCE: Duration = Duration::from_secs(3);

/// Longest name that is kept, in characters.
const MAX_NAME: usize = 300;

/// Longest address of a picture that is kept, in bytes.
const MAX_AVATAR_URL: usize = 2000;

/// Identity is `id` and `login`. The rest is decoration: of any type, and dropped when unusable.
#[derive(Deserialize)]
struct User {
    id: i64,
    login: String,
    #[serde(default)]
    name: Value,
    #[serde(default)]
    avatar_url: Value,
}

#[derive(Deserialize)]
struct Address {
    email: String,
    primary: bool,
    verified: bool,
}

impl GitHub {
    /// The profile, and the address when there is one that proves something.
    ///
    /// # Errors
    ///
    /// When GitHub does not confirm who this is. Nothing that it says of addresses is an error.
    pub(crate) async fn profile(
        &self,
        app: &App,
        token: &Token,
        until: Instant,
    ) -> Result<Profile, Failure> {
        let user: User = self.get(app, "/user", token, until).await?.ok_or_else(|| {
            Failure::new(
                Code::UnexpectedAnswer,
                "reading the profile: GitHub does not take its own token.",
            )
        })?;
        let addresses = self.addresses(app, token, until).await;
        profile(user, &addresses)
    }

    /// The person's addresses: none when GitHub refuses, as when the person took the scope away,
    /// when it fails, and when it answers with something else. Sign-in needs no address.
    async fn addresses(&self, app: &App, token: &Token, until: Instant) -> Vec<Address> {
        let until = until.min(Instant::now() + ADDRESS_PATIENCE);
        let path = "/user/emails?per_page=100";
        match self.get::<Value>(app, path, token, until).await {
            Ok(addresses) => readable(addresses.unwrap_or_default()),
            Err(failure) => {
                let (code, detail) = (failure.code, failure.detail);
                tracing::warn!(?code, detail, "Signs in without an e-mail address.");
                Vec::new()
            }
        }
    }

    /// `None` when GitHub refuses.
    async fn get<T: DeserializeOwned>(
        &self,
        app: &App,
        path: &str,
        token: &Token,
        until: Instant,
    ) -> Result<Option<T>, Failure> {
        let request = Request::get(format!("{}{path}", self.api_origin))
            .header(header::ACCEPT, "application/vnd.github+json")
            .header("x-github-api-version", API_VERSION)
            .header(header::AUTHORIZATION, token.0.clone());
        let what = "reading the profile";
        api::ask(app, what, request, until).await
    }
}

/// The addresses that have the documented form.
fn readable(addresses: Value) -> Vec<Address> {
    let Value::Array(addresses) = addresses else {
        return Vec::new();
    };
    let addresses = addresses.into_iter();
    addresses
        .filter_map(|address| serde_json::from_value(address).ok())
        .collect()
}

/// The address of a picture, when a page may show it.
fn picture(address: &str) -> Option<&str> {
    let is_plain = address.len() <= MAX_AVATAR_URL
        && address.bytes().all(|byte| byte.is_ascii_graphic())
        && http::Uri::try_from(address).is_ok();
    let is_allowed =
        // GitHub's stand-in on the same machine has no TLS.
        address.starts_with("https://") || address.starts_with("http://127.0.0.1:");
    (is_plain && is_allowed).then_some(address)
}

fn profile(user: User, addresses: &[Address]) -> Result<Profile, Failure> {
    let is_login = (1..=100).contains(&user.login.len())
        && user
            .login
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'[' | b']'));
    if user.id < 1 || !is_login {
        return Err(Failure::new(
            Code::UnexpectedAnswer,
            "reading the profile: its id or login is none.",
        ));
    }
    let email = addresses
        .iter()
        .find(|address| address.primary && address.verified)
        .map(|address| address.email.clone())
        .filter(|email| {
            email.len() <= 320 && email.contains('@') && line(email).as_deref() == Some(email)
        });
    Ok(Profile {
        id: user.id,
        login: user.login,
        name: user.name.as_str().and_then(line),
        avatar_url: user
            .avatar_url
            .as_str()
            .and_then(picture)
            .unwrap_or_default()
            .to_owned(),
        email,
    })
}

/// What people call themselves, as one line that can be stored and shown: shortened, and without
/// the characters that [`Line`] refuses. `None` when nothing of it can be seen.
fn line(text: &str) -> Option<String> {
    let allowed = text.chars().filter(|character| {
        // Between letters, since marks and spaces are not a line of their own.
        Line::<9>::new(&format!("a{character}a")).is_ok()
    });
    let text = Text::<{ usize::MAX }>::new(&allowed.collect::<String>()).ok()?;
    let shortened: String = text.as_str().chars().take(MAX_NAME).collect();
    Line::<MAX_NAME>::new(&shortened).ok().map(String::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user() -> User {
        User {
            id: 7,
            login: "alice".to_owned(),
            name: "Alice\u{202E}\0 \u{1b}[31mA.".into(),
            avatar_url: Value::Null,
        }
    }

    fn address(email: &str, primary: bool, verified: bool) -> Address {
        Address {
            email: email.to_owned(),
            primary,
            verified,
        }
    }

    #[test]
    fn only_a_primary_and_verified_address_is_taken() {
        let none = [
            address("a@example.com", true, false),
            address("b@example.com", false, true),
        ];
        assert_eq!(profile(user(), &none).unwrap().email, None);
        assert_eq!(profile(user(), &[]).unwrap().email, None);
        let one = [
            address("b@example.com", false, true),
            address("a@example.com", true, true),
        ];
        assert_eq!(
            profile(user(), &one).unwrap().email.as_deref(),
            Some("a@example.com")
        );
    }

    #[test]
    fn a_name_loses_what_cannot_be_stored_or_shown() {
        assert_eq!(
            profile(user(), &[]).unwrap().name.as_deref(),
            Some("Alice [31mA.")
        );
        // One normalization, marks and joiners kept.
        for (name, kept) in [
            ("Jose\u{301}", "José"),
            ("क्षि", "क्षि"),
            ("\u{1F468}\u{200D}\u{1F469}", "\u{1F468}\u{200D}\u{1F469}"),
        ] {
            let user = User {
                name: name.into(),
                ..user()
            };
            assert_eq!(profile(user, &[]).unwrap().name.as_deref(), Some(kept));
        }
        let long = User {
            name: "é".repeat(400).into(),
            ..user()
        };
        assert_eq!(
            profile(long, &[]).unwrap().name.unwrap().chars().count(),
            300
        );
        let blank = User {
            name: " \n\u{200B}\u{301} ".into(),
            ..user()
        };
        assert_eq!(profile(blank, &[]).unwrap().name, None);
    }

    #[test]
    fn decoration_that_is_unusable_is_dropped() {
        let good = "https://avatars.githubusercontent.com/u/1?v=4";
        let long = format!("https://example.com/{}", "a".repeat(2000));
        for (address, kept) in [
            (Value::from(good), good),
            (Value::from("http://example.com/a.png"), ""),
            (Value::from("http://127.0.0.1.evil.example/a.png"), ""),
            (Value::from("javascript:alert(1)"), ""),
            (Value::from("https://example.com/a b"), ""),
            (Value::from("https://example.com/\u{e4}\n"), ""),
            (Value::from("https://"), ""),
            (Value::from(long), ""),
            (Value::from(7), ""),
            (Value::Null, ""),
        ] {
            let user = User {
                avatar_url: address.clone(),
                name: serde_json::json!(["no", "text"]),
                ..user()
            };
            let profile = profile(user, &[]).unwrap();
            assert_eq!(
                (profile.avatar_url.as_str(), profile.name),
                (kept, None),
                "{address}"
            );
        }
        let addresses = serde_json::json!([
            7, {"email": null}, {"email": "a@example.com", "primary": true, "verified": true, "visibility": null}
        ]);
        assert_eq!(readable(addresses).len(), 1);
        assert_eq!(readable(serde_json::json!({"message": "moved"})).len(), 0);
    }

    #[test]
    fn a_profile_without_an_id_or_login_is_none() {
        assert!(profile(User { id: 0, ..user() }, &[]).is_err());
        let login = String::new();
        assert!(profile(User { login, ..user() }, &[]).is_err());
    }
}
