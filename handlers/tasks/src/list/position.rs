//! Places in an order, which cursors hold.

use miyabi_core::{Day, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A task's place in an order.
#[derive(Debug, Serialize, Deserialize)]
pub struct Position {
    /// The time of the order; of the due date: none means never, or on a day.
    pub(super) time: Option<Timestamp>,
    /// The day on which it is due, in the order of due dates.
    #[serde(default)]
    pub(super) day: Option<Day>,
    /// The priority, the title or the key of the order that people made.
    pub(super) text: Option<String>,
    /// The task.
    pub(super) id: Uuid,
}

impl Position {
    /// The place of a task that comes before all others, whatever the order.
    pub(super) fn before_all(id: Uuid) -> Position {
        Position {
            time: None,
            day: None,
            text: None,
            id,
        }
    }

    /// Whether it is the place of such a task. Only a search has one, and the places of its order
    /// have a time.
    pub(super) fn is_before_all(&self) -> bool {
        self.time.is_none() && self.text.is_none()
    }
}
