//! A secret that is kept, and read again when it may have changed.
//!
//! What always holds, when Secrets Manager hangs, refuses or has something malformed:
//!
//! - A value that was good stays in use while it is younger than its limit.
//! - After a read that failed there is no other for [`RETRY_PAUSE`]: requests do not queue up behind
//!   a service that hangs, whether a value is known or not.
//! - One request reads; the others use the known value meanwhile.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use time::OffsetDateTime;

use crate::{ApiError, Clock};

/// Time from a failed read to the next.
const RETRY_PAUSE: Duration = Duration::from_secs(5);
/// Longest to wait for a read.
const PATIENCE: Duration = Duration::from_secs(4);
/// Longest to wait for a read when a known value could be used instead. Secrets Manager responds
/// within a tenth of it.
const PATIENCE_WITH_A_KNOWN_VALUE: Duration = Duration::from_secs(1);

/// Why a secret has no new value.
#[derive(Debug, Clone)]
enum Failure {
    /// It cannot be read now.
    Unreadable(String),
    /// It was read and is not what it must be. The sentence does not quote it.
    Malformed(String),
}

impl From<Failure> for ApiError {
    fn from(failure: Failure) -> ApiError {
        match failure {
            Failure::Unreadable(why) => ApiError::Unavailable(why),
            Failure::Malformed(why) => ApiError::Internal(why),
        }
    }
}

/// When something happened, by both clocks: the monotonic one may stand still while an environment
/// is frozen, the wall clock may be set back.
#[derive(Debug, Clone, Copy)]
struct At {
    monotonic: Instant,
    wall: OffsetDateTime,
}

impl At {
    fn now(clock: &Clock) -> At {
        At {
            monotonic: Instant::now(),
            wall: clock.now(),
        }
    }

    fn elapsed(self, clock: &Clock) -> Duration {
        let wall = Duration::try_from(clock.now() - self.wall).unwrap_or_default();
        self.monotonic.elapsed().max(wall)
    }
}

struct Slot<T> {
    known: Option<(At, Arc<T>)>,
    failed: Option<(At, Failure)>,
}

/// The value of one secret, parsed.
pub struct CachedSecret<T> {
    /// What it is, for the log: `the signing keys`.
    name: &'static str,
    /// Oldest knowledge that is used when it cannot be read again.
    limit: Duration,
    clock: Clock,
    slot: Mutex<Slot<T>>,
    reading: tokio::sync::Mutex<()>,
}

impl<T> fmt::Debug for CachedSecret<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "CachedSecret({})", self.name)
    }
}

impl<T> CachedSecret<T> {
    /// Nothing is read yet. `name` is for the log; a value older than `limit` is not used, whatever
    /// Secrets Manager says.
    pub fn new(name: &'static str, limit: Duration, clock: Clock) -> CachedSecret<T> {
        CachedSecret {
            name,
            limit,
            clock,
            slot: Mutex::new(Slot {
                known: None,
                failed: None,
            }),
            reading: tokio::sync::Mutex::default(),
        }
    }

    /// The value, as read no longer than `age` ago. When it cannot be read again, an older one.
    ///
    /// `read` is the text of the secret, `parse` its value or a sentence about it; both run only
    /// when the secret is read.
    ///
    /// # Errors
    ///
    /// 503 when no value is known and it cannot be read; 500 when no value is known and the secret
    /// is malformed.
    pub async fn get(
        &self,
        age: Duration,
        read: impl Future<Output = Result<String, ApiError>>,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<Arc<T>, ApiError> {
        if let Some(value) = self.known(age) {
            return Ok(value);
        }
        let known = self.known(self.limit);
        let reading = match (self.reading.try_lock(), known) {
            (Ok(reading), _) => reading,
            (Err(_), Some(known)) => return Ok(known),
            (Err(_), None) => self.reading.lock().await,
        };
        // Somebody else may have read it meanwhile.
        if let Some(value) = self.known(age) {
            return Ok(value);
        }
        let result = self.read(read, parse).await;
        drop(reading);
        match (result, self.known(self.limit)) {
            (Ok(value), _) | (Err(_), Some(value)) => Ok(value),
            (Err(failure), None) => Err(failure.into()),
        }
    }

    /// The value as it is in the secret now.
    ///
    /// # Errors
    ///
    /// 503 when it cannot be read now, or was found to be malformed, even when an older value is
    /// known.
    pub async fn get_now(
        &self,
        read: impl Future<Output = Result<String, ApiError>>,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<Arc<T>, ApiError> {
        let _reading = self.reading.lock().await;
        self.read(read, parse)
            .await
            .map_err(|failure| match failure {
                Failure::Unreadable(why) | Failure::Malformed(why) => ApiError::Unavailable(why),
            })
    }

    /// Forgets the value: the next request reads it.
    pub fn forget(&self) {
        *self.lock() = Slot {
            known: None,
            failed: None,
        };
    }

    /// Reads once, unless a read failed a moment ago.
    async fn read(
        &self,
        read: impl Future<Output = Result<String, ApiError>>,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<Arc<T>, Failure> {
        if let Some(failure) = self.recent_failure() {
            return Err(failure);
        }
        let has_known = self.known(self.limit).is_some();
        let patience = if has_known {
            PATIENCE_WITH_A_KNOWN_VALUE
        } else {
            PATIENCE
        };
        let no_response = |_| {
            Err(ApiError::Unavailable(format!(
                "no response within {} s",
                patience.as_secs()
            )))
        };
        let text = tokio::time::timeout(patience, read)
            .await
            .unwrap_or_else(no_response);
        let value = match text {
            Ok(text) => parse(&text).map_err(Failure::Malformed),
            Err(error) => Err(Failure::Unreadable(format!(
                "The secret of {} cannot be read: {}",
                self.name,
                error.log_text()
            ))),
        };
        let mut slot = self.lock();
        match value {
            Ok(value) => {
                let value = Arc::new(value);
                *slot = Slot {
                    known: Some((At::now(&self.clock), Arc::clone(&value))),
                    failed: None,
                };
                Ok(value)
            }
            Err(failure) => {
                tracing::error!(?failure, has_known, "A secret has no new value.");
                slot.failed = Some((At::now(&self.clock), failure.clone()));
                Err(failure)
            }
        }
    }

    fn known(&self, age: Duration) -> Option<Arc<T>> {
        let slot = self.lock();
        let (read, value) = slot.known.as_ref()?;
        (read.elapsed(&self.clock) < age).then(|| Arc::clone(value))
    }

    fn recent_failure(&self) -> Option<Failure> {
        let slot = self.lock();
        let (at, failure) = slot.failed.as_ref()?;
        (at.elapsed(&self.clock) < RETRY_PAUSE).then(|| failure.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Slot<T>> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
