//! Events for the sockets of an organization: which things changed and to which version, never what
//! they say.
//!
//! A forged or repeated event can cause nothing but a refetch. Numbers are given in commit order:
//! the counter row of the organization is locked from here to the commit, which follows in the same
//! message to the server.

use uuid::Uuid;

/// Something that changed. A version is the one after the change; `None` where the thing has none,
/// or where it did not change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A task was created, changed, deleted or restored.
    TaskChanged {
        /// The task.
        id: Uuid,
        /// Its version.
        version: i64,
    },
    /// Several tasks were changed at once.
    TasksChanged {
        /// The tasks with their versions.
        tasks: Vec<(Uuid, i64)>,
    },
    /// A comment was added, changed or deleted.
    CommentChanged {
        /// Its task.
        task_id: Uuid,
        /// The comment.
        id: Uuid,
        /// Its version.
        version: i64,
    },
    /// A label was created, changed or deleted.
    LabelChanged {
        /// The label.
        id: Uuid,
        /// Its version; for a deleted label the one after its last.
        version: i64,
    },
    /// A project was created, changed, moved or archived.
    ProjectChanged {
        /// The project.
        id: Uuid,
        /// Its version.
        version: i64,
    },
    /// A saved view was created, changed, moved or deleted. Whoever does not see it learns its id.
    ViewChanged {
        /// The view.
        id: Uuid,
        /// Its version; for a deleted view the one after its last.
        version: i64,
    },
    /// An organization was renamed, deleted or restored, or one of its roles changed.
    OrganizationChanged {
        /// The organization.
        id: Uuid,
        /// Its version; `None` when a role changed.
        version: Option<i64>,
    },
    /// An invitation was created, used or revoked.
    InvitationChanged {
        /// The invitation.
        id: Uuid,
    },
    /// Somebody's membership, role or session ended or changed.
    MemberChanged {
        /// The user.
        user_id: Uuid,
        /// The version of the membership; `None` when a session ended.
        version: Option<i64>,
    },
}

impl Event {
    /// Its name on the wire and in `outbox.type`.
    pub fn name(&self) -> &'static str {
        match self {
            Event::TaskChanged { .. } => "task.changed",
            Event::TasksChanged { .. } => "tasks.changed",
            Event::CommentChanged { .. } => "comment.changed",
            Event::LabelChanged { .. } => "label.changed",
            Event::ProjectChanged { .. } => "project.changed",
            Event::ViewChanged { .. } => "view.changed",
            Event::OrganizationChanged { .. } => "organization.changed",
            Event::InvitationChanged { .. } => "invitation.changed",
            Event::MemberChanged { .. } => "member.changed",
        }
    }

    /// The ids that it carries, each with its version.
    pub fn items(&self) -> Vec<(Uuid, Option<i64>)> {
        match self {
            Event::TaskChanged { id, version }
            | Event::LabelChanged { id, version }
            | Event::ProjectChanged { id, version }
            | Event::ViewChanged { id, version } => vec![(*id, Some(*version))],
            Event::TasksChanged { tasks } => tasks
                .iter()
                .map(|(id, version)| (*id, Some(*version)))
                .collect(),
            Event::CommentChanged {
                task_id,
                id,
                version,
            } => vec![(*task_id, None), (*id, Some(*version))],
            Event::OrganizationChanged { id, version } => vec![(*id, *version)],
            Event::InvitationChanged { id } => vec![(*id, None)],
            Event::MemberChanged { user_id, version } => vec![(*user_id, *version)],
        }
    }
}

/// The statements that write events, each followed by `;`. Nothing in them is text of a client.
pub(crate) fn insert(organization: Uuid, events: &[Event]) -> String {
    let one = |event: &Event| {
        let items = event.items();
        let ids: Vec<String> = items.iter().map(|(id, _)| id.to_string()).collect();
        let versions = items.iter().map(|(_, version)| match version {
            Some(version) => version.to_string(),
            None => "null".to_owned(),
        });
        format!(
            "with numbered as (update outbox_sequences set last_seq = last_seq + 1 \
             where organization_id = '{organization}' returning last_seq) \
             insert into outbox (organization_id, seq, type, ids, versions) \
             select '{organization}', last_seq, '{}', '{{{}}}', '{{{}}}' from numbered; ",
            event.name(),
            ids.join(","),
            versions.collect::<Vec<_>>().join(","),
        )
    };
    events.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_carries_ids_and_versions_and_nothing_else() {
        let sql = insert(
            Uuid::nil(),
            &[Event::CommentChanged {
                task_id: Uuid::max(),
                id: Uuid::nil(),
                version: 7,
            }],
        );
        assert!(sql.ends_with(
            "'comment.changed', '{ffffffff-ffff-ffff-ffff-ffffffffffff,00000000-0000-0000-0000-000000000000}', '{null,7}' from numbered; "
        ), "{sql}");
    }
}
