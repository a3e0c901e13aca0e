//! The audit trail: who did what, before and after, in the transaction that did it.

use miyabi_catalog::Permission;
use serde_json::json;
use uuid::Uuid;

use crate::{ApiError, BoundedConnection, RawJson, request};

/// One line of the audit trail. Actor, organization, time and request id are added by
/// [`crate::Tx::audit`].
#[derive(Debug, Clone, PartialEq)]
pub struct Audit {
    action: &'static str,
    outcome: &'static str,
    target_type: &'static str,
    target_id: Option<Uuid>,
    before: Option<RawJson>,
    after: Option<RawJson>,
    actor: Option<Uuid>,
}

/// Who acts in a transaction.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Actor {
    pub(crate) user: Option<Uuid>,
    /// The API token that the user acts by.
    pub(crate) api_token: Option<Uuid>,
    /// The session that the user acts in.
    pub(crate) session: Option<Uuid>,
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

    /// Somebody tried what their role does not have the permission for.
    pub(crate) fn refusal(needed: Permission) -> Audit {
        Audit::denied("access.denied", "permission", None)
            .after(json!({ "needed": needed.as_str() }))
    }

    /// A program tried what only a person in a session may do.
    pub(crate) fn session_required(token: Uuid, needed: Option<Permission>) -> Audit {
        let needed = needed.map(Permission::as_str);
        Audit::denied("access.denied", "api_token", token)
            .after(json!({ "reason": "session_required", "needed": needed }))
    }

    /// Somebody tried something in an organization in which they no longer are.
    pub(crate) fn not_a_member(user: Uuid, needed: Option<Permission>) -> Audit {
        let needed = needed.map(Permission::as_str);
        Audit::denied("access.denied", "membership", user)
            .after(json!({ "reason": "not_a_member", "needed": needed }))
    }

    /// How the target was. Never a secret.
    #[must_use]
    pub fn before(self, before: impl Into<RawJson>) -> Audit {
        Audit {
            before: Some(before.into()),
            ..self
        }
    }

    /// How the target is now. Never a secret.
    #[must_use]
    pub fn after(self, after: impl Into<RawJson>) -> Audit {
        Audit {
            after: Some(after.into()),
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

    /// Writes lines with one statement, in their order.
    pub(crate) async fn insert(
        lines: Vec<Audit>,
        connection: &mut BoundedConnection,
        organization: Uuid,
        actor: Actor,
    ) -> Result<(), ApiError> {
        let mut columns = Columns::default();
        for line in lines {
            columns.push(line, actor.user);
        }
        sqlx::query!(
            "insert into audit_log
                (organization_id, id, actor_id, api_token_id, session_id, action, outcome, target_type, target_id, before, after, request_id)
             select $1, line.id, line.actor_id, $11, $12, line.action, line.outcome, line.target_type, line.target_id,
                line.before::jsonb, line.after::jsonb, $2
             from unnest($3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::uuid[], $9::text[], $10::text[])
                as line (id, actor_id, action, outcome, target_type, target_id, before, after)",
            organization,
            request::id(),
            &columns.ids,
            &columns.actors as &[Option<Uuid>],
            &columns.actions,
            &columns.outcomes,
            &columns.target_types,
            &columns.targets as &[Option<Uuid>],
            &columns.before as &[Option<String>],
            &columns.after as &[Option<String>],
            actor.api_token,
            actor.session,
        )
        .execute(connection)
        .await?;
        Ok(())
    }
}

/// Most lines of refusals of one person in one organization in an hour.
const MAX_REFUSALS_AN_HOUR: i64 = 100;

impl Audit {
    /// Writes the line of a refusal, unless the actor has caused [`MAX_REFUSALS_AN_HOUR`] of them in
    /// this hour. The last one says that it is the last.
    pub(crate) async fn insert_refusal(
        self,
        connection: &mut BoundedConnection,
        organization: Uuid,
        user: Uuid,
        actor: Actor,
    ) -> Result<(), ApiError> {
        sqlx::query!(
            r#"with counted as (
                insert into refusal_counts as c (organization_id, actor_id, hour, lines)
                values ($1, $2, date_trunc('hour', now()), 1)
                on conflict (organization_id, actor_id, hour) do update
                    set lines = c.lines + 1 where c.lines < $3
                returning lines
             ), forgotten as (
                delete from refusal_counts
                where organization_id = $1 and actor_id = $2 and hour < now() - interval '1 day'
             )
             insert into audit_log
                (organization_id, id, actor_id, api_token_id, session_id, action, outcome, target_type, target_id, before, after, request_id)
             select $1, $4, $2, $11, $12, $5, 'denied', $6, $7, $8::text::jsonb,
                case when lines = $3
                    then coalesce($9::text::jsonb, '{}') || '{"more_in_this_hour": "not recorded"}'
                    else $9::text::jsonb end,
                $10
             from counted"#,
            organization,
            user,
            MAX_REFUSALS_AN_HOUR,
            Uuid::now_v7(),
            self.action,
            self.target_type,
            self.target_id,
            self.before.map(RawJson::into_string),
            self.after.map(RawJson::into_string),
            request::id(),
            actor.api_token,
            actor.session,
        )
        .execute(connection)
        .await?;
        Ok(())
    }
}

/// Lines, column by column, as `unnest` takes them.
#[derive(Default)]
struct Columns {
    ids: Vec<Uuid>,
    actors: Vec<Option<Uuid>>,
    actions: Vec<String>,
    outcomes: Vec<String>,
    target_types: Vec<String>,
    targets: Vec<Option<Uuid>>,
    before: Vec<Option<String>>,
    after: Vec<Option<String>>,
}

impl Columns {
    fn push(&mut self, line: Audit, actor: Option<Uuid>) {
        self.ids.push(Uuid::now_v7());
        self.actors.push(line.actor.or(actor));
        self.actions.push(line.action.to_owned());
        self.outcomes.push(line.outcome.to_owned());
        self.target_types.push(line.target_type.to_owned());
        self.targets.push(line.target_id);
        self.before.push(line.before.map(RawJson::into_string));
        self.after.push(line.after.map(RawJson::into_string));
    }
}
