//! Keys for several tasks, as short and as far from each other as their bounds allow.

use super::DIGITS;
use crate::rank;

/// Most digits of a key: as many as 128 bits hold.
const MOST: usize = 21;
/// The number in the middle of all, as `app.rank_of_number` begins.
const MIDDLE: u128 = 62_u128.pow(7) / 2;
/// At least so much room is left between two.
const GAP: u128 = 62;

/// Keys behind `low` and before `high`, in their order; without `high`, none has a number beyond that
/// of `low`. `None` when they would be longer than [`MOST`].
pub(super) fn evenly(count: usize, low: Option<&str>, high: Option<&str>) -> Option<Vec<String>> {
    let steps = u128::try_from(count).ok()? + 1;
    for digits in DIGITS..=MOST {
        // A key that is cut off is lower than the whole one: the first new key is at least one step
        // above it.
        let room = 62_u128.pow(u32::try_from(digits - DIGITS).ok()?);
        let (from, to) = match (low, high) {
            // There are at most as many tasks as numbers.
            (None, None) => (MIDDLE, MIDDLE + steps),
            (None, Some(high)) => {
                let high = cut(high, digits)?;
                // Beside each other, however far it is to the smallest key.
                (high.saturating_sub(steps * GAP.max(room)), high)
            }
            (Some(low), None) => (cut(low, digits)?, (cut(low, DIGITS)? + 1) * room),
            (Some(low), Some(high)) => (cut(low, digits)?, cut(high, digits)?),
        };
        let step = to.checked_sub(from)? / steps;
        let least = if low.is_none() && high.is_none() {
            1
        } else {
            GAP
        };
        if step < least {
            continue;
        }
        let key = |place| rank::digits(from + step * place, digits).map(trimmed);
        return (1..steps).map(key).collect();
    }
    None
}

/// The value of a key's first digits, with zeros behind a shorter one.
fn cut(key: &str, digits: usize) -> Option<u128> {
    let padded = format!("{key:0<digits$}");
    rank::value(padded.get(..digits)?)
}

/// A fraction has no zero at its end.
fn trimmed(mut key: String) -> String {
    while key.len() > DIGITS && key.ends_with('0') {
        key.pop();
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_lie_between_their_bounds_and_leave_room() {
        let long = format!("V000001{}", "V".repeat(40));
        for (count, low, high) in [
            (1, None, None),
            (3000, None, None),
            (40, None, Some("V000001")),
            (40, None, Some("V000001V")),
            (2000, Some("V000001"), None),
            (2000, Some("V000001V"), None),
            (32, Some("V000001"), Some("V000002")),
            (32, Some("V00000z"), Some("V000010")),
            (256, Some("V000001V"), Some("V000001W")),
            (32, Some("V000001"), Some(long.as_str())),
            (32, Some(long.as_str()), Some("V000002")),
            (32, Some(long.as_str()), None),
        ] {
            let keys = evenly(count, low, high).unwrap();
            assert_eq!(keys.len(), count);
            assert!(
                keys.is_sorted_by(|low, high| low < high),
                "{low:?} {high:?}"
            );
            let (first, last) = (&keys[0], &keys[count - 1]);
            assert!(
                low.is_none_or(|low| low < first.as_str()),
                "{low:?} {first}"
            );
            assert!(
                high.is_none_or(|high| last.as_str() < high),
                "{last} {high:?}"
            );
            if let (Some(low), None) = (low, high) {
                assert_eq!(&last[..7], &low[..7]);
            }
            assert!(keys.iter().all(|key| (7..=MOST).contains(&key.len())));
            assert!(keys.iter().all(|key| key.len() == 7 || !key.ends_with('0')));
        }
    }

    #[test]
    fn bounds_without_room_need_others() {
        let long = format!("V000001{}", "V".repeat(40));
        let next = format!("{long}V");
        assert_eq!(evenly(1, Some(&long), Some(&next)), None);
        assert_eq!(evenly(1, Some("V000001"), Some("V000001")), None);
    }
}
