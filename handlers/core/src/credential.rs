//! What proves who calls: the access token of a session, or a personal API token.

use uuid::Uuid;

use crate::{api_token::ApiToken, token::Claims};

/// A verified access token, or an API token that the database knows. Whether it is still good, the
/// database says when a transaction opens.
#[derive(Debug)]
pub(crate) enum Credential {
    /// Of a session.
    Session(Claims),
    /// Of a program.
    ApiToken(ApiToken),
}

impl Credential {
    pub(crate) fn user(&self) -> Uuid {
        match self {
            Credential::Session(claims) => claims.sub,
            Credential::ApiToken(token) => token.user,
        }
    }

    pub(crate) fn organization(&self) -> Uuid {
        match self {
            Credential::Session(claims) => claims.org,
            Credential::ApiToken(token) => token.organization,
        }
    }

    /// The session, unless it is an API token.
    pub(crate) fn session(&self) -> Option<Uuid> {
        match self {
            Credential::Session(claims) => Some(claims.sid),
            Credential::ApiToken(_) => None,
        }
    }

    /// The id of the API token, when it is one.
    pub(crate) fn api_token(&self) -> Option<Uuid> {
        match self {
            Credential::Session(_) => None,
            Credential::ApiToken(token) => Some(token.id),
        }
    }
}
