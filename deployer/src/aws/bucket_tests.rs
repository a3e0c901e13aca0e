//! Hashes of objects, and the longest name of a bucket.

use super::*;

#[test]
fn both_spellings_of_a_hash_are_one() {
    let hex = crate::build::hex(&Sha256::digest(b"bootstrap"));
    assert_eq!(checksum_of(&hex), hash(b"bootstrap"));
}

#[test]
fn the_longest_name_of_a_bucket_fits() {
    assert!(bucket_name("production-two", "111111111111", "ap-southeast-2").len() <= 63);
}
