//! Rate limits of addresses, people and API tokens: 429 with `Retry-After`.
//!
//! Each limit is a token bucket for each address, person or token, in a store that all environments
//! of all functions share. An environment that gets many requests of one takes some ahead and spends
//! them by itself, and a request that must ask does so in the message that opens its transaction: no
//! round trip is added (docs/decisions/0016-rate-limits.md). What
//! always holds:
//!
//! - No more requests are let through than the buckets gave out, however many environments there are.
//!   What an environment took and did not spend within [`LEASE`] is lost to its caller.
//! - The store is the cache of the stage. Where there is none, and while it does not respond, it is
//!   PostgreSQL, without which no request is answered anyway: limits hold, and take no request down.
//! - What is answered before it reaches the database is counted here, and reported with the next
//!   request that reaches it.
//! - The address is the one that the gateway or the distribution saw, never a header of the client.

mod buckets;
mod rates;
mod store;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use miyabi_catalog::Limit;
use time::Duration;

use crate::{ApiError, Clock, cache::Cache, request};

pub(crate) use buckets::{Bucket, Subject, Take};
use buckets::{Buckets, Spent};
pub(crate) use rates::{Rate, Rates};
pub(crate) use store::Given;

/// How long what was taken from a bucket can be spent.
const LEASE: Duration = Duration::seconds(10);

/// The limits of the stage, and what this environment has taken from the buckets.
pub(crate) struct Limits {
    rates: Rates,
    buckets: Mutex<Buckets>,
    cache: Option<Arc<Cache>>,
    clock: Clock,
}

impl Limits {
    pub(crate) fn new(rates: Rates, cache: Option<Arc<Cache>>, clock: Clock) -> Limits {
        Limits {
            rates,
            buckets: Mutex::default(),
            cache,
            clock,
        }
    }

    /// Counts this request. What must be asked of the store is asked when the request opens its next
    /// transaction.
    ///
    /// # Errors
    ///
    /// 429 while the bucket is known to be empty.
    pub(crate) fn count(&self, limit: Limit, subject: Subject) -> Result<(), ApiError> {
        let Some(rate) = self.rates.get(limit) else {
            return Ok(());
        };
        let bucket = Bucket { limit, subject };
        match self.lock().spend(bucket, rate, self.clock.now()) {
            Spent::Granted => Ok(()),
            Spent::Ask => {
                request::ask_for(bucket);
                Ok(())
            }
            Spent::Refused(retry_after) => Err(refused(limit, rate, retry_after)),
        }
    }

    /// What this request must ask the database: nothing, or what the cache did not answer.
    ///
    /// # Errors
    ///
    /// 429 when the cache answers that a bucket is empty.
    pub(crate) async fn to_ask(&self) -> Result<Vec<Take>, ApiError> {
        let asked = request::take_asked();
        if asked.is_empty() {
            return Ok(Vec::new());
        }
        let takes = {
            let buckets = self.lock();
            let take = |bucket: Bucket| {
                let rate = self.rates.get(bucket.limit)?;
                Some(buckets.take(bucket, rate))
            };
            let mut takes: Vec<Take> = asked.into_iter().filter_map(take).collect();
            // One order for everybody: no two requests wait for each other.
            takes.sort_by_key(|take| take.bucket.limit);
            takes
        };
        let Some(cache) = &self.cache else {
            return Ok(takes);
        };
        match store::ask_cache(cache, &takes).await {
            Ok(given) => {
                self.settle(&takes, &given)?;
                Ok(Vec::new())
            }
            Err(error) => {
                tracing::warn!("{error} PostgreSQL counts requests.");
                Ok(takes)
            }
        }
    }

    /// Notes what the store gave. All of it is noted before the first refusal is returned.
    ///
    /// # Errors
    ///
    /// 429 when a bucket did not have enough.
    pub(crate) fn settle(&self, takes: &[Take], given: &[Given]) -> Result<(), ApiError> {
        let now = self.clock.now();
        let mut buckets = self.lock();
        let settled = takes.iter().zip(given).filter_map(|(take, given)| {
            let retry_after = buckets.settle(take, *given, now).err()?;
            Some(refused(take.bucket.limit, take.rate, retry_after))
        });
        // Any of them will do: whoever waits for one limit learns of the next.
        settled.collect::<Vec<_>>().pop().map_or(Ok(()), Err)
    }

    fn lock(&self) -> MutexGuard<'_, Buckets> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The statements that take from the buckets, in a transaction of their own before `sql`, and one row
/// for each.
pub(crate) use store::ask_database;

fn refused(limit: Limit, rate: Rate, retry_after: Duration) -> ApiError {
    tracing::info!(limit = limit.as_str(), "A rate limit is reached.");
    ApiError::TooMany {
        retry_after,
        detail: format!(
            "Too many requests: the limit `{}` allows {} a minute, and {} at once.",
            limit.as_str(),
            rate.per_minute,
            rate.burst
        ),
    }
}
