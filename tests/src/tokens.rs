//! Access tokens as an attacker would make them: any header, any claims, any signature.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::hmac;
use serde_json::Value;

/// A token taken apart.
#[derive(Debug, Clone)]
pub struct Token {
    /// The JOSE header.
    pub header: Value,
    /// The claims.
    pub claims: Value,
}

impl Token {
    /// Takes a compact token apart. The signature is not looked at.
    pub fn parse(token: &str) -> Token {
        let mut parts = token.split('.').map(|part| {
            let bytes = URL_SAFE_NO_PAD
                .decode(part)
                .unwrap_or_else(|error| panic!("{token}: {error}"));
            serde_json::from_slice(&bytes).unwrap_or(Value::Null)
        });
        Token {
            header: parts.next().unwrap(),
            claims: parts.next().unwrap(),
        }
    }

    /// Signs it with HMAC-SHA-256, whatever its header says.
    pub fn sign(&self, key: &[u8]) -> String {
        sign_text(&self.header.to_string(), &self.claims.to_string(), key)
    }
}

/// Signs any two texts as header and claims: duplicate keys, numbers that no `Value` can hold.
pub fn sign_text(header: &str, claims: &str, key: &[u8]) -> String {
    let message = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(claims)
    );
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(tag))
}
