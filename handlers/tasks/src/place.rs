//! The place of a task in the order that people made.
//!
//! A key has seven digits of base 62, its number, and behind them a fraction where a task was put
//! between two others ([`rank::between`]). Each new task has the next number, from its own in the
//! organization (`app.rank_of_number`, migration 0085), so that it comes last whatever is moved at the
//! same moment: no key that is made here has a number that a task is still to get.

use miyabi_core::{ApiError, Tx};
use uuid::Uuid;

use crate::rank;

mod spread;

/// Digits of a number.
const DIGITS: usize = 7;
/// Longest key that is given out. Beyond it the tasks around the place get new keys; the check
/// `tasks_rank_shape` allows twice as many digits.
const LONG: usize = 50;
/// How many tasks before and behind a place get new keys: as few as make room.
const REACHES: [i64; 4] = [16, 128, 1024, i64::MAX - 1];

/// A task in the order, with its key.
#[derive(Debug)]
struct Neighbour {
    id: Uuid,
    rank: String,
}

/// A new place of a task.
pub(crate) struct NewPlace {
    /// The key of the task.
    pub(crate) rank: String,
    /// Other tasks that got new keys in the order that they had, with their new versions.
    pub(crate) others: Vec<(Uuid, i64)>,
}

/// The place that a change asks for; `None` when the task stays where it is. Hold the lock of the order
/// ([`rank::lock`]).
///
/// # Errors
///
/// As [`behind`].
pub(crate) async fn asked(
    tx: &mut Tx,
    organization: Uuid,
    id: Uuid,
    after: Option<Option<Uuid>>,
) -> Result<Option<NewPlace>, ApiError> {
    match after {
        Some(after) => behind(tx, organization, id, after).await,
        None => Ok(None),
    }
}

/// Writes the key of a new place over that of a task. Returns the others that made room.
pub(crate) fn put(place: Option<NewPlace>, rank: &mut Option<String>) -> Vec<(Uuid, i64)> {
    let Some(place) = place else {
        return Vec::new();
    };
    *rank = Some(place.rank);
    place.others
}

/// The place behind a task, `None` before all others; `None` when the task is there already.
///
/// # Errors
///
/// 422 for `after` when the organization has no such task.
async fn behind(
    tx: &mut Tx,
    organization: Uuid,
    id: Uuid,
    after: Option<Uuid>,
) -> Result<Option<NewPlace>, ApiError> {
    if after == Some(id) {
        return Ok(None);
    }
    let own = find(tx, id).await?;
    let mut others = Vec::new();
    for is_first in [true, false] {
        let low = match after {
            None => None,
            Some(after) => Some(find(tx, after).await?),
        };
        let place = Place {
            organization,
            moved: id,
            rank: low.as_ref().map_or("", |low| low.rank.as_str()),
            id: after.unwrap_or_default(),
        };
        let high = place.towards(tx, 1).await?.pop();
        // Made room for others, its own key means nothing any more.
        if is_first && own.is_between(low.as_ref(), high.as_ref()) {
            return Ok(None);
        }
        let key = key(
            low.as_ref().map(|low| low.rank.as_str()),
            high.as_ref().map(|high| high.rank.as_str()),
        );
        match key {
            Some(rank) if rank.len() <= LONG => return Ok(Some(NewPlace { rank, others })),
            _ => others = place.make_room(tx).await?,
        }
    }
    Err(ApiError::Internal(
        "Tasks with new keys have no room between them.".to_owned(),
    ))
}

/// A key behind `low` and before `high`; `None` when there is none.
fn key(low: Option<&str>, high: Option<&str>) -> Option<String> {
    match (low, high) {
        (None, None) => None,
        (None, Some(high)) => before(high),
        (Some(low), Some(high)) => {
            let key = rank::between(low, Some(high))?;
            Some(format!("{key:0<DIGITS$}"))
        }
        // In the number of the last task, before the number of the next new one.
        (Some(low), None) => {
            let (number, fraction) = low.split_at_checked(DIGITS)?;
            Some(format!("{number}{}", rank::between(fraction, None)?))
        }
    }
}

/// The number before that of a key; when there is none, a fraction.
fn before(high: &str) -> Option<String> {
    match rank::value(high.get(..DIGITS)?)? {
        0 => rank::between("", Some(high)),
        number => rank::digits(number - 1, DIGITS),
    }
}

/// # Errors
///
/// 422 when the organization has no such task, or it is deleted.
async fn find(tx: &mut Tx, after: Uuid) -> Result<Neighbour, ApiError> {
    sqlx::query_as!(
        Neighbour,
        r#"select id, rank as "rank!" from tasks where id = $1 and deleted_at is null"#,
        after
    )
    .fetch_optional(&mut **tx)
    .await?
    .ok_or_else(|| ApiError::invalid("after", "is not a task of this organization"))
}

