//! Rows in every tenant table of an organization.

use sqlx::{Executor, PgConnection};
use uuid::Uuid;

/// An organization with one user and at least one row in each tenant table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tenant {
    pub(super) organization: Uuid,
    pub(super) user: Uuid,
}

/// Makes the `number`th tenant.
pub(super) async fn tenant(connection: &mut PgConnection, number: i64) -> Tenant {
    let tenant = Tenant {
        organization: Uuid::new_v4(),
        user: Uuid::new_v4(),
    };
    let Tenant { organization, user } = tenant;
    let (task, child, label) = (Uuid::new_v4(), Uuid::new_v4(), Uuid::new_v4());
    let session = Uuid::new_v4();
    let sql = format!(
        "insert into users (id, github_id, login) values ('{user}', {number}, 'user-{number}');
         insert into organizations (id, name) values ('{organization}', 'Organization {number}');
         insert into memberships (organization_id, user_id, role) values ('{organization}', '{user}', 'owner');
         insert into invitations (organization_id, id, role, github_login, token_hash, invited_by, expires_at)
            values ('{organization}', gen_random_uuid(), 'member', 'guest', sha256('{number}'), '{user}', now());
         insert into tasks (organization_id, id, title, created_by, assignee_id)
            values ('{organization}', '{task}', 'Parent', '{user}', '{user}');
         insert into tasks (organization_id, id, title, created_by, parent_id)
            values ('{organization}', '{child}', 'Child', '{user}', '{task}');
         insert into task_comments (organization_id, id, task_id, author_id, body)
            values ('{organization}', gen_random_uuid(), '{task}', '{user}', 'Comment');
         insert into labels (organization_id, id, name) values ('{organization}', '{label}', 'Label');
         insert into stats_days (organization_id, day, created, completed, reopened, deleted, restored, open_p0, open_p1, open_p2, open_p3)
            values ('{organization}', '2026-01-01', 1, 0, 0, 0, 0, 0, 0, 1, 0);
         insert into projects (organization_id, id, name, rank) values ('{organization}', gen_random_uuid(), 'Project', 'V');
         insert into views (organization_id, id, owner_id, name, query, rank) values ('{organization}', gen_random_uuid(), '{user}', 'View', '', 'V');
         insert into task_imports (organization_id, source, external_id, task_id) values ('{organization}', 'csv', '1', '{task}');
         insert into task_labels (organization_id, task_id, label_id, task_created_at)
            values ('{organization}', '{task}', '{label}', now());
         insert into api_tokens (organization_id, id, user_id, name, token_hash, last_four, permissions, expires_at)
            values ('{organization}', gen_random_uuid(), '{user}', 'Program', sha256('{number}'), 'last', '[]', now());
         insert into task_watchers (organization_id, task_id, user_id) values ('{organization}', '{task}', '{user}');
         insert into notifications (organization_id, id, user_id, task_id, reasons, actor_id)
            values ('{organization}', gen_random_uuid(), '{user}', '{task}', array['assigned'], '{user}');
         insert into inbox_signals (organization_id, user_id) values ('{organization}', '{user}');
         insert into audit_log (organization_id, id, actor_id, action, target_type, request_id)
            values ('{organization}', gen_random_uuid(), '{user}', 'task.create', 'task', 'request');
         insert into refusal_counts (organization_id, actor_id, hour, lines)
            values ('{organization}', '{user}', date_trunc('hour', now()), 1);
         insert into outbox (organization_id, seq, type, ids) values ('{organization}', 1, 'task.changed', '{{}}');
         insert into sessions (id, user_id, csrf_hash, expires_at) values ('{session}', '{user}', sha256('csrf'), now() + interval '1 day');
         insert into ws_tickets (organization_id, token_hash, user_id, session_id, origin, connection_expires_at)
            values ('{organization}', sha256('{number}'), '{user}', '{session}', 'https://tasks.example.com', now());
         insert into ws_connections (organization_id, connection_id, user_id, session_id, role, role_version, expires_at)
            values ('{organization}', 'connection-{number}', '{user}', '{session}', 'owner', 1, now());
         insert into ws_presence (organization_id) values ('{organization}');
         insert into idempotency_keys (organization_id, user_id, route, key, request_hash)
            values ('{organization}', '{user}', 'POST /api/tasks', 'key', sha256('body'));"
    );
    connection.execute(sql.as_str()).await.unwrap();
    tenant
}
