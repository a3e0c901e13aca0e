//! How urgent a task is.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Priority of a task; `p0` is the most urgent.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    Serialize,
    Deserialize,
    ToSchema,
    sqlx::Type,
)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
#[schema(as = TaskPriority)]
pub enum Priority {
    /// Now.
    P0,
    /// Next.
    P1,
    /// In its turn.
    #[default]
    P2,
    /// When there is time.
    P3,
}

impl Priority {
    /// Every priority, the most urgent first.
    pub const ALL: [Priority; 4] = [Priority::P0, Priority::P1, Priority::P2, Priority::P3];

    /// As stored and as written in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Priority::P0 => "p0",
            Priority::P1 => "p1",
            Priority::P2 => "p2",
            Priority::P3 => "p3",
        }
    }
}
