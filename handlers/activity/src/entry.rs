//! An entry of the trail, as clients see it.

use miyabi_core::{RawJson, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// One line of the trail: who did what, when, and what it changed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ActivityEntry)]
pub struct Entry {
    /// Sorts by time of writing.
    pub id: Uuid,
    /// When the transaction that did it began.
    pub at: Timestamp,
    /// `resource.what_happened`, as in `task.update` or `access.denied`.
    pub action: String,
    /// Whether it was done or refused.
    pub outcome: Outcome,
    /// Who; null when nobody was signed in.
    pub actor: Option<Actor>,
    /// Kind of thing that it was done to, as in `task`.
    pub target_type: String,
    /// Which one; null when the action has none.
    pub target_id: Option<Uuid>,
    /// What of the target was different before; null where nothing was.
    #[schema(value_type = Option<serde_json::Value>)]
    pub before: Option<RawJson>,
    /// The same after.
    #[schema(value_type = Option<serde_json::Value>)]
    pub after: Option<RawJson>,
    /// The request that did it, as in `x-request-id` and in the logs.
    pub request_id: String,
}

/// Whoever did it. A user who was never a member of the organization has an id and no name here.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ActivityActor)]
pub struct Actor {
    /// The user.
    pub id: Uuid,
    /// Login at GitHub.
    pub login: Option<String>,
    /// Name to show.
    pub name: Option<String>,
    /// Address of a picture.
    pub avatar_url: Option<String>,
}

/// What came of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ActivityOutcome)]
pub enum Outcome {
    /// It was done.
    Allowed,
    /// It was refused.
    Denied,
}

impl Outcome {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Outcome::Allowed => "allowed",
            Outcome::Denied => "denied",
        }
    }

    pub(crate) fn stored(word: &str) -> Outcome {
        // The table's check knows these two.
        if word == "denied" {
            Outcome::Denied
        } else {
            Outcome::Allowed
        }
    }
}
