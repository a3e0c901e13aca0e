//! Codes and tokens: what a sign-in leaves behind until it is over. Codes are used once and live
//! ten minutes, as GitHub's do; nothing outlives the process.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

/// <https://docs.github.com/en/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps>
const CODE_LIVES: Duration = Duration::from_secs(600);

/// What somebody agreed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Grant {
    /// Numeric id of the person.
    pub(super) person: i64,
    pub(super) client_id: String,
    pub(super) redirect_uri: String,
    /// PKCE, S256: the hash of the verifier that must come with the code.
    pub(super) code_challenge: Option<String>,
    pub(super) scopes: Vec<String>,
}

/// Why a code gives no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
    /// Unknown, used, too old, of another client, or without its verifier.
    BadCode,
    /// Of another redirect address.
    RedirectMismatch,
}

/// What is asked for with a code.
#[derive(Debug, Clone, Copy)]
pub(super) struct Exchange<'a> {
    pub(super) code: &'a str,
    pub(super) client_id: &'a str,
    pub(super) redirect_uri: &'a str,
    pub(super) code_verifier: &'a str,
}

/// Codes and tokens that are good at the moment.
#[derive(Debug, Default)]
pub(super) struct Grants {
    codes: Mutex<HashMap<String, (Grant, Instant)>>,
    tokens: Mutex<HashMap<String, Grant>>,
}

impl Grants {
    /// A new code.
    pub(super) fn code(&self, grant: Grant, now: Instant) -> String {
        let code = random();
        let mut codes = lock(&self.codes);
        codes.retain(|_, (_, since)| now.duration_since(*since) < CODE_LIVES);
        codes.insert(code.clone(), (grant, now));
        code
    }

    /// A token for a code. The code is used up, whatever comes of it.
    pub(super) fn exchange(
        &self,
        exchange: Exchange<'_>,
        now: Instant,
    ) -> Result<(String, Grant), Refused> {
        let (grant, since) = lock(&self.codes)
            .remove(exchange.code)
            .ok_or(Refused::BadCode)?;
        if now.duration_since(since) >= CODE_LIVES
            || grant.client_id != exchange.client_id
            || !proves(grant.code_challenge.as_deref(), exchange.code_verifier)
        {
            return Err(Refused::BadCode);
        }
        if grant.redirect_uri != exchange.redirect_uri {
            return Err(Refused::RedirectMismatch);
        }
        let token = format!("gho_{}", random());
        lock(&self.tokens).insert(token.clone(), grant.clone());
        Ok((token, grant))
    }

    /// What a token is good for.
    pub(super) fn of_token(&self, token: &str) -> Option<Grant> {
        lock(&self.tokens).get(token).cloned()
    }
}

/// Whether the verifier is the one of the challenge; without a challenge, anything is.
fn proves(challenge: Option<&str>, verifier: &str) -> bool {
    challenge.is_none_or(|challenge| {
        URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes())) == challenge
    })
}

/// 122 random bits from the system.
fn random() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Appendix B of RFC 7636.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    const CALLBACK: &str = "http://127.0.0.1:4000/api/auth/callback";

    fn grant() -> Grant {
        Grant {
            person: 7,
            client_id: "client".to_owned(),
            redirect_uri: CALLBACK.to_owned(),
            code_challenge: Some(CHALLENGE.to_owned()),
            scopes: vec!["user:email".to_owned()],
        }
    }

    fn right(code: &str) -> Exchange<'_> {
        Exchange {
            code,
            client_id: "client",
            redirect_uri: CALLBACK,
            code_verifier: VERIFIER,
        }
    }

    #[test]
    fn a_code_gives_one_token() {
        let (grants, now) = (Grants::default(), Instant::now());
        let code = grants.code(grant(), now);
        let (token, given) = grants.exchange(right(&code), now).unwrap();
        assert_eq!(given, grant());
        assert_eq!(grants.of_token(&token), Some(grant()));
        assert_eq!(grants.of_token("gho_"), None);
        assert_eq!(grants.exchange(right(&code), now), Err(Refused::BadCode));
    }

    #[test]
    fn a_code_is_only_good_for_ten_minutes() {
        let (grants, now) = (Grants::default(), Instant::now());
        let seconds = Duration::from_secs;
        let code = grants.code(grant(), now);
        assert!(grants.exchange(right(&code), now + seconds(599)).is_ok());
        let code = grants.code(grant(), now);
        assert_eq!(
            grants.exchange(right(&code), now + seconds(600)),
            Err(Refused::BadCode)
        );
    }

    #[test]
    fn a_code_is_only_good_for_who_asked_for_it_and_is_used_up_by_who_tries() {
        let now = Instant::now();
        let wrong = [
            (
                Exchange {
                    client_id: "another",
                    ..right("")
                },
                Refused::BadCode,
            ),
            (
                Exchange {
                    code_verifier: "",
                    ..right("")
                },
                Refused::BadCode,
            ),
            (
                Exchange {
                    code_verifier: CHALLENGE,
                    ..right("")
                },
                Refused::BadCode,
            ),
            (
                Exchange {
                    redirect_uri: "",
                    ..right("")
                },
                Refused::RedirectMismatch,
            ),
            (
                Exchange {
                    redirect_uri: "http://127.0.0.1:4001/",
                    ..right("")
                },
                Refused::RedirectMismatch,
            ),
        ];
        for (exchange, expected) in wrong {
            let grants = Grants::default();
            let code = grants.code(grant(), now);
            let tried = grants.exchange(
                Exchange {
                    code: &code,
                    ..exchange
                },
                now,
            );
            assert_eq!(tried, Err(expected), "{exchange:?}");
            assert_eq!(grants.exchange(right(&code), now), Err(Refused::BadCode));
        }
    }
}
