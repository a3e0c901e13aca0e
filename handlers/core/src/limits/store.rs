//! The buckets, in PostgreSQL and in Valkey: the generic cell rate algorithm in both, by the clock of
//! the store.

use sqlx::{Row, postgres::PgRow};
use time::Duration;

use super::buckets::Take;
use crate::{
    ApiError,
    cache::{Cache, CacheError},
};

/// Longest to wait for the lock on a bucket, in milliseconds: whoever has it keeps it for less than
/// one. `app.take_requests` lets the request through after that.
const LOCK_TIMEOUT_MS: u32 = 100;

/// What a bucket gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Given {
    /// Requests, at most as many as were wanted.
    pub(crate) granted: u32,
    /// Until the bucket has another one.
    pub(crate) retry_after: Duration,
}

impl Given {
    fn new(granted: i64, retry_after_ms: i64) -> Given {
        Given {
            granted: u32::try_from(granted).unwrap_or_default(),
            retry_after: Duration::milliseconds(retry_after_ms),
        }
    }

    /// A row of [`ask_database`].
    pub(crate) fn of_row(row: &PgRow) -> Result<Given, ApiError> {
        let granted: i32 = row.try_get("granted")?;
        let retry_after_ms: i32 = row.try_get("retry_after_ms")?;
        Ok(Given::new(granted.into(), retry_after_ms.into()))
    }
}

/// Puts before `sql` a transaction that takes from the buckets: a row with what each gave. It is over
/// before that of the request begins, so that nobody waits for its locks, and stands when that one is
/// undone.
pub(crate) fn ask_database(takes: &[Take], sql: &str) -> String {
    if takes.is_empty() {
        return sql.to_owned();
    }
    let mut statements: Vec<String> = takes
        .iter()
        .map(|take| {
            // The name of a limit and an id or address, which has no quote.
            format!(
                "select granted, retry_after_ms from app.take_requests('{}', {}, {}, {})",
                take.bucket,
                take.wanted(),
                take.rate.per_minute,
                take.rate.burst
            )
        })
        .collect();
    statements.insert(
        0,
        format!("begin; set local lock_timeout = {LOCK_TIMEOUT_MS}"),
    );
    format!("{}; commit; {sql}", statements.join("; "))
}

/// `app.take_requests` for a bucket in Valkey: one key, which expires when the bucket is full. Written
/// are the results of commands, not the script, so that its `TIME` is the same on a replica.
const TAKE: &str = "
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local wanted, price, burst = tonumber(ARGV[1]), 60 / tonumber(ARGV[2]), tonumber(ARGV[3])
local full_at = tonumber(redis.call('GET', KEYS[1]) or now)
local missing = math.max(0, full_at - now) / price
local granted = math.max(0, math.min(wanted, math.floor(burst - missing)))
if granted > 0 then
    local fills_in = (missing + granted) * price
    redis.call('SET', KEYS[1], string.format('%.6f', now + fills_in), 'PX', math.ceil(fills_in * 1000))
end
return {granted, math.max(0, math.ceil(1000 * price * (missing + granted + 1 - burst)))}
";

/// Takes from the buckets in the cache, in one round trip.
pub(super) async fn ask_cache(cache: &Cache, takes: &[Take]) -> Result<Vec<Given>, CacheError> {
    let mut pipeline = redis::pipe();
    for take in takes {
        pipeline
            .cmd("EVAL")
            .arg(TAKE)
            .arg(1)
            .arg(cache.key(&format!("limit:{}", take.bucket)))
            .arg(take.wanted())
            .arg(take.rate.per_minute)
            .arg(take.rate.burst);
    }
    let given: Vec<(i64, i64)> = cache.run(&pipeline).await?;
    Ok(given
        .into_iter()
        .map(|(granted, retry_after_ms)| Given::new(granted, retry_after_ms))
        .collect())
}
