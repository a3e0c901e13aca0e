//! Rotating a secret in two steps: what its value becomes, and when the second step may be done.
//!
//! After the first step the new value is in use and the old one is still accepted; after the second
//! one the old value is refused. Functions read a secret again by themselves
//! (`miyabi_catalog::keys`), so nothing is deployed. Pure: who reads and writes is
//! [`crate::deployment`].

use std::time::Duration;

use miyabi_catalog::keys::{OLD_KEY_NEEDED, VERIFYING_AGE};
use serde::Serialize;
use serde_json::{Map, Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{Error, ErrorKind, local::secrets::random};

/// Characters of a generated value, as in the templates (`PasswordLength`).
const LENGTH: usize = 64;
/// When the first step was done, in the value itself: any machine can do the second one.
const ROTATED_AT: &str = "rotated_at";

/// A secret that the deployer can rotate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rotated {
    /// The keys that access tokens are signed with.
    SigningKeys,
    /// The header by which the API knows the distribution.
    OriginSecret,
}

impl Rotated {
    /// The name on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Rotated::SigningKeys => "signing-keys",
            Rotated::OriginSecret => "origin-secret",
        }
    }

    /// The command that rotates it, between backticks; `options` begin with a space.
    pub fn command(self, stage: &str, options: &str) -> String {
        match self {
            Rotated::SigningKeys => {
                format!("`cargo xtask secrets rotate signing-keys --stage {stage}{options}`")
            }
            Rotated::OriginSecret => {
                format!("`cargo xtask secrets rotate origin-secret --stage {stage}{options}`")
            }
        }
    }

    /// The end of the secret's name: `miyabi-STAGE-jwt-keys`.
    pub(crate) const fn secret(self) -> &'static str {
        match self {
            Rotated::SigningKeys => "jwt-keys",
            Rotated::OriginSecret => "origin",
        }
    }

    /// Members of the value that a rotation replaces, with the members that keep the old ones.
    const fn members(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Rotated::SigningKeys => &[("kid", "previous_kid"), ("key", "previous_key")],
            Rotated::OriginSecret => &[("value", "previous")],
        }
    }

    /// From the first step until the old value is not needed any more.
    const fn old_needed(self) -> Duration {
        match self {
            Rotated::SigningKeys => OLD_KEY_NEEDED,
            // The distribution sends the new value when the first step ends.
            Rotated::OriginSecret => Duration::ZERO,
        }
    }

    /// From the second step until every process refuses the old value.
    pub const fn refused_within(self) -> Duration {
        VERIFYING_AGE
    }
}

/// Where a rotation stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "state")]
pub enum RotationState {
    /// One value is accepted.
    Stable,
    /// Two values are accepted.
    Rotating {
        /// When the first step was done, RFC 3339, UTC; `None`: by hand.
        since: Option<String>,
        /// From when on the second step refuses nobody, RFC 3339, UTC.
        finish_from: Option<String>,
    },
}

/// Where the rotation of a value stands.
pub(crate) fn state(which: Rotated, value: &Value) -> RotationState {
    if !is_rotating(which, value) {
        return RotationState::Stable;
    }
    let since = rotated_at(value);
    RotationState::Rotating {
        since: since.map(rfc3339),
        finish_from: since.map(|since| rfc3339(since + which.old_needed())),
    }
}

/// The value after the first step: a new one in use, the old one accepted.
///
/// # Errors
///
/// [`ErrorKind::Usage`] while the old value of the last rotation is needed: a third one would push it
/// out. Failed, when the value has not the form that functions read.
pub(crate) fn begin(
    which: Rotated,
    stage: &str,
    value: &Value,
    now: OffsetDateTime,
) -> Result<Value, Error> {
    if let Some(until) = needed_until(which, value).filter(|until| *until > now) {
        return Err(Error::usage(
            format!(
                "A rotation of the {} of `{stage}` is in progress, and its old value is needed until {}. Nothing was changed.",
                which.as_str(),
                rfc3339(until)
            ),
            format!("After that: {}", which.command(stage, " --finish")),
        ));
    }
    let mut next = Map::new();
    for (member, previous) in which.members() {
        let old = value[member]
            .as_str()
            .ok_or_else(|| malformed(which, stage))?;
        let length = if *member == "kid" { 16 } else { LENGTH };
        next.insert((*member).to_owned(), json!(random(length)));
        next.insert((*previous).to_owned(), json!(old));
    }
    next.insert(ROTATED_AT.to_owned(), json!(rfc3339(now)));
    Ok(Value::Object(next))
}

