//! The query of a view: that of `GET /api/tasks`, read by the parser of the list.

use miyabi_core::{ApiError, FieldError, Query, Text};
use serde::{Deserialize, Serialize};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};
use uuid::Uuid;

use crate::list::Asked;

/// A query string of at most 2,000 characters, as people or programs write it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct ViewQuery(Text<2000>);

impl ViewQuery {
    pub(super) fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Reads it as the list would when this user asks.
    ///
    /// # Errors
    ///
    /// 422 for what the list refuses, and for a page: a view has all of its tasks.
    pub(super) fn check(&self, me: Uuid) -> Result<(), ApiError> {
        let checked = Query::<Asked>::parse(self.as_str()).and_then(|Query(asked)| {
            asked.check_saved()?;
            asked.resolve(me)
        });
        match checked {
            Ok(_) => Ok(()),
            Err(ApiError::Invalid(errors)) => {
                let errors = errors.into_iter().map(|FieldError { field, detail }| {
                    let field = match field.as_str() {
                        "query" => field,
                        _ => format!("query.{field}"),
                    };
                    FieldError { field, detail }
                });
                Err(ApiError::Invalid(errors.collect()))
            }
            Err(other) => Err(other),
        }
    }
}

impl PartialSchema for ViewQuery {
    fn schema() -> RefOr<Schema> {
        Text::<2000>::schema()
    }
}

impl ToSchema for ViewQuery {}

#[cfg(test)]
mod tests {
    use super::*;

    fn field_of(query: &str) -> Option<String> {
        let query = ViewQuery(Text::new(query).unwrap());
        match query.check(Uuid::nil()) {
            Ok(()) => None,
            Err(ApiError::Invalid(errors)) => Some(errors[0].field.clone()),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_view_takes_what_the_list_takes_and_no_page() {
        for query in [
            "",
            "status=pending,in_progress&assignee=me&sort=-priority",
            "project=none&overdue=true&today=2026-11-27",
            "q=%E7%B4%85%E8%91%89+bonsai",
        ] {
            assert_eq!(field_of(query), None, "{query}");
        }
        for (query, field) in [
            ("status=open", "query.status"),
            ("limit=5", "query.limit"),
            ("cursor=abc", "query.cursor"),
            ("ids=00000000-0000-0000-0000-000000000000", "query.ids"),
            ("deleted=true", "query.deleted"),
            ("view=board", "query.view"),
            ("q=a&sort=title", "query.sort"),
            ("status=pending&status=failed", "query.status"),
            ("q=%00", "query"),
        ] {
            assert_eq!(field_of(query).as_deref(), Some(field), "{query}");
        }
    }
}
