//! The statements that open a transaction, in one message to the server.

use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    ApiError,
    api_token::ApiToken,
    credential::Credential,
    revocation::{TokenIds, withdrawn_error},
    token::Claims,
};

/// Whether a transaction may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Read,
    Write,
}

/// The statements that open a transaction. Only ids and numbers are put in, never text: this is a
/// simple query, without parameters, because only that does everything in one round trip.
pub(crate) fn begin(mode: Mode, entry: Option<&Entry>, user: Option<Uuid>) -> String {
    let begin = match mode {
        Mode::Read => "begin read only",
        Mode::Write => "begin",
    };
    let mut columns = Vec::new();
    if let Some(user) = user {
        columns.push(format!("set_config('app.current_user_id', '{user}', true)"));
    }
    let mut entered = String::new();
    if let Some(Entry { organization, call }) = entry {
        columns.push(format!(
            "set_config('app.current_org_id', '{organization}', true), \
             entered.verdict, entered.role, entered.permissions"
        ));
        entered = format!(" from {call} entered");
    }
    if columns.is_empty() {
        return begin.to_owned();
    }
    format!("{begin}; select {}{entered}", columns.join(", "))
}

/// The organization that a transaction opens in, and what the database is asked about the caller.
pub(crate) struct Entry {
    organization: Uuid,
    call: String,
}

impl Entry {
    /// `ask`: whether an access token was withdrawn.
    pub(crate) fn of(credential: &Credential, ask: bool) -> Result<Entry, ApiError> {
        let organization = credential.organization();
        let call = match credential {
            Credential::Session(claims) => {
                let TokenIds {
                    user,
                    session,
                    token,
                    issued_at,
                } = TokenIds::of(claims)?;
                let issued_at = issued_at.unix_timestamp();
                format!(
                    "app.enter('{user}', '{organization}', '{session}', '{token}', to_timestamp({issued_at}), {ask})"
                )
            }
            Credential::ApiToken(ApiToken { id, user, .. }) => {
                format!("app.enter_api_token('{id}', '{user}', '{organization}')")
            }
        };
        Ok(Entry { organization, call })
    }
}

impl TokenIds {
    pub(crate) fn of(claims: &Claims) -> Result<TokenIds, ApiError> {
        let issued_at =
            OffsetDateTime::from_unix_timestamp(claims.iat).map_err(|_| withdrawn_error())?;
        Ok(TokenIds {
            user: claims.sub,
            session: claims.sid,
            token: claims.jti,
            issued_at,
        })
    }
}
