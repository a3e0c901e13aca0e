//! Access tokens that are withdrawn before they expire.
//!
//! PostgreSQL always has the list, written in the transaction that withdraws. A stage with a cache
//! asks there instead, so that the question costs the database nothing. Both are behind
//! [`Revocations`], and the same tests prove both. A store that does not answer is 503: never "not
//! withdrawn".

mod postgres;
mod valkey;

use futures_util::future::BoxFuture;
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::{ApiError, Db, token};

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
    /// Every access token of a user issued up to now. A token issued in the same second counts as
    /// issued before.
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
        connection: &'a mut PgConnection,
        what: Withdrawal,
    ) -> BoxFuture<'a, Result<(), ApiError>>;

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

/// How long a withdrawal must be remembered: until every token that it withdraws has expired.
fn remembered() -> Duration {
    Duration::seconds(token::LIFETIME + 2 * token::LEEWAY)
}
