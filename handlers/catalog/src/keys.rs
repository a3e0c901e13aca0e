//! How long keys and tokens live: what the functions hold to, and what a rotation has to wait for.

use core::time::Duration;

/// From the issue of an access token to its expiry.
pub const TOKEN_LIFETIME: Duration = Duration::from_secs(900);
/// Difference of clocks that is accepted when a token is verified.
pub const TOKEN_LEEWAY: Duration = Duration::from_secs(5);
/// Oldest knowledge of the current key that a token is signed by.
pub const SIGNING_AGE: Duration = Duration::from_secs(60);
/// Oldest knowledge of keys, and of the origin secret, that a request is verified by: one that was
/// removed is refused by every process after this time.
pub const VERIFYING_AGE: Duration = Duration::from_secs(300);

/// From the rotation of the signing keys until no accepted token is signed by the old key.
pub const OLD_KEY_NEEDED: Duration =
    Duration::from_secs(SIGNING_AGE.as_secs() + TOKEN_LIFETIME.as_secs() + TOKEN_LEEWAY.as_secs());
