//! A search for a number: the task that has it comes before those with these words.

use miyabi_core::{ApiError, Tx};
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::{Approach, Filter, Order, Statement, found::Found, listed::Listed};
use crate::number::TaskNumber;

/// The task whose number is searched for, when it matches the other filters.
///
/// # Errors
///
/// Those of the database.
pub(super) async fn find(
    tx: &mut Tx,
    organization: Uuid,
    filter: &Filter,
) -> Result<Option<Listed>, ApiError> {
    let words = filter.search.as_deref().unwrap_or_default();
    let Some(number) = TaskNumber::of_search(words) else {
        return Ok(None);
    };
    let filter = Filter {
        number: Some(number),
        search: None,
        ..filter.clone()
    };
    let mut sql = QueryBuilder::default();
    Statement {
        organization,
        filter: &filter,
        order: Order::NEWEST,
        approach: Approach::Walk,
        after: None,
        rows: 1,
    }
    .write(&mut sql);
    let found = sql.build_query_as().persistent(false);
    Ok(found.fetch_optional(&mut **tx).await?)
}

/// Puts it first, once: before the first page, and nowhere else.
pub(super) fn put_first(found: Option<Listed>, is_first_page: bool, rows: &mut Vec<Found>) {
    let Some(found) = found else {
        return;
    };
    rows.retain(|row| row.task.id != found.id);
    if is_first_page {
        rows.insert(
            0,
            Found {
                task: found,
                // By its number, not in a text.
                found_in: Some(Vec::new()),
            },
        );
    }
}