/// The value after the second step: the old one is gone. `at_once`: although it is still needed.
///
/// # Errors
///
/// [`ErrorKind::Usage`] without a first step; [`ErrorKind::ApprovalNeeded`] while the old value is
/// needed, unless `at_once`.
pub(crate) fn finish(
    which: Rotated,
    stage: &str,
    value: &Value,
    now: OffsetDateTime,
    at_once: bool,
) -> Result<Value, Error> {
    let name = which.as_str();
    if !is_rotating(which, value) {
        return Err(Error::usage(
            format!("No rotation of the {name} of `{stage}` is in progress. Nothing was changed."),
            format!("Begin one: {}", which.command(stage, "")),
        ));
    }
    if let Some(until) = needed_until(which, value).filter(|until| *until > now && !at_once) {
        return Err(Error::new(
            ErrorKind::ApprovalNeeded,
            format!(
                "Tokens that are signed with the old key are valid until {}. Nothing was changed.",
                rfc3339(until)
            ),
            format!(
                "Wait until then; or, when the old key is known to somebody, refuse them now: {}",
                which.command(stage, " --finish --now")
            ),
        ));
    }
    let mut next = Map::new();
    for (member, _) in which.members() {
        next.insert((*member).to_owned(), value[member].clone());
    }
    Ok(Value::Object(next))
}

fn is_rotating(which: Rotated, value: &Value) -> bool {
    which.members().iter().any(|(_, old)| !value[old].is_null())
}

/// `None`: there is no old value, or nobody knows since when there is.
fn needed_until(which: Rotated, value: &Value) -> Option<OffsetDateTime> {
    is_rotating(which, value).then_some(())?;
    Some(rotated_at(value)? + which.old_needed())
}

fn rotated_at(value: &Value) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(value[ROTATED_AT].as_str()?, &Rfc3339).ok()
}

fn rfc3339(at: OffsetDateTime) -> String {
    let at = at.replace_nanosecond(0).unwrap_or(at);
    at.format(&Rfc3339).unwrap_or_default()
}

fn malformed(which: Rotated, stage: &str) -> Error {
    Error::failed(
        format!(
            "The {} of `{stage}` have not the form that functions read. Nothing was changed.",
            which.as_str()
        ),
        "docs/ARCHITECTURE.md, \"What a function is given\", describes the form; the value itself is in Secrets Manager.",
    )
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-27 05:00 UTC);
    const KEYS: Rotated = Rotated::SigningKeys;

    #[test]
    fn the_old_key_stays_until_every_token_of_it_has_expired() {
        let first = json!({"kid": "1", "key": "old"});
        assert_eq!(state(KEYS, &first), RotationState::Stable);
        let second = begin(KEYS, "dev", &first, NOW).unwrap();
        assert_eq!(second["previous_kid"], "1");
        assert_eq!(second["previous_key"], "old");
        assert_eq!(second["key"].as_str().unwrap().len(), LENGTH);
        assert_ne!(second["kid"], "1");
        let early = finish(
            KEYS,
            "dev",
            &second,
            NOW + time::Duration::seconds(964),
            false,
        );
        assert_eq!(early.unwrap_err().kind(), ErrorKind::ApprovalNeeded);
        let again = begin(KEYS, "dev", &second, NOW + time::Duration::seconds(964));
        assert_eq!(
            again.unwrap_err().kind(),
            ErrorKind::Usage,
            "a third key pushes out the first"
        );
        // A minute in which the old key may still sign, and T6: 15 minutes and the leeway.
        let done = finish(
            KEYS,
            "dev",
            &second,
            NOW + time::Duration::seconds(965),
            false,
        )
        .unwrap();
        assert_eq!(done, json!({"kid": second["kid"], "key": second["key"]}));
        assert_eq!(finish(KEYS, "dev", &second, NOW, true).unwrap(), done);
        let nothing = finish(KEYS, "dev", &done, NOW, true).unwrap_err();
        assert_eq!(nothing.kind(), ErrorKind::Usage);
    }

    #[test]
    fn the_origin_secret_keeps_its_previous_value_until_the_end() {
        let which = Rotated::OriginSecret;
        let second = begin(which, "dev", &json!({"value": "old"}), NOW).unwrap();
        assert_eq!(second["previous"], "old");
        let done = finish(which, "dev", &second, NOW, false).unwrap();
        assert_eq!(done, json!({"value": second["value"]}));
        assert!(begin(which, "dev", &json!({}), NOW).is_err());
    }

    #[test]
    fn no_error_holds_a_value() {
        let value = json!({"kid": "kid-canary", "key": 7, "previous_key": "canary", "rotated_at": "2026-11-27T04:59:59Z"});
        for error in [
            begin(KEYS, "dev", &value, NOW).unwrap_err(),
            begin(KEYS, "dev", &value, NOW + time::Duration::days(1)).unwrap_err(),
            finish(KEYS, "dev", &value, NOW, false).unwrap_err(),
        ] {
            assert!(!format!("{error:?}").contains("canary"), "{error:?}");
        }
    }
}
