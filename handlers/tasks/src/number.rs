//! Numbers of tasks, as people write them: `12`, `#12` or `MIY-12`.

use miyabi_core::{ApiError, BoundedConnection, parse_task_number};
use serde::{Deserialize, Deserializer, Serialize, de};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, schema::Type},
};
use uuid::Uuid;

/// The number of a task, with the key of its organization where it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct TaskNumber {
    /// In capital letters; `None`: any key.
    pub(crate) key: Option<String>,
    pub(crate) number: i64,
}

impl TaskNumber {
    /// Reads `12` or `MIY-12`, in capital letters or not.
    fn parse(text: &str) -> Option<TaskNumber> {
        let (key, number) = parse_task_number(text)?;
        Some(TaskNumber { key, number })
    }

    /// The number that the words of a search are: `MIY-12` or `#12`. A bare `12` is a word.
    pub(crate) fn of_search(words: &str) -> Option<TaskNumber> {
        match words.strip_prefix('#') {
            Some(digits) => TaskNumber::parse(digits).filter(|number| number.key.is_none()),
            None => TaskNumber::parse(words).filter(|number| number.key.is_some()),
        }
    }

    /// The id of the task with this number.
    ///
    /// # Errors
    ///
    /// 404 when the organization has no such task, it is deleted, or the key is another
    /// organization's.
    pub(crate) async fn find(
        &self,
        connection: &mut BoundedConnection,
        organization: Uuid,
    ) -> Result<Uuid, ApiError> {
        sqlx::query_scalar!(
            "select id from tasks
             where organization_id = $1 and number = $2 and deleted_at is null
                and ($3::text is null or $3 = (select task_key from organizations where id = $1))",
            organization,
            self.number,
            self.key,
        )
        .fetch_optional(connection)
        .await?
        .ok_or(ApiError::NotFound)
    }
}

impl<'de> Deserialize<'de> for TaskNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<TaskNumber, D::Error> {
        let text = String::deserialize(deserializer)?;
        TaskNumber::parse(&text)
            .ok_or_else(|| de::Error::custom("must be a number like 12 or MIY-12"))
    }
}

impl PartialSchema for TaskNumber {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^([A-Za-z]{2,5}-)?[1-9][0-9]{0,17}$"))
            .into()
    }
}

impl ToSchema for TaskNumber {}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(key: Option<&str>, number: i64) -> Option<TaskNumber> {
        let key = key.map(str::to_owned);
        Some(TaskNumber { key, number })
    }

    #[test]
    fn a_number_is_read_with_and_without_its_key() {
        assert_eq!(TaskNumber::parse("12"), number(None, 12));
        assert_eq!(TaskNumber::parse("MIY-12"), number(Some("MIY"), 12));
        assert_eq!(TaskNumber::parse("miy-1"), number(Some("MIY"), 1));
        let nines = "9".repeat(18);
        assert_eq!(TaskNumber::parse(&nines), number(None, 10_i64.pow(18) - 1));
        for text in [
            "",
            "0",
            "012",
            "-12",
            "+12",
            "M-12",
            "MIYABI-12",
            "MIY-",
            "MIY-0",
            "MIY 12",
            "MIY-1-2",
            "#12",
            "M1-2",
            "１２",
            "ＭＩＹ-12",
            "é-12",
            "1000000000000000000",
        ] {
            assert_eq!(TaskNumber::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_search_for_a_number_names_it_as_one() {
        assert_eq!(TaskNumber::of_search("#12"), number(None, 12));
        assert_eq!(TaskNumber::of_search("miy-12"), number(Some("MIY"), 12));
        for text in ["12", "#MIY-12", "##12", "# 12", "MIY-12 maple", "utf-8x"] {
            assert_eq!(TaskNumber::of_search(text), None, "{text}");
        }
    }
}
