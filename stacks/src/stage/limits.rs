//! How many requests of one person, API token or address are answered.

use miyabi_catalog::Limit;
use serde::{Deserialize, Serialize};

use super::{Stage, StageError, check::Wrong};

/// The most that a limit allows, a minute and at once.
const MOST: u32 = 10_000_000;

/// The rate limits of a stage, each for every address, person or API token of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Limits {
    /// Every request of an address.
    pub address: RateLimit,
    /// Every request of a person.
    pub person: RateLimit,
    /// Every request with an API token.
    pub api_token: RateLimit,
    /// Begun and completed sign-ins of an address.
    pub sign_in: RateLimit,
    /// Exchanges of refresh tokens of an address.
    pub refresh: RateLimit,
    /// Invitations that a person creates, looks at or accepts.
    pub invitations: RateLimit,
    /// Searches of a person.
    pub search: RateLimit,
    /// API tokens that a person creates.
    pub token_creation: RateLimit,
}

/// A token bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct RateLimit {
    /// Requests that it allows in a minute on average.
    pub per_minute: u32,
    /// Requests that it allows at once.
    pub burst: u32,
}

impl Limits {
    /// What a limit of the catalogue allows.
    pub fn get(&self, limit: Limit) -> RateLimit {
        match limit {
            Limit::Address => self.address,
            Limit::Person => self.person,
            Limit::ApiToken => self.api_token,
            Limit::SignIn => self.sign_in,
            Limit::Refresh => self.refresh,
            Limit::Invitations => self.invitations,
            Limit::Search => self.search,
            Limit::TokenCreation => self.token_creation,
        }
    }

    /// As functions read them: `address=6000/2000 person=1800/600 ..`.
    pub(crate) fn variable(&self) -> String {
        let limits = Limit::ALL.map(|limit| {
            let RateLimit { per_minute, burst } = self.get(limit);
            format!("{}={per_minute}/{burst}", limit.as_str())
        });
        limits.join(" ")
    }
}

/// The first limit that is out of its range.
pub(super) fn check(stage: &Stage, wrong: &Wrong<'_>) -> Result<(), StageError> {
    for limit in Limit::ALL {
        let RateLimit { per_minute, burst } = stage.limits.get(limit);
        for (key, value) in [("per-minute", per_minute), ("burst", burst)] {
            if !(1..=MOST).contains(&value) {
                let keys = ["limits", limit.as_str(), key];
                wrong(&keys, &value.to_string(), &format!("from 1 to {MOST}"))?;
            }
        }
    }
    Ok(())
}