impl Neighbour {
    fn is_between(&self, low: Option<&Neighbour>, high: Option<&Neighbour>) -> bool {
        let place = |task: &Neighbour| (task.rank.clone(), task.id);
        let own = place(self);
        low.is_none_or(|low| place(low) < own) && high.is_none_or(|high| own < place(high))
    }
}

/// A place behind a task, for another one.
struct Place<'a> {
    organization: Uuid,
    /// The task that is moved: it counts for nothing where it is.
    moved: Uuid,
    /// The task in front of it; before all others, an empty key and the id of nothing.
    rank: &'a str,
    id: Uuid,
}

impl Place<'_> {
    /// The tasks behind it, in their order.
    async fn towards(&self, tx: &mut Tx, limit: i64) -> Result<Vec<Neighbour>, ApiError> {
        let tasks = sqlx::query_as!(
            Neighbour,
            r#"select id, rank as "rank!" from tasks
                where organization_id = $1 and deleted_at is null and (rank, id) > ($2, $3) and id <> $4
                order by rank, id limit $5"#,
            self.organization,
            self.rank,
            self.id,
            self.moved,
            limit,
        )
        .fetch_all(&mut **tx)
        .await?;
        Ok(tasks)
    }

    /// The tasks in front of it, backwards.
    async fn back(&self, tx: &mut Tx, limit: i64) -> Result<Vec<Neighbour>, ApiError> {
        let tasks = sqlx::query_as!(
            Neighbour,
            r#"select id, rank as "rank!" from tasks
                where organization_id = $1 and deleted_at is null and (rank, id) <= ($2, $3) and id <> $4
                order by rank desc, id desc limit $5"#,
            self.organization,
            self.rank,
            self.id,
            self.moved,
            limit,
        )
        .fetch_all(&mut **tx)
        .await?;
        Ok(tasks)
    }

    /// Gives the tasks around it new keys in the order that they have: as few as get short ones.
    /// Returns them with their new versions.
    async fn make_room(&self, tx: &mut Tx) -> Result<Vec<(Uuid, i64)>, ApiError> {
        for reach in REACHES {
            // One more on each side is the bound.
            let mut around = self.back(tx, reach + 1).await?;
            let low = bound(&mut around, reach);
            around.reverse();
            let mut behind = self.towards(tx, reach + 1).await?;
            let high = bound(&mut behind, reach);
            around.extend(behind);
            let Some(keys) = spread::evenly(around.len(), low.as_deref(), high.as_deref()) else {
                continue;
            };
            let ids: Vec<Uuid> = around.iter().map(|task| task.id).collect();
            let others = sqlx::query!(
                "update tasks t set rank = placed.rank, version = t.version + 1, updated_at = now()
                 from unnest($2::uuid[], $3::text[]) placed (id, rank)
                 where t.organization_id = $1 and t.id = placed.id and t.rank <> placed.rank
                 returning t.id, t.version",
                self.organization,
                &ids,
                &keys,
            )
            .fetch_all(&mut **tx)
            .await?;
            let others = others.into_iter().map(|row| (row.id, row.version));
            return Ok(others.collect());
        }
        Err(ApiError::Internal(
            "All tasks together have no room for their places.".to_owned(),
        ))
    }
}

/// Takes the key of the task beyond a reach.
fn bound(tasks: &mut Vec<Neighbour>, reach: i64) -> Option<String> {
    let reach = usize::try_from(reach).unwrap_or(usize::MAX);
    if tasks.len() <= reach {
        return None;
    }
    tasks.pop().map(|task| task.rank)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_keeps_its_number_below_that_of_the_next_new_task() {
        for (low, high, expected) in [
            (None, Some("V000001"), "V000000"),
            (None, Some("V0000004"), "Uzzzzzz"),
            (None, Some("0000000V"), "0000000F"),
            (Some("V000001"), Some("V000002"), "V000001V"),
            (Some("V000001"), Some("V000005"), "V000003"),
            (Some("V00000z"), Some("V000010"), "V00000zV"),
            (Some("V00000A"), Some("V000A00"), "V000500"),
            (Some("V000001"), None, "V000001V"),
            (Some("V000001V"), None, "V000001W"),
            (Some("V000001z"), None, "V000001z1"),
        ] {
            let key = key(low, high).unwrap();
            assert_eq!(key, expected, "{low:?} {high:?}");
            assert!(low.is_none_or(|low| low < key.as_str()));
            assert!(high.is_none_or(|high| key.as_str() < high));
        }
        for (low, high) in [
            (None, None),
            (None, Some("0000000")),
            (Some("V000001"), Some("V000001")),
            (Some("V000002"), Some("V000001")),
            (Some("short"), None),
        ] {
            assert_eq!(key(low, high), None, "{low:?} {high:?}");
        }
    }
}
