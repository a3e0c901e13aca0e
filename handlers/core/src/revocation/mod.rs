//! Access tokens that are withdrawn before they expire.
//!
//! PostgreSQL has the list, written in the transaction that withdraws, and decides: it is asked in
//! the round trip that opens a transaction anyway. A stage with a cache has a copy there, which can
//! refuse a token before the database is touched and can never accept one, so that eviction, loss
//! and failover of the cache change nothing. The copy is made after the commit: what is rolled back
//! must not be there, since it would refuse the next tokens of a session that continues
//! (docs/decisions/0006-revocation-is-decided-by-postgresql.md,
//! 0009-withdrawals-reach-the-cache-after-the-commit.md). Both are behind [`Revocations`], and the same tests prove both. A database that does not respond
//! is 503: never "not withdrawn".

mod postgres;
mod valkey;

use futures_util::future::BoxFuture;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::{ApiError, token};

pub(crate) use postgres::{InPostgres, write};
pub(crate) use valkey::InValkey;

/// What identifies an access token to the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TokenIds {
    /// `sub`
    pub(crate) user: Uuid,
    /// `sid`
    pub(crate) session: Uuid,
    /// `jti`
    pub(crate) token: Uuid,
    /// `iat`
    pub(crate) issued_at: OffsetDateTime,
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

/// What is known of withdrawn tokens beside the list in the database, which [`crate::Tx::withdraw`]
/// writes and which decides.
pub(crate) trait Revocations: Send + Sync {
    /// Takes note of withdrawals that were committed. None of this is needed for them to count.
    fn committed<'a>(&'a self, withdrawals: &'a [Withdrawal]) -> BoxFuture<'a, ()>;

    /// Whether a token is known to be withdrawn, without asking the database. `false` means
    /// nothing: the database is asked next.
    fn is_known_withdrawn<'a>(&'a self, token: &'a TokenIds) -> BoxFuture<'a, bool>;

    /// What the database said of a token.
    fn learn(&self, token: &TokenIds, withdrawn: bool);
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

/// The 401 of a token that was withdrawn.
pub(crate) fn withdrawn_error() -> ApiError {
    tracing::info!("An access token is refused: it was withdrawn.");
    ApiError::unauthenticated("The access token is not accepted.")
}
