//! Personal API tokens: `miy_`, 32 random bytes in base62, and a CRC-32 of all that in base62.
//!
//! The prefix is for those who search repositories and logs for secrets; the checksum refuses what
//! was cut or mistyped before the database is asked. What is stored, sent to the database and
//! remembered here is the SHA-256 of the text, never the text.
//!
//! A request with one costs what a request with an access token costs: the round trip that opens
//! its transaction decides whether the token is good and what it may do. Whose token it is must be
//! known before, never changes, and is remembered by each environment; it is looked up once a
//! minute, which also notes the use.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use flate2::Crc;
use uuid::Uuid;

use crate::{ApiError, Opaque, sha256};

/// What every token begins with.
const PREFIX: &str = "miy_";
/// Characters of 32 bytes in base62: 62^43 is more than 2^256.
const RANDOM_LENGTH: usize = 43;
/// Characters of a CRC-32 in base62: 62^6 is more than 2^32.
const CHECKSUM_LENGTH: usize = 6;
const LENGTH: usize = PREFIX.len() + RANDOM_LENGTH + CHECKSUM_LENGTH;
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// How many tokens an environment remembers.
const REMEMBERED: usize = 128;
/// How long it remembers whose a token is: `last_used_at` is to the minute.
const REMEMBERED_FOR: Duration = Duration::from_secs(60);

/// A new token. `Debug` shows nothing of it: it belongs in no log.
pub struct ApiTokenSecret(String);

impl std::fmt::Debug for ApiTokenSecret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("ApiTokenSecret")
    }
}

impl ApiTokenSecret {
    /// A new one.
    ///
    /// # Errors
    ///
    /// 500 when the system has no randomness.
    pub fn random() -> Result<ApiTokenSecret, ApiError> {
        let random = Opaque::random()?;
        let mut text = PREFIX.to_owned();
        text.push_str(&base62::<RANDOM_LENGTH>(random.bytes()));
        text.push_str(&checksum(&text));
        Ok(ApiTokenSecret(text))
    }

    /// As its owner gets it, once.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// As it is stored.
    pub fn hash(&self) -> Vec<u8> {
        sha256(self.0.as_bytes())
    }

    /// Its last four characters, by which its owner knows it.
    pub fn last_four(&self) -> &str {
        &self.0[LENGTH - 4..]
    }
}

/// The SHA-256 of a token.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hash([u8; 32]);

impl Hash {
    /// As PostgreSQL reads `bytea`: `\x` and hexadecimal digits.
    pub(crate) fn to_bytea(self) -> String {
        use std::fmt::Write as _;
        let mut text = "\\x".to_owned();
        for byte in self.0 {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        text
    }
}

/// Whether a bearer token is meant to be an API token.
pub(crate) fn is_one(bearer: &str) -> bool {
    bearer.starts_with(PREFIX)
}

/// The hash of what has the form of a token; `None` when it has not.
pub(crate) fn parse(bearer: &str) -> Option<Hash> {
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric();
    if bearer.len() != LENGTH || !bearer[PREFIX.len()..].bytes().all(is_digit) {
        return None;
    }
    let (signed, given) = bearer.split_at(LENGTH - CHECKSUM_LENGTH);
    if checksum(signed) != given {
        return None;
    }
    Some(Hash(sha256(bearer.as_bytes()).try_into().ok()?))
}

fn checksum(text: &str) -> String {
    let mut crc = Crc::new();
    crc.update(text.as_bytes());
    base62::<CHECKSUM_LENGTH>(&crc.sum().to_be_bytes())
}

/// A big-endian number as `LENGTH` digits of base62.
fn base62<const LENGTH: usize>(number: &[u8]) -> String {
    let mut number = number.to_vec();
    let mut digits = [0; LENGTH];
    for digit in digits.iter_mut().rev() {
        // Divides the whole number by 62; what is left over is the digit.
        let mut rest = 0;
        for byte in &mut number {
            let dividend = rest * 256 + usize::from(*byte);
            // Below 256, since `rest` is below 62.
            *byte = (dividend / DIGITS.len()) as u8;
            rest = dividend % DIGITS.len();
        }
        *digit = DIGITS[rest];
    }
    digits.iter().map(|digit| char::from(*digit)).collect()
}

/// Whose token a request has. None of this ever changes for a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ApiToken {
    pub(crate) id: Uuid,
    pub(crate) user: Uuid,
    pub(crate) organization: Uuid,
}

/// The tokens that this environment looked up within the last minute. That a token is in here says
/// nothing about whether it is still good.
#[derive(Default)]
pub(crate) struct KnownApiTokens(Mutex<VecDeque<Known>>);

struct Known {
    hash: Hash,
    token: ApiToken,
    since: Instant,
}

impl KnownApiTokens {
    pub(crate) fn find(&self, hash: Hash) -> Option<ApiToken> {
        let mut known = self.lock();
        known.retain(|known| known.since.elapsed() < REMEMBERED_FOR);
        let found = known.iter().find(|known| known.hash == hash);
        found.map(|known| known.token)
    }

    pub(crate) fn remember(&self, hash: Hash, token: ApiToken) {
        let mut known = self.lock();
        if known.len() == REMEMBERED {
            known.pop_front();
        }
        known.push_back(Known {
            hash,
            token,
            since: Instant::now(),
        });
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_known_by_its_form_and_checksum() {
        let secret = ApiTokenSecret::random().unwrap();
        let text = secret.text();
        assert!(is_one(text) && text.len() == 53, "{text}");
        assert!(parse(text).unwrap().0 == *secret.hash());
        assert!(text.ends_with(secret.last_four()) && secret.last_four().len() == 4);
        // Each character counts, and each length but one is refused.
        for place in 0..text.len() {
            let mut other = text.as_bytes().to_vec();
            other[place] = if other[place] == b'x' { b'y' } else { b'x' };
            let other = String::from_utf8(other).unwrap();
            assert!(parse(&other).is_none() || !is_one(&other), "{other}");
        }
        for wrong in [
            &text[..52],
            "",
            "miy_",
            &format!("{text}0"),
            &"é".repeat(27),
        ] {
            assert!(parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn base62_is_the_number_in_that_base() {
        assert_eq!(base62::<6>(&[0, 0, 0, 0]), "000000");
        assert_eq!(base62::<6>(&[0, 0, 0, 61]), "00000z");
        assert_eq!(base62::<6>(&[0, 0, 0, 62]), "000010");
        assert_eq!(base62::<6>(&u32::MAX.to_be_bytes()), "4gfFC3");
        let largest = base62::<RANDOM_LENGTH>(&[0xff; 32]);
        assert!(
            largest.len() == 43 && !largest.starts_with('0'),
            "{largest}"
        );
        // CRC-32 of "123456789" as every list of checksums has it.
        assert_eq!(
            checksum("123456789"),
            base62::<6>(&0xcbf4_3926_u32.to_be_bytes())
        );
    }

    #[test]
    fn an_environment_remembers_a_bounded_number_of_tokens() {
        let known = KnownApiTokens::default();
        let token = |number: u8| ApiToken {
            id: Uuid::from_u128(number.into()),
            user: Uuid::nil(),
            organization: Uuid::nil(),
        };
        let hash = |number: u8| Hash([number; 32]);
        for number in 0..=128 {
            known.remember(hash(number), token(number));
        }
        assert_eq!(known.find(hash(0)), None);
        assert_eq!(known.find(hash(128)), Some(token(128)));
        assert_eq!(known.lock().len(), REMEMBERED);
    }
}
