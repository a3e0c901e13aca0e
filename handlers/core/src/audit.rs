//! The audit trail: who did what, before and after, in the transaction that did it.

use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{ApiError, request};

/// One line of the audit trail. Actor, organization, time and request id are added by
/// [`crate::Tx::audit`].
#[derive(Debug, Clone, PartialEq)]
pub struct Audit {
    action: &'static str,
    outcome: &'static str,
    target_type: &'static str,
    target_id: Option<Uuid>,
    before: Option<Value>,
    after: Option<Value>,
    actor: Option<Uuid>,
}

impl Audit {
    /// Something that was done: `Audit::new("task.update", "task", id)`.
    pub fn new(
        action: &'static str,
        target_type: &'static str,
        target_id: impl Into<Option<Uuid>>,
    ) -> Audit {
        Audit {
            action,
            outcome: "allowed",
            target_type,
            target_id: target_id.into(),
            before: None,
            after: None,
            actor: None,
        }
    }

    /// Something that was refused.
    pub fn denied(
        action: &'static str,
        target_type: &'static str,
        target_id: impl Into<Option<Uuid>>,
    ) -> Audit {
        Audit {
            outcome: "denied",
            ..Audit::new(action, target_type, target_id)
        }
    }

    /// How the target was. Never a secret.
    #[must_use]
    pub fn before(self, before: Value) -> Audit {
        Audit {
            before: Some(before),
            ..self
        }
    }

    /// How the target is now. Never a secret.
    #[must_use]
    pub fn after(self, after: Value) -> Audit {
        Audit {
            after: Some(after),
            ..self
        }
    }

    /// Another actor than the user of the transaction.
    #[must_use]
    pub fn by(self, actor: Uuid) -> Audit {
        Audit {
            actor: Some(actor),
            ..self
        }
    }

    pub(crate) async fn insert(
        self,
        connection: &mut PgConnection,
        organization: Uuid,
        actor: Option<Uuid>,
    ) -> Result<(), ApiError> {
        sqlx::query!(
            "insert into audit_log
                (organization_id, id, actor_id, action, outcome, target_type, target_id, before, after, request_id)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
            organization,
            Uuid::now_v7(),
            self.actor.or(actor),
            self.action,
            self.outcome,
            self.target_type,
            self.target_id,
            self.before,
            self.after,
            request::id(),
        )
        .execute(connection)
        .await?;
        Ok(())
    }
}
