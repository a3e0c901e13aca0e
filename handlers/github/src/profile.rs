//! Who a token belongs to.

use bytes::Bytes;
use http::{HeaderValue, Request, header};
use miyabi_core::App;
use serde::{Deserialize, de::DeserializeOwned};
use tokio::time::Instant;

use crate::{
    GitHub, Profile, api,
    event::{Code, Failure},
    oauth::Token,
};

/// The version of the API that these structs are of.
const API_VERSION: HeaderValue = HeaderValue::from_static("2022-11-28");

#[derive(Deserialize)]
struct User {
    id: i64,
    login: String,
    name: Option<String>,
    avatar_url: Option<String>,
}

#[derive(Deserialize)]
struct Address {
    email: String,
    primary: bool,
    verified: bool,
}

impl GitHub {
    /// The profile, and the address when there is one that proves something.
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
        // Refused when the person took the scope away: an address is nothing that we need.
        let addresses: Vec<Address> = self
            .get(app, "/user/emails?per_page=100", token, until)
            .await?
            .unwrap_or_default();
        profile(user, &addresses)
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
        let (_, value) = api::ask(app, what, request, Bytes::new(), until).await?;
        Ok(value)
    }
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
        name: user.name.and_then(|name| line(&name)),
        avatar_url: user.avatar_url.unwrap_or_default(),
        email,
    })
}

/// What people call themselves, as one line that can be stored and shown: shortened, and without
/// the characters that [`miyabi_core::Line`] refuses.
fn line(text: &str) -> Option<String> {
    let shown: String = text
        .chars()
        .filter(|character| {
            miyabi_core::Line::<1>::new(&character.to_string()).is_ok() || *character == ' '
        })
        .take(300)
        .collect();
    let shown = shown.trim();
    (!shown.is_empty()).then(|| shown.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user() -> User {
        User {
            id: 7,
            login: "alice".to_owned(),
            name: Some("Alice\u{202E}\0 \u{1b}[31mA.".to_owned()),
            avatar_url: None,
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
        let long = User {
            name: Some("é".repeat(400)),
            ..user()
        };
        assert_eq!(
            profile(long, &[]).unwrap().name.unwrap().chars().count(),
            300
        );
        let blank = User {
            name: Some(" \n ".to_owned()),
            ..user()
        };
        assert_eq!(profile(blank, &[]).unwrap().name, None);
    }

    #[test]
    fn a_profile_without_an_id_or_login_is_none() {
        assert!(profile(User { id: 0, ..user() }, &[]).is_err());
        let login = String::new();
        assert!(profile(User { login, ..user() }, &[]).is_err());
    }
}
