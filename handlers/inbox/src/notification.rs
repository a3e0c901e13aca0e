//! A notification, as its person sees it.

use miyabi_core::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// A notification of the caller: one for each task.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Notification {
    /// Id.
    pub(crate) id: Uuid,
    /// Task.
    task: NotifiedTask,
    /// Why, since the caller read it last.
    reasons: Vec<Reason>,
    /// Who caused it last.
    actor: NotificationActor,
    /// Time of the last cause.
    pub(crate) updated_at: Timestamp,
    /// Time of the first cause.
    created_at: Timestamp,
    /// Time at which the caller read it; null while it is unread.
    read_at: Option<Timestamp>,
    /// Time at which the caller archived it; null unless it is archived.
    archived_at: Option<Timestamp>,
    /// Time before which it is not in the inbox, unless something new happens; null unless it was
    /// snoozed.
    snoozed_until: Option<Timestamp>,
}

/// The task of a notification.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NotifiedTask {
    /// Id.
    id: Uuid,
    /// One-line title.
    title: String,
}

/// The person who caused a notification.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NotificationActor {
    /// Id of the user.
    id: Uuid,
    /// Login at GitHub.
    login: String,
    /// Display name.
    name: Option<String>,
    /// URL of a picture.
    avatar_url: Option<String>,
}

/// A reason of a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = NotificationReason)]
pub(crate) enum Reason {
    /// The task was assigned to the caller.
    Assigned,
    /// A comment or the description names the caller by `@login`.
    Mentioned,
    /// The caller watches the task: it has a new comment or another status.
    Watching,
}

/// A notification as the database returns it.
pub(crate) struct Row {
    pub(crate) id: Uuid,
    pub(crate) task_id: Uuid,
    pub(crate) title: String,
    pub(crate) reasons: Vec<String>,
    pub(crate) actor_id: Uuid,
    pub(crate) login: String,
    pub(crate) name: Option<String>,
    pub(crate) avatar_url: Option<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) read_at: Option<Timestamp>,
    pub(crate) archived_at: Option<Timestamp>,
    pub(crate) snoozed_until: Option<Timestamp>,
}

impl From<Row> for Notification {
    fn from(row: Row) -> Notification {
        // The table's check knows these three.
        let all = [
            (Reason::Assigned, "assigned"),
            (Reason::Mentioned, "mentioned"),
            (Reason::Watching, "watching"),
        ];
        let given = all
            .into_iter()
            .filter(|(_, word)| row.reasons.iter().any(|reason| reason == word));
        Notification {
            id: row.id,
            task: NotifiedTask {
                id: row.task_id,
                title: row.title,
            },
            reasons: given.map(|(reason, _)| reason).collect(),
            actor: NotificationActor {
                id: row.actor_id,
                login: row.login,
                name: row.name,
                avatar_url: row.avatar_url,
            },
            updated_at: row.updated_at,
            created_at: row.created_at,
            read_at: row.read_at,
            archived_at: row.archived_at,
            snoozed_until: row.snoozed_until,
        }
    }
}
