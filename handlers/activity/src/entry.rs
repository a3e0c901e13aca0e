//! An entry of the trail, as clients see it.

use miyabi_core::{RawJson, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// An entry of the audit trail.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ActivityEntry)]
pub struct Entry {
    /// Id; sorts by time of writing.
    pub id: Uuid,
    /// Time at which the transaction began.
    pub at: Timestamp,
    /// Action, for example `task.update` or `access.denied`.
    pub action: String,
    /// Whether the action was allowed or denied.
    pub outcome: Outcome,
    /// Actor; null when nobody was signed in.
    pub actor: Option<Actor>,
    /// API token that the actor used; null for a session.
    pub api_token: Option<UsedApiToken>,
    /// Session that the actor used; null for an API token, for nobody, and in older entries.
    pub session_id: Option<Uuid>,
    /// Type of the target, for example `task`.
    pub target_type: String,
    /// Id of the target; null when the action has none.
    pub target_id: Option<Uuid>,
    /// Members of the target that changed, with their values before; null when there are none.
    #[schema(value_type = Option<serde_json::Value>)]
    pub before: Option<RawJson>,
    /// Members of the target that changed, with their values after; null when there are none.
    #[schema(value_type = Option<serde_json::Value>)]
    pub after: Option<RawJson>,
    /// Id of the request, as in the header `X-Request-Id` and in the logs.
    pub request_id: String,
}

/// The actor of an entry. For a user who was never a member of the organization only the id is known.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ActivityActor)]
pub struct Actor {
    /// Id of the user.
    pub id: Uuid,
    /// Login at GitHub.
    pub login: Option<String>,
    /// Display name.
    pub name: Option<String>,
    /// URL of a picture.
    pub avatar_url: Option<String>,
}

/// The API token that an actor used.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ActivityApiToken)]
pub struct UsedApiToken {
    /// Id.
    pub id: Uuid,
    /// Name that its owner gave it.
    pub name: Option<String>,
    /// Last four characters of the token.
    pub last_four: Option<String>,
}

/// Outcome of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ActivityOutcome)]
pub enum Outcome {
    /// It was carried out.
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
