//! Pages of lists: how many rows, how many bytes, and where the next one begins.
//!
//! A page holds at most as many rows as were asked for, and at most as many bytes as fit into a
//! response of Lambda: no rows, however large, make a list unreadable.

use std::marker::PhantomData;

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use crate::{ApiError, Caller, answer, permission::Requires};

const DEFAULT_LIMIT: i64 = 50;
const MAX_LIMIT: i64 = 100;

/// Largest page, in bytes as Lambda counts them ([`crate::answer::MAX`] is the largest response).
const MAX_BYTES: usize = 5 * 1024 * 1024;

// The rows are JSON already: they are serialized once, to see that they fit, and not again when they
// are sent. What is documented below is in the API's document.
/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// Items, in the order of the list.
    #[schema(value_type = Vec<T>)]
    items: Box<RawValue>,
    /// Pass as `cursor` to fetch the next page; null on the last page.
    next_cursor: Option<String>,
    #[serde(skip)]
    #[schema(ignore)]
    rows: PhantomData<T>,
}

impl<T: Serialize> Page<T> {
    /// Makes a page of rows that were read with [`Limit::rows`]: the row beyond the limit only says
    /// that there are more. `seal` makes the cursor after the row with that index.
    ///
    /// # Errors
    ///
    /// Those of `seal`; 500 when a row cannot be serialized.
    pub fn new(
        rows: &[T],
        limit: Limit,
        seal: impl FnOnce(usize) -> Result<String, ApiError>,
    ) -> Result<Page<T>, ApiError> {
        let (items, fitting) = fitting(&rows[..rows.len().min(limit.0)])?;
        let next_cursor = if rows.len() > fitting {
            Some(seal(fitting.saturating_sub(1))?)
        } else {
            None
        };
        Ok(Page {
            items,
            next_cursor,
            rows: PhantomData,
        })
    }
}

/// The JSON of as many of the first rows as fit into a page, and their number. The first one always
/// fits: a row is bounded by the limits of its columns, far below a page.
fn fitting<T: Serialize>(rows: &[T]) -> Result<(Box<RawValue>, usize), ApiError> {
    let all = answer::json(rows)?;
    // Nearly always all of them fit, which takes one look at them together.
    if answer::length_in_a_string(all.get().as_bytes(), MAX_BYTES) <= MAX_BYTES {
        return Ok((all, rows.len()));
    }
    let mut bytes = 0;
    for (index, row) in rows.iter().enumerate() {
        bytes += answer::length_in_a_string(answer::json(row)?.get().as_bytes(), 0) + 1;
        if bytes > MAX_BYTES && index > 0 {
            return Ok((answer::json(&rows[..index])?, index));
        }
    }
    Ok((all, rows.len()))
}

/// How many of the first rows fit into one response of Lambda, for a list that has no [`Page`].
///
/// # Errors
///
/// 500 when a row cannot be serialized.
pub fn fits<T: Serialize>(items: &[T]) -> Result<usize, ApiError> {
    Ok(fitting(items)?.1)
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

    fn page<T: Serialize>(rows: &[T], limit: &str) -> Page<T> {
        Page::new(rows, Limit::parse(Some(limit)).unwrap(), |last| {
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
        for (rows, json) in [
            (&[1, 2, 3][..], r#"{"items":[1,2],"next_cursor":"1"}"#),
            (&[1, 2], r#"{"items":[1,2],"next_cursor":null}"#),
            (&[], r#"{"items":[],"next_cursor":null}"#),
        ] {
            let page = serde_json::to_string(&page(rows, "2")).unwrap();
            assert_eq!(page, json);
        }
    }

    #[test]
    fn large_rows_are_spread_over_more_pages_and_none_is_lost() {
        // Each quote is two bytes in the body, and four in the JSON that holds the body.
        let mut rest: Vec<String> = (0..20).map(|_| "\"".repeat(200_000)).collect();
        let mut pages = Vec::new();
        while !rest.is_empty() {
            let page = page(&rest, "100");
            let json = answer::json(&page).unwrap();
            assert!(answer::length_in_a_string(json.get().as_bytes(), 0) <= answer::MAX);
            let items: Vec<String> = serde_json::from_str(page.items.get()).unwrap();
            assert_eq!(items, rest[..items.len()]);
            rest.drain(..items.len());
            assert_eq!(page.next_cursor.is_some(), !rest.is_empty());
            pages.push(items.len());
        }
        assert_eq!(pages, [6, 6, 6, 2]);
        let row = "\"".repeat(2_000_000);
        let one = page(std::slice::from_ref(&row), "100");
        assert_eq!(one.items.get(), serde_json::to_string(&[&row]).unwrap());
        assert_eq!(one.next_cursor, None);
    }
}
