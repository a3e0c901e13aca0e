//! The one or two keys that are good at a moment, and what is derived from them.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{DecodingKey, EncodingKey};
use ring::hmac;
use serde::Deserialize;

use crate::{
    ApiError,
    token::{self, Claims},
};

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
pub(super) struct Key {
    pub(super) kid: String,
    encoding: EncodingKey,
    pub(super) decoding: DecodingKey,
    /// What everything else is derived from.
    root: hmac::Key,
    cursors: hmac::Key,
}

/// The keys at one moment.
pub struct KeySet {
    pub(super) current: Key,
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
            (None, None) => None,
            (Some(kid), Some(key)) => Some(Key::new(kid, &key)?),
            (Some(kid), None) => {
                return Err(format!(
                    "The secret of the signing keys has `previous_kid` (`{kid}`) without `previous_key`. Set both or neither."
                ));
            }
            (None, Some(_)) => {
                return Err(
                    "The secret of the signing keys has `previous_key` without `previous_kid`. Set both or neither."
                        .to_owned(),
                );
            }
        };
        if let Some(previous) = &previous
            && previous.kid == current.kid
        {
            return Err(format!(
                "The secret of the signing keys names `{}` as `kid` and as `previous_kid`. Give each key an id of its own.",
                current.kid
            ));
        }
        Ok(KeySet { current, previous })
    }

    fn all(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.current).chain(&self.previous)
    }

    pub(super) fn find(&self, kid: &str) -> Option<&Key> {
        self.all().find(|key| key.kid == kid)
    }

    /// Signs an access token with the current key.
    ///
    /// # Errors
    ///
    /// 500 when the claims cannot be serialized.
    pub fn sign(&self, claims: &Claims) -> Result<String, ApiError> {
        token::sign(claims, &self.current.kid, &self.current.encoding)
            .map_err(|error| ApiError::Internal(error.to_string()))
    }

    /// A keyed hash for a purpose (`"csrf"`), by the current key and then by the previous one.
    /// Different purposes have nothing in common.
    pub fn mac(&self, purpose: &str, message: &[u8]) -> Vec<[u8; 32]> {
        let mac = |key: &Key| {
            let derived = hmac::sign(&key.root, format!("miyabi {purpose}").as_bytes());
            let tag = hmac::sign(
                &hmac::Key::new(hmac::HMAC_SHA256, derived.as_ref()),
                message,
            );
            let mut bytes = [0; 32];
            bytes.copy_from_slice(tag.as_ref());
            bytes
        };
        self.all().map(mac).collect()
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
        let root = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
        let cursors = hmac::sign(&root, b"miyabi cursors");
        let cursors = hmac::Key::new(hmac::HMAC_SHA256, cursors.as_ref());
        Ok(Key {
            kid,
            encoding: EncodingKey::from_secret(key.as_bytes()),
            decoding: DecodingKey::from_secret(key.as_bytes()),
            root,
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
    fn half_a_previous_key_and_equal_ids_are_refused_by_name() {
        let (one, two) = (
            "yPjz8Qn3LrVw5TgB2kXcM7sHdF4aZ9eU",
            "6Rk9vTzXp2LmQ8sNcW4hYbJ7dF3gA5eU",
        );
        for (secret, name) in [
            (
                json!({"kid": "a", "key": one, "previous_kid": "b"}),
                "`previous_kid`",
            ),
            (
                json!({"kid": "a", "key": one, "previous_key": two}),
                "`previous_key`",
            ),
            (
                json!({"kid": "a", "key": one, "previous_kid": "a", "previous_key": two}),
                "`a`",
            ),
        ] {
            let error = KeySet::parse(&secret.to_string()).unwrap_err();
            assert!(error.contains(name), "{error}");
            assert!(!error.contains(one) && !error.contains(two), "{error}");
        }
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
