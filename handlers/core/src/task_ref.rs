//! A task in a path: its id, or its number with the key of its organization.

use serde::{Deserialize, Deserializer, de};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat,
        schema::{AnyOfBuilder, Type},
    },
};
use uuid::Uuid;

use crate::{ApiError, BoundedConnection};

/// Letters of a key, as the check `organizations_task_key_shape` has them.
const KEY_LETTERS: std::ops::RangeInclusive<usize> = 2..=5;
/// Most digits of a number: all numbers of so many digits fit into 64 bits.
const MAX_DIGITS: usize = 18;

/// What names a task where an id is expected: the id, or `MIY-12`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaskRef {
    /// Its id.
    Id(Uuid),
    /// Its number, with the key of the organization in capital letters.
    Number {
        /// The key.
        key: String,
        /// The number, 1 or more.
        number: i64,
    },
}

/// Reads `12` or `MIY-12`, in capital letters or not: the key in capital letters, when there is one,
/// and the number.
pub fn parse_task_number(text: &str) -> Option<(Option<String>, i64)> {
    let (key, digits) = match text.split_once('-') {
        Some((key, digits)) => (Some(key.to_ascii_uppercase()), digits),
        None => (None, text),
    };
    let is_key = |key: &String| {
        KEY_LETTERS.contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_uppercase())
    };
    let is_number = (1..=MAX_DIGITS).contains(&digits.len())
        && !digits.starts_with('0')
        && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number || !key.as_ref().is_none_or(is_key) {
        return None;
    }
    Some((key, digits.parse().ok()?))
}

impl TaskRef {
    fn parse(text: &str) -> Option<TaskRef> {
        if let Ok(id) = Uuid::try_parse(text) {
            return Some(TaskRef::Id(id));
        }
        let (key, number) = parse_task_number(text)?;
        key.map(|key| TaskRef::Number { key, number })
    }

    /// The id of the task, deleted or not. Whether there is a task with an id that was given as one,
    /// the statement that follows finds out.
    ///
    /// # Errors
    ///
    /// 404 when the organization has no task with this number, or has another key.
    pub async fn id(
        self,
        connection: &mut BoundedConnection,
        organization: Uuid,
    ) -> Result<Uuid, ApiError> {
        let (key, number) = match self {
            TaskRef::Id(id) => return Ok(id),
            TaskRef::Number { key, number } => (key, number),
        };
        sqlx::query_scalar!(
            "select t.id from tasks t join organizations o on o.id = t.organization_id
             where t.organization_id = $1 and t.number = $2 and o.task_key = $3",
            organization,
            number,
            key,
        )
        .fetch_optional(connection)
        .await?
        .ok_or(ApiError::NotFound)
    }
}

impl<'de> Deserialize<'de> for TaskRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<TaskRef, D::Error> {
        let text = String::deserialize(deserializer)?;
        TaskRef::parse(&text)
            .ok_or_else(|| de::Error::custom("must be an id, or a number like MIY-12"))
    }
}

impl PartialSchema for TaskRef {
    fn schema() -> RefOr<Schema> {
        let id = ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid)));
        let number = ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^[A-Za-z]{2,5}-[1-9][0-9]{0,17}$"));
        AnyOfBuilder::new().item(id).item(number).into()
    }
}

impl ToSchema for TaskRef {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_named_by_its_id_or_by_key_and_number() {
        let id = Uuid::from_u128(7);
        assert_eq!(TaskRef::parse(&id.to_string()), Some(TaskRef::Id(id)));
        for text in ["MIY-12", "miy-12", "mIy-12"] {
            let (key, number) = ("MIY".to_owned(), 12);
            let expected = Some(TaskRef::Number { key, number });
            assert_eq!(TaskRef::parse(text), expected, "{text}");
        }
        for text in [
            "", "12", "#12", "MIY-0", "MIY-012", "MIY-", "M-1", "MIYABI-1", "MIY-1-2", "MIY 12",
            "no-id",
        ] {
            assert_eq!(TaskRef::parse(text), None, "{text}");
        }
    }
}
