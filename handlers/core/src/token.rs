//! Access tokens: JWT with HS256, by `jsonwebtoken`, and nothing else.
//!
//! We issue and verify them ourselves and agree with nobody, so more is refused than the library
//! refuses: one length, one header with exactly these members, one set of claims. Duplicate or
//! unknown members, other types of token and another spelling of base64 fail before a key is looked
//! up. See docs/decisions/0008-access-tokens-by-jsonwebtoken.md.

mod provider;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Validation, errors::ErrorKind};
use miyabi_catalog::keys::{TOKEN_LEEWAY, TOKEN_LIFETIME};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How long an access token is good for, in seconds.
pub const LIFETIME: i64 = TOKEN_LIFETIME.as_secs().cast_signed();
/// How far clocks may be apart, in seconds.
pub const LEEWAY: i64 = TOKEN_LEEWAY.as_secs().cast_signed();
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

#[derive(Debug, Deserialize)]
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
    token: &'a str,
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
    key: &EncodingKey,
) -> Result<String, jsonwebtoken::errors::Error> {
    provider::install();
    let header = jsonwebtoken::Header {
        typ: Some(TYPE.to_owned()),
        kid: Some(kid.to_owned()),
        ..jsonwebtoken::Header::new(Algorithm::HS256)
    };
    jsonwebtoken::encode(&header, claims, key)
}

/// Takes a token apart, as far as its key must be known.
pub(crate) fn parse(token: &str) -> Result<Unverified<'_>, Refused> {
    if token.len() > MAX_LENGTH {
        return Err(Refused::Form);
    }
    let (message, signature) = token.rsplit_once('.').ok_or(Refused::Form)?;
    let (header, _) = message.split_once('.').ok_or(Refused::Form)?;
    let header = URL_SAFE_NO_PAD.decode(header).map_err(|_| Refused::Form)?;
    let header: Header = serde_json::from_slice(&header).map_err(|_| Refused::Form)?;
    if header.alg != "HS256" || header.typ != TYPE {
        return Err(Refused::Form);
    }
    if URL_SAFE_NO_PAD.decode(signature).is_err() {
        return Err(Refused::Form);
    }
    Ok(Unverified {
        kid: header.kid,
        token,
    })
}

impl Unverified<'_> {
    /// Checks signature, purpose and times. `now` is in seconds since 1970, by the environment's
    /// clock.
    ///
    /// # Errors
    ///
    /// The first check that failed.
    pub(crate) fn verify(
        &self,
        key: &DecodingKey,
        stage: &str,
        now: i64,
    ) -> Result<Claims, Refused> {
        provider::install();
        let verified = jsonwebtoken::decode::<Claims>(self.token, key, &validation(stage));
        let claims = verified.map_err(|error| refused(error.kind()))?.claims;
        // The library knows no `iat`, and accepts `exp` in the last second of the leeway.
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

/// What the library checks. It takes several issuers and audiences in one claim; [`Claims`] does
/// not.
fn validation(stage: &str) -> Validation {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.leeway = LEEWAY.unsigned_abs();
    validation.validate_nbf = true;
    validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    validation.set_issuer(&[issuer(stage)]);
    validation.set_audience(&[audience(stage)]);
    validation
}

fn refused(error: &ErrorKind) -> Refused {
    match error {
        ErrorKind::InvalidSignature => Refused::Signature,
        ErrorKind::InvalidIssuer | ErrorKind::InvalidAudience => Refused::Purpose,
        ErrorKind::ExpiredSignature => Refused::Expired,
        ErrorKind::ImmatureSignature => Refused::NotYet,
        _ => Refused::Form,
    }
}

#[cfg(test)]
mod tests;
