//! The keys that sign access tokens, read from their secret and read again when they may have
//! changed.
//!
//! Two keys live at once, so that a rotation refuses nobody: tokens are signed with the current
//! one and accepted from both.

mod key_set;

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use miyabi_catalog::keys::{SIGNING_AGE, VERIFYING_AGE};

use crate::{
    ApiError, CachedSecret, Clock,
    aws::Aws,
    token::{self, Claims, LEEWAY, LIFETIME},
};

pub use key_set::KeySet;

/// Oldest knowledge of the keys that anything is verified by when they cannot be read again. A key
/// that was removed is refused after this time, in each process: as long as a token of it could
/// have lived.
const LIMIT: Duration = Duration::from_secs((LIFETIME + LEEWAY) as u64);
/// Tokens with unknown key ids make us read the secret again, but not more often than this.
const UNKNOWN_KEY_PAUSE: Duration = Duration::from_secs(5);

/// The keys of a stage.
#[derive(Debug)]
pub struct Keys {
    aws: Arc<Aws>,
    secret: String,
    stage: String,
    clock: Clock,
    cached: CachedSecret<KeySet>,
    /// When a token with an unknown key id last made us read the secret.
    last_unknown: Mutex<Option<Instant>>,
}

impl Keys {
    pub(crate) fn new(aws: Arc<Aws>, secret: String, stage: String, clock: Clock) -> Keys {
        Keys {
            aws,
            secret,
            stage,
            cached: CachedSecret::new("the signing keys", LIMIT, clock.clone()),
            clock,
            last_unknown: Mutex::default(),
        }
    }

    async fn get(&self, age: Duration) -> Result<Arc<KeySet>, ApiError> {
        self.cached.get(age, self.read(), KeySet::parse).await
    }

    async fn read(&self) -> Result<String, ApiError> {
        let text = self.aws.secret(&self.secret).await;
        text.map_err(|error| ApiError::Unavailable(error.to_string()))
    }

    /// Reads the keys for the first time.
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

    /// Verifies an access token.
    ///
    /// # Errors
    ///
    /// 401 when it is not accepted, 503 when the keys, or one with the token's key id, cannot be
    /// looked up.
    pub(crate) async fn verify(&self, token: &str) -> Result<(Claims, Arc<KeySet>), ApiError> {
        let unverified = token::parse(token).map_err(refused)?;
        let mut keys = self.get(VERIFYING_AGE).await?;
        if keys.find(&unverified.kid).is_none() && self.may_read_for_an_unknown_key() {
            keys = self.current().await.inspect_err(|_| {
                // It was not looked up: the next token may try.
                *self.last_unknown() = None;
            })?;
        }
        let key = keys
            .find(&unverified.kid)
            .ok_or_else(|| refused(token::Refused::Signature))?;
        let now = self.clock.now().unix_timestamp();
        let claims = unverified
            .verify(&key.decoding, &self.stage, now)
            .map_err(refused)?;
        Ok((claims, keys))
    }

    /// A rotation is noticed by the first token of the new key, however lately the old one was
    /// read; made-up key ids cost one read in [`UNKNOWN_KEY_PAUSE`].
    fn may_read_for_an_unknown_key(&self) -> bool {
        let mut last = self.last_unknown();
        let may = last.is_none_or(|last| last.elapsed() >= UNKNOWN_KEY_PAUSE);
        if may {
            *last = Some(Instant::now());
        }
        may
    }

    fn last_unknown(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.last_unknown
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The keys that cursors are sealed and opened with.
    ///
    /// # Errors
    ///
    /// 503 when they cannot be read and none are known.
    pub(crate) async fn to_verify(&self) -> Result<Arc<KeySet>, ApiError> {
        self.get(VERIFYING_AGE).await
    }

    /// The keys to sign with, no older than a minute when they can be read. Get them before a
    /// transaction opens: no row lock waits for Secrets Manager.
    ///
    /// # Errors
    ///
    /// 503 when they cannot be read and none are known.
    pub async fn to_sign(&self) -> Result<Arc<KeySet>, ApiError> {
        self.get(SIGNING_AGE).await
    }

    /// The keys as they are in the secret at this moment: for whoever looks for a hash that another
    /// environment made, perhaps with a key that this one does not know yet.
    ///
    /// # Errors
    ///
    /// 503 when they cannot be read.
    pub async fn current(&self) -> Result<Arc<KeySet>, ApiError> {
        self.cached.get_now(self.read(), KeySet::parse).await
    }

    /// The stage that tokens are of.
    pub fn stage(&self) -> &str {
        &self.stage
    }

    /// The claims of a token of this stage that is issued now.
    pub fn claims(
        &self,
        user: uuid::Uuid,
        organization: uuid::Uuid,
        role: &str,
        session: uuid::Uuid,
    ) -> Claims {
        Claims::issue(
            &self.stage,
            user,
            organization,
            role,
            session,
            self.clock.now(),
        )
    }
}

fn refused(why: token::Refused) -> ApiError {
    tracing::info!(why = %why, "An access token is refused.");
    ApiError::unauthenticated("The access token is not accepted.")
}
