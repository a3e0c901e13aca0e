//! Events for the sockets of an organization: which things changed, never what they say.
//!
//! A forged or repeated event can cause nothing but a refetch. Numbers are given in commit order:
//! the counter row of the organization is locked from here to the commit, which follows in the same
//! message to the server.

use uuid::Uuid;

/// Something that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A task was created, changed, deleted or restored.
    TaskChanged {
        /// The task.
        id: Uuid,
    },
    /// Several tasks were changed at once.
    TasksChanged {
        /// The tasks.
        ids: Vec<Uuid>,
    },
    /// A comment was added, changed or deleted.
    CommentChanged {
        /// Its task.
        task_id: Uuid,
        /// The comment.
        id: Uuid,
    },
    /// A label was created, changed or deleted.
    LabelChanged {
        /// The label.
        id: Uuid,
    },
    /// An organization was renamed, deleted or restored, or one of its roles changed.
    OrganizationChanged {
        /// The organization.
        id: Uuid,
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
            Event::OrganizationChanged { .. } => "organization.changed",
            Event::InvitationChanged { .. } => "invitation.changed",
            Event::MemberChanged { .. } => "member.changed",
        }
    }

    /// The ids that it carries.
    pub fn ids(&self) -> Vec<Uuid> {
        match self {
            Event::TaskChanged { id }
            | Event::LabelChanged { id }
            | Event::OrganizationChanged { id }
            | Event::InvitationChanged { id } => vec![*id],
            Event::TasksChanged { ids } => ids.clone(),
            Event::CommentChanged { task_id, id } => vec![*task_id, *id],
            Event::MemberChanged { user_id } => vec![*user_id],
        }
    }
}

/// The statements that write events, each followed by `;`. Nothing in them is text of a client.
pub(crate) fn insert(organization: Uuid, events: &[Event]) -> String {
    let one = |event: &Event| {
        let ids: Vec<String> = event.ids().iter().map(Uuid::to_string).collect();
        format!(
            "with numbered as (update outbox_sequences set last_seq = last_seq + 1 \
             where organization_id = '{organization}' returning last_seq) \
             insert into outbox (organization_id, seq, type, ids) \
             select '{organization}', last_seq, '{}', '{{{}}}' from numbered; ",
            event.name(),
            ids.join(","),
        )
    };
    events.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_carries_ids_and_nothing_else() {
        let sql = insert(
            Uuid::nil(),
            &[Event::CommentChanged {
                task_id: Uuid::max(),
                id: Uuid::nil(),
            }],
        );
        assert!(sql.ends_with(
            "'comment.changed', '{ffffffff-ffff-ffff-ffff-ffffffffffff,00000000-0000-0000-0000-000000000000}' from numbered; "
        ), "{sql}");
    }
}
