//! What this environment has taken from the buckets and not spent, and what it has spent without
//! asking.

use std::{collections::HashMap, fmt, net::IpAddr};

use miyabi_catalog::Limit;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use super::{Given, LEASE, Rate};

/// How many buckets an environment remembers. Forgetting one costs its caller what was taken.
const REMEMBERED: usize = 4_096;

/// Whose requests are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Subject {
    /// An address of IPv4, or the /64 of an address of IPv6, which one subscriber has whole.
    Address(IpAddr),
    /// Requests whose address nobody said.
    Unknown,
    /// A person or an API token.
    Id(Uuid),
}

impl Subject {
    /// The subject of an address as the gateway or the distribution said it.
    pub(crate) fn of_address(address: Option<&str>) -> Subject {
        match address.and_then(|address| address.parse().ok()) {
            Some(IpAddr::V6(address)) => match address.to_ipv4_mapped() {
                Some(mapped) => Subject::Address(mapped.into()),
                None => {
                    let network = u128::from(address) & !u128::from(u64::MAX);
                    Subject::Address(IpAddr::V6(network.into()))
                }
            },
            Some(address) => Subject::Address(address),
            None => Subject::Unknown,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::Address(address) => address.fmt(formatter),
            Subject::Unknown => formatter.write_str("unknown"),
            Subject::Id(id) => id.fmt(formatter),
        }
    }
}

/// A bucket: of one limit and one subject. Shown as its name in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Bucket {
    pub(crate) limit: Limit,
    pub(crate) subject: Subject,
}

impl fmt::Display for Bucket {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.limit.as_str(), self.subject)
    }
}

/// What is to be taken from a bucket.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Take {
    pub(crate) bucket: Bucket,
    pub(crate) rate: Rate,
    /// Requests that were let through without asking, this one among them.
    pub(crate) owed: u32,
    /// Requests to take ahead.
    lease: u32,
}

impl Take {
    /// How many requests are asked for.
    pub(crate) fn wanted(&self) -> u32 {
        self.owed.saturating_add(self.lease)
    }
}

/// Whether a request may continue.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Spent {
    Granted,
    /// Unless the store says otherwise.
    Ask,
    /// Not before that time has passed.
    Refused(Duration),
}

/// What is known here of one bucket.
#[derive(Debug, Clone, Copy)]
struct Known {
    /// Taken and not spent.
    left: u32,
    left_until: OffsetDateTime,
    /// Requests since `counted_from`, for [`LEASE`] at most.
    counted: u32,
    counted_from: OffsetDateTime,
    /// Spent without asking, less what has flowed back since.
    owed: f64,
    owed_at: OffsetDateTime,
    /// The store said that the bucket is empty until then.
    empty_until: OffsetDateTime,
}

/// The buckets that this environment knows something of.
#[derive(Debug, Default)]
pub(crate) struct Buckets(HashMap<Bucket, Known>);

impl Buckets {
    /// Counts one request.
    pub(crate) fn spend(&mut self, bucket: Bucket, rate: Rate, now: OffsetDateTime) -> Spent {
        if self.0.len() >= REMEMBERED && !self.0.contains_key(&bucket) {
            self.forget(now);
        }
        let known = self.0.entry(bucket).or_insert(Known {
            left: 0,
            left_until: now,
            counted: 0,
            counted_from: now,
            owed: 0.0,
            owed_at: now,
            // A clock may be set back: what was never said to be empty is not.
            empty_until: OffsetDateTime::UNIX_EPOCH,
        });
        if known.empty_until > now {
            return Spent::Refused(known.empty_until - now);
        }
        if now - known.counted_from >= LEASE {
            (known.counted, known.counted_from) = (0, now);
        }
        known.counted = known.counted.saturating_add(1);
        if known.left > 0 && now < known.left_until {
            known.left -= 1;
            return Spent::Granted;
        }
        known.left = 0;
        let passed = (now - known.owed_at).as_seconds_f64().max(0.0);
        known.owed = (known.owed - passed / rate.price()).max(0.0);
        known.owed_at = now;
        // So many did not reach the store: the bucket would be empty.
        let owed = known.owed + 1.0;
        if owed > f64::from(rate.burst) {
            let excess = owed - f64::from(rate.burst);
            return Spent::Refused(Duration::seconds_f64(excess * rate.price()));
        }
        known.owed = owed;
        Spent::Ask
    }

    /// What to take for a bucket that must be asked.
    pub(crate) fn take(&self, bucket: Bucket, rate: Rate) -> Take {
        let known = self.0.get(&bucket);
        // Between 1 and the burst.
        let owed = known.map_or(1, |known| known.owed.ceil() as u32).max(1);
        // As many ahead as there were lately: who is answered by many environments leaves little
        // unspent in any of them.
        let lately = known.map_or(0, |known| known.counted.saturating_sub(owed));
        Take {
            bucket,
            rate,
            owed,
            lease: lately.min(rate.largest_lease()),
        }
    }

    /// Notes what the store gave.
    ///
    /// # Errors
    ///
    /// The time until the bucket has another request, when it did not have enough.
    pub(crate) fn settle(
        &mut self,
        take: &Take,
        given: Given,
        now: OffsetDateTime,
    ) -> Result<(), Duration> {
        let Some(known) = self.0.get_mut(&take.bucket) else {
            return Ok(());
        };
        known.owed = (known.owed - f64::from(take.owed)).max(0.0);
        if given.granted >= take.owed {
            known.left += given.granted - take.owed;
            known.left_until = now + LEASE;
            return Ok(());
        }
        known.empty_until = now + given.retry_after;
        Err(given.retry_after)
    }

    /// Forgets what says nothing any more; everything when nothing is left out by that.
    fn forget(&mut self, now: OffsetDateTime) {
        self.0.retain(|_, known| {
            known.empty_until > now || (known.left > 0 && known.left_until > now)
        });
        if self.0.len() >= REMEMBERED {
            self.0.clear();
        }
    }
}

#[cfg(test)]
mod tests;
