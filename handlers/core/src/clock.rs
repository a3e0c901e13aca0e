//! The clock of an environment. Two of them differ by seconds, so nothing that is compared across
//! environments may rest on one alone.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use time::{Duration, OffsetDateTime};

/// The wall clock that a function reads. Clones are the same clock.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    seconds_ahead: Arc<AtomicI64>,
}

impl Clock {
    /// The clock of this machine. No setting changes it: only whoever makes an [`crate::App`] in
    /// its own process, as tests do, can give it another.
    pub fn system() -> Clock {
        Clock::default()
    }

    /// The time now.
    pub fn now(&self) -> OffsetDateTime {
        let ahead = Duration::seconds(self.seconds_ahead.load(Ordering::Relaxed));
        OffsetDateTime::now_utc() + ahead
    }

    /// Sets the clock ahead of this machine's, or behind it when negative.
    pub fn set_ahead(&self, seconds: i64) {
        self.seconds_ahead.store(seconds, Ordering::Relaxed);
    }
}
