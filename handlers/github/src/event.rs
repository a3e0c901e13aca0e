//! What `auth` asks and gets; see docs/ARCHITECTURE.md, "What functions say to each other".

use serde::{Deserialize, Serialize};

/// What is asked. Without `Debug`: a code and a verifier belong in no log.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Event {
    /// Where to send somebody who wants to sign in.
    AuthorizeUrl {
        /// Comes back with the code.
        state: String,
        /// SHA-256 of the verifier, base64url (RFC 7636, S256).
        code_challenge: String,
        /// Where GitHub sends them back to.
        redirect_uri: String,
        /// A hint who it is.
        login: Option<String>,
    },
    /// Who somebody is that came back with a code.
    Exchange {
        /// The code.
        code: String,
        /// What the challenge was made of.
        code_verifier: String,
        /// The same as when they were sent.
        redirect_uri: String,
    },
}

/// What is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// To [`Event::AuthorizeUrl`].
    Url(String),
    /// To [`Event::Exchange`].
    Profile(Profile),
    /// To either.
    Error(Failure),
}

/// Who somebody is at GitHub.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Profile {
    /// The numeric id: the only thing that never changes hands.
    pub id: i64,
    /// The login, as it is today.
    pub login: String,
    /// The name, when one is given: one line, 300 characters at most.
    pub name: Option<String>,
    /// Where the picture is.
    pub avatar_url: String,
    /// The primary address, when GitHub has verified it.
    pub email: Option<String>,
}

/// Why there is no other answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// What kind of failure it is.
    pub code: Code,
    /// A sentence for the log. Never a token, a secret or what GitHub sent.
    pub detail: String,
}

/// Kinds of failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// The stage has no client id and secret that GitHub knows, or another redirect address.
    NotConfigured,
    /// GitHub does not take the code: it is used, old, made up, or its verifier is wrong.
    BadCode,
    /// GitHub does not answer, or says that it cannot now.
    Unavailable,
    /// GitHub answers with something else than it documents.
    UnexpectedAnswer,
}

impl Failure {
    pub(crate) fn new(code: Code, detail: impl Into<String>) -> Failure {
        Failure {
            code,
            detail: detail.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn answers_are_as_the_architecture_page_says() {
        let url = serde_json::to_value(Answer::Url("https://github.com".to_owned())).unwrap();
        assert_eq!(url, json!({"url": "https://github.com"}));
        let profile = Profile {
            id: 1,
            login: "alice".to_owned(),
            name: None,
            avatar_url: "https://avatars.example/1".to_owned(),
            email: None,
        };
        assert_eq!(
            serde_json::to_value(Answer::Profile(profile)).unwrap(),
            json!({"profile": {"id": 1, "login": "alice", "name": null, "avatar_url": "https://avatars.example/1", "email": null}})
        );
        let failure = Answer::Error(Failure::new(Code::BadCode, "why"));
        assert_eq!(
            serde_json::to_value(failure).unwrap(),
            json!({"error": {"code": "bad_code", "detail": "why"}})
        );
    }

    #[test]
    fn an_event_with_more_or_less_is_refused() {
        let exchange =
            json!({"kind": "exchange", "code": "c", "code_verifier": "v", "redirect_uri": "r"});
        assert!(serde_json::from_value::<Event>(exchange.clone()).is_ok());
        for (name, value) in [
            ("code", None),
            ("scope", Some("repo")),
            ("kind", Some("delete")),
        ] {
            let mut event = exchange.clone();
            match value {
                Some(value) => event[name] = json!(value),
                None => drop(event.as_object_mut().unwrap().remove(name)),
            }
            assert!(serde_json::from_value::<Event>(event).is_err(), "{name}");
        }
    }
}
