//! What is known about the request that is being answered, without handing it through every call.
//!
//! A function answers one request at a time; still this is a task-local and no global, so that
//! tests can answer several.

use std::{
    cell::Cell,
    future::Future,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use uuid::Uuid;

use crate::limits::Bucket;

tokio::task_local! {
    static CURRENT: Arc<Current>;
}

/// The request that is being answered.
#[derive(Debug, Default)]
pub(crate) struct Current {
    /// Its id: of API Gateway, or of Lambda when it was invoked directly.
    pub(crate) id: String,
    /// Nanoseconds spent on the database.
    database: AtomicU64,
    caller: OnceLock<(Uuid, Uuid)>,
    /// Buckets of rate limits that the next transaction must ask.
    to_ask: Mutex<Vec<Bucket>>,
}

impl Current {
    /// A request with this id.
    pub(crate) fn new(id: &str) -> Arc<Current> {
        Arc::new(Current {
            id: clean(id),
            ..Current::default()
        })
    }

    /// Time spent on the database so far.
    pub(crate) fn database(&self) -> Duration {
        Duration::from_nanos(self.database.load(Ordering::Relaxed))
    }

    /// Ids of the caller and of the caller's organization, once they are known.
    pub(crate) fn caller(&self) -> Option<(Uuid, Uuid)> {
        self.caller.get().copied()
    }
}

/// Answers a request in its own scope.
pub(crate) async fn scope<F: Future>(current: Arc<Current>, answer: F) -> F::Output {
    CURRENT.scope(current, answer).await
}

/// The id of the request that is being answered; `none` outside of one.
pub fn id() -> String {
    id_if_any().unwrap_or_else(|| "none".to_owned())
}

pub(crate) fn id_if_any() -> Option<String> {
    CURRENT.try_with(|current| current.id.clone()).ok()
}

pub(crate) fn add_database_time(spent: Duration) {
    let nanoseconds = u64::try_from(spent.as_nanos()).unwrap_or(u64::MAX);
    let _ = CURRENT.try_with(|current| current.database.fetch_add(nanoseconds, Ordering::Relaxed));
}

pub(crate) fn set_caller(user: Uuid, organization: Uuid) {
    let _ = CURRENT.try_with(|current| current.caller.set((user, organization)));
}

/// Has the next transaction of the request ask a bucket of a rate limit.
pub(crate) fn ask_for(bucket: Bucket) {
    let _ = CURRENT.try_with(|current| {
        let mut to_ask = current
            .to_ask
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        to_ask.push(bucket);
    });
}

/// The buckets to ask, once.
pub(crate) fn take_asked() -> Vec<Bucket> {
    let taken = CURRENT.try_with(|current| {
        let mut to_ask = current
            .to_ask
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *to_ask)
    });
    taken.unwrap_or_default()
}

/// Ids come from the gateway; what else somebody may have put there stays out of logs and answers.
fn clean(id: &str) -> String {
    let id: String = id
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '=' | '.'))
        .take(64)
        .collect();
    if id.is_empty() {
        Uuid::new_v4().to_string()
    } else {
        id
    }
}

thread_local! {
    static COLD: Cell<bool> = const { Cell::new(true) };
}

/// Whether this is the first request of this process. True once.
pub(crate) fn is_cold_start() -> bool {
    COLD.replace(false)
}
