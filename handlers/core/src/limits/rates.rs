//! What the stage allows, from the variable `RATE_LIMITS`: `address=6000/2000 person=1800/600 ..`, each
//! limit with its requests a minute and its burst.

use std::collections::BTreeMap;

use miyabi_catalog::Limit;

/// How much a limit allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rate {
    /// Requests that flow back into a bucket in a minute, at least 1.
    pub(crate) per_minute: u32,
    /// Requests that a bucket holds, at least 1.
    pub(crate) burst: u32,
}

/// An environment takes at most so many requests ahead, and a 30th of what a bucket holds: what it
/// does not spend is little of it.
const LARGEST_LEASE: u32 = 20;
const LEASES_IN_A_BUCKET: u32 = 30;

impl Rate {
    /// How many requests are taken ahead at most.
    pub(crate) fn largest_lease(self) -> u32 {
        (self.burst / LEASES_IN_A_BUCKET).min(LARGEST_LEASE)
    }

    /// In how many seconds one request flows back.
    pub(crate) fn price(self) -> f64 {
        60.0 / f64::from(self.per_minute)
    }
}

/// How much each limit allows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Rates(BTreeMap<Limit, Rate>);

impl Rates {
    /// # Errors
    ///
    /// A sentence about the first thing that is wrong. Every limit must be there.
    pub(crate) fn parse(text: &str) -> Result<Rates, String> {
        let mut rates = BTreeMap::new();
        for part in text.split_whitespace() {
            let parsed = part.split_once('=').and_then(|(name, rate)| {
                let limit = Limit::ALL
                    .into_iter()
                    .find(|limit| limit.as_str() == name)?;
                let (per_minute, burst) = rate.split_once('/')?;
                let rate = Rate {
                    per_minute: per_minute.parse().ok().filter(|number| *number > 0)?,
                    burst: burst.parse().ok().filter(|number| *number > 0)?,
                };
                Some((limit, rate))
            });
            let (limit, rate) = parsed
                .ok_or_else(|| format!("`{part}` is not a limit such as `person=1800/600`"))?;
            rates.insert(limit, rate);
        }
        match Limit::ALL.iter().find(|limit| !rates.contains_key(limit)) {
            Some(limit) => Err(format!("the limit `{}` is missing", limit.as_str())),
            None => Ok(Rates(rates)),
        }
    }

    /// How much a limit allows; `None` in a function that counts nothing.
    pub(crate) fn get(&self, limit: Limit) -> Option<Rate> {
        self.0.get(&limit).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_must_be_there_and_be_a_rate() {
        let text: Vec<String> = Limit::ALL
            .iter()
            .map(|limit| format!("{}=60/5", limit.as_str()))
            .collect();
        let rates = Rates::parse(&text.join(" ")).unwrap();
        let rate = Rate {
            per_minute: 60,
            burst: 5,
        };
        assert_eq!(rates.get(Limit::Search), Some(rate));
        let error = Rates::parse(&text[1..].join(" ")).unwrap_err();
        assert!(error.contains("`address` is missing"), "{error}");
        for wrong in [
            "person=0/5",
            "person=5/0",
            "person=5",
            "somebody=1/1",
            "person=a/b",
        ] {
            let error = Rates::parse(wrong).unwrap_err();
            assert!(error.contains(wrong), "{error}");
        }
    }

    #[test]
    fn a_lease_is_a_small_part_of_its_bucket() {
        let lease = |burst| {
            let rate = Rate {
                per_minute: 1,
                burst,
            };
            rate.largest_lease()
        };
        assert_eq!(
            [lease(29), lease(30), lease(300), lease(100_000)],
            [0, 1, 10, 20]
        );
    }
}
