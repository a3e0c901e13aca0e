//! `/login/oauth/authorize`: somebody chooses who they are and is sent back with a code.

use std::time::Instant;

use form_urlencoded::{Serializer, parse};
use http::{HeaderValue, Method, StatusCode, Uri, header};

use super::{
    Shared,
    grants::Grant,
    pages::{self, escape},
    people::Person,
};
use crate::local::http::{Reply, bytes};

/// What the client asks for, checked.
#[derive(Debug, Default)]
struct Asked {
    client_id: String,
    redirect_uri: String,
    state: Option<String>,
    scopes: Vec<String>,
    code_challenge: Option<String>,
    login: Option<String>,
}

/// The page with the people, or, when the query names one of them (`login=alice`) the way back.
pub(super) fn serve(shared: &Shared, method: &Method, query: &str) -> Reply {
    if method != Method::GET {
        return pages::problem(
            StatusCode::METHOD_NOT_ALLOWED,
            "This page is only looked at.",
        );
    }
    let asked = match Asked::parse(query) {
        Ok(asked) => asked,
        Err(why) => return pages::problem(StatusCode::BAD_REQUEST, why),
    };
    let people = shared.people();
    match &asked.login {
        None => choose(&people, query, &asked),
        Some(login) if login.is_empty() => asked.back(&[
            ("error", "access_denied"),
            (
                "error_description",
                "The user has denied your application access.",
            ),
        ]),
        Some(login) => match people.iter().find(|person| person.login == *login) {
            Some(person) => agree(shared, person, &asked),
            None => pages::problem(
                StatusCode::NOT_FOUND,
                &format!(
                    "There is no person `{login}` here. The people are: {}.",
                    names(&people)
                ),
            ),
        },
    }
}

fn names(people: &[Person]) -> String {
    let names: Vec<&str> = people.iter().map(|person| person.login.as_str()).collect();
    names.join(", ")
}

fn agree(shared: &Shared, person: &Person, asked: &Asked) -> Reply {
    let mut scopes = asked.scopes.clone();
    scopes.extend(person.also_grants.iter().cloned());
    let grant = Grant {
        person: person.id,
        client_id: asked.client_id.clone(),
        redirect_uri: asked.redirect_uri.clone(),
        code_challenge: asked.code_challenge.clone(),
        scopes,
    };
    let code = shared.grants.code(grant, Instant::now());
    asked.back(&[("code", &code)])
}

/// Everybody is a link to this page with their login.
fn choose(people: &[Person], query: &str, asked: &Asked) -> Reply {
    let to = |login: &str| {
        let mut link = Serializer::new(String::new());
        link.extend_pairs(parse(query.as_bytes()));
        link.append_pair("login", login);
        escape(&format!("/login/oauth/authorize?{}", link.finish()))
    };
    let mut content = format!(
        "<h1>Sign in to {} as</h1>\n<ul>\n",
        escape(&asked.redirect_uri)
    );
    for person in people {
        let name = person.name.as_deref().unwrap_or(&person.login);
        content += &format!(
            "<li><a href=\"{}\"><img src=\"/avatars/{}\" alt=\"\"><span>{} <b>{}</b><small>{}</small></span></a></li>\n",
            to(&person.login),
            person.id,
            escape(name),
            escape(&person.login),
            escape(&person.about),
        );
    }
    content += &format!("</ul>\n<p><a href=\"{}\">Cancel</a></p>", to(""));
    pages::page(StatusCode::OK, &content)
}

impl Asked {
    fn parse(query: &str) -> Result<Asked, &'static str> {
        let mut asked = Asked::default();
        let mut challenge_method = None;
        for (name, value) in parse(query.as_bytes()) {
            let value = value.into_owned();
            match name.as_ref() {
                "client_id" => asked.client_id = value,
                "redirect_uri" => asked.redirect_uri = value,
                "state" => asked.state = Some(value),
                "scope" => {
                    let scopes = value.split([' ', ',']).filter(|scope| !scope.is_empty());
                    asked.scopes = scopes.map(str::to_owned).collect();
                }
                "code_challenge" => asked.code_challenge = Some(value),
                "code_challenge_method" => challenge_method = Some(value),
                "login" => asked.login = Some(value),
                _ => {}
            }
        }
        if asked.client_id.is_empty() {
            return Err("The application sent no client_id.");
        }
        if !is_loopback(&asked.redirect_uri) {
            return Err(
                "The stand-in sends people back to this machine only; redirect_uri must begin with http://127.0.0.1 or http://localhost.",
            );
        }
        match (&asked.code_challenge, challenge_method.as_deref()) {
            (None, None) => {}
            (Some(challenge), Some("S256")) if challenge.len() == 43 => {}
            _ => {
                return Err(
                    "PKCE needs a code_challenge of 43 characters and code_challenge_method=S256.",
                );
            }
        }
        Ok(asked)
    }

    /// Sends the browser back to the application.
    fn back(&self, answer: &[(&str, &str)]) -> Reply {
        let mut query = Serializer::new(String::new());
        query.extend_pairs(answer);
        if let Some(state) = &self.state {
            query.append_pair("state", state);
        }
        let joined = if self.redirect_uri.contains('?') {
            '&'
        } else {
            '?'
        };
        let location = format!("{}{joined}{}", self.redirect_uri, query.finish());
        let Ok(location) = HeaderValue::try_from(location) else {
            return pages::problem(StatusCode::BAD_REQUEST, "redirect_uri is not an address.");
        };
        let mut reply = bytes(StatusCode::FOUND, "text/plain; charset=utf-8", "");
        reply.headers_mut().insert(header::LOCATION, location);
        reply
    }
}

fn is_loopback(address: &str) -> bool {
    let Ok(uri) = address.parse::<Uri>() else {
        return false;
    };
    let scheme = matches!(uri.scheme_str(), Some("http" | "https"));
    let host = matches!(uri.host(), Some("127.0.0.1" | "localhost" | "[::1]"));
    // A user name could make another address look like this machine to a reader.
    let plain = uri
        .authority()
        .is_some_and(|authority| !authority.as_str().contains('@'));
    scheme && host && plain && !address.contains('#')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_sent_back_to_this_machine_only() {
        let good = [
            "http://127.0.0.1:1/x",
            "http://localhost/x?y=1",
            "https://[::1]:5/",
        ];
        let bad = [
            "",
            "/x",
            "http://evil.example/",
            "http://127.0.0.1@evil.example/",
            "http://127.0.0.1.evil.example/",
            "http://a@127.0.0.1/",
            "javascript:alert(1)",
            "ftp://127.0.0.1/",
            "http://127.0.0.1/\r\nx: y",
            "http://127.0.0.1/#x",
            "//127.0.0.1/",
        ];
        assert_eq!(good.map(is_loopback), [true; 3]);
        assert_eq!(bad.map(is_loopback), [false; 11]);
    }

    #[test]
    fn pkce_is_s256_or_absent() {
        let with = |pkce: &str| {
            Asked::parse(&format!(
                "client_id=c&redirect_uri=http%3A%2F%2F127.0.0.1%2F{pkce}"
            ))
            .is_ok()
        };
        let challenge = "c".repeat(43);
        assert!(with(""));
        assert!(with(&format!(
            "&code_challenge={challenge}&code_challenge_method=S256"
        )));
        assert!(!with(&format!(
            "&code_challenge={challenge}&code_challenge_method=plain"
        )));
        assert!(!with(&format!("&code_challenge={challenge}")));
        assert!(!with("&code_challenge=short&code_challenge_method=S256"));
        assert!(!with("&code_challenge_method=S256"));
    }
}
