//! The name of a stage, which is part of every physical name.
//!
//! At most 16 lowercase letters and digits, beginning with a letter. The longest names made of it then
//! fit: `miyabi-{stage}-cache-0a1b2c` into the 40 characters of a serverless cache, and
//! `miyabi-{stage}-assets-123456789012-ap-southeast-1` into the 63 of a bucket. A hyphen is refused since
//! `miyabi-dev-*` in the policies of the stage `dev` would also match the resources of `dev-2`.

use super::StageError;

/// The most characters of a name.
pub const LONGEST: usize = 16;

pub(super) fn check(name: &str) -> Result<(), StageError> {
    let begins = name.starts_with(|first: char| first.is_ascii_lowercase());
    let letters = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    if begins && name.len() <= LONGEST && name.bytes().all(letters) {
        return Ok(());
    }
    Err(StageError {
        message: format!(
            "`{name}` cannot be the name of a stage: a name has 1 to {LONGEST} lowercase letters and \
             digits and begins with a letter."
        ),
        hint: "It is part of bucket, function and cache names, whose lengths AWS limits. Rename the file in stacks/stages.".to_owned(),
    })
}
