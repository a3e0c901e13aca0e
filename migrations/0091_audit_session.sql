-- The session in each row of the audit trail.

set local lock_timeout = '500ms';
set local statement_timeout = '30s';

alter table audit_log add column session_id uuid;
comment on column audit_log.session_id is
    'The session that the actor used; null for an API token, for nobody, and in rows from before this column. No foreign key: sessions are removed before the trail is.';
grant insert (session_id) on audit_log to miyabi_activity, miyabi_auth, miyabi_inbox, miyabi_orgs, miyabi_tasks;
grant select (session_id) on audit_log to miyabi_activity;
