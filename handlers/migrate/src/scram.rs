//! Passwords as PostgreSQL stores them, made here so that no password is in a statement or its log.
//!
//! SCRAM-SHA-256: RFC 5802 and 7677; the text form is that of `pg_authid.rolpassword`.

use std::num::NonZeroU32;

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::{
    digest, hmac, pbkdf2,
    rand::{SecureRandom, SystemRandom},
};

/// PostgreSQL's own default.
const ITERATIONS: NonZeroU32 = NonZeroU32::new(4096).expect("4096 is not 0");

/// The verifier of a password, with a new salt.
///
/// # Errors
///
/// What is wrong with the password, to follow its name.
pub(crate) fn verifier(password: &str) -> Result<String, &'static str> {
    // Others would have to be normalized by SASLprep first; ours are generated.
    if password.is_empty() || !password.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return Err("must be one or more printable ASCII characters");
    }
    let mut salt = [0; 16];
    SystemRandom::new()
        .fill(&mut salt)
        .map_err(|_| "cannot be salted: there is no source of randomness")?;
    Ok(with_salt(password, &salt))
}

fn with_salt(password: &str, salt: &[u8]) -> String {
    let mut salted = [0; 32];
    pbkdf2::derive(
        pbkdf2::PBKDF2_HMAC_SHA256,
        ITERATIONS,
        salt,
        password.as_bytes(),
        &mut salted,
    );
    let key = hmac::Key::new(hmac::HMAC_SHA256, &salted);
    let stored = digest::digest(&digest::SHA256, hmac::sign(&key, b"Client Key").as_ref());
    let server = hmac::sign(&key, b"Server Key");
    format!(
        "SCRAM-SHA-256${ITERATIONS}:{}${}:{}",
        STANDARD.encode(salt),
        STANDARD.encode(stored),
        STANDARD.encode(server)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The exchange of RFC 7677, section 3: user `user`, password `pencil`.
    #[test]
    fn the_verifier_fits_the_exchange_of_the_rfc() {
        let salt = STANDARD.decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap();
        let verifier = with_salt("pencil", &salt);
        let (_, keys) = verifier.rsplit_once('$').unwrap();
        let (stored, server) = keys.split_once(':').unwrap();
        let message = "n=user,r=rOprNGfwEbeRWgbNEkqO,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
            s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
        let sign = |key: &str| {
            let key = hmac::Key::new(hmac::HMAC_SHA256, &STANDARD.decode(key).unwrap());
            hmac::sign(&key, message.as_bytes())
        };
        assert_eq!(
            STANDARD.encode(sign(server)),
            "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
        );
        let proof = STANDARD
            .decode("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")
            .unwrap();
        let client: Vec<u8> = proof
            .iter()
            .zip(sign(stored).as_ref())
            .map(|(a, b)| a ^ b)
            .collect();
        assert_eq!(
            STANDARD.encode(digest::digest(&digest::SHA256, &client)),
            stored
        );
    }

    #[test]
    fn a_password_that_would_need_normalizing_is_refused() {
        assert!(
            verifier("").is_err() && verifier("pässword").is_err() && verifier("a\nb").is_err()
        );
        assert_ne!(verifier("same").unwrap(), verifier("same").unwrap());
    }
}
