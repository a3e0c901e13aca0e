//! Values that nobody can guess and that say nothing: refresh tokens, CSRF tokens, OAuth states,
//! codes of invitations.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    digest,
    rand::{SecureRandom, SystemRandom},
};

use crate::ApiError;

/// 256 random bits. `Debug` shows none of them: they belong in no log.
#[derive(Clone, PartialEq, Eq)]
pub struct Opaque([u8; 32]);

impl std::fmt::Debug for Opaque {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Opaque")
    }
}

impl Opaque {
    /// A new one.
    ///
    /// # Errors
    ///
    /// 500 when the system has no randomness.
    pub fn random() -> Result<Opaque, ApiError> {
        let mut bytes = [0; 32];
        SystemRandom::new()
            .fill(&mut bytes)
            .map_err(|_| ApiError::Internal("The system has no randomness.".to_owned()))?;
        Ok(Opaque(bytes))
    }

    /// One that was derived from a secret.
    pub fn of(bytes: [u8; 32]) -> Opaque {
        Opaque(bytes)
    }

    /// From its text: 43 characters of base64url, and only the one spelling of it.
    pub fn parse(text: &str) -> Option<Opaque> {
        if text.len() != 43 {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        Some(Opaque(bytes.try_into().ok()?))
    }

    /// As the client holds it.
    pub fn text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// The bytes, to derive something from them.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// As we store it: SHA-256. Looking for a hash tells nothing by its time, since nobody can
    /// choose one that begins like another.
    pub fn hash(&self) -> Vec<u8> {
        sha256(&self.0)
    }
}

/// SHA-256.
pub fn sha256(bytes: &[u8]) -> Vec<u8> {
    digest::digest(&digest::SHA256, bytes).as_ref().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_one_spelling_of_each() {
        let opaque = Opaque::random().unwrap();
        let text = opaque.text();
        assert!(Opaque::parse(&text) == Some(opaque));
        // The last character holds four bits; the other two must be zero.
        let zero = "A".repeat(43);
        assert!(Opaque::parse(&zero).is_some());
        for wrong in [
            format!("{}B", &zero[..42]),
            format!("{zero}="),
            format!("{}+", &zero[..42]),
            zero[..42].to_owned(),
            format!("{zero}A"),
            String::new(),
        ] {
            assert!(Opaque::parse(&wrong).is_none(), "{wrong}");
        }
    }
}
