//! Where a search found a task, and the order of what it found.

use serde::Serialize;
use sqlx::FromRow;
use utoipa::ToSchema;

use super::{Listed, Position};
use crate::Status;

/// A text of a task that a search looks into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum FoundIn {
    /// Its title.
    Title,
    /// Its description.
    Description,
    /// A comment on it.
    Comment,
}

/// A row of a page: a task, and in a search where it was found.
#[derive(Debug, FromRow)]
pub(super) struct Found {
    #[sqlx(flatten)]
    pub(super) task: Listed,
    #[sqlx(default)]
    pub(super) found_in: Option<Vec<FoundIn>>,
}

/// Whether a task comes among the first half of what a search found.
pub(super) const IS_OPEN: &str = "(t.status in ('pending', 'in_progress'))";

impl Position {
    /// The place of a task in what a search found: open tasks first, each half the newest first.
    pub(super) fn in_search(task: &Listed) -> Position {
        let is_open = matches!(task.status, Status::Pending | Status::InProgress);
        Position {
            time: Some(task.created_at),
            day: None,
            text: Some(if is_open { "open" } else { "closed" }.to_owned()),
            id: task.id,
        }
    }

    /// Whether the task of this place in a search is open.
    pub(super) fn is_open(&self) -> bool {
        self.text.as_deref() == Some("open")
    }
}
