//! Signing in as one of the seeded people, over HTTP, the way a browser does: through the stand-in
//! for GitHub that `local` has. There is no other door for tests and tools.

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;
use http::{Method, Uri, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use crate::{
    Error,
    http_client::{self, Answer},
};

/// The cookie whose value goes into the header `x-csrf-token`.
const CSRF: &str = "__Host-csrf";
const PATIENCE: Duration = Duration::from_secs(20);
/// login -> authorize -> callback -> home, and room for one more.
const MOST_REDIRECTS: usize = 8;

#[derive(Deserialize)]
struct Tokens {
    access_token: String,
}

/// An access token of `person` (`alice`) at the site `origin`.
///
/// # Errors
///
/// When the stage does not answer, or the stand-in for GitHub does not know the person.
pub async fn sign_in(origin: &str, person: &str) -> Result<String, Error> {
    Ok(begin_session(origin, person).await?.token)
}

/// The session of somebody who has signed in.
pub struct Session {
    origin: String,
    person: String,
    cookies: Cookies,
    token: String,
}

impl Session {
    /// The login of the person.
    pub fn person(&self) -> &str {
        &self.person
    }

    /// The access token, for the organization that the session is in.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Changes the organization of the session, by its id. The person's next sign-in opens it too.
    ///
    /// # Errors
    ///
    /// When the person is not a member of it.
    pub async fn switch(&mut self, organization: &str) -> Result<(), Error> {
        let body = serde_json::json!({ "organization_id": organization }).to_string();
        let answer = post_with_cookies(&self.origin, "switch", &self.cookies, body).await?;
        self.cookies
            .keep(&format!("{}/api/auth/switch", self.origin), &answer);
        self.token = read_token(&self.person, &answer)?;
        Ok(())
    }
}

/// Signs `person` in at the site `origin`.
///
/// # Errors
///
/// As [`sign_in`].
pub async fn begin_session(origin: &str, person: &str) -> Result<Session, Error> {
    let mut cookies = Cookies::default();
    let mut url = format!(
        "{origin}/api/auth/login?login={}",
        utf8_percent_encode(person, NON_ALPHANUMERIC)
    );
    for _ in 0..MOST_REDIRECTS {
        let answer = request(Method::GET, &url, &cookies.of(&url), &[], "").await?;
        cookies.keep(&url, &answer);
        if !answer.status.is_redirection() {
            return session(origin, person, cookies, &answer).await;
        }
        url = resolve(&url, answer.header("location"));
    }
    Err(refused(
        person,
        "the sign-in was sent from one address to the next without end",
    ))
}

/// Exchanges the refresh cookie for an access token.
async fn session(
    origin: &str,
    person: &str,
    mut cookies: Cookies,
    landed: &Answer,
) -> Result<Session, Error> {
    if cookies.value(origin, CSRF).is_none() {
        return Err(refused(
            person,
            &format!("{} {}", landed.status, landed.text(500)),
        ));
    }
    let answer = post_with_cookies(origin, "refresh", &cookies, String::new()).await?;
    cookies.keep(&format!("{origin}/api/auth/refresh"), &answer);
    Ok(Session {
        token: read_token(person, &answer)?,
        origin: origin.to_owned(),
        person: person.to_owned(),
        cookies,
    })
}

/// `POST /api/auth/{name}` as the page of a browser sends it.
async fn post_with_cookies(
    origin: &str,
    name: &str,
    cookies: &Cookies,
    body: String,
) -> Result<Answer, Error> {
    let url = format!("{origin}/api/auth/{name}");
    let csrf = cookies.value(origin, CSRF).unwrap_or_default();
    let mut headers = vec![("origin", origin), ("x-csrf-token", csrf)];
    if !body.is_empty() {
        headers.push(("content-type", "application/json"));
    }
    request(Method::POST, &url, &cookies.of(&url), &headers, body).await
}

fn read_token(person: &str, answer: &Answer) -> Result<String, Error> {
    let tokens: Result<Tokens, _> = serde_json::from_slice(&answer.body);
    match tokens {
        Ok(tokens) if answer.status.is_success() => Ok(tokens.access_token),
        _ => Err(refused(
            person,
            &format!("{} {}", answer.status, answer.text(500)),
        )),
    }
}

async fn request(
    method: Method,
    url: &str,
    cookies: &str,
    headers: &[(&str, &str)],
    body: impl Into<Bytes>,
) -> Result<Answer, Error> {
    let mut all = headers.to_vec();
    if !cookies.is_empty() {
        all.push(("cookie", cookies));
    }
    let sent = http_client::send(method, url, &all, body, PATIENCE).await;
    // Only `local` has people to sign in as.
    sent.map_err(|error| {
        let hint = "Check that the stage runs: `cargo xtask status --stage local`";
        Error::failed("The sign-in got no response.", hint).because(error)
    })
}

fn refused(person: &str, why: &str) -> Error {
    Error::failed(
        format!("Signing in as `{person}` did not work."),
        "The seeded people are alice, bob and those in deployer/github-stand-in. See `cargo xtask logs auth github --stage local --since 5m`",
    )
    .because(why.to_owned())
}

/// An absolute address from a `Location`, which may be a path only.
fn resolve(base: &str, location: &str) -> String {
    if location.starts_with('/') {
        format!("{}{location}", origin_of(base))
    } else {
        location.to_owned()
    }
}

/// `http://127.0.0.1:4000` of `http://127.0.0.1:4000/a?b`.
fn origin_of(url: &str) -> String {
    let uri: Uri = url.parse().unwrap_or_default();
    let authority = uri.authority().map(ToString::to_string).unwrap_or_default();
    format!("{}://{authority}", uri.scheme_str().unwrap_or("http"))
}

/// Cookies by origin. Paths and flags are not looked at: everything asked here is one site's.
#[derive(Debug, Default)]
struct Cookies(BTreeMap<String, BTreeMap<String, String>>);

impl Cookies {
    fn keep(&mut self, url: &str, answer: &Answer) {
        let jar = self.0.entry(origin_of(url)).or_default();
        for cookie in answer.headers.get_all(header::SET_COOKIE) {
            let pair = cookie
                .to_str()
                .unwrap_or_default()
                .split(';')
                .next()
                .unwrap_or_default();
            if let Some((name, value)) = pair.split_once('=') {
                jar.insert(name.trim().to_owned(), value.trim().to_owned());
            }
        }
        jar.retain(|_, value| !value.is_empty());
    }

    /// For the header `cookie` of a request to `url`.
    fn of(&self, url: &str) -> String {
        let pairs = self.0.get(&origin_of(url)).into_iter().flatten();
        pairs
            .map(|(name, value)| format!("{name}={value}"))
            .collect::<Vec<_>>()
            .join("; ")
    }

    fn value(&self, url: &str, name: &str) -> Option<&str> {
        self.0.get(&origin_of(url))?.get(name).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_may_be_a_path_or_an_address() {
        let base = "http://127.0.0.1:4000/api/auth/login?login=alice";
        assert_eq!(resolve(base, "/x?y=1"), "http://127.0.0.1:4000/x?y=1");
        assert_eq!(
            resolve(base, "http://127.0.0.1:5000/login"),
            "http://127.0.0.1:5000/login"
        );
    }
}
