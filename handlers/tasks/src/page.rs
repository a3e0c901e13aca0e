//! Pages: how many, and what comes after them.

use miyabi_core::ApiError;
use serde::Serialize;
use utoipa::ToSchema;

const DEFAULT_LIMIT: i64 = 50;
const MAX_LIMIT: i64 = 100;

/// Some of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// The things, in the order asked for.
    pub items: Vec<T>,
    /// Give it as `cursor` for what comes after these; null: nothing does.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// Makes a page of `limit + 1` rows or fewer: the last one only says that there are more.
    ///
    /// # Errors
    ///
    /// Those of `seal`, which makes the cursor after the last row that is shown.
    pub(crate) fn new(
        mut items: Vec<T>,
        limit: i64,
        seal: impl FnOnce(&T) -> Result<String, ApiError>,
    ) -> Result<Page<T>, ApiError> {
        let limit = usize::try_from(limit).unwrap_or_default();
        let has_more = items.len() > limit;
        items.truncate(limit);
        let next_cursor = match items.last() {
            Some(last) if has_more => Some(seal(last)?),
            _ => None,
        };
        Ok(Page { items, next_cursor })
    }
}

/// How many are asked for.
///
/// # Errors
///
/// 400 when it is not a number from 1 to 100.
pub(crate) fn limit(asked: Option<&str>) -> Result<i64, ApiError> {
    let Some(asked) = asked else {
        return Ok(DEFAULT_LIMIT);
    };
    asked
        .parse()
        .ok()
        .filter(|limit| (1..=MAX_LIMIT).contains(limit))
        .ok_or_else(|| {
            ApiError::bad_request(
                "bad_limit",
                format!("`limit` must be a number from 1 to {MAX_LIMIT}."),
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_a_number_from_one_to_a_hundred() {
        assert_eq!(limit(None).unwrap(), 50);
        assert_eq!(limit(Some("100")).unwrap(), 100);
        for wrong in ["0", "-1", "101", "1e2", "", "99999999999999999999", "1.5"] {
            assert_eq!(limit(Some(wrong)).unwrap_err().status(), 400, "{wrong}");
        }
    }

    #[test]
    fn the_row_too_many_makes_a_cursor() {
        let page = Page::new(vec![1, 2, 3], 2, |last| Ok(last.to_string())).unwrap();
        assert_eq!(
            (page.items, page.next_cursor),
            (vec![1, 2], Some("2".to_owned()))
        );
        let page = Page::new(vec![1, 2], 2, |last: &i32| Ok(last.to_string())).unwrap();
        assert_eq!((page.items, page.next_cursor), (vec![1, 2], None));
    }
}
