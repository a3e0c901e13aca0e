//! The origin secret: what the distribution adds to each request, and how a function learns it.
//!
//! It is read again when it may have changed, and at a value that is not known, as after a rotation.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use http::HeaderMap;
use miyabi_catalog::keys::VERIFYING_AGE;
use serde::Deserialize;

use crate::{ApiError, CachedSecret, Clock, aws::Aws, config::OriginSecretConfig};

/// The header that only the distribution knows how to set.
const VERIFY: &str = "x-origin-verify";

/// The stage's origin secret.
#[derive(Clone)]
pub(crate) struct OriginSecret {
    value: String,
    /// What the distribution sent before a rotation, and may still send.
    previous: Option<String>,
    /// Whether a request without it is refused. On stages that also answer at the API's own
    /// address it is not, and is believed as little as a request on a stage without a secret.
    required: bool,
}

impl OriginSecret {
    /// # Errors
    ///
    /// A sentence about the secret, without its value.
    pub(crate) fn parse(secret: &str, required: bool) -> Result<OriginSecret, String> {
        #[derive(Deserialize)]
        struct Secret {
            value: String,
            previous: Option<String>,
        }
        let secret: Secret = serde_json::from_str(secret)
            .map_err(|_| "The origin secret is not {\"value\": ..}.".to_owned())?;
        let values = [Some(&secret.value), secret.previous.as_ref()];
        if values.into_iter().flatten().any(|value| value.len() < 16) {
            return Err(
                "The origin secret has fewer than 16 characters. Generate one at random."
                    .to_owned(),
            );
        }
        Ok(OriginSecret {
            value: secret.value,
            previous: secret.previous,
            required,
        })
    }

    /// Whether a request without it is refused.
    pub(crate) fn is_required(&self) -> bool {
        self.required
    }

    /// Whether the request came through the distribution.
    pub(crate) fn is_in(&self, headers: &HeaderMap) -> bool {
        let mut values = headers.get_all(VERIFY).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return false;
        };
        let accepted = std::iter::once(&self.value).chain(&self.previous);
        // No early end: both are compared, whichever it is.
        accepted.fold(false, |is_one, accepted| {
            is_one | is_equal(accepted.as_bytes(), value.as_bytes())
        })
    }

    /// Whether the request has the header, and no value that is known.
    pub(crate) fn is_unknown_in(&self, headers: &HeaderMap) -> bool {
        headers.contains_key(VERIFY) && !self.is_in(headers)
    }
}

/// Compares in the same time for any value of a length.
fn is_equal(expected: &[u8], given: &[u8]) -> bool {
    expected.len() == given.len()
        && expected
            .iter()
            .zip(given)
            .fold(0, |all, (a, b)| all | (a ^ b))
            == 0
}

/// A value that was good stays in use while it cannot be read again: the distribution may still send
/// it.
const LIMIT: Duration = Duration::MAX;
/// An unknown value makes us read the secret again, but not more often than this.
const UNKNOWN_VALUE_PAUSE: Duration = Duration::from_secs(5);

/// The origin secret of a stage, as it is kept and read again.
pub(crate) struct OriginSecrets {
    aws: Arc<Aws>,
    config: OriginSecretConfig,
    cached: CachedSecret<OriginSecret>,
    /// When a request with an unknown value last made us read the secret.
    last_unknown: Mutex<Option<Instant>>,
}

impl OriginSecrets {
    pub(crate) fn new(aws: Arc<Aws>, config: OriginSecretConfig, clock: Clock) -> OriginSecrets {
        OriginSecrets {
            aws,
            config,
            cached: CachedSecret::new("the origin secret", LIMIT, clock),
            last_unknown: Mutex::default(),
        }
    }

    /// Reads the secret for the first time.
    ///
    /// # Errors
    ///
    /// A sentence when the secret is malformed; none when it cannot be read: a request will try
    /// again.
    pub(crate) async fn check(&self) -> Result<(), String> {
        match self.get(VERIFYING_AGE).await {
            Err(ApiError::Internal(sentence)) => Err(sentence),
            _ => Ok(()),
        }
    }

    /// The secret for a request with these headers: read again when they have a value that is not
    /// known.
    pub(crate) async fn for_request(
        &self,
        headers: &HeaderMap,
    ) -> Result<Arc<OriginSecret>, ApiError> {
        let known = self.get(VERIFYING_AGE).await?;
        if !known.is_unknown_in(headers) || !self.may_read_for_an_unknown_value() {
            return Ok(known);
        }
        self.get(Duration::ZERO).await
    }

    /// The secret, as read no longer than `age` ago where it can be read.
    async fn get(&self, age: Duration) -> Result<Arc<OriginSecret>, ApiError> {
        let parse = |text: &str| OriginSecret::parse(text, self.config.required);
        self.cached.get(age, self.read(), parse).await
    }

    async fn read(&self) -> Result<String, ApiError> {
        let text = self.aws.secret(&self.config.arn).await;
        text.map_err(|error| ApiError::Unavailable(error.to_string()))
    }

    fn may_read_for_an_unknown_value(&self) -> bool {
        let mut last = self
            .last_unknown
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let may = last.is_none_or(|last| last.elapsed() >= UNKNOWN_VALUE_PAUSE);
        if may {
            *last = Some(Instant::now());
        }
        may
    }
}
