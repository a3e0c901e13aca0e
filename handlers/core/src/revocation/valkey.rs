//! A copy of the list in Valkey, which refuses early and accepts nothing.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use futures_util::future::BoxFuture;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Revocations, TokenIds, Withdrawal, epoch_margin, remembered};
use crate::cache::Cache;

/// How many accepted tokens are remembered. An environment does one request at a time, and a
/// dashboard sends many with one token.
const REMEMBERED_TOKENS: usize = 128;

/// The list in the database with a copy in the cache: a key for each withdrawal, which expires with
/// the tokens that it withdraws. A key that is missing means nothing.
pub(crate) struct InValkey {
    cache: Arc<Cache>,
    /// Tokens that the database accepted, by `jti`, oldest first. The cache is not asked about
    /// them again: whether they are still good, the database says with each request.
    accepted: Mutex<VecDeque<Uuid>>,
}

impl InValkey {
    pub(crate) fn new(cache: Arc<Cache>) -> InValkey {
        InValkey {
            cache,
            accepted: Mutex::default(),
        }
    }

    fn key(&self, kind: &str, id: Uuid) -> String {
        self.cache.key(&format!("withdrawn:{kind}:{id}"))
    }

    async fn has(&self, token: &TokenIds) -> bool {
        if self.lock().contains(&token.token) {
            return false;
        }
        let mut pipeline = redis::pipe();
        pipeline
            .cmd("MGET")
            .arg(self.key("session", token.session))
            .arg(self.key("token", token.token))
            .arg(self.key("user", token.user));
        match self.cache.run(&pipeline).await {
            Ok((found,)) => withdraws(&found, token.issued_at),
            Err(error) => {
                tracing::warn!("{error} PostgreSQL alone says whether a token was withdrawn.");
                false
            }
        }
    }

    /// Copies withdrawals, in one round trip. The request does not depend on it.
    async fn copy(&self, withdrawals: &[Withdrawal]) {
        let epoch = OffsetDateTime::now_utc() - epoch_margin();
        let mut pipeline = redis::pipe();
        for what in withdrawals {
            pipeline
                .cmd("SET")
                .arg(self.key(what.kind(), what.id()))
                .arg(epoch.unix_timestamp())
                .arg("EX")
                .arg(remembered().whole_seconds())
                .ignore();
        }
        if let Err(error) = self.cache.run::<()>(&pipeline).await {
            tracing::warn!("{error} A withdrawal is in PostgreSQL alone.");
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, VecDeque<Uuid>> {
        self.accepted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether what was found withdraws a token: the keys of its session, of itself and of its user,
/// the last with the newest `iat` that it withdraws.
fn withdraws([session, token, user]: &[Option<i64>; 3], issued_at: OffsetDateTime) -> bool {
    let user = user.is_some_and(|moment| issued_at.unix_timestamp() <= moment);
    session.is_some() || token.is_some() || user
}

impl Revocations for InValkey {
    fn committed<'a>(&'a self, withdrawals: &'a [Withdrawal]) -> BoxFuture<'a, ()> {
        Box::pin(self.copy(withdrawals))
    }

    fn is_known_withdrawn<'a>(&'a self, token: &'a TokenIds) -> BoxFuture<'a, bool> {
        Box::pin(self.has(token))
    }

    fn learn(&self, token: &TokenIds, withdrawn: bool) {
        let mut accepted = self.lock();
        let known = accepted.iter().position(|known| *known == token.token);
        match (known, withdrawn) {
            (Some(index), true) => drop(accepted.remove(index)),
            (None, false) => {
                if accepted.len() == REMEMBERED_TOKENS {
                    accepted.pop_front();
                }
                accepted.push_back(token.token);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_withdrawn_up_to_a_moment_and_the_rest_at_all() {
        let issued_at = OffsetDateTime::from_unix_timestamp(1000).unwrap();
        let cases = [
            ([None, None, None], false),
            ([Some(1), None, None], true),
            ([None, Some(1), None], true),
            ([None, None, Some(999)], false),
            ([None, None, Some(1000)], true),
            ([None, None, Some(1001)], true),
        ];
        for (found, expected) in cases {
            assert_eq!(withdraws(&found, issued_at), expected, "{found:?}");
        }
    }
}
