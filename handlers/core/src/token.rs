//! Access tokens: JWT with HS256, and nothing else.
//!
//! We issue and verify them ourselves and agree with nobody, so this is not a JWT library: one
//! algorithm, one header, one set of claims, and whatever differs by a byte is refused. Duplicate
//! or unknown members, other algorithms, other types of token and sloppy base64 all fail to parse.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::hmac;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How long an access token is good for, in seconds.
pub const LIFETIME: i64 = 15 * 60;
/// How far clocks may be apart, in seconds.
pub const LEEWAY: i64 = 5;
/// No token of ours comes near this, in bytes.
const MAX_LENGTH: usize = 2048;
/// The media type in the header (RFC 9068): a token made for another purpose is not an access token.
const TYPE: &str = "at+jwt";

/// What an access token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claims {
    /// The stage that issued it: `miyabi-{stage}`.
    pub iss: String,
    /// What it is for: `miyabi-{stage}-api`.
    pub aud: String,
    /// The user.
    pub sub: Uuid,
    /// The organization that it is good for.
    pub org: Uuid,
    /// The user's role when it was issued. For display: the database says what it is now.
    pub role: String,
    /// The session.
    pub sid: Uuid,
    /// The token itself.
    pub jti: Uuid,
    /// Issued at, seconds since 1970.
    pub iat: i64,
    /// Not before, seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    /// Expires at, seconds since 1970.
    pub exp: i64,
}

impl Claims {
    /// The claims of a token that is issued at that time and lives for [`LIFETIME`].
    pub fn issue(
        stage: &str,
        user: Uuid,
        organization: Uuid,
        role: &str,
        session: Uuid,
        now: time::OffsetDateTime,
    ) -> Claims {
        let now = now.unix_timestamp();
        Claims {
            iss: issuer(stage),
            aud: audience(stage),
            sub: user,
            org: organization,
            role: role.to_owned(),
            sid: session,
            jti: Uuid::new_v4(),
            iat: now,
            nbf: None,
            exp: now + LIFETIME,
        }
    }
}

/// `iss` of a stage.
pub fn issuer(stage: &str) -> String {
    format!("miyabi-{stage}")
}

/// `aud` of a stage.
pub fn audience(stage: &str) -> String {
    format!("miyabi-{stage}-api")
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    typ: String,
    kid: String,
}

/// A token that has the right form; nothing is known about its signature yet.
#[derive(Debug)]
pub(crate) struct Unverified<'a> {
    pub(crate) kid: String,
    message: &'a str,
    claims: &'a str,
    signature: Vec<u8>,
}

/// A token that is not accepted. Why is for the log; the client learns only that it is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    #[error("its form is not that of an access token")]
    Form,
    #[error("its signature is wrong")]
    Signature,
    #[error("it is of another stage or for another purpose")]
    Purpose,
    #[error("it has expired")]
    Expired,
    #[error("it is not valid yet")]
    NotYet,
}

/// Signs claims with the key of that id.
pub(crate) fn sign(
    claims: &Claims,
    kid: &str,
    key: &hmac::Key,
) -> Result<String, serde_json::Error> {
    let header = Header {
        alg: "HS256".to_owned(),
        typ: TYPE.to_owned(),
        kid: kid.to_owned(),
    };
    let header = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&header)?);
    let claims = URL_SAFE_NO_PAD.encode(serde_json::to_vec(claims)?);
    let message = format!("{header}.{claims}");
    let signature = URL_SAFE_NO_PAD.encode(hmac::sign(key, message.as_bytes()));
    Ok(format!("{message}.{signature}"))
}

/// Takes a token apart.
pub(crate) fn parse(token: &str) -> Result<Unverified<'_>, Refused> {
    if token.len() > MAX_LENGTH {
        return Err(Refused::Form);
    }
    let (message, signature) = token.rsplit_once('.').ok_or(Refused::Form)?;
    let (header, claims) = message.split_once('.').ok_or(Refused::Form)?;
    let header: Header = decode(header)?;
    if header.alg != "HS256" || header.typ != TYPE {
        return Err(Refused::Form);
    }
    let signature = URL_SAFE_NO_PAD
        .decode(signature)
        .map_err(|_| Refused::Form)?;
    Ok(Unverified {
        kid: header.kid,
        message,
        claims,
        signature,
    })
}

impl Unverified<'_> {
    /// Checks signature, purpose and times.
    ///
    /// # Errors
    ///
    /// The first check that failed.
    pub(crate) fn verify(&self, key: &hmac::Key, stage: &str, now: i64) -> Result<Claims, Refused> {
        hmac::verify(key, self.message.as_bytes(), &self.signature)
            .map_err(|_| Refused::Signature)?;
        let claims: Claims = decode(self.claims)?;
        if claims.iss != issuer(stage) || claims.aud != audience(stage) {
            return Err(Refused::Purpose);
        }
        if claims.exp.saturating_add(LEEWAY) <= now {
            return Err(Refused::Expired);
        }
        let begins = claims.nbf.unwrap_or(claims.iat).max(claims.iat);
        if begins > now.saturating_add(LEEWAY) || claims.exp < claims.iat {
            return Err(Refused::NotYet);
        }
        Ok(claims)
    }
}

/// base64url without padding, then JSON without anything after it.
fn decode<T: for<'de> Deserialize<'de>>(part: &str) -> Result<T, Refused> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| Refused::Form)?;
    serde_json::from_slice(&bytes).map_err(|_| Refused::Form)
}

#[cfg(test)]
mod tests;
