//! The orders that a list can have. Each is one index, read forwards or backwards.

use serde::{Deserialize, Deserializer, Serialize, de};

use super::{Listed, Position};

/// An order of tasks. The id comes last in each, so that no two tasks are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Order {
    pub(super) by: By,
    /// Whether the columns are read from their greatest values down.
    pub(super) down: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) enum By {
    Created,
    Updated,
    Due,
    Priority,
    Title,
    Rank,
    Deleted,
}

/// Names and what they mean. `p0` is the most urgent, so that the greatest priority is the least
/// text.
const NAMES: [(&str, By, bool); 12] = [
    ("created_at", By::Created, false),
    ("-created_at", By::Created, true),
    ("updated_at", By::Updated, false),
    ("-updated_at", By::Updated, true),
    ("due_at", By::Due, false),
    ("-due_at", By::Due, true),
    ("priority", By::Priority, true),
    ("-priority", By::Priority, false),
    ("title", By::Title, false),
    ("-title", By::Title, true),
    ("rank", By::Rank, false),
    ("-rank", By::Rank, true),
];

impl Order {
    /// The newest first.
    pub const NEWEST: Order = Order {
        by: By::Created,
        down: true,
    };
    /// Of deleted tasks: the last deleted first.
    pub const LAST_DELETED: Order = Order {
        by: By::Deleted,
        down: true,
    };

    /// The names of all orders that can be asked for.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|(name, ..)| *name)
    }

    /// The columns of the order, the id last.
    pub(super) const fn columns(self) -> &'static [&'static str] {
        match self.by {
            By::Created => &["created_at", "id"],
            By::Updated => &["updated_at", "id"],
            By::Due => &["due_key", "id"],
            By::Priority => &["priority", "created_at", "id"],
            By::Title => &["title_key", "id"],
            By::Rank => &["rank", "id"],
            By::Deleted => &["deleted_at", "id"],
        }
    }

    /// Where a task is in this order.
    pub(super) fn position(self, task: &Listed) -> Position {
        let time = match self.by {
            By::Created | By::Priority => Some(task.created_at),
            By::Updated => Some(task.updated_at),
            By::Due => task.due_at,
            By::Title | By::Rank => None,
            By::Deleted => task.deleted_at,
        };
        let text = match self.by {
            By::Priority => Some(task.priority.as_str().to_owned()),
            By::Title => Some(task.title_key.clone()),
            By::Rank => Some(task.rank.clone()),
            By::Created | By::Updated | By::Due | By::Deleted => None,
        };
        Position {
            time,
            day: task.due_on.filter(|_| self.by == By::Due),
            text,
            id: task.id,
        }
    }
}

impl<'de> Deserialize<'de> for Order {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Order, D::Error> {
        let asked = String::deserialize(deserializer)?;
        let known = NAMES.iter().find(|(name, ..)| *name == asked);
        known
            .map(|&(_, by, down)| Order { by, down })
            .ok_or_else(|| {
                let names: Vec<&str> = Order::names().collect();
                de::Error::custom(format_args!("must be one of {}", names.join(", ")))
            })
    }
}
