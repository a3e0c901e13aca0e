//! HMAC-SHA-256 of `ring` for `jsonwebtoken`. The library's own backends would bring RSA and elliptic
//! curves into each function, or a second TLS library beside the one that is there.

use std::sync::OnceLock;

use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey,
    crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils},
    errors::{ErrorKind, Result},
    signature::{self, Signer, Verifier},
};
use ring::hmac;

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: signer,
    verifier_factory: verifier,
    key_utils: KeyUtils::new_unimplemented(),
};

/// Makes the provider that of this process. Costs nothing when it is already.
pub(super) fn install() {
    static INSTALLED: OnceLock<()> = OnceLock::new();
    INSTALLED.get_or_init(|| {
        // Fails when this process has one already, and nothing but this installs one.
        let _ = PROVIDER.install_default();
    });
}

/// One key, for HS256 and nothing else.
struct HmacSha256(hmac::Key);

impl HmacSha256 {
    fn new(algorithm: &Algorithm, key: &[u8]) -> Result<Box<HmacSha256>> {
        match algorithm {
            Algorithm::HS256 => Ok(Box::new(HmacSha256(hmac::Key::new(hmac::HMAC_SHA256, key)))),
            _ => Err(ErrorKind::UnsupportedAlgorithm.into()),
        }
    }
}

fn signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
    Ok(HmacSha256::new(algorithm, key.as_bytes())?)
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    Ok(HmacSha256::new(algorithm, key.try_get_as_bytes()?)?)
}

impl Signer<Vec<u8>> for HmacSha256 {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, signature::Error> {
        Ok(hmac::sign(&self.0, message).as_ref().to_vec())
    }
}

impl Verifier<Vec<u8>> for HmacSha256 {
    fn verify(
        &self,
        message: &[u8],
        signature: &Vec<u8>,
    ) -> std::result::Result<(), signature::Error> {
        hmac::verify(&self.0, message, signature).map_err(|_| signature::Error::new())
    }
}

impl JwtSigner for HmacSha256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl JwtVerifier for HmacSha256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}
