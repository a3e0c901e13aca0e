//! Access tokens that are withdrawn before they expire.
//!
//! PostgreSQL always has the list, written in the transaction that withdraws. A stage with a cache
//! asks there instead, so that the question costs the database nothing. Both are behind
//! [`Revocations`], and the same tests prove both. A store that does not answer is 503: never "not
//! withdrawn".

mod postgres;
mod valkey;

use futures_util::future::BoxFuture;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::{ApiError, BoundedConnection, Db, token};

pub(crate) use postgres::InPostgres;
pub(crate) use valkey::InValkey;

/// What identifies an access token to the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenIds {
    /// `sub`
    pub user: Uuid,
    /// `sid`
    pub session: Uuid,
    /// `jti`
    pub token: Uuid,
    /// `iat`
    pub issued_at: OffsetDateTime,
}

/// What to withdraw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Withdrawal {
    /// Every access token of a session.
    Session(Uuid),
    /// One access token, by its `jti`.
    Token(Uuid),
    /// Every access token of a user issued before now, less what clocks may differ by: beside the
    /// withdrawal of each session of the user, never instead of it.
    User(Uuid),
}

/// The list of withdrawn tokens.
pub trait Revocations: Send + Sync {
    /// Withdraws, as part of the transaction on `connection`: it counts when that is committed.
    ///
    /// # Errors
    ///
    /// 503 when a store does not answer; then the transaction must not be committed.
    fn withdraw<'a>(
        &'a self,
        connection: &'a mut BoundedConnection,
        what: Withdrawal,
    ) -> BoxFuture<'a, Result<(), ApiError>>;

    /// Withdraws every access token of these sessions, as [`Revocations::withdraw`] does.
    ///
    /// # Errors
    ///
    /// As [`Revocations::withdraw`].
    fn withdraw_sessions<'a>(
        &'a self,
        connection: &'a mut BoundedConnection,
        sessions: &'a [Uuid],
    ) -> BoxFuture<'a, Result<(), ApiError>> {
        Box::pin(async move {
            for session in sessions {
                self.withdraw(&mut *connection, Withdrawal::Session(*session))
                    .await?;
            }
            Ok(())
        })
    }

    /// Whether a token was withdrawn.
    ///
    /// # Errors
    ///
    /// 503 when the store does not answer.
    fn is_withdrawn<'a>(
        &'a self,
        token: &'a TokenIds,
        db: &'a Db,
    ) -> BoxFuture<'a, Result<bool, ApiError>>;

    /// Whether opening a transaction asks the list anyway, in the same round trip.
    fn is_in_the_database(&self) -> bool;
}

impl Withdrawal {
    fn kind(self) -> &'static str {
        match self {
            Withdrawal::Session(_) => "session",
            Withdrawal::Token(_) => "token",
            Withdrawal::User(_) => "user",
        }
    }

    fn id(self) -> Uuid {
        match self {
            Withdrawal::Session(id) | Withdrawal::Token(id) | Withdrawal::User(id) => id,
        }
    }
}

/// How long a withdrawal must be remembered: until every token that it withdraws has expired for
/// every environment. Counted by one clock, while one that is ahead of it may have issued the token,
/// and one that is behind it with its leeway may verify it.
fn remembered() -> Duration {
    Duration::seconds(token::LIFETIME + 4 * token::LEEWAY)
}

/// How much older than a [`Withdrawal::User`] a token must be for the time alone to withdraw it. An
/// environment whose clock is behind may issue tokens of a new session right after it.
fn epoch_margin() -> Duration {
    Duration::seconds(2 * token::LEEWAY)
}
