//! The keys that sign access tokens, read from their secret and read again when they may have
//! changed.
//!
//! Two keys live at once, so that a rotation refuses nobody: tokens are signed with the current
//! one and accepted from both.

mod key_set;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::Mutex;

use crate::{
    ApiError,
    aws::Aws,
    token::{self, Claims},
};

pub(crate) use key_set::KeySet;

/// Oldest knowledge of the current key that a token is signed by.
const SIGNING_AGE: Duration = Duration::from_secs(60);
/// Oldest knowledge of the keys that a token is verified by: a key that was taken back is refused
/// after this time at the latest.
const VERIFYING_AGE: Duration = Duration::from_secs(300);
/// Tokens with unknown key ids make us read the secret again, but not more often than this.
const UNKNOWN_KEY_PAUSE: Duration = Duration::from_secs(5);

/// The keys of a stage.
#[derive(Debug)]
pub struct Keys {
    aws: Arc<Aws>,
    secret: String,
    stage: String,
    cached: Mutex<Option<(Instant, Arc<KeySet>)>>,
    /// When a token with an unknown key id last made us read the secret.
    last_unknown: Mutex<Option<Instant>>,
}

impl Keys {
    pub(crate) fn new(aws: Arc<Aws>, secret: String, stage: String) -> Keys {
        Keys {
            aws,
            secret,
            stage,
            cached: Mutex::new(None),
            last_unknown: Mutex::new(None),
        }
    }

    /// The keys, as read no longer ago than `age`. When they cannot be read again, those read
    /// before are still good.
    async fn get(&self, age: Duration) -> Result<Arc<KeySet>, ApiError> {
        let mut cached = self.cached.lock().await;
        if let Some((read, keys)) = &*cached
            && read.elapsed() < age
        {
            return Ok(Arc::clone(keys));
        }
        match self.aws.secret(&self.secret).await {
            Ok(secret) => {
                let keys = Arc::new(KeySet::parse(&secret).map_err(ApiError::Internal)?);
                *cached = Some((Instant::now(), Arc::clone(&keys)));
                Ok(keys)
            }
            Err(error) => match &*cached {
                Some((_, keys)) => {
                    tracing::warn!(%error, "The signing keys cannot be read again; the known ones stay in use.");
                    Ok(Arc::clone(keys))
                }
                None => Err(ApiError::Unavailable(format!(
                    "The signing keys cannot be read: {error}"
                ))),
            },
        }
    }

    /// Reads the keys for the first time.
    ///
    /// # Errors
    ///
    /// A sentence when the secret is there but is no good; none when it cannot be read: a request
    /// will try again.
    pub(crate) async fn check(&self) -> Result<(), String> {
        match self.get(VERIFYING_AGE).await {
            Err(ApiError::Internal(sentence)) => Err(sentence),
            _ => Ok(()),
        }
    }

    /// Verifies an access token.
    ///
    /// # Errors
    ///
    /// 401 when it is not accepted, 503 when the keys cannot be read.
    pub(crate) async fn verify(&self, token: &str) -> Result<(Claims, Arc<KeySet>), ApiError> {
        let unverified = token::parse(token).map_err(refused)?;
        let mut keys = self.get(VERIFYING_AGE).await?;
        if keys.find(&unverified.kid).is_none() && self.may_read_for_an_unknown_key().await {
            keys = self.get(Duration::ZERO).await?;
        }
        let key = keys
            .find(&unverified.kid)
            .ok_or_else(|| refused(token::Refused::Signature))?;
        let now = time::OffsetDateTime::now_utc().unix_timestamp();
        let claims = unverified
            .verify(&key.signing, &self.stage, now)
            .map_err(refused)?;
        Ok((claims, keys))
    }

    /// A rotation is noticed by the first token of the new key, however lately the old one was
    /// read; made-up key ids cost one read in [`UNKNOWN_KEY_PAUSE`].
    async fn may_read_for_an_unknown_key(&self) -> bool {
        let mut last = self.last_unknown.lock().await;
        let may = last.is_none_or(|last| last.elapsed() >= UNKNOWN_KEY_PAUSE);
        if may {
            *last = Some(Instant::now());
        }
        may
    }

    /// Signs an access token with the current key.
    ///
    /// # Errors
    ///
    /// 503 when the keys cannot be read.
    pub async fn sign(&self, claims: &Claims) -> Result<String, ApiError> {
        let keys = self.get(SIGNING_AGE).await?;
        token::sign(claims, &keys.current.kid, &keys.current.signing)
            .map_err(|error| ApiError::Internal(error.to_string()))
    }

    /// A keyed hash for another purpose (`"csrf"`), with the current key first and the previous one
    /// after it. Different purposes have nothing in common.
    ///
    /// # Errors
    ///
    /// 503 when the keys cannot be read.
    pub async fn mac(&self, purpose: &str, message: &[u8]) -> Result<Vec<[u8; 32]>, ApiError> {
        self.mac_within(SIGNING_AGE, purpose, message).await
    }

    /// [`Keys::mac`] with the keys as they are in the secret at this moment: for who looks for a
    /// hash that another environment made, perhaps with a key that this one does not know yet.
    ///
    /// # Errors
    ///
    /// 503 when the keys cannot be read.
    pub async fn fresh_mac(
        &self,
        purpose: &str,
        message: &[u8],
    ) -> Result<Vec<[u8; 32]>, ApiError> {
        self.mac_within(Duration::ZERO, purpose, message).await
    }

    async fn mac_within(
        &self,
        age: Duration,
        purpose: &str,
        message: &[u8],
    ) -> Result<Vec<[u8; 32]>, ApiError> {
        Ok(self.get(age).await?.mac(purpose, message))
    }

    /// The stage that tokens are of.
    pub fn stage(&self) -> &str {
        &self.stage
    }
}

fn refused(why: token::Refused) -> ApiError {
    tracing::info!(why = %why, "An access token is refused.");
    ApiError::unauthenticated("The access token is not accepted.")
}
