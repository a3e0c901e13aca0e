//! Places in an order that people make: keys of which there is always one more between two.
//!
//! A key is a fraction in digits of base 62, without `0.` before it and without a zero at its end.
//! PostgreSQL sorts keys as bytes (`collate "C"`).

use miyabi_core::{ApiError, Tx};
use uuid::Uuid;

/// In the order of their bytes.
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BASE: usize = DIGITS.len();

/// A key after `low` (empty: there is nothing before it) and before `high` (`None`: there is nothing
/// after it). `None` when `low` does not come before `high`.
///
/// A key grows by one digit in about six where things are always put into the same gap, and by one
/// in 61 at the end.
pub(crate) fn between(low: &str, high: Option<&str>) -> Option<String> {
    let low = values(low)?;
    let mut high = match high {
        Some(high) => Some(values(high)?),
        None => None,
    };
    let is_appended = high.is_none() && !low.is_empty();
    let mut key = String::new();
    let mut place = 0;
    loop {
        let above = low.get(place).copied().unwrap_or_default();
        let below = match &high {
            // `low` begins with all of `high`.
            Some(high) => *high.get(place)?,
            None => BASE,
        };
        let gap = below.checked_sub(above)?;
        let digit = match gap {
            0 | 1 => above,
            _ if is_appended => above + 1,
            _ => above + gap / 2,
        };
        key.push(char::from(DIGITS[digit]));
        if digit > above {
            return Some(key);
        }
        if gap > 0 {
            // Whatever follows, the key is before `high`.
            high = None;
        }
        place += 1;
    }
}

/// The values of the digits; `None` when one of them is not a digit.
fn values(key: &str) -> Option<Vec<usize>> {
    let value = |byte| DIGITS.iter().position(|digit| *digit == byte);
    key.bytes().map(value).collect()
}

/// The value of a key whose digits are a number.
pub(crate) fn value(key: &str) -> Option<u128> {
    let mut digits = values(key)?.into_iter();
    digits.try_fold(0_u128, |value, digit| {
        let digit = u128::try_from(digit).ok()?;
        value.checked_mul(62)?.checked_add(digit)
    })
}

/// A number as that many digits; `None` when it has more.
pub(crate) fn digits(mut value: u128, count: usize) -> Option<String> {
    let mut digits = vec![b'0'; count];
    for digit in digits.iter_mut().rev() {
        *digit = DIGITS[usize::try_from(value % 62).ok()?];
        value /= 62;
    }
    String::from_utf8(digits).ok().filter(|_| value == 0)
}

/// Makes everybody else wait who wants to change an order of this organization, until this
/// transaction ends: two who put things into the same gap would choose the same key.
pub(crate) async fn lock(tx: &mut Tx, organization: Uuid) -> Result<(), ApiError> {
    let (high, low) = organization.as_u64_pair();
    // Another key than that of the hierarchy.
    let key = i64::from_ne_bytes((high ^ low).rotate_left(1).to_ne_bytes());
    sqlx::query!("select pg_advisory_xact_lock($1)", key)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_between_its_neighbours() {
        for (low, high, key) in [
            ("", None, "V"),
            ("V", None, "W"),
            ("z", None, "z1"),
            ("zz", None, "zz1"),
            ("", Some("V"), "F"),
            ("", Some("1"), "0V"),
            ("", Some("01"), "00V"),
            ("1", Some("2"), "1V"),
            ("1z", Some("2"), "1zV"),
            ("1", Some("11"), "10V"),
        ] {
            assert_eq!(between(low, high).as_deref(), Some(key), "{low} {high:?}");
        }
        for (low, high) in [("V", "V"), ("W", "V"), ("V1", "V"), ("é", "é1")] {
            assert_eq!(between(low, Some(high)), None, "{low} {high}");
        }
    }

    /// Ten thousand insertions at every kind of place: all keys stay different, in their order, and
    /// as the check `projects_rank_shape` demands.
    #[test]
    fn there_is_always_room_between_two() {
        let mut keys: Vec<String> = Vec::new();
        let mut state: usize = 7;
        for round in 0..10_000 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let place = match round % 3 {
                0 => keys.len(),
                1 => (state >> 33) % (keys.len() + 1),
                _ => keys.len() / 2,
            };
            let low = place.checked_sub(1).map_or("", |low| keys[low].as_str());
            let key = between(low, keys.get(place).map(String::as_str)).unwrap();
            assert!(!key.ends_with('0'), "{key}");
            keys.insert(place, key);
        }
        assert!(keys.is_sorted_by(|low, high| low < high));
    }
}
