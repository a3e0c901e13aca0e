//! Pages of lists: how many rows, how many bytes, and where the next one begins.
//!
//! A page holds at most as many rows as were asked for, and at most as many bytes as fit into a
//! response of Lambda: no rows, however large, make a list unreadable.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use utoipa::{IntoParams, ToSchema};

use crate::{ApiError, Caller, answer::Measured, permission::Requires};

const DEFAULT_LIMIT: i64 = 50;
const MAX_LIMIT: i64 = 100;

/// Largest page, in bytes as Lambda counts them ([`crate::answer::MAX`] is the largest response).
const MAX_BYTES: usize = 5 * 1024 * 1024;

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// Items, in the order of the list.
    pub items: Vec<T>,
    /// Pass as `cursor` to fetch the next page; null on the last page.
    pub next_cursor: Option<String>,
}

impl<T: Serialize> Page<T> {
    /// Makes a page of rows that were read with [`Limit::rows`]: the row beyond the limit only says
    /// that there are more. `seal` makes the cursor after the row with that index.
    ///
    /// # Errors
    ///
    /// Those of `seal`; 500 when a row cannot be serialized.
    pub fn new(
        mut items: Vec<T>,
        limit: Limit,
        seal: impl FnOnce(usize) -> Result<String, ApiError>,
    ) -> Result<Page<T>, ApiError> {
        let fitting = fitting(&items, limit.0)?;
        let has_more = items.len() > fitting;
        items.truncate(fitting);
        let next_cursor = if has_more {
            Some(seal(fitting.saturating_sub(1))?)
        } else {
            None
        };
        Ok(Page { items, next_cursor })
    }
}

/// How many of the first rows fit into a page. The first one always does: a row is bounded by the
/// limits of its columns, far below a page.
fn fitting<T: Serialize>(items: &[T], limit: usize) -> Result<usize, ApiError> {
    let items = &items[..items.len().min(limit)];
    let mut measured = Measured::default();
    // Nearly always all of them fit, which takes one look at them together.
    if measured.length(items, MAX_BYTES)? <= MAX_BYTES {
        return Ok(items.len());
    }
    let mut bytes = 0;
    for (index, item) in items.iter().enumerate() {
        bytes += measured.length(item, 0)? + 1;
        if bytes > MAX_BYTES && index > 0 {
            return Ok(index);
        }
    }
    Ok(items.len())
}

/// How many of the first rows fit into one response of Lambda, for a list that has no [`Page`].
///
/// # Errors
///
/// 500 when a row cannot be serialized.
pub fn fits<T: Serialize>(items: &[T]) -> Result<usize, ApiError> {
    fitting(items, items.len())
}

/// The parameters of a list that has no filters.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// Maximum number of items, 1 to 100.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 100, default = 50)]
    limit: Option<String>,
    /// `next_cursor` of the previous page.
    #[param(min_length = 1, pattern = "^[A-Za-z0-9_-]+$")]
    cursor: Option<String>,
}

impl PageQuery {
    /// How many rows, and after which place: what [`Caller::seal_cursor`] put into the cursor of the
    /// previous page for the same `scope`.
    ///
    /// # Errors
    ///
    /// 400 for a limit out of range, and for a cursor of another list.
    pub fn parse<P: Requires, T: DeserializeOwned>(
        self,
        caller: &Caller<P>,
        scope: &impl Serialize,
    ) -> Result<(Limit, Option<T>), ApiError> {
        let limit = Limit::parse(self.limit.as_deref())?;
        let after = self
            .cursor
            .map(|cursor| caller.open_cursor(scope, &cursor))
            .transpose()?;
        Ok((limit, after))
    }
}

/// How many rows a page has at most: 1 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit(usize);

impl Limit {
    /// Reads the parameter `limit`; 50 when it is missing.
    ///
    /// # Errors
    ///
    /// 400 when it is not a number from 1 to 100.
    pub fn parse(parameter: Option<&str>) -> Result<Limit, ApiError> {
        let limit = match parameter {
            None => Some(DEFAULT_LIMIT),
            Some(text) => text.parse().ok(),
        };
        limit
            .filter(|limit| (1..=MAX_LIMIT).contains(limit))
            .and_then(|limit| usize::try_from(limit).ok())
            .map(Limit)
            .ok_or_else(|| {
                ApiError::bad_request(
                    "bad_limit",
                    format!("`limit` must be a number from 1 to {MAX_LIMIT}."),
                )
            })
    }

    /// How many rows to read: one more than are shown, which says whether there is another page.
    pub fn rows(self) -> i64 {
        i64::try_from(self.0).unwrap_or(MAX_LIMIT) + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer;

    fn page<T: Serialize>(items: Vec<T>, limit: &str) -> Page<T> {
        Page::new(items, Limit::parse(Some(limit)).unwrap(), |last| {
            Ok(last.to_string())
        })
        .unwrap()
    }

    #[test]
    fn a_limit_is_a_number_from_one_to_a_hundred() {
        assert_eq!(Limit::parse(None).unwrap().rows(), 51);
        assert_eq!(Limit::parse(Some("100")).unwrap().rows(), 101);
        for wrong in ["0", "-1", "101", "1e2", "", "99999999999999999999", "1.5"] {
            assert_eq!(
                Limit::parse(Some(wrong)).unwrap_err().status(),
                400,
                "{wrong}"
            );
        }
    }

    #[test]
    fn the_row_beyond_the_limit_makes_a_cursor() {
        let first = page(vec![1, 2, 3], "2");
        assert_eq!(first.items, [1, 2]);
        assert_eq!(first.next_cursor.as_deref(), Some("1"));
        let last = page(vec![1, 2], "2");
        assert_eq!((last.items, last.next_cursor), (vec![1, 2], None));
        let empty = page(Vec::<i32>::new(), "2");
        assert_eq!((empty.items, empty.next_cursor), (Vec::new(), None));
    }

    #[test]
    fn large_rows_are_spread_over_more_pages_and_none_is_lost() {
        // Each quote is two bytes in the body, and four in the JSON that holds the body.
        let mut rest: Vec<String> = (0..20).map(|_| "\"".repeat(200_000)).collect();
        let mut pages = Vec::new();
        while !rest.is_empty() {
            let page = page(rest.clone(), "100");
            assert!(Measured::default().length(&page, 0).unwrap() <= answer::MAX);
            rest.drain(..page.items.len());
            assert_eq!(page.next_cursor.is_some(), !rest.is_empty());
            pages.push(page.items.len());
        }
        assert_eq!(pages, [6, 6, 6, 2]);
        let one = page(vec!["\"".repeat(2_000_000)], "100");
        assert_eq!((one.items.len(), one.next_cursor), (1, None));
    }
}
