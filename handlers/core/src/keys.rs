//! The keys that sign access tokens, read from their secret and read again when they may have
//! changed.
//!
//! Two keys live at once, so that a rotation refuses nobody: tokens are signed with the current
//! one and accepted from both.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::hmac;
use serde::Deserialize;
use tokio::sync::Mutex;

use crate::{
    ApiError,
    aws::Aws,
    token::{self, Claims},
};

/// Oldest knowledge of the current key that a token is signed by.
const SIGNING_AGE: Duration = Duration::from_secs(60);
/// Oldest knowledge of the keys that a token is verified by: a key that was taken back is refused
/// after this time at the latest.
const VERIFYING_AGE: Duration = Duration::from_secs(300);
/// Tokens with unknown key ids make us read the secret again, but not more often than this.
const UNKNOWN_KEY_PAUSE: Duration = Duration::from_secs(5);
/// HMAC-SHA-256 with less than its output is weak (RFC 7518, 3.2).
const MIN_KEY_LENGTH: usize = 32;

/// The two keys as the secret has them.
#[derive(Deserialize)]
struct Secret {
    kid: String,
    key: String,
    previous_kid: Option<String>,
    previous_key: Option<String>,
}

/// One key, and what is derived from it.
struct Key {
    kid: String,
    signing: hmac::Key,
    cursors: hmac::Key,
}

/// The keys at one moment.
pub(crate) struct KeySet {
    current: Key,
    previous: Option<Key>,
}

impl std::fmt::Debug for KeySet {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "KeySet({})", self.current.kid)
    }
}

impl KeySet {
    /// # Errors
    ///
    /// A sentence about the secret, without its value.
    pub(crate) fn parse(secret: &str) -> Result<KeySet, String> {
        let secret: Secret = serde_json::from_str(secret).map_err(|_| {
            "The secret of the signing keys is not {\"kid\": .., \"key\": ..}.".to_owned()
        })?;
        let current = Key::new(secret.kid, &secret.key)?;
        let previous = match (secret.previous_kid, secret.previous_key) {
            (Some(kid), Some(key)) => Some(Key::new(kid, &key)?),
            _ => None,
        };
        Ok(KeySet { current, previous })
    }

    fn all(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.current).chain(&self.previous)
    }

    fn find(&self, kid: &str) -> Option<&Key> {
        self.all().find(|key| key.kid == kid)
    }

    /// Authenticates a text that the client brings back, for a purpose and nothing else.
    pub(crate) fn seal(&self, scope: &[u8], payload: &[u8]) -> String {
        let tag = hmac::sign(&self.current.cursors, &framed(scope, payload));
        let mut sealed = tag.as_ref()[..16].to_vec();
        sealed.extend_from_slice(payload);
        URL_SAFE_NO_PAD.encode(sealed)
    }

    /// The text that [`KeySet::seal`] was given, when it comes from there and for that purpose.
    pub(crate) fn open(&self, scope: &[u8], sealed: &str) -> Option<Vec<u8>> {
        let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (tag, payload) = sealed.split_at_checked(16)?;
        let message = framed(scope, payload);
        let same = |key: &Key| {
            let expected = hmac::sign(&key.cursors, &message);
            // Which of 128 bits differ is of no use to somebody who does not know the key.
            expected.as_ref()[..16]
                .iter()
                .zip(tag)
                .fold(0, |all, (a, b)| all | (a ^ b))
                == 0
        };
        self.all().any(same).then(|| payload.to_vec())
    }
}

fn framed(scope: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut message = (scope.len() as u64).to_be_bytes().to_vec();
    message.extend_from_slice(scope);
    message.extend_from_slice(payload);
    message
}

impl Key {
    fn new(kid: String, key: &str) -> Result<Key, String> {
        if kid.is_empty() || kid.len() > 100 {
            return Err("A signing key has no id, or one longer than 100 characters.".to_owned());
        }
        if key.len() < MIN_KEY_LENGTH {
            return Err(format!(
                "The signing key `{kid}` has {} bytes; it must have {MIN_KEY_LENGTH} or more. Generate one at random.",
                key.len()
            ));
        }
        if is_guessable(key) {
            return Err(format!(
                "The signing key `{kid}` can be guessed. Generate one at random."
            ));
        }
        let signing = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
        let cursors = hmac::sign(&signing, b"miyabi cursors");
        let cursors = hmac::Key::new(hmac::HMAC_SHA256, cursors.as_ref());
        Ok(Key {
            kid,
            signing,
            cursors,
        })
    }
}

/// A value from an example, or one with hardly any different characters.
fn is_guessable(key: &str) -> bool {
    let lower = key.to_ascii_lowercase();
    let from_an_example = [
        "changeme",
        "change-me",
        "change_me",
        "secret",
        "default",
        "example",
        "password",
        "012345678901",
    ];
    let mut bytes = key.as_bytes().to_vec();
    bytes.sort_unstable();
    bytes.dedup();
    bytes.len() < 10 || from_an_example.iter().any(|word| lower.contains(word))
}

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
        let keys = self.get(age).await?;
        let mac = |key: &Key| {
            let derived = hmac::sign(&key.signing, format!("miyabi {purpose}").as_bytes());
            let tag = hmac::sign(
                &hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref()),
                message,
            );
            let mut bytes = [0; 32];
            bytes.copy_from_slice(tag.as_ref());
            bytes
        };
        Ok(keys.all().map(mac).collect())
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(key: &str) -> Result<KeySet, String> {
        KeySet::parse(&json!({"kid": "a", "key": key}).to_string())
    }

    #[test]
    fn a_weak_or_default_key_is_refused_by_a_sentence_without_it() {
        for weak in [
            "short",
            "0123456789012345678901234567890",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "changeme-changeme-changeme-1234567890",
            "my-default-signing-key-for-this-application",
        ] {
            let error = parse(weak).unwrap_err();
            assert!(
                error.contains("signing key `a`") && !error.contains(weak),
                "{error}"
            );
        }
        assert!(KeySet::parse("{}").is_err());
        assert!(parse("yPjz8Qn3LrVw5TgB2kXcM7sHdF4aZ9eU").is_ok());
    }

    #[test]
    fn what_is_sealed_opens_only_for_its_scope_and_with_a_live_key() {
        let old = parse("yPjz8Qn3LrVw5TgB2kXcM7sHdF4aZ9eU").unwrap();
        let sealed = old.seal(b"tasks", b"payload");
        assert_eq!(old.open(b"tasks", &sealed), Some(b"payload".to_vec()));
        assert_eq!(old.open(b"labels", &sealed), None);
        for index in 0..sealed.len() {
            let mut changed = sealed.clone().into_bytes();
            changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
            assert_eq!(
                old.open(b"tasks", &String::from_utf8(changed).unwrap()),
                None,
                "{index}"
            );
        }
        let rotated = json!({
            "kid": "b", "key": "6Rk9vTzXp2LmQ8sNcW4hYbJ7dF3gA5eU",
            "previous_kid": "a", "previous_key": "yPjz8Qn3LrVw5TgB2kXcM7sHdF4aZ9eU",
        });
        let rotated = KeySet::parse(&rotated.to_string()).unwrap();
        assert_eq!(rotated.open(b"tasks", &sealed), Some(b"payload".to_vec()));
        assert_eq!(
            parse("6Rk9vTzXp2LmQ8sNcW4hYbJ7dF3gA5eU")
                .unwrap()
                .open(b"tasks", &sealed),
            None
        );
    }
}
