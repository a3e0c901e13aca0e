-- The schema that the migrations make, for people and for comparison; nothing runs it.
-- Written by: MIYABI_UPDATE_SCHEMA=1 cargo test -p miyabi-tests --test it schema

role miyabi_activity
role miyabi_auth
role miyabi_inbox
role miyabi_orgs
role miyabi_tasks
role miyabi_ws_broadcast
role miyabi_ws_connect
schema app: miyabi_activity usage, miyabi_auth usage, miyabi_inbox usage, miyabi_orgs usage, miyabi_tasks usage, miyabi_ws_broadcast usage, miyabi_ws_connect usage
schema audit: 
schema public: miyabi_activity usage, miyabi_auth usage, miyabi_inbox usage, miyabi_orgs usage, miyabi_tasks usage, miyabi_ws_broadcast usage, miyabi_ws_connect usage

table api_tokens with row-level security
    -- Personal API tokens. Only the hash of a token is kept.
    organization_id uuid not null
    id uuid not null
    user_id uuid not null
    name text not null
    token_hash bytea not null
    last_four text not null -- The last characters of the token, to tell it from others.
    permissions jsonb not null -- What it may do at most: the role of its user limits it as well, with each request.
    created_at timestamp with time zone not null default now()
    expires_at timestamp with time zone not null
    last_used_at timestamp with time zone -- When it was last used, to the minute.
    revoked_at timestamp with time zone
    constraint api_tokens_expires_within_a_year CHECK ((expires_at <= (created_at + '365 days'::interval)))
    constraint api_tokens_last_four_shape CHECK ((last_four ~ '^[0-9A-Za-z]{4}$'::text))
    constraint api_tokens_name_length CHECK ((char_length(name) <= 100))
    constraint api_tokens_name_not_blank CHECK ((btrim(name) <> ''::text))
    constraint api_tokens_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id)
    constraint api_tokens_permissions_array CHECK ((jsonb_typeof(permissions) = 'array'::text))
    constraint api_tokens_permissions_known CHECK ((permissions <@ '["tasks.read", "tasks.write", "tasks.delete", "tasks.assign", "audit.read"]'::jsonb))
    constraint api_tokens_pkey PRIMARY KEY (organization_id, id)
    constraint api_tokens_token_hash_sha256 CHECK ((octet_length(token_hash) = 32))
    constraint api_tokens_user_fkey FOREIGN KEY (organization_id, user_id) REFERENCES memberships(organization_id, user_id)
    CREATE INDEX api_tokens_token_hash ON public.api_tokens USING btree (token_hash)
    CREATE INDEX api_tokens_user_id ON public.api_tokens USING btree (organization_id, user_id, id)
    policy tenant for all to miyabi_activity, miyabi_auth using (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid) with check (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid)
    grant insert (organization_id, id, user_id, name, token_hash, last_four, permissions, expires_at) to miyabi_auth
    grant select (organization_id, id, name, last_four) to miyabi_activity
    grant select (organization_id, id, user_id, name, last_four, permissions, created_at, expires_at, last_used_at, revoked_at) to miyabi_auth
    grant update (revoked_at) to miyabi_auth

table audit_log with row-level security
    -- Who did what. Append-only: no runtime role may change or remove a row. In partitions by month, which are dropped after the time that the stage names.
    organization_id uuid not null
    id uuid not null
    actor_id uuid -- The user; null when nobody was signed in. No foreign key: somebody refused for not being a member is no member.
    action text not null
    outcome text not null default 'allowed'::text
    target_type text not null
    target_id uuid
    before jsonb
    after jsonb
    request_id text not null
    created_at timestamp with time zone not null default now()
    api_token_id uuid -- The API token that the actor used; null for a session. No foreign key: nothing removes a token.
    session_id uuid -- The session that the actor used; null for an API token, for nobody, and in rows from before this column. No foreign key: sessions are removed before the trail is.
    constraint audit_log_action_shape CHECK ((action ~ '^[a-z_]+(\.[a-z_]+)+$'::text))
    constraint audit_log_key UNIQUE (organization_id, id, created_at)
    constraint audit_log_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id)
    constraint audit_log_outcome_known CHECK ((outcome = ANY (ARRAY['allowed'::text, 'denied'::text])))
    CREATE INDEX audit_log_action ON ONLY public.audit_log USING btree (organization_id, action, created_at DESC, id DESC)
    CREATE INDEX audit_log_actor ON ONLY public.audit_log USING btree (organization_id, actor_id, created_at DESC, id DESC)
    CREATE INDEX audit_log_created ON ONLY public.audit_log USING btree (organization_id, created_at DESC, id DESC)
    CREATE INDEX audit_log_denied ON ONLY public.audit_log USING btree (organization_id, created_at DESC, id DESC) WHERE (outcome = 'denied'::text)
    CREATE INDEX audit_log_target ON ONLY public.audit_log USING btree (organization_id, target_id, created_at DESC, id DESC)
    CREATE INDEX audit_log_target_type ON ONLY public.audit_log USING btree (organization_id, target_type, created_at DESC, id DESC)
    policy tenant for all to miyabi_activity, miyabi_auth, miyabi_tasks using (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid) with check (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid)
    policy tenant_inbox for all to miyabi_inbox using (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid) with check (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid)
    policy tenant_orgs for all to miyabi_orgs using (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid) with check (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid)
    grant insert (organization_id, id, actor_id, action, outcome, target_type, target_id, before, after, request_id, api_token_id, session_id) to miyabi_activity
    grant insert (organization_id, id, actor_id, action, outcome, target_type, target_id, before, after, request_id, api_token_id, session_id) to miyabi_auth
    grant insert (organization_id, id, actor_id, action, outcome, target_type, target_id, before, after, request_id, api_token_id, session_id) to miyabi_inbox
    grant insert (organization_id, id, actor_id, action, outcome, target_type, target_id, before, after, request_id, api_token_id, session_id) to miyabi_orgs
    grant insert (organization_id, id, actor_id, action, outcome, target_type, target_id, before, after, request_id, api_token_id, session_id) to miyabi_tasks
    grant select (organization_id, id, actor_id, action, outcome, target_type, target_id, before, after, request_id, created_at, api_token_id, session_id) to miyabi_activity

table built_in_roles
    -- What each new organization starts with; equal to BUILT_IN_ROLES in handlers/catalog. No runtime role sees it.
    name text not null
    permissions jsonb not null
    constraint built_in_roles_pkey PRIMARY KEY (name)

table idempotency_keys with row-level security
    -- Answers to requests with an Idempotency-Key, to be given again for 24 hours.
    organization_id uuid not null
    user_id uuid not null
    route text not null
    key text not null
    request_hash bytea not null
    status smallint
    headers jsonb
    body jsonb
    created_at timestamp with time zone not null default now()
    expires_at timestamp with time zone not null default (now() + '24:00:00'::interval)
    answer text -- The body to the byte. `body` holds the same for code from before this column, and goes with a later release.
    constraint idempotency_keys_key_length CHECK (((char_length(key) >= 1) AND (char_length(key) <= 255)))
    constraint idempotency_keys_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id)
    constraint idempotency_keys_pkey PRIMARY KEY (organization_id, user_id, route, key)
    constraint idempotency_keys_request_hash_sha256 CHECK ((octet_length(request_hash) = 32))
    CREATE INDEX idempotency_keys_expires_at ON public.idempotency_keys USING btree (organization_id, expires_at)
    policy tenant for all to miyabi_tasks using (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid) with check (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid)
    policy tenant_orgs for all to miyabi_orgs using (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid) with check (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid)
    grant delete to miyabi_orgs
    grant delete to miyabi_tasks
    grant insert (organization_id, user_id, route, key, request_hash) to miyabi_orgs
    grant insert (organization_id, user_id, route, key, request_hash) to miyabi_tasks
    grant select (organization_id, user_id, route, key, request_hash, status, headers, body, created_at, expires_at, answer) to miyabi_orgs
    grant select (organization_id, user_id, route, key, request_hash, status, headers, body, created_at, expires_at, answer) to miyabi_tasks
    grant update (request_hash, status, headers, body, created_at, expires_at, answer) to miyabi_orgs
    grant update (request_hash, status, headers, body, created_at, expires_at, answer) to miyabi_tasks

table inbox_signals with row-level security
    -- People whose inbox changed and whose connections were not told yet. A row goes when they were.
    organization_id uuid not null
    id uuid not null default gen_random_uuid()
    user_id uuid not null
    constraint inbox_signals_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id)
    constraint inbox_signals_pkey PRIMARY KEY (organization_id, id)
    policy tenant for all to miyabi_inbox, miyabi_tasks, miyabi_ws_broadcast using (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid) with check (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid)
    grant delete to miyabi_ws_broadcast
    grant insert (organization_id, user_id) to miyabi_inbox
    grant insert (organization_id, user_id) to miyabi_tasks
    grant select (organization_id, id, user_id) to miyabi_ws_broadcast
    grant update (user_id) to miyabi_ws_broadcast

table invitations with row-level security
    -- Invitations to an organization, by a link with a code. Only the hash of the code is kept.
    organization_id uuid not null
    id uuid not null
    role text not null
    github_login text -- Who may use it; null: whoever has the link.
    token_hash bytea not null
    invited_by uuid not null
    created_at timestamp with time zone not null default now()
    expires_at timestamp with time zone not null
    accepted_at timestamp with time zone -- When it was used last.
    revoked_at timestamp with time zone
    max_uses bigint not null default 1
    uses bigint not null default 0
    constraint invitations_github_login_length CHECK (((char_length(github_login) >= 1) AND (char_length(github_login) <= 100)))
    constraint invitations_invited_by_fkey FOREIGN KEY (organization_id, invited_by) REFERENCES memberships(organization_id, user_id)
    constraint invitations_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id)
    constraint invitations_pkey PRIMARY KEY (organization_id, id)
    constraint invitations_role_fkey FOREIGN KEY (organization_id, role) REFERENCES roles(organization_id, name)
    constraint invitations_token_hash_key UNIQUE (organization_id, token_hash)
    constraint invitations_token_hash_sha256 CHECK ((octet_length(token_hash) = 32))
    constraint invitations_uses_within_max CHECK (((uses >= 0) AND (uses <= max_uses)))
    CREATE INDEX invitations_token_hash ON public.invitations USING btree (token_hash)
    policy tenant for all to miyabi_activity, miyabi_auth, miyabi_tasks using (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid) with check (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid)
    policy tenant_orgs for all to miyabi_orgs using (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid) with check (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid)
    grant delete to miyabi_orgs
    grant insert (organization_id, id, role, github_login, token_hash, invited_by, expires_at, max_uses) to miyabi_orgs
    grant select (organization_id, id, role, github_login, invited_by, created_at, expires_at, revoked_at, max_uses, uses) to miyabi_orgs
    grant update (revoked_at) to miyabi_orgs

table labels with row-level security
    -- The labels of an organization.
    organization_id uuid not null
    id uuid not null
    name text not null
    name_key text collate "C" not null generated lower(name)
    color text not null default '#64748b'::text
    version bigint not null default 1
    created_at timestamp with time zone not null default now()
    updated_at timestamp with time zone not null default now()
    name_fold text collate "C" -- The name as NFKC_Casefold of Unicode has it, made by the function: labels that look the same have the same. Null in rows of older code.
    constraint labels_color_shape CHECK ((color ~ '^#[0-9a-f]{6}$'::text))
    constraint labels_name_key UNIQUE (organization_id, name_key)
    constraint labels_name_length CHECK ((char_length(name) <= 50))
    constraint labels_name_not_blank CHECK ((btrim(name) <> ''::text))
    constraint labels_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id)
    constraint labels_pkey PRIMARY KEY (organization_id, id)
    constraint labels_version_positive CHECK ((version > 0))
    CREATE UNIQUE INDEX labels_name_fold ON public.labels USING btree (organization_id, name_fold)
    policy tenant for all to miyabi_tasks using (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid) with check (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid)
    grant delete to miyabi_tasks
    grant insert (organization_id, id, name, color, name_fold) to miyabi_tasks
    grant select (organization_id, id, name, name_key, color, version, created_at, updated_at, name_fold) to miyabi_tasks
    grant update (name, color, version, updated_at, name_fold) to miyabi_tasks

table memberships with row-level security
    -- Who belongs to which organization, as what.
    organization_id uuid not null
    user_id uuid not null
    role text not null
    created_at timestamp with time zone not null default now()
    removed_at timestamp with time zone -- Set when somebody leaves: the row stays, so that what they wrote still says by whom.
    version bigint not null default 1
    constraint memberships_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id)
    constraint memberships_pkey PRIMARY KEY (organization_id, user_id)
    constraint memberships_role_fkey FOREIGN KEY (organization_id, role) REFERENCES roles(organization_id, name)
    constraint memberships_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id)
    CREATE INDEX memberships_present ON public.memberships USING btree (organization_id, user_id) WHERE (removed_at IS NULL)
    CREATE INDEX memberships_user_id ON public.memberships USING btree (user_id, organization_id)
    CREATE TRIGGER memberships_revoke_api_tokens AFTER UPDATE OF removed_at ON public.memberships FOR EACH ROW WHEN (((old.removed_at IS NULL) AND (new.removed_at IS NOT NULL))) EXECUTE FUNCTION app.revoke_api_tokens_of_former_member()
    policy own for all to miyabi_auth using (user_id = (( SELECT current_setting('app.current_user_id'::text) AS current_setting))::uuid) with check (user_id = (( SELECT current_setting('app.current_user_id'::text) AS current_setting))::uuid)
    policy tenant for all to miyabi_activity, miyabi_tasks using (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid) with check (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid)
    policy tenant_inbox for all to miyabi_inbox using (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid) with check (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid)
    policy tenant_orgs for all to miyabi_orgs using (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid) with check (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid)
    grant select (organization_id, user_id) to miyabi_inbox
    grant select (organization_id, user_id, role, created_at, removed_at) to miyabi_activity
    grant select (organization_id, user_id, role, created_at, removed_at) to miyabi_auth
    grant select (organization_id, user_id, role, created_at, removed_at) to miyabi_tasks
    grant select (organization_id, user_id, role, created_at, removed_at, version) to miyabi_orgs
    grant update (role, removed_at, version) to miyabi_orgs

table notifications with row-level security
    -- One row for each person and task: what it says is collected until the person has read it.
    organization_id uuid not null
    id uuid not null
    user_id uuid not null
    task_id uuid not null
    reasons text[] not null -- Why the person is notified; those since they read it last.
    actor_id uuid not null -- Who did it last.
    created_at timestamp with time zone not null default now()
    updated_at timestamp with time zone not null default now()
    read_at timestamp with time zone
    archived_at timestamp with time zone
    snoozed_until timestamp with time zone -- Not shown before; something new ends it.
    constraint notifications_actor_fkey FOREIGN KEY (organization_id, actor_id) REFERENCES memberships(organization_id, user_id)
    constraint notifications_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id)
    constraint notifications_pkey PRIMARY KEY (organization_id, id)
    constraint notifications_reasons_known CHECK (((reasons <@ ARRAY['assigned'::text, 'mentioned'::text, 'watching'::text]) AND ((cardinality(reasons) >= 1) AND (cardinality(reasons) <= 3))))
    constraint notifications_snoozed_until_bounds CHECK (((snoozed_until >= '1970-01-01 00:00:00+00'::timestamp with time zone) AND (snoozed_until < '10000-01-01 00:00:00+00'::timestamp with time zone)))
    constraint notifications_task_fkey FOREIGN KEY (organization_id, task_id) REFERENCES tasks(organization_id, id)
    constraint notifications_user_fkey FOREIGN KEY (organization_id, user_id) REFERENCES memberships(organization_id, user_id)
    constraint notifications_user_task_key UNIQUE (organization_id, user_id, task_id)
    CREATE INDEX notifications_actor_id ON public.notifications USING btree (organization_id, actor_id)
    CREATE INDEX notifications_task_id ON public.notifications USING btree (organization_id, task_id)
    CREATE INDEX notifications_updated ON public.notifications USING btree (organization_id, user_id, updated_at DESC, id DESC)
    policy own for all to miyabi_inbox using ((user_id = (( SELECT current_setting('app.current_user_id'::text) AS current_setting))::uuid) AND (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid)) with check ((user_id = (( SELECT current_setting('app.current_user_id'::text) AS current_setting))::uuid) AND (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid))
    policy tenant for all to miyabi_tasks using (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid) with check (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid)
    grant insert (organization_id, id, user_id, task_id, reasons, actor_id) to miyabi_tasks
    grant select (organization_id, id, user_id, task_id, reasons, actor_id, created_at, updated_at, read_at, archived_at, snoozed_until) to miyabi_inbox
    grant select (organization_id, id, user_id, task_id, reasons, actor_id, updated_at, read_at, archived_at, snoozed_until) to miyabi_tasks
    grant update (read_at, archived_at, snoozed_until) to miyabi_inbox
    grant update (reasons, actor_id, updated_at, read_at, archived_at, snoozed_until) to miyabi_tasks

table organizations with row-level security
    -- The tenants.
    id uuid not null
    name text not null
    created_at timestamp with time zone not null default now()
    deleted_at timestamp with time zone
    version bigint not null default 1
    task_key text -- Stands before the numbers of tasks, as in MIY-12.
    constraint organizations_name_length CHECK ((char_length(name) <= 100))
    constraint organizations_name_not_blank CHECK ((btrim(name) <> ''::text))
    constraint organizations_pkey PRIMARY KEY (id)
    constraint organizations_task_key_shape CHECK ((task_key ~ '^[A-Z]{2,5}$'::text))
    CREATE TRIGGER organizations_built_in_roles AFTER INSERT ON public.organizations FOR EACH ROW EXECUTE FUNCTION app.give_built_in_roles()
    CREATE TRIGGER organizations_outbox_sequence AFTER INSERT ON public.organizations FOR EACH ROW EXECUTE FUNCTION app.start_outbox_sequence()
    CREATE TRIGGER organizations_task_key BEFORE INSERT ON public.organizations FOR EACH ROW WHEN ((new.task_key IS NULL)) EXECUTE FUNCTION app.give_task_key()
    policy own for all to miyabi_auth using (EXISTS ( SELECT
   FROM memberships m
  WHERE ((m.organization_id = organizations.id) AND (m.user_id = (( SELECT current_setting('app.current_user_id'::text) AS current_setting))::uuid)))) with check (EXISTS ( SELECT
   FROM memberships m
  WHERE ((m.organization_id = organizations.id) AND (m.user_id = (( SELECT current_setting('app.current_user_id'::text) AS current_setting))::uuid))))
    policy tenant for all to miyabi_activity, miyabi_tasks using (id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid) with check (id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid)
    policy tenant_inbox for all to miyabi_inbox using (id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid) with check (id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid)
    policy tenant_orgs for all to miyabi_orgs using (id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid) with check (id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid)
    grant select (id, name, created_at, deleted_at) to miyabi_auth
    grant select (id, name, created_at, deleted_at, task_key) to miyabi_activity
    grant select (id, name, created_at, deleted_at, task_key) to miyabi_tasks
    grant select (id, name, created_at, deleted_at, version, task_key) to miyabi_orgs
    grant select (id, task_key) to miyabi_inbox
    grant update (name, deleted_at, version, task_key) to miyabi_orgs

table outbox with row-level security
    -- Events to send to the sockets of an organization: ids, never data.
    organization_id uuid not null
    seq bigint not null
    type text not null
    ids uuid[] not null
    created_at timestamp with time zone not null default now()
    delivered_at timestamp with time zone
    versions bigint[] not null default '{}'::bigint[] -- For each of `ids` the version after the change; null where there is none. Empty in rows of code from before this column.
    constraint outbox_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id)
    constraint outbox_pkey PRIMARY KEY (organization_id, seq)
    constraint outbox_type_shape CHECK ((type ~ '^[a-z_]+\.[a-z_]+$'::text))
    CREATE INDEX outbox_created_at ON public.outbox USING btree (created_at)
    CREATE INDEX outbox_undelivered ON public.outbox USING btree (created_at) WHERE (delivered_at IS NULL)
    CREATE INDEX outbox_undelivered_seq ON public.outbox USING btree (organization_id, seq) WHERE (delivered_at IS NULL)
    policy tenant for all to miyabi_auth, miyabi_tasks using (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid) with check (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid)
    policy tenant_live for all to miyabi_ws_broadcast using (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid) with check (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid)
    policy tenant_orgs for all to miyabi_orgs using (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid) with check (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid)
    grant delete to miyabi_ws_broadcast
    grant insert (organization_id, seq, type, ids, versions) to miyabi_auth
    grant insert (organization_id, seq, type, ids, versions) to miyabi_orgs
    grant insert (organization_id, seq, type, ids, versions) to miyabi_tasks
    grant select (organization_id, seq, type, ids, created_at, delivered_at, versions) to miyabi_ws_broadcast
    grant select (organization_id, seq, type, ids, versions) to miyabi_tasks
    grant update (delivered_at) to miyabi_ws_broadcast

table outbox_sequences with row-level security
    -- The last number given to an event of the organization. Updating it makes the writers of an organization queue, so that numbers are committed in order.
    organization_id uuid not null
    last_seq bigint not null default 0
    constraint outbox_sequences_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id)
    constraint outbox_sequences_pkey PRIMARY KEY (organization_id)
    policy tenant for all to miyabi_auth, miyabi_tasks using (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid) with check (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid)
    policy tenant_live for all to miyabi_ws_broadcast, miyabi_ws_connect using (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid) with check (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid)
    policy tenant_orgs for all to miyabi_orgs using (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid) with check (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid)
    grant select (organization_id, last_seq) to miyabi_auth
    grant select (organization_id, last_seq) to miyabi_orgs
    grant select (organization_id, last_seq) to miyabi_tasks
    grant select (organization_id, last_seq) to miyabi_ws_broadcast
    grant select (organization_id, last_seq) to miyabi_ws_connect
    grant update (last_seq) to miyabi_auth
    grant update (last_seq) to miyabi_orgs
    grant update (last_seq) to miyabi_tasks

table projects with row-level security
    -- The projects of an organization. None is deleted: it is archived.
    organization_id uuid not null
    id uuid not null
    name text not null
    color text not null default '#64748b'::text
    rank text collate "C" not null -- Place in the order that people gave them: a fraction in digits of base 62, so that there is always room between two.
    archived_at timestamp with time zone
    version bigint not null default 1
    created_at timestamp with time zone not null default now()
    updated_at timestamp with time zone not null default now()
    constraint projects_color_shape CHECK ((color ~ '^#[0-9a-f]{6}$'::text))
    constraint projects_name_length CHECK ((char_length(name) <= 100))
    constraint projects_name_not_blank CHECK ((btrim(name) <> ''::text))
    constraint projects_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id)
    constraint projects_pkey PRIMARY KEY (organization_id, id)
    constraint projects_rank_shape CHECK (((rank ~ '^[0-9A-Za-z]*[1-9A-Za-z]$'::text) AND (char_length(rank) <= 200)))
    constraint projects_version_positive CHECK ((version > 0))
    CREATE INDEX projects_rank ON public.projects USING btree (organization_id, rank, id)
    policy tenant for all to miyabi_tasks using (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid) with check (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid)
    grant insert (organization_id, id, name, color, rank) to miyabi_tasks
    grant select (organization_id, id, name, color, rank, archived_at, version, created_at, updated_at) to miyabi_tasks
    grant update (name, color, rank, archived_at, version, updated_at) to miyabi_tasks

table rate_limits with row-level security
    -- Token buckets by the generic cell rate algorithm: a bucket is full without its row, which app.forget_rate_limits deletes then.
    bucket text not null -- Name of the limit, and the person, API token or address that it counts.
    full_at timestamp with time zone not null -- When the bucket will be full again. What it holds follows from that.
    constraint rate_limits_pkey PRIMARY KEY (bucket)

table refresh_tokens
    -- Hashes only. A token has at most one child: parent_hash is unique.
    token_hash bytea not null
    session_id uuid not null
    parent_hash bytea
    generation bigint not null default 0
    created_at timestamp with time zone not null default now()
    expires_at timestamp with time zone not null
    used_at timestamp with time zone
    constraint refresh_tokens_generation_positive CHECK ((generation >= 0))
    constraint refresh_tokens_parent_hash_key UNIQUE (parent_hash)
    constraint refresh_tokens_pkey PRIMARY KEY (token_hash)
    constraint refresh_tokens_session_id_fkey FOREIGN KEY (session_id) REFERENCES sessions(id)
    constraint refresh_tokens_token_hash_sha256 CHECK ((octet_length(token_hash) = 32))
    CREATE INDEX refresh_tokens_session_id ON public.refresh_tokens USING btree (session_id)
    grant delete to miyabi_auth
    grant insert (token_hash, session_id, parent_hash, generation, expires_at) to miyabi_auth
    grant select (token_hash, session_id, parent_hash, generation, created_at, expires_at, used_at) to miyabi_auth
    grant update (used_at) to miyabi_auth

table refusal_counts with row-level security
    -- Lines of refusals that somebody caused in an hour: whoever is refused again and again fills no trail.
    organization_id uuid not null
    actor_id uuid not null -- The user. No foreign key: somebody refused for not being a member is no member.
    hour timestamp with time zone not null
    lines bigint not null
    constraint refusal_counts_lines_positive CHECK ((lines > 0))
    constraint refusal_counts_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id)
    constraint refusal_counts_pkey PRIMARY KEY (organization_id, actor_id, hour)
    policy tenant for all to miyabi_activity, miyabi_auth, miyabi_tasks using (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid) with check (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid)
    policy tenant_inbox for all to miyabi_inbox using (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid) with check (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid)
    policy tenant_orgs for all to miyabi_orgs using (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid) with check (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid)
    grant delete to miyabi_activity
    grant delete to miyabi_auth
    grant delete to miyabi_inbox
    grant delete to miyabi_orgs
    grant delete to miyabi_tasks
    grant insert (organization_id, actor_id, hour, lines) to miyabi_activity
    grant insert (organization_id, actor_id, hour, lines) to miyabi_auth
    grant insert (organization_id, actor_id, hour, lines) to miyabi_inbox
    grant insert (organization_id, actor_id, hour, lines) to miyabi_orgs
    grant insert (organization_id, actor_id, hour, lines) to miyabi_tasks
    grant select (organization_id, actor_id, hour, lines) to miyabi_activity
    grant select (organization_id, actor_id, hour, lines) to miyabi_auth
    grant select (organization_id, actor_id, hour, lines) to miyabi_inbox
    grant select (organization_id, actor_id, hour, lines) to miyabi_orgs
    grant select (organization_id, actor_id, hour, lines) to miyabi_tasks
    grant update (lines) to miyabi_activity
    grant update (lines) to miyabi_auth
    grant update (lines) to miyabi_inbox
    grant update (lines) to miyabi_orgs
    grant update (lines) to miyabi_tasks

table revoked_tokens
    -- Access tokens to refuse before they expire: all of a session, one by its jti, or all of a user issued up to a moment.
    kind text not null
    id uuid not null
    issued_before timestamp with time zone
    created_at timestamp with time zone not null default now()
    expires_at timestamp with time zone not null -- When the last access token that this row refuses has expired anyway.
    constraint revoked_tokens_kind_known CHECK ((kind = ANY (ARRAY['session'::text, 'token'::text, 'user'::text])))
    constraint revoked_tokens_pkey PRIMARY KEY (kind, id)
    constraint revoked_tokens_user_has_epoch CHECK (((kind = 'user'::text) = (issued_before IS NOT NULL)))
    CREATE INDEX revoked_tokens_expires_at ON public.revoked_tokens USING btree (expires_at)
    grant delete to miyabi_auth
    grant insert (kind, id, issued_before, expires_at) to miyabi_auth
    grant select (kind, id, issued_before, created_at, expires_at) to miyabi_auth
    grant update (issued_before, expires_at) to miyabi_auth

table roles with row-level security
    -- Named sets of permissions. The built-in ones are in every organization and nobody edits them.
    organization_id uuid not null
    name text not null
    permissions jsonb not null
    built_in boolean not null default false
    created_at timestamp with time zone not null default now()
    version bigint not null default 1
    constraint roles_name_shape CHECK ((name ~ '^[a-z][a-z0-9_-]{0,49}$'::text))
    constraint roles_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id)
    constraint roles_permissions_array CHECK ((jsonb_typeof(permissions) = 'array'::text))
    constraint roles_permissions_known CHECK ((permissions <@ '["tasks.read", "tasks.write", "tasks.delete", "tasks.assign", "members.read", "members.manage", "roles.manage", "org.update", "org.delete", "org.export", "audit.read"]'::jsonb))
    constraint roles_pkey PRIMARY KEY (organization_id, name)
    policy tenant for all to miyabi_activity, miyabi_auth, miyabi_tasks using (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid) with check (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid)
    policy tenant_orgs for all to miyabi_orgs using (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid) with check (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid)
    grant delete to miyabi_orgs
    grant insert (organization_id, name, permissions) to miyabi_orgs
    grant select (organization_id, name, permissions, built_in) to miyabi_activity
    grant select (organization_id, name, permissions, built_in) to miyabi_auth
    grant select (organization_id, name, permissions, built_in) to miyabi_tasks
    grant select (organization_id, name, permissions, built_in, created_at, version) to miyabi_orgs
    grant update (permissions, version) to miyabi_orgs

table sessions
    -- One row a sign-in, from which a family of refresh tokens descends.
    id uuid not null
    user_id uuid not null
    selected_organization_id uuid -- The organization that the next access token is for.
    csrf_hash bytea not null -- Hash of the token that a request with the refresh cookie must bring in a header.
    user_agent text
    ip_address text
    created_at timestamp with time zone not null default now()
    last_seen_at timestamp with time zone not null default now()
    expires_at timestamp with time zone not null -- Absolute end, however often it is refreshed.
    revoked_at timestamp with time zone
    revoked_reason text
    constraint sessions_csrf_hash_sha256 CHECK ((octet_length(csrf_hash) = 32))
    constraint sessions_ip_address_length CHECK ((char_length(ip_address) <= 64))
    constraint sessions_pkey PRIMARY KEY (id)
    constraint sessions_revoked_reason_known CHECK ((revoked_reason = ANY (ARRAY['sign_out'::text, 'sign_out_everywhere'::text, 'revoked'::text, 'reuse'::text, 'disabled'::text, 'expired'::text])))
    constraint sessions_selected_organization_fkey FOREIGN KEY (selected_organization_id, user_id) REFERENCES memberships(organization_id, user_id)
    constraint sessions_user_agent_length CHECK ((char_length(user_agent) <= 500))
    constraint sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id)
    CREATE INDEX sessions_user_id ON public.sessions USING btree (user_id, created_at DESC)
    grant insert (id, user_id, selected_organization_id, csrf_hash, user_agent, ip_address, expires_at) to miyabi_auth
    grant select (id, user_id, selected_organization_id, csrf_hash, user_agent, ip_address, created_at, last_seen_at, expires_at, revoked_at, revoked_reason) to miyabi_auth
    grant update (selected_organization_id, last_seen_at, revoked_at, revoked_reason) to miyabi_auth

table sign_in_attempts
    -- OAuth states: each can be used once, by the browser that began it.
    state_hash bytea not null
    browser_hash bytea not null
    code_verifier text not null
    return_to text not null
    created_at timestamp with time zone not null default now()
    expires_at timestamp with time zone not null
    used_at timestamp with time zone
    constraint sign_in_attempts_browser_hash_sha256 CHECK ((octet_length(browser_hash) = 32))
    constraint sign_in_attempts_pkey PRIMARY KEY (state_hash)
    constraint sign_in_attempts_state_hash_sha256 CHECK ((octet_length(state_hash) = 32))
    CREATE INDEX sign_in_attempts_expires_at ON public.sign_in_attempts USING btree (expires_at)
    grant delete to miyabi_auth
    grant insert (state_hash, browser_hash, code_verifier, return_to, expires_at) to miyabi_auth
    grant select (state_hash, browser_hash, code_verifier, return_to, created_at, expires_at, used_at) to miyabi_auth
    grant update (used_at) to miyabi_auth

table stats_changes with row-level security
    -- What happened to tasks and is not in stats_days yet. Written by triggers, emptied by the schedule.
    organization_id uuid not null
    task_id uuid not null -- No foreign key: what happened to a task stays when it is purged.
    id bigint not null
    day date not null -- The day in UTC.
    event text -- Null: the task became closed without being completed, or its priority changed.
    was_open_as text -- The priority that the task had before, as an open one. Null: it was not open.
    is_open_as text -- The priority that the task has since, as an open one. Null: it is not open.
    constraint stats_changes_event_known CHECK ((event = ANY (ARRAY['created'::text, 'completed'::text, 'reopened'::text, 'deleted'::text, 'restored'::text])))
    constraint stats_changes_is_open_as_known CHECK ((is_open_as = ANY (ARRAY['p0'::text, 'p1'::text, 'p2'::text, 'p3'::text])))
    constraint stats_changes_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id)
    constraint stats_changes_pkey PRIMARY KEY (organization_id, task_id, id)
    constraint stats_changes_was_open_as_known CHECK ((was_open_as = ANY (ARRAY['p0'::text, 'p1'::text, 'p2'::text, 'p3'::text])))
    policy tenant for all to miyabi_tasks using (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid) with check (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid)
    grant select (organization_id, day, event, was_open_as, is_open_as) to miyabi_tasks

table stats_days with row-level security
    -- What happened to the tasks of an organization on a day in UTC. Days on which nothing happened have no row.
    organization_id uuid not null
    day date not null
    created bigint not null
    completed bigint not null
    reopened bigint not null
    deleted bigint not null
    restored bigint not null
    open_p0 bigint not null -- How many more open tasks of this priority there were at the end of the day than at its beginning. The sum of all days until one is the number of open tasks at its end. The same for the other priorities.
    open_p1 bigint not null
    open_p2 bigint not null
    open_p3 bigint not null
    constraint stats_days_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id)
    constraint stats_days_pkey PRIMARY KEY (organization_id, day)
    policy tenant for all to miyabi_tasks using (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid) with check (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid)
    grant select (organization_id, day, created, completed, reopened, deleted, restored, open_p0, open_p1, open_p2, open_p3) to miyabi_tasks

table task_comments with row-level security
    -- What people say about a task, oldest first.
    organization_id uuid not null
    id uuid not null
    task_id uuid not null
    author_id uuid not null
    body text not null
    version bigint not null default 1
    created_at timestamp with time zone not null default now()
    updated_at timestamp with time zone not null default now()
    deleted_at timestamp with time zone
    constraint task_comments_author_fkey FOREIGN KEY (organization_id, author_id) REFERENCES memberships(organization_id, user_id)
    constraint task_comments_body_length CHECK ((char_length(body) <= 10000))
    constraint task_comments_body_not_blank CHECK ((btrim(body) <> ''::text))
    constraint task_comments_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id)
    constraint task_comments_pkey PRIMARY KEY (organization_id, id)
    constraint task_comments_task_fkey FOREIGN KEY (organization_id, task_id) REFERENCES tasks(organization_id, id)
    constraint task_comments_version_positive CHECK ((version > 0))
    CREATE INDEX task_comments_deleted_at ON public.task_comments USING btree (deleted_at) WHERE (deleted_at IS NOT NULL)
    CREATE INDEX task_comments_history ON public.task_comments USING btree (organization_id, task_id, id)
    CREATE INDEX task_comments_task ON public.task_comments USING btree (organization_id, task_id, created_at, id) WHERE (deleted_at IS NULL)
    CREATE TRIGGER keep_words AFTER INSERT OR UPDATE OF body, deleted_at ON public.task_comments FOR EACH ROW EXECUTE FUNCTION app.keep_words_of_comment()
    policy tenant for all to miyabi_tasks using (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid) with check (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid)
    policy tenant_activity for all to miyabi_activity using (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid) with check (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid)
    grant insert (organization_id, id, task_id, author_id, body) to miyabi_tasks
    grant select (organization_id, id, task_id) to miyabi_activity
    grant select (organization_id, id, task_id, author_id, body, version, created_at, updated_at, deleted_at) to miyabi_tasks
    grant update (body, version, updated_at, deleted_at) to miyabi_tasks

table task_imports with row-level security
    -- What each imported task was elsewhere. A row outlives the deletion of its task: it is not imported again.
    organization_id uuid not null
    source text not null -- The system and what of it, as the importer names it: github:octocat/garden.
    external_id text not null -- Its id there.
    task_id uuid not null
    url text
    imported_at timestamp with time zone not null default now()
    constraint task_imports_external_id_length CHECK (((char_length(external_id) >= 1) AND (char_length(external_id) <= 200)))
    constraint task_imports_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id)
    constraint task_imports_pkey PRIMARY KEY (organization_id, source, external_id)
    constraint task_imports_source_length CHECK (((char_length(source) >= 1) AND (char_length(source) <= 100)))
    constraint task_imports_task_fkey FOREIGN KEY (organization_id, task_id) REFERENCES tasks(organization_id, id)
    constraint task_imports_url_shape CHECK (((url ~ '^https?://'::text) AND (char_length(url) <= 2000)))
    CREATE INDEX task_imports_task_id ON public.task_imports USING btree (organization_id, task_id)
    policy tenant for all to miyabi_tasks using (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid) with check (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid)
    grant insert (organization_id, source, external_id, task_id, url) to miyabi_tasks
    grant select (organization_id, source, external_id, task_id, url, imported_at) to miyabi_tasks

table task_labels with row-level security
    -- Which task has which label.
    organization_id uuid not null
    task_id uuid not null
    label_id uuid not null
    task_created_at timestamp with time zone not null -- The task's created_at, which never changes: a page of the newest tasks with a label is one index range.
    constraint task_labels_label_fkey FOREIGN KEY (organization_id, label_id) REFERENCES labels(organization_id, id) ON DELETE CASCADE
    constraint task_labels_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id)
    constraint task_labels_pkey PRIMARY KEY (organization_id, task_id, label_id)
    constraint task_labels_task_fkey FOREIGN KEY (organization_id, task_id) REFERENCES tasks(organization_id, id)
    CREATE INDEX task_labels_label ON public.task_labels USING btree (organization_id, label_id, task_created_at DESC, task_id DESC)
    policy tenant for all to miyabi_tasks using (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid) with check (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid)
    grant delete to miyabi_tasks
    grant insert (organization_id, task_id, label_id, task_created_at) to miyabi_tasks
    grant select (organization_id, task_id, label_id, task_created_at) to miyabi_tasks

table task_numbers with row-level security
    -- The last number given to a task of the organization. Updating it makes those who create tasks in an organization queue, so that no number is left out.
    organization_id uuid not null
    last_number bigint not null
    last_backfilled bigint not null default 0 -- How far 0052 numbered the tasks from before this table. Goes with a later release.
    constraint task_numbers_in_range CHECK (((last_number >= last_backfilled) AND (last_backfilled >= 0)))
    constraint task_numbers_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id)
    constraint task_numbers_pkey PRIMARY KEY (organization_id)
    policy tenant for all to miyabi_tasks using (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid) with check (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid)
    grant insert (organization_id, last_number) to miyabi_tasks
    grant select (organization_id, last_number) to miyabi_tasks
    grant update (last_number) to miyabi_tasks

table task_watchers with row-level security
    -- Who is notified of a task beside those whom it names: its creator, assignees, commenters, and whoever chose to.
    organization_id uuid not null
    task_id uuid not null
    user_id uuid not null
    created_at timestamp with time zone not null default now()
    constraint task_watchers_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id)
    constraint task_watchers_pkey PRIMARY KEY (organization_id, task_id, user_id)
    constraint task_watchers_task_fkey FOREIGN KEY (organization_id, task_id) REFERENCES tasks(organization_id, id)
    constraint task_watchers_user_fkey FOREIGN KEY (organization_id, user_id) REFERENCES memberships(organization_id, user_id)
    CREATE INDEX task_watchers_user_id ON public.task_watchers USING btree (organization_id, user_id)
    policy own for all to miyabi_inbox using ((user_id = (( SELECT current_setting('app.current_user_id'::text) AS current_setting))::uuid) AND (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid)) with check ((user_id = (( SELECT current_setting('app.current_user_id'::text) AS current_setting))::uuid) AND (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid))
    policy tenant for all to miyabi_tasks using (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid) with check (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid)
    grant delete to miyabi_inbox
    grant insert (organization_id, task_id, user_id) to miyabi_inbox
    grant insert (organization_id, task_id, user_id) to miyabi_tasks
    grant select (organization_id, task_id, user_id) to miyabi_tasks
    grant select (organization_id, task_id, user_id, created_at) to miyabi_inbox

table task_words with row-level security
    -- The words of each task and comment that is not deleted. Written by triggers, read only by app.search_tasks.
    organization_id uuid not null
    task_id uuid not null
    source_id uuid not null -- The task itself, for its title (weight A) and description (B), or a comment of it (C). No foreign key: it is one of two tables.
    words tsvector not null -- Holds the organization as a word, so that the index never walks another tenant's rows.
    constraint task_words_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id)
    constraint task_words_pkey PRIMARY KEY (organization_id, task_id, source_id)
    constraint task_words_task_fkey FOREIGN KEY (organization_id, task_id) REFERENCES tasks(organization_id, id)
    CREATE INDEX task_words_words ON public.task_words USING gin (words)

table tasks with row-level security
    -- The tasks of an organization; a deleted one keeps its row until it is restored.
    organization_id uuid not null
    id uuid not null
    title text not null
    title_key text collate "C" not null generated lower(title) -- For prefix search (`title_key ^@ lower($1)`): lower(title) itself is not leakproof, so no index on it would be used.
    description text not null default ''::text
    status text not null default 'pending'::text
    priority text not null default 'p2'::text
    assignee_id uuid
    parent_id uuid
    due_at timestamp with time zone
    due_key timestamp with time zone not null -- For the order by due date: what is never due comes last.
    metadata jsonb not null default '{}'::jsonb
    version bigint not null default 1
    created_by uuid not null
    created_at timestamp with time zone not null default now()
    updated_at timestamp with time zone not null default now()
    deleted_at timestamp with time zone
    number bigint -- Counts the tasks of the organization from 1, in the order of their creation. Never changes.
    project_id uuid -- Null: in no project.
    due_on date -- Due on this day, until its end; excludes due_at.
    started_at timestamp with time zone -- The last change to in_progress since the task was pending or reopened. Null: work on it has not begun, or nothing is known of it.
    completed_at timestamp with time zone -- The change to completed. Null: not completed, or from before the trail that 0081 reads.
    rank text collate "C" -- Place in the order that people made: seven digits of base 62, and more of them where a task was put between two others.
    constraint tasks_assignee_fkey FOREIGN KEY (organization_id, assignee_id) REFERENCES memberships(organization_id, user_id)
    constraint tasks_created_by_fkey FOREIGN KEY (organization_id, created_by) REFERENCES memberships(organization_id, user_id)
    constraint tasks_description_length CHECK ((char_length(description) <= 20000))
    constraint tasks_due_at_bounds CHECK (((due_at >= '1970-01-01 00:00:00+00'::timestamp with time zone) AND (due_at < '10000-01-01 00:00:00+00'::timestamp with time zone)))
    constraint tasks_due_on_bounds CHECK (((due_on >= '1970-01-01'::date) AND (due_on <= '9999-12-31'::date)))
    constraint tasks_due_once CHECK (((due_at IS NULL) OR (due_on IS NULL)))
    constraint tasks_metadata_object CHECK ((jsonb_typeof(metadata) = 'object'::text))
    constraint tasks_metadata_size CHECK ((octet_length((metadata)::text) <= 16384))
    constraint tasks_number_present CHECK ((number IS NOT NULL))
    constraint tasks_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id)
    constraint tasks_parent_fkey FOREIGN KEY (organization_id, parent_id) REFERENCES tasks(organization_id, id)
    constraint tasks_parent_not_self CHECK ((parent_id <> id))
    constraint tasks_pkey PRIMARY KEY (organization_id, id)
    constraint tasks_priority_known CHECK ((priority = ANY (ARRAY['p0'::text, 'p1'::text, 'p2'::text, 'p3'::text])))
    constraint tasks_project_fkey FOREIGN KEY (organization_id, project_id) REFERENCES projects(organization_id, id)
    constraint tasks_rank_shape CHECK ((rank ~ '^[0-9A-Za-z]{7,100}$'::text))
    constraint tasks_status_known CHECK ((status = ANY (ARRAY['pending'::text, 'in_progress'::text, 'completed'::text, 'failed'::text, 'cancelled'::text])))
    constraint tasks_title_length CHECK ((char_length(title) <= 200))
    constraint tasks_title_not_blank CHECK ((btrim(title) <> ''::text))
    constraint tasks_version_positive CHECK ((version > 0))
    CREATE INDEX tasks_assignee ON public.tasks USING btree (organization_id, assignee_id, created_at, id) WHERE (deleted_at IS NULL)
    CREATE INDEX tasks_assignee_status ON public.tasks USING btree (organization_id, assignee_id, status, created_at, id) WHERE (deleted_at IS NULL)
    CREATE INDEX tasks_completed ON public.tasks USING btree (organization_id, completed_at) INCLUDE (started_at) WHERE ((deleted_at IS NULL) AND (completed_at IS NOT NULL))
    CREATE INDEX tasks_created_due ON public.tasks USING btree (organization_id, created_at, id, due_key) WHERE (deleted_at IS NULL)
    CREATE INDEX tasks_creator ON public.tasks USING btree (organization_id, created_by, created_at, id) WHERE (deleted_at IS NULL)
    CREATE INDEX tasks_deleted ON public.tasks USING btree (organization_id, deleted_at, id) WHERE (deleted_at IS NOT NULL)
    CREATE INDEX tasks_deleted_at ON public.tasks USING btree (deleted_at) WHERE (deleted_at IS NOT NULL)
    CREATE INDEX tasks_due_created ON public.tasks USING btree (organization_id, due_key, id, created_at) WHERE (deleted_at IS NULL)
    CREATE INDEX tasks_parent ON public.tasks USING btree (organization_id, parent_id, created_at, id) WHERE (deleted_at IS NULL)
    CREATE INDEX tasks_priority_due ON public.tasks USING btree (organization_id, priority, created_at, id, due_key) WHERE (deleted_at IS NULL)
    CREATE INDEX tasks_project ON public.tasks USING btree (organization_id, project_id, created_at, id, due_key) WHERE (deleted_at IS NULL)
    CREATE INDEX tasks_rank ON public.tasks USING btree (organization_id, rank, id, created_at, due_key) WHERE (deleted_at IS NULL)
    CREATE INDEX tasks_status_created_due ON public.tasks USING btree (organization_id, status, created_at, id, due_key) WHERE (deleted_at IS NULL)
    CREATE INDEX tasks_status_due_created ON public.tasks USING btree (organization_id, status, due_key, id, created_at) WHERE (deleted_at IS NULL)
    CREATE INDEX tasks_status_priority_due ON public.tasks USING btree (organization_id, status, priority, created_at, id) INCLUDE (due_key, due_on, assignee_id) WHERE (deleted_at IS NULL)
    CREATE INDEX tasks_status_rank ON public.tasks USING btree (organization_id, status, rank, id, created_at, due_key) WHERE (deleted_at IS NULL)
    CREATE INDEX tasks_status_title_dates ON public.tasks USING btree (organization_id, status, title_key, id, created_at, due_key) WHERE (deleted_at IS NULL)
    CREATE INDEX tasks_status_updated_dates ON public.tasks USING btree (organization_id, status, updated_at, id, created_at, due_key) WHERE (deleted_at IS NULL)
    CREATE INDEX tasks_title_dates ON public.tasks USING btree (organization_id, title_key, id, created_at, due_key) WHERE (deleted_at IS NULL)
    CREATE INDEX tasks_updated_dates ON public.tasks USING btree (organization_id, updated_at, id, created_at, due_key) WHERE (deleted_at IS NULL)
    CREATE UNIQUE INDEX tasks_number ON public.tasks USING btree (organization_id, number)
    CREATE TRIGGER count_changed AFTER UPDATE OF status, priority, deleted_at ON public.tasks FOR EACH ROW WHEN ((((old.status IS DISTINCT FROM new.status) OR (old.priority IS DISTINCT FROM new.priority)) OR ((old.deleted_at IS NULL) IS DISTINCT FROM (new.deleted_at IS NULL)))) EXECUTE FUNCTION app.count_changed_task()
    CREATE TRIGGER count_new AFTER INSERT ON public.tasks REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION app.count_new_tasks()
    CREATE TRIGGER keep_words AFTER INSERT OR UPDATE OF title, description, deleted_at ON public.tasks FOR EACH ROW EXECUTE FUNCTION app.keep_words_of_task()
    CREATE TRIGGER tasks_due_key BEFORE INSERT OR UPDATE OF due_at, due_on ON public.tasks FOR EACH ROW EXECUTE FUNCTION app.give_due_key()
    CREATE TRIGGER tasks_number BEFORE INSERT ON public.tasks FOR EACH ROW WHEN ((new.number IS NULL)) EXECUTE FUNCTION app.give_task_number()
    CREATE TRIGGER tasks_rank BEFORE INSERT ON public.tasks FOR EACH ROW WHEN ((new.rank IS NULL)) EXECUTE FUNCTION app.give_task_rank()
    CREATE TRIGGER tasks_times_of_change BEFORE UPDATE OF status ON public.tasks FOR EACH ROW WHEN ((old.status <> new.status)) EXECUTE FUNCTION app.keep_times_of_work()
    CREATE TRIGGER tasks_times_of_work BEFORE INSERT ON public.tasks FOR EACH ROW EXECUTE FUNCTION app.keep_times_of_work()
    policy tenant for all to miyabi_tasks using (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid) with check (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid)
    policy tenant_activity for all to miyabi_activity using (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid) with check (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid)
    policy tenant_inbox for all to miyabi_inbox using (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid) with check (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid)
    grant insert (organization_id, id, title, description, status, priority, assignee_id, parent_id, due_at, metadata, created_by, project_id, due_on) to miyabi_tasks
    grant select (organization_id, id, number) to miyabi_activity
    grant select (organization_id, id, title, status, deleted_at, number) to miyabi_inbox
    grant select (organization_id, id, title, title_key, description, status, priority, assignee_id, parent_id, due_at, due_key, metadata, version, created_by, created_at, updated_at, deleted_at, number, project_id, due_on, started_at, completed_at, rank) to miyabi_tasks
    grant update (title, description, status, priority, assignee_id, parent_id, due_at, metadata, version, updated_at, deleted_at, project_id, due_on, rank) to miyabi_tasks

table users with row-level security
    -- People. Identity is the numeric id at GitHub: logins change hands.
    id uuid not null
    github_id bigint not null
    login text not null
    name text
    avatar_url text
    email text -- Only ever a primary and verified address; never used to find a user.
    created_at timestamp with time zone not null default now()
    updated_at timestamp with time zone not null default now()
    disabled_at timestamp with time zone
    deletes_at timestamp with time zone -- When the account is deleted, 14 days after its owner asked for it; null: nobody did.
    constraint users_avatar_url_https CHECK (((avatar_url ~~ 'https://%'::text) OR (avatar_url ~~ 'http://127.0.0.1%'::text)))
    constraint users_email_length CHECK ((char_length(email) <= 320))
    constraint users_github_id_key UNIQUE (github_id)
    constraint users_login_length CHECK (((char_length(login) >= 1) AND (char_length(login) <= 100)))
    constraint users_name_length CHECK ((char_length(name) <= 300))
    constraint users_pkey PRIMARY KEY (id)
    policy own for all to miyabi_auth using (id = (( SELECT current_setting('app.current_user_id'::text) AS current_setting))::uuid) with check (id = (( SELECT current_setting('app.current_user_id'::text) AS current_setting))::uuid)
    policy tenant for all to miyabi_activity, miyabi_tasks using (EXISTS ( SELECT
   FROM memberships m
  WHERE ((m.user_id = users.id) AND (m.organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid)))) with check (EXISTS ( SELECT
   FROM memberships m
  WHERE ((m.user_id = users.id) AND (m.organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid))))
    policy tenant_inbox for all to miyabi_inbox using (( SELECT m.user_id
   FROM memberships m
  WHERE ((m.user_id = users.id) AND (m.organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid))) IS NOT NULL) with check (( SELECT m.user_id
   FROM memberships m
  WHERE ((m.user_id = users.id) AND (m.organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid))) IS NOT NULL)
    policy tenant_orgs for all to miyabi_orgs using (( SELECT m.user_id
   FROM memberships m
  WHERE ((m.user_id = users.id) AND (m.organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid))) IS NOT NULL) with check (( SELECT m.user_id
   FROM memberships m
  WHERE ((m.user_id = users.id) AND (m.organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid))) IS NOT NULL)
    grant select (id, github_id, login, name, avatar_url, email, created_at, disabled_at, deletes_at) to miyabi_auth
    grant select (id, login, name, avatar_url) to miyabi_activity
    grant select (id, login, name, avatar_url) to miyabi_inbox
    grant select (id, login, name, avatar_url) to miyabi_tasks
    grant select (id, login, name, avatar_url, disabled_at) to miyabi_orgs

table views with row-level security
    -- Saved views of the list of tasks. A shared one is seen by every member, another one by its owner alone.
    organization_id uuid not null
    id uuid not null
    owner_id uuid not null
    name text not null
    query text not null -- Query string of GET /api/tasks, without its page: parsed by the same parser when it is saved.
    layout text not null default 'list'::text
    shared boolean not null default false
    rank text collate "C" not null -- Place in the order of the views that somebody sees, as projects.rank.
    version bigint not null default 1
    created_at timestamp with time zone not null default now()
    updated_at timestamp with time zone not null default now()
    constraint views_layout_known CHECK ((layout = ANY (ARRAY['list'::text, 'board'::text])))
    constraint views_name_length CHECK ((char_length(name) <= 100))
    constraint views_name_not_blank CHECK ((btrim(name) <> ''::text))
    constraint views_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id)
    constraint views_owner_fkey FOREIGN KEY (organization_id, owner_id) REFERENCES memberships(organization_id, user_id)
    constraint views_pkey PRIMARY KEY (organization_id, id)
    constraint views_query_length CHECK ((char_length(query) <= 2000))
    constraint views_rank_shape CHECK (((rank ~ '^[0-9A-Za-z]*[1-9A-Za-z]$'::text) AND (char_length(rank) <= 200)))
    constraint views_version_positive CHECK ((version > 0))
    CREATE INDEX views_owner_id ON public.views USING btree (organization_id, owner_id)
    CREATE INDEX views_rank ON public.views USING btree (organization_id, rank, id)
    policy visible for all to miyabi_tasks using ((organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid) AND
CASE
    WHEN shared THEN true
    ELSE (owner_id = (( SELECT current_setting('app.current_user_id'::text) AS current_setting))::uuid)
END) with check ((organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid) AND
CASE
    WHEN shared THEN true
    ELSE (owner_id = (( SELECT current_setting('app.current_user_id'::text) AS current_setting))::uuid)
END)
    grant delete to miyabi_tasks
    grant insert (organization_id, id, owner_id, name, query, layout, shared, rank) to miyabi_tasks
    grant select (organization_id, id, owner_id, name, query, layout, shared, rank, version, created_at, updated_at) to miyabi_tasks
    grant update (name, query, layout, shared, rank, version, updated_at) to miyabi_tasks

table ws_connections with row-level security
    -- Open connections of the WebSocket API, and what each was opened with.
    organization_id uuid not null
    connection_id text not null -- As API Gateway names it.
    user_id uuid not null
    session_id uuid not null
    role text not null -- The role of the user at the time: with another one, or another version of it, the connection is closed.
    role_version bigint not null
    connected_at timestamp with time zone not null default now()
    expires_at timestamp with time zone not null
    presence text -- What the person looks at, `task:ID`; null: nothing that others are told.
    presence_at timestamp with time zone
    constraint ws_connections_connection_id_length CHECK (((char_length(connection_id) >= 1) AND (char_length(connection_id) <= 128)))
    constraint ws_connections_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id)
    constraint ws_connections_pkey PRIMARY KEY (organization_id, connection_id)
    constraint ws_connections_presence_shape CHECK ((presence ~ '^task:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'::text))
    constraint ws_connections_session_id_fkey FOREIGN KEY (session_id) REFERENCES sessions(id)
    constraint ws_connections_user_fkey FOREIGN KEY (organization_id, user_id) REFERENCES memberships(organization_id, user_id)
    CREATE INDEX ws_connections_connection_id ON public.ws_connections USING btree (connection_id)
    CREATE INDEX ws_connections_expires_at ON public.ws_connections USING btree (expires_at)
    CREATE INDEX ws_connections_session_id ON public.ws_connections USING btree (session_id)
    CREATE INDEX ws_connections_user_id ON public.ws_connections USING btree (organization_id, user_id)
    policy tenant for all to miyabi_ws_broadcast, miyabi_ws_connect using (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid) with check (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid)
    grant delete to miyabi_ws_broadcast
    grant delete to miyabi_ws_connect
    grant insert (organization_id, connection_id, user_id, session_id, role, role_version, expires_at) to miyabi_ws_connect
    grant select (organization_id, connection_id, user_id, connected_at, expires_at, presence, presence_at) to miyabi_ws_broadcast
    grant select (organization_id, connection_id, user_id, connected_at, expires_at, presence, presence_at) to miyabi_ws_connect
    grant update (presence, presence_at) to miyabi_ws_connect

table ws_presence with row-level security
    -- When the presence of people in an organization changed, and when its connections were last sent it.
    organization_id uuid not null
    changed_at timestamp with time zone not null default clock_timestamp()
    sent_at timestamp with time zone not null default '1970-01-01 00:00:00+00'::timestamp with time zone
    constraint ws_presence_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id)
    constraint ws_presence_pkey PRIMARY KEY (organization_id)
    policy tenant for all to miyabi_ws_broadcast, miyabi_ws_connect using (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid) with check (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid)
    grant insert (organization_id) to miyabi_ws_connect
    grant select (organization_id, changed_at, sent_at) to miyabi_ws_broadcast
    grant select (organization_id, changed_at, sent_at) to miyabi_ws_connect
    grant update (changed_at) to miyabi_ws_connect
    grant update (sent_at) to miyabi_ws_broadcast

table ws_tickets with row-level security
    -- Tickets for one connection each, good for 30 s. A ticket that was used has no row any more.
    organization_id uuid not null
    token_hash bytea not null
    user_id uuid not null
    session_id uuid not null
    origin text not null -- The origin of the page that asked; the connection must name the same one.
    expires_at timestamp with time zone not null default (now() + '00:00:30'::interval)
    connection_expires_at timestamp with time zone not null -- When the access token expires that the ticket was issued for.
    constraint ws_tickets_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations(id)
    constraint ws_tickets_origin_length CHECK ((char_length(origin) <= 300))
    constraint ws_tickets_pkey PRIMARY KEY (organization_id, token_hash)
    constraint ws_tickets_session_id_fkey FOREIGN KEY (session_id) REFERENCES sessions(id)
    constraint ws_tickets_token_hash_sha256 CHECK ((octet_length(token_hash) = 32))
    constraint ws_tickets_user_fkey FOREIGN KEY (organization_id, user_id) REFERENCES memberships(organization_id, user_id)
    CREATE INDEX ws_tickets_expires_at ON public.ws_tickets USING btree (organization_id, expires_at)
    CREATE INDEX ws_tickets_token_hash ON public.ws_tickets USING btree (token_hash)
    policy tenant for all to miyabi_auth using (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid) with check (organization_id = (( SELECT current_setting('app.current_org_id'::text) AS current_setting))::uuid)
    grant delete to miyabi_auth
    grant insert (organization_id, token_hash, user_id, session_id, origin, connection_expires_at) to miyabi_auth
    grant select (organization_id, expires_at) to miyabi_auth

CREATE OR REPLACE FUNCTION app.accept_invitation(p_hash bytea, OUT verdict text, OUT organization uuid, OUT organization_name text, OUT invitation uuid, OUT granted_role text, OUT login text, OUT expires timestamp with time zone)
 RETURNS record
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
begin
    select i.organization_id into organization from public.invitations i where i.token_hash = p_hash;
    -- In this order everywhere: whoever changes members of an organization holds its row first.
    perform from public.organizations o where o.id = organization for no key update;
    perform from public.users u where u.id = current_setting('app.current_user_id')::uuid for no key update;
    select f.* into verdict, organization, organization_name, invitation, granted_role, login, expires
        from app.find_invitation(p_hash) f;
    if verdict <> 'open' then
        return;
    end if;
    insert into public.memberships as m (organization_id, user_id, role)
        values (organization, current_setting('app.current_user_id')::uuid, granted_role)
        on conflict (organization_id, user_id) do update
            set role = excluded.role, removed_at = null, version = m.version + 1;
    update public.invitations i set uses = i.uses + 1, accepted_at = now()
        where i.organization_id = organization and i.id = invitation;
end
$function$
    -- Makes the current user a member by the code with this hash, when app.find_invitation says `open`; counts the use.
    grant execute to miyabi_orgs

CREATE OR REPLACE FUNCTION app.add_up_stats(p_limit integer)
 RETURNS bigint
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
 SET lock_timeout TO '500ms'
AS $function$
        with taken as (
            delete from public.stats_changes c
            where (c.organization_id, c.task_id, c.id) in (
                select w.organization_id, w.task_id, w.id from public.stats_changes w
                order by w.organization_id, w.task_id, w.id limit p_limit for update skip locked)
            returning c.organization_id, c.day, c.event, c.was_open_as, c.is_open_as
        ), added as (
            insert into public.stats_days as d (organization_id, day, created, completed, reopened, deleted, restored,
                    open_p0, open_p1, open_p2, open_p3)
                select t.organization_id, t.day,
                    count(*) filter (where t.event = 'created'), count(*) filter (where t.event = 'completed'),
                    count(*) filter (where t.event = 'reopened'), count(*) filter (where t.event = 'deleted'),
                    count(*) filter (where t.event = 'restored'),
                    count(*) filter (where t.is_open_as = 'p0') - count(*) filter (where t.was_open_as = 'p0'),
                    count(*) filter (where t.is_open_as = 'p1') - count(*) filter (where t.was_open_as = 'p1'),
                    count(*) filter (where t.is_open_as = 'p2') - count(*) filter (where t.was_open_as = 'p2'),
                    count(*) filter (where t.is_open_as = 'p3') - count(*) filter (where t.was_open_as = 'p3')
                from taken t group by t.organization_id, t.day order by t.organization_id, t.day
            on conflict (organization_id, day) do update set
                created = d.created + excluded.created, completed = d.completed + excluded.completed,
                reopened = d.reopened + excluded.reopened, deleted = d.deleted + excluded.deleted,
                restored = d.restored + excluded.restored,
                open_p0 = d.open_p0 + excluded.open_p0, open_p1 = d.open_p1 + excluded.open_p1,
                open_p2 = d.open_p2 + excluded.open_p2, open_p3 = d.open_p3 + excluded.open_p3
        )
        select count(*) from taken
    $function$
    -- Adds up to p_limit rows of stats_changes to their days in stats_days, and deletes them; how many. 0: nothing is left.
    grant execute to miyabi_ws_broadcast

CREATE OR REPLACE FUNCTION app.cancel_account_deletion()
 RETURNS boolean
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
        with cancelled as (
            update public.users u set deletes_at = null
            where u.id = current_setting('app.current_user_id')::uuid and u.deletes_at > clock_timestamp()
            returning 1
        )
        select exists (select from cancelled)
    $function$
    -- Keeps the account of the current user; whether its deletion was due.
    grant execute to miyabi_auth

CREATE OR REPLACE FUNCTION app.count_changed_task()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
begin
    perform app.count_task_change(new.organization_id, new.id,
        case when old.deleted_at is null then coalesce(new.deleted_at, now()) else now() end,
        old.status, old.priority, old.deleted_at is not null,
        new.status, new.priority, new.deleted_at is not null);
    return null;
end
$function$
    -- Writes changes of tasks to stats_changes, which no role may write.

CREATE OR REPLACE FUNCTION app.count_new_tasks()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
begin
    -- What the owner writes by hand may be closed or deleted already, and have times.
    insert into public.stats_changes (organization_id, task_id, day, event, was_open_as, is_open_as)
        select n.organization_id, n.id, (c.at at time zone 'UTC')::date, c.event, c.was_open_as, c.is_open_as
        from inserted n
        cross join lateral (values
            (1, n.created_at, 'created', null, n.priority),
            (2, case when n.status not in ('pending', 'in_progress') then greatest(n.created_at, n.completed_at) end,
                case when n.status = 'completed' then 'completed' end, n.priority, null),
            (3, case when n.deleted_at is not null then greatest(n.created_at, n.completed_at, n.deleted_at) end,
                'deleted', app.open_as(n.status, n.priority, false), null)
        ) c (step, at, event, was_open_as, is_open_as)
        where c.at is not null
        order by n.organization_id, n.id, c.step;
    return null;
end
$function$
    -- Writes new tasks to stats_changes, which no role may write.

CREATE OR REPLACE FUNCTION app.count_task_change(p_organization uuid, p_task uuid, p_at timestamp with time zone, p_old_status text, p_old_priority text, p_was_deleted boolean, p_new_status text, p_new_priority text, p_is_deleted boolean)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
declare
    was constant text := app.open_as(p_old_status, p_old_priority, p_was_deleted);
    is_now constant text := app.open_as(p_new_status, p_new_priority, p_is_deleted);
    event constant text := case
        when p_is_deleted and not p_was_deleted then 'deleted'
        when p_was_deleted and not p_is_deleted then 'restored'
        when p_is_deleted then null
        when p_new_status = 'completed' and p_old_status <> 'completed' then 'completed'
        when was is null and is_now is not null then 'reopened'
    end;
begin
    if event is not null or was is distinct from is_now then
        insert into public.stats_changes (organization_id, task_id, day, event, was_open_as, is_open_as)
            values (p_organization, p_task, (p_at at time zone 'UTC')::date, event, was, is_now);
    end if;
end
$function$
    -- Writes what a change of a task means for the statistics. A part of the functions below: no role may execute it.

CREATE OR REPLACE FUNCTION app.create_organization(p_id uuid, p_name text, p_owner uuid)
 RETURNS void
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
begin
    insert into public.organizations (id, name) values (p_id, p_name);
    insert into public.memberships (organization_id, user_id, role) values (p_id, p_owner, 'owner');
end
$function$
    -- An organization with its first owner.
    grant execute to miyabi_auth

CREATE OR REPLACE FUNCTION app.delete_accounts(p_limit integer)
 RETURNS bigint
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
 SET lock_timeout TO '500ms'
AS $function$
declare
    person uuid;
    membership record;
    deleted bigint := 0;
begin
    for person in
        select u.id from public.users u where u.deletes_at <= now() order by u.deletes_at limit p_limit
        for no key update skip locked
    loop
        -- Who became the last owner meanwhile is tried again each day: an organization has an owner.
        if exists (select from app.organizations_without_owner(person) w where not w.is_alone) then
            update public.users u set deletes_at = now() + interval '1 day' where u.id = person;
            continue;
        end if;
        update public.organizations o set deleted_at = now(), version = o.version + 1
            where o.id in (select w.id from app.organizations_without_owner(person) w);
        for membership in
            update public.memberships m set removed_at = now(), version = m.version + 1
                where m.user_id = person and m.removed_at is null
                returning m.organization_id, m.role, m.version
        loop
            insert into public.audit_log (organization_id, id, actor_id, action, target_type, target_id, before, request_id)
                values (membership.organization_id, gen_random_uuid(), person, 'account.delete', 'user', person,
                    jsonb_build_object('role', membership.role), 'schedule');
            with next as (
                update public.outbox_sequences s set last_seq = s.last_seq + 1
                where s.organization_id = membership.organization_id returning s.last_seq
            )
            insert into public.outbox (organization_id, seq, type, ids, versions)
                select membership.organization_id, n.last_seq, 'member.changed', array[person], array[membership.version] from next n;
        end loop;
        delete from public.inbox_signals i where i.user_id = person;
        delete from public.notifications n where n.user_id = person;
        delete from public.task_watchers w where w.user_id = person;
        delete from public.ws_tickets t where t.user_id = person;
        update public.sessions s
            set revoked_at = coalesce(s.revoked_at, now()), revoked_reason = coalesce(s.revoked_reason, 'revoked'),
                user_agent = null, ip_address = null
            where s.user_id = person;
        delete from public.refresh_tokens r where r.session_id in (select s.id from public.sessions s where s.user_id = person);
        insert into public.revoked_tokens as r (kind, id, issued_before, expires_at)
            values ('user', person, clock_timestamp(), clock_timestamp() + interval '20 minutes')
            on conflict (kind, id) do update
                set issued_before = greatest(r.issued_before, excluded.issued_before), expires_at = greatest(r.expires_at, excluded.expires_at);
        -- Whoever signs in with that account at GitHub again is somebody new. The number is nobody's.
        update public.users u
            set login = 'former-member', name = 'Former member', avatar_url = null, email = null,
                github_id = -1 - ('x' || left(replace(gen_random_uuid()::text, '-', ''), 12))::bit(48)::bigint,
                disabled_at = now(), deletes_at = null, updated_at = now()
            where u.id = person;
        deleted := deleted + 1;
    end loop;
    return deleted;
end
$function$
    -- Deletes up to p_limit accounts whose time has come: who they were is forgotten, what they wrote stays as that of a former member.
    grant execute to miyabi_ws_broadcast

CREATE OR REPLACE FUNCTION app.enter(p_user uuid, p_organization uuid, p_session uuid, p_token uuid, p_issued_at timestamp with time zone, p_ask_withdrawn boolean, OUT verdict text, OUT role text, OUT permissions text)
 RETURNS record
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
begin
    if p_ask_withdrawn and app.is_withdrawn(p_user, p_session, p_token, p_issued_at) then
        verdict := 'withdrawn';
        return;
    end if;
    select
            case
                when u.disabled_at is not null then 'withdrawn'
                when m.removed_at is not null or o.deleted_at is not null then 'not_a_member'
                else 'welcome'
            end,
            m.role,
            (select string_agg(p, ',') from jsonb_array_elements_text(r.permissions) p)
        into verdict, enter.role, permissions
        from public.memberships m
        join public.users u on u.id = m.user_id
        join public.organizations o on o.id = m.organization_id
        join public.roles r on r.organization_id = m.organization_id and r.name = m.role
        where m.organization_id = p_organization and m.user_id = p_user;
    if not found then
        verdict := 'not_a_member';
    end if;
end
$function$
    -- Asked when a tenant transaction opens: is this access token still good, and what may its user do in the organization now.
    grant execute to miyabi_activity, miyabi_auth, miyabi_inbox, miyabi_orgs, miyabi_tasks

CREATE OR REPLACE FUNCTION app.enter_api_token(p_token uuid, p_user uuid, p_organization uuid, OUT verdict text, OUT role text, OUT permissions text)
 RETURNS record
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
declare
    granted jsonb;
begin
    select t.permissions into granted from public.api_tokens t
        where t.organization_id = p_organization and t.id = p_token and t.user_id = p_user
            and t.revoked_at is null and t.expires_at > clock_timestamp();
    if not found then
        verdict := 'withdrawn';
        return;
    end if;
    select e.verdict, e.role,
            (select string_agg(p, ',') from unnest(string_to_array(e.permissions, ',')) p where granted ? p)
        into verdict, enter_api_token.role, enter_api_token.permissions
        from app.enter(p_user, p_organization, null, null, null, false) e;
end
$function$
    -- Asked when a tenant transaction opens: is this API token still good, and what may it do in the organization now.
    grant execute to miyabi_activity, miyabi_auth, miyabi_inbox, miyabi_orgs, miyabi_tasks

CREATE OR REPLACE FUNCTION app.find_invitation(p_hash bytea, OUT verdict text, OUT organization uuid, OUT organization_name text, OUT invitation uuid, OUT granted_role text, OUT login text, OUT expires timestamp with time zone)
 RETURNS record
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
declare
    invited uuid := current_setting('app.current_user_id')::uuid;
    made timestamptz;
    is_open boolean;
begin
    select o.id, o.name, i.id, i.role, i.github_login, i.expires_at, i.created_at,
            i.revoked_at is null and i.expires_at > clock_timestamp() and i.uses < i.max_uses
            -- Nobody is let in by somebody who could not let them in now.
            and exists (
                select from public.memberships m
                join public.users u on u.id = m.user_id
                join public.roles r on r.organization_id = m.organization_id and r.name = m.role
                join public.roles granted on granted.organization_id = i.organization_id and granted.name = i.role
                where m.organization_id = i.organization_id and m.user_id = i.invited_by
                    and m.removed_at is null and u.disabled_at is null
                    and r.permissions @> '["members.manage"]' and granted.permissions <@ r.permissions)
        into organization, organization_name, invitation, granted_role, login, expires, made, is_open
        from public.invitations i join public.organizations o on o.id = i.organization_id
        where i.token_hash = p_hash and o.deleted_at is null;
    if not found then
        verdict := 'not_found';
    elsif exists (
        select from public.memberships m
        where m.organization_id = organization and m.user_id = invited and m.removed_at is null
    ) then
        verdict := 'already_member';
    elsif not is_open then
        verdict := 'closed';
    elsif login is not null and lower(login) <> (select lower(u.login) from public.users u where u.id = invited) then
        verdict := 'wrong_account';
    elsif exists (
        select from public.memberships m
        where m.organization_id = organization and m.user_id = invited and m.removed_at >= made
    ) then
        verdict := 'removed';
    elsif not app.has_room_for_membership() then
        verdict := 'no_room';
    else
        verdict := 'open';
    end if;
end
$function$
    -- What the code with this hash is good for now, for the current user. Found by the hash alone: whoever asks has the code.
    grant execute to miyabi_orgs

CREATE OR REPLACE FUNCTION app.find_ws_connection(p_connection_id text, OUT organization uuid, OUT owner uuid, OUT is_entitled boolean)
 RETURNS record
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$select e.organization_id, e.user_id, e.is_entitled from app.ws_entitlements e where e.connection_id = p_connection_id limit 1$function$
    -- Whose a connection is, by the id that the gateway gave it and that no client can choose.
    grant execute to miyabi_ws_connect

CREATE OR REPLACE FUNCTION app.forget_rate_limits(p_limit integer)
 RETURNS bigint
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$with forgotten as (
            delete from public.rate_limits where bucket in (
                select r.bucket from public.rate_limits r where r.full_at < clock_timestamp() limit p_limit for update skip locked)
            returning 1
        )
        select count(*) from forgotten$function$
    -- Deletes buckets that are full, at most p_limit of them: no address is kept longer than its limit needs it.
    grant execute to miyabi_ws_broadcast

CREATE OR REPLACE FUNCTION app.found_organization(p_id uuid, p_name text)
 RETURNS boolean
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
declare
    founder uuid := current_setting('app.current_user_id')::uuid;
begin
    -- Two requests of one person at once must not both take the last place.
    perform from public.users where id = founder for no key update;
    if not app.has_room_for_membership() then
        return false;
    end if;
    perform app.create_organization(p_id, p_name, founder);
    return true;
end
$function$
    -- An organization of the current user; false when they are in 100 already.
    grant execute to miyabi_orgs

CREATE OR REPLACE FUNCTION app.give_built_in_roles()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
begin
    insert into public.roles (organization_id, name, permissions, built_in)
        select new.id, name, permissions, true from public.built_in_roles;
    return new;
end
$function$
    -- An organization without its built-in roles cannot exist.

CREATE OR REPLACE FUNCTION app.give_due_key()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
begin
    new.due_key := coalesce(new.due_at, (new.due_on + 1)::timestamp at time zone 'UTC', 'infinity');
    return new;
end
$function$
    -- A day is over, and its tasks in the order, when it ends in UTC.

CREATE OR REPLACE FUNCTION app.give_task_key()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
begin
    new.task_key := app.task_key_of(new.name);
    return new;
end
$function$
    -- An organization without a key cannot be created.

CREATE OR REPLACE FUNCTION app.give_task_number()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
begin
    insert into public.task_numbers as n (organization_id, last_number) values (new.organization_id, 1)
        on conflict (organization_id) do update set last_number = n.last_number + 1
        returning n.last_number into new.number;
    return new;
end
$function$
    -- Takes the next number of the organization in the statement that inserts the task: what is rolled back leaves no gap.

CREATE OR REPLACE FUNCTION app.give_task_rank()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
begin
    new.rank := app.rank_of_number(new.number);
    return new;
end
$function$
    -- A new task comes last.

CREATE OR REPLACE FUNCTION app.has_room_for_membership()
 RETURNS boolean
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$select count(*) < 100 from public.memberships m join public.organizations o on o.id = m.organization_id
        where m.user_id = current_setting('app.current_user_id')::uuid and m.removed_at is null
            and (o.deleted_at is null or o.deleted_at > now() - interval '30 days')$function$
    -- Whether the current user is in fewer than 100 organizations. A part of the functions beside it: no role may execute it.

CREATE OR REPLACE FUNCTION app.is_punctuation(p_code_point integer)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN (((p_code_point >= 128) AND (p_code_point <= 191)) OR ((p_code_point >= 8192) AND (p_code_point <= 8303)) OR ((p_code_point >= 8400) AND (p_code_point <= 8447)) OR ((p_code_point >= 11776) AND (p_code_point <= 11903)) OR ((p_code_point >= 12288) AND (p_code_point <= 12352)) OR (p_code_point = ANY (ARRAY[12448, 12539, 5760, 1417, 1418, 1470, 1472, 1475, 1478, 1523, 1524, 1548, 1549, 1563, 1748, 2404, 2405, 2416, 4347])) OR ((p_code_point >= 1370) AND (p_code_point <= 1375)) OR ((p_code_point >= 1565) AND (p_code_point <= 1567)) OR ((p_code_point >= 1642) AND (p_code_point <= 1645)) OR ((p_code_point >= 4960) AND (p_code_point <= 4968)) OR ((p_code_point >= 6144) AND (p_code_point <= 6154)) OR ((p_code_point >= 65040) AND (p_code_point <= 65135)) OR ((p_code_point >= 65280) AND (p_code_point <= 65519)))
    -- Whether the character, of those beyond ASCII, separates words in a search.

CREATE OR REPLACE FUNCTION app.is_symbol(p_code_point integer)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN ((p_code_point = ANY (ARRAY[162, 163, 164, 165, 166, 167, 169, 172, 174, 176, 177, 182, 215, 247, 12292, 12306, 12307, 12320, 12342, 12343])) OR ((p_code_point >= 8352) AND (p_code_point <= 8399)) OR ((p_code_point >= 8448) AND (p_code_point <= 11263)) OR ((p_code_point >= 57344) AND (p_code_point <= 63743)) OR ((p_code_point >= 126976) AND (p_code_point <= 129791)))
    -- Whether the character is a word of its own in a search, as each emoji is.

CREATE OR REPLACE FUNCTION app.is_withdrawn(p_user uuid, p_session uuid, p_token uuid, p_issued_at timestamp with time zone)
 RETURNS boolean
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
begin
    return exists (
        select from public.revoked_tokens r
        where (r.kind = 'session' and r.id = p_session)
            or (r.kind = 'token' and r.id = p_token)
            or (r.kind = 'user' and r.id = p_user and r.issued_before >= p_issued_at)
    );
end
$function$
    -- Whether an access token was withdrawn before its time.
    grant execute to miyabi_activity, miyabi_auth, miyabi_inbox, miyabi_orgs, miyabi_tasks

CREATE OR REPLACE FUNCTION app.is_written_in_pairs(p_code_point integer)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN ((((p_code_point >= 12353) AND (p_code_point <= 42191)) AND (p_code_point <> 12448) AND (p_code_point <> 12539)) OR ((p_code_point >= 44032) AND (p_code_point <= 55295)) OR ((p_code_point >= 12293) AND (p_code_point <= 12295)) OR ((p_code_point >= 3585) AND (p_code_point <= 4255)) OR ((p_code_point >= 6016) AND (p_code_point <= 6143)) OR ((p_code_point >= 4352) AND (p_code_point <= 4607)) OR ((p_code_point >= 43360) AND (p_code_point <= 43391)) OR ((p_code_point >= 94176) AND (p_code_point <= 101759)) OR ((p_code_point >= 110576) AND (p_code_point <= 111359)) OR ((p_code_point >= 131072) AND (p_code_point <= 917503)))
    -- Whether the character belongs to a script without spaces, of which a search knows pairs.

CREATE OR REPLACE FUNCTION app.keep_audit_partitions(p_months integer, p_limit integer, OUT made integer, OUT dropped integer, OUT deleted bigint, OUT unexpected boolean)
 RETURNS record
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
 SET lock_timeout TO '500ms'
AS $function$
declare
    -- Of the trail, what is younger is kept.
    oldest constant timestamptz := now() - make_interval(months => p_months);
    this_month constant timestamp := date_trunc('month', now() at time zone 'utc');
    first_ends timestamptz;
    begins timestamptz;
    ends timestamptz;
    name text;
    deleted_first bigint := 0;
begin
    made := 0;
    dropped := 0;
    deleted := 0;
    if p_months < 1 then
        raise exception 'the audit trail must be kept for a month at least, not for %', p_months;
    end if;
    select (regexp_match(pg_get_expr(c.relpartbound, c.oid), 'TO \(''([^'']+)''\)'))[1] into first_ends
        from pg_class c where c.oid = to_regclass('audit.first');
    for n in 0..3 loop
        begins := (this_month + make_interval(months => n)) at time zone 'utc';
        ends := (this_month + make_interval(months => n + 1)) at time zone 'utc';
        name := to_char(begins at time zone 'utc', '"month_"YYYY_MM');
        continue when begins < first_ends or to_regclass('audit.' || name) is not null
            -- Too late for this month: its rows stay where they are, and are deleted there.
            or exists (select from audit.unexpected u where u.created_at >= begins and u.created_at < ends);
        execute format('create table audit.%I (like public.audit_log including all)', name);
        execute format('alter table audit.%I enable row level security', name);
        execute format('alter table public.audit_log attach partition audit.%I for values from (%L) to (%L)', name, begins, ends);
        made := made + 1;
    end loop;
    for name, ends in
        select c.relname, (regexp_match(pg_get_expr(c.relpartbound, c.oid), 'TO \(''([^'']+)''\)'))[1]::timestamptz
        from pg_class c join pg_inherits i on i.inhrelid = c.oid
        where i.inhparent = 'public.audit_log'::regclass and c.relname <> 'unexpected'
    loop
        continue when ends is null or ends > oldest;
        execute format('drop table audit.%I', name);
        dropped := dropped + 1;
    end loop;
    -- These two have rows of several months.
    if to_regclass('audit.first') is not null then
        execute 'delete from audit.first where ctid = any(array(select f.ctid from audit.first f where f.created_at < $1 limit $2))'
            using oldest, p_limit;
        get diagnostics deleted_first = row_count;
    end if;
    delete from audit.unexpected where ctid = any(array(
        select u.ctid from audit.unexpected u where u.created_at < oldest limit p_limit));
    get diagnostics deleted = row_count;
    deleted := deleted + deleted_first;
    unexpected := exists (select from audit.unexpected u where u.created_at > now() - interval '1 hour');
end
$function$
    -- Makes the partitions of the trail for this month and the next three, drops those that are older than p_months, and deletes up to p_limit rows as old in partitions of several months. `unexpected`: rows of the last hour are in the default partition, since nobody made one in time.
    grant execute to miyabi_ws_broadcast

CREATE OR REPLACE FUNCTION app.keep_times_of_work()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
begin
    if tg_op = 'INSERT' then
        -- What the owner writes by hand may have times already.
        new.started_at := coalesce(new.started_at, case when new.status = 'in_progress' then new.created_at end);
        new.completed_at := coalesce(new.completed_at, case when new.status = 'completed' then new.created_at end);
    elsif new.status = 'completed' then
        new.completed_at := now();
    else
        new.completed_at := null;
        if new.status = 'in_progress' then
            new.started_at := now();
        elsif new.status = 'pending' then
            new.started_at := null;
        end if;
    end if;
    return new;
end
$function$
    -- A change of status that sets the times of work: what is reopened has not been completed, and begins again.

CREATE OR REPLACE FUNCTION app.keep_words_of_comment()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
begin
    if new.deleted_at is not null then
        delete from public.task_words w
            where w.organization_id = new.organization_id and w.task_id = new.task_id and w.source_id = new.id;
    elsif tg_op = 'INSERT' or old.deleted_at is not null or new.body is distinct from old.body then
        insert into public.task_words as w (organization_id, task_id, source_id, words)
            values (new.organization_id, new.task_id, new.id, app.words_of_comment(new.organization_id, new.body))
            on conflict (organization_id, task_id, source_id) do update set words = excluded.words;
    end if;
    return null;
end
$function$
    -- Keeps the words of a comment in task_words, which no role may write.

CREATE OR REPLACE FUNCTION app.keep_words_of_task()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
begin
    if new.deleted_at is not null then
        delete from public.task_words w
            where w.organization_id = new.organization_id and w.task_id = new.id and w.source_id = new.id;
    elsif tg_op = 'INSERT' or old.deleted_at is not null
        or (new.title, new.description) is distinct from (old.title, old.description)
    then
        insert into public.task_words as w (organization_id, task_id, source_id, words)
            values (new.organization_id, new.id, new.id, app.words_of_task(new.organization_id, new.title, new.description))
            on conflict (organization_id, task_id, source_id) do update set words = excluded.words;
    end if;
    return null;
end
$function$
    -- Keeps the words of a task in task_words, which no role may write.

CREATE OR REPLACE FUNCTION app.my_data(p_table text, p_after uuid, p_limit integer, OUT key uuid, OUT data jsonb)
 RETURNS SETOF record
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER ROWS 100
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
declare
    person uuid := current_setting('app.current_user_id')::uuid;
begin
    case p_table
    when 'user' then
        return query select u.id, jsonb_build_object('id', u.id, 'github_id', u.github_id, 'login', u.login, 'name', u.name,
                'avatar_url', u.avatar_url, 'email', u.email, 'created_at', u.created_at, 'deletes_at', u.deletes_at)
            from public.users u where u.id = person and (p_after is null or u.id > p_after);
    when 'sessions' then
        return query select s.id, jsonb_build_object('id', s.id, 'user_agent', s.user_agent, 'ip_address', s.ip_address,
                'created_at', s.created_at, 'last_seen_at', s.last_seen_at, 'expires_at', s.expires_at, 'revoked_at', s.revoked_at)
            from public.sessions s where s.user_id = person and (p_after is null or s.id > p_after) order by s.id limit p_limit;
    when 'memberships' then
        return query select m.organization_id, jsonb_build_object('organization_id', m.organization_id, 'organization', o.name,
                'role', m.role, 'created_at', m.created_at, 'removed_at', m.removed_at)
            from public.memberships m join public.organizations o on o.id = m.organization_id
            where m.user_id = person and (p_after is null or m.organization_id > p_after) order by m.organization_id limit p_limit;
    when 'api_tokens' then
        return query select t.id, jsonb_build_object('organization_id', t.organization_id, 'id', t.id, 'name', t.name, 'last_four', t.last_four,
                'permissions', t.permissions, 'created_at', t.created_at, 'expires_at', t.expires_at, 'last_used_at', t.last_used_at, 'revoked_at', t.revoked_at)
            from public.memberships m join public.api_tokens t on t.organization_id = m.organization_id and t.user_id = m.user_id
            where m.user_id = person and (p_after is null or t.id > p_after) order by t.id limit p_limit;
    when 'notifications' then
        return query select n.id, jsonb_build_object('organization_id', n.organization_id, 'id', n.id, 'task_id', n.task_id, 'reasons', n.reasons,
                'created_at', n.created_at, 'updated_at', n.updated_at, 'read_at', n.read_at)
            from public.memberships m join public.notifications n on n.organization_id = m.organization_id and n.user_id = m.user_id
            where m.user_id = person and m.removed_at is null and (p_after is null or n.id > p_after) order by n.id limit p_limit;
    when 'tasks' then
        return query select t.id, jsonb_build_object('organization_id', t.organization_id, 'id', t.id, 'number', t.number, 'title', t.title,
                'description', t.description, 'status', t.status, 'created_at', t.created_at, 'updated_at', t.updated_at)
            from public.memberships m join public.organizations o on o.id = m.organization_id and o.deleted_at is null
            join public.tasks t on t.organization_id = m.organization_id and t.created_by = m.user_id and t.deleted_at is null
            where m.user_id = person and m.removed_at is null and (p_after is null or t.id > p_after) order by t.id limit p_limit;
    when 'task_comments' then
        return query select c.id, jsonb_build_object('organization_id', c.organization_id, 'id', c.id, 'task_id', c.task_id, 'body', c.body,
                'created_at', c.created_at, 'updated_at', c.updated_at)
            from public.memberships m join public.organizations o on o.id = m.organization_id and o.deleted_at is null
            join public.task_comments c on c.organization_id = m.organization_id and c.author_id = m.user_id and c.deleted_at is null
            where m.user_id = person and m.removed_at is null and (p_after is null or c.id > p_after) order by c.id limit p_limit;
    else
        raise exception 'no table % in an export', p_table;
    end case;
end
$function$
    -- A page of what is kept about the current user, and of what they wrote in organizations that they are in, by id.
    grant execute to miyabi_auth

CREATE OR REPLACE FUNCTION app.my_memberships(p_after uuid, p_limit integer, OUT organization_id uuid, OUT name text, OUT role text, OUT joined_at timestamp with time zone, OUT deleted_at timestamp with time zone, OUT restorable_until timestamp with time zone)
 RETURNS SETOF record
 LANGUAGE sql
 STABLE SECURITY DEFINER ROWS 100
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$select o.id, o.name, m.role, m.created_at, o.deleted_at, o.deleted_at + interval '30 days'
        from public.memberships m join public.organizations o on o.id = m.organization_id
        where m.user_id = current_setting('app.current_user_id')::uuid and m.removed_at is null
            and (o.deleted_at is null or o.deleted_at > now() - interval '30 days')
            and (p_after is null or m.organization_id > p_after)
        order by m.organization_id
        limit least(p_limit, 101)$function$
    -- A page of the organizations of the current user by id, also of those that can still be restored.
    grant execute to miyabi_orgs

CREATE OR REPLACE FUNCTION app.my_organizations(OUT id uuid, OUT name text, OUT role text)
 RETURNS SETOF record
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$select o.id, o.name, m.role
        from public.memberships m join public.organizations o on o.id = m.organization_id
        where m.user_id = current_setting('app.current_user_id')::uuid
            and m.removed_at is null and o.deleted_at is null
        order by m.created_at, o.id$function$
    -- The organizations that the current user belongs to now, oldest membership first.
    grant execute to miyabi_activity, miyabi_auth, miyabi_inbox, miyabi_orgs, miyabi_tasks

CREATE OR REPLACE FUNCTION app.open_as(p_status text, p_priority text, p_is_deleted boolean)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN ((p_status = ANY (ARRAY['pending'::text, 'in_progress'::text])) AND (NOT p_is_deleted)) THEN p_priority ELSE NULL::text END
    -- The priority of a task that is open. Null: it is not.

CREATE OR REPLACE FUNCTION app.organizations_to_serve(p_after uuid, p_limit integer, p_expiring_seconds integer)
 RETURNS SETOF uuid
 LANGUAGE sql
 STABLE SECURITY DEFINER ROWS 100
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$with recursive undelivered as (
            (select o.organization_id from public.outbox o where o.delivered_at is null order by o.organization_id limit 1)
            union all
            select (select o.organization_id from public.outbox o
                    where o.delivered_at is null and o.organization_id > u.organization_id order by o.organization_id limit 1)
            from undelivered u where u.organization_id is not null
        ),
        signalled as (
            (select s.organization_id from public.inbox_signals s order by s.organization_id limit 1)
            union all
            select (select s.organization_id from public.inbox_signals s
                    where s.organization_id > u.organization_id order by s.organization_id limit 1)
            from signalled u where u.organization_id is not null
        ),
        found as (
            select u.organization_id from undelivered u where u.organization_id is not null
            union
            select s.organization_id from signalled s where s.organization_id is not null
            union
            select e.organization_id from app.ws_entitlements e
                where not e.is_entitled or e.expires_at <= clock_timestamp() + make_interval(secs => p_expiring_seconds)
            union
            select p.organization_id from public.ws_presence p where p.changed_at > p.sent_at
            union
            select old.organization_id from (
                select o.organization_id from public.outbox o where o.created_at < now() - interval '7 days'
                order by o.created_at limit 1000) old
        )
        select f.organization_id from found f where p_after is null or f.organization_id > p_after
        order by f.organization_id limit p_limit$function$
    -- Organizations with events, signals or presence to send, connections to close or events to forget: ids only, in their order.
    grant execute to miyabi_ws_broadcast

CREATE OR REPLACE FUNCTION app.organizations_without_owner(p_user uuid)
 RETURNS TABLE(id uuid, name text, is_alone boolean)
 LANGUAGE sql
 STABLE SECURITY DEFINER ROWS 10
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
        select o.id, o.name, not exists (
                select from public.memberships other
                where other.organization_id = o.id and other.user_id <> p_user and other.removed_at is null)
        from public.memberships m join public.organizations o on o.id = m.organization_id
        where m.user_id = p_user and m.removed_at is null and m.role = 'owner' and o.deleted_at is null
            and not exists (
                select from public.memberships other join public.users u on u.id = other.user_id
                where other.organization_id = m.organization_id and other.user_id <> p_user
                    and other.role = 'owner' and other.removed_at is null
                    and u.disabled_at is null and u.deletes_at is null)
        order by o.name, o.id
    $function$
    -- Organizations that would have no owner without this user, and whether anybody else is in them. A part of the functions below: no role may execute it.

CREATE OR REPLACE FUNCTION app.purge_comments(p_limit integer)
 RETURNS bigint
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
 SET lock_timeout TO '500ms'
AS $function$with deleted as (
            delete from public.task_comments where (organization_id, id) in (
                select c.organization_id, c.id from public.task_comments c
                where c.deleted_at < now() - interval '30 days'
                order by c.deleted_at limit p_limit for update skip locked)
            returning 1
        )
        select count(*) from deleted$function$
    -- Deletes up to p_limit comments that were deleted 30 days ago; how many.
    grant execute to miyabi_ws_broadcast

CREATE OR REPLACE FUNCTION app.purge_organizations(p_limit integer)
 RETURNS bigint
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
 SET lock_timeout TO '500ms'
AS $function$
declare
    organization uuid;
    holder record;
    other regclass;
    is_referred_to boolean;
    is_left boolean := true;
    deleted bigint;
    total bigint := 0;
begin
    -- Whoever restores it holds this row as well.
    select o.id into organization from public.organizations o
        where o.deleted_at < now() - interval '30 days' order by o.deleted_at limit 1 for update skip locked;
    if not found then
        return 0;
    end if;
    -- Sub-tasks refer to tasks: their batches would depend on each other.
    update public.tasks t set parent_id = null
        where t.organization_id = organization and t.id = any(array(
            select s.id from public.tasks s where s.organization_id = organization and s.parent_id is not null limit p_limit));
    get diagnostics total = row_count;
    while is_left and total < p_limit loop
        is_left := false;
        deleted := 0;
        for holder in select * from app.tables_of_organizations() loop
            is_referred_to := false;
            foreach other in array holder.referring loop
                execute format('select exists (select from %s where organization_id = $1)', other)
                    into is_referred_to using organization;
                exit when is_referred_to;
            end loop;
            if is_referred_to then
                is_left := true;
                continue;
            end if;
            execute format('delete from %s where ctid = any(array(select ctid from %1$s where organization_id = $1 limit $2))', holder.name)
                using organization, p_limit - total;
            get diagnostics deleted = row_count;
            total := total + deleted;
            is_left := is_left or deleted > 0;
            exit when total >= p_limit;
        end loop;
    end loop;
    if total < p_limit then
        update public.sessions s set selected_organization_id = null where s.selected_organization_id = organization;
        delete from public.organizations o where o.id = organization;
        total := total + 1;
    end if;
    return total;
end
$function$
    -- Deletes up to about p_limit rows of an organization that was deleted 30 days ago, and at last the organization; how many. 0: nothing is due.
    grant execute to miyabi_ws_broadcast

CREATE OR REPLACE FUNCTION app.purge_tasks(p_limit integer)
 RETURNS bigint
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
 SET lock_timeout TO '500ms'
AS $function$
declare
    due record;
    reference record;
    deleted bigint := 0;
begin
    -- Without sub-tasks: those were deleted with it or before, and go first. Whoever restores one
    -- updates its row.
    for due in
        select t.organization_id, t.id from public.tasks t
        where t.deleted_at < now() - interval '30 days'
            and not exists (select from public.tasks s where s.organization_id = t.organization_id and s.parent_id = t.id)
        order by t.deleted_at limit p_limit for update skip locked
    loop
        for reference in
            select k.conrelid::regclass as name, a.attname as column_name
            from pg_constraint k join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[2]
            where k.contype = 'f' and k.confrelid = 'public.tasks'::regclass and k.conrelid <> k.confrelid
        loop
            execute format('delete from %s where organization_id = $1 and %I = $2', reference.name, reference.column_name)
                using due.organization_id, due.id;
        end loop;
        delete from public.tasks t where t.organization_id = due.organization_id and t.id = due.id;
        deleted := deleted + 1;
    end loop;
    return deleted;
end
$function$
    -- Deletes up to p_limit tasks that were deleted 30 days ago, with everything that refers to them; how many.
    grant execute to miyabi_ws_broadcast

CREATE OR REPLACE FUNCTION app.rank_of_number(p_number bigint)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE PARALLEL SAFE STRICT
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
declare
    digits constant text := '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
    -- Half of 62^7: there is as much room before the first task as behind the last one.
    left_over bigint := 1760807303104 + p_number;
    rank text := '';
begin
    for i in 1..7 loop
        rank := substr(digits, (left_over % 62)::integer + 1, 1) || rank;
        left_over := left_over / 62;
    end loop;
    return rank;
end
$function$
    -- The place of a task that nobody has moved: seven digits of base 62, in the order of their bytes. handlers/tasks/src/place.rs puts others between and before them.
    grant execute to miyabi_tasks

CREATE OR REPLACE FUNCTION app.request_account_deletion(OUT verdict text, OUT organizations text[], OUT deletion timestamp with time zone)
 RETURNS record
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
declare
    person uuid := current_setting('app.current_user_id')::uuid;
begin
    perform from public.users u where u.id = person for no key update;
    select coalesce(array_agg(w.name), '{}') into organizations
        from app.organizations_without_owner(person) w where not w.is_alone;
    if cardinality(organizations) > 0 then
        verdict := 'last_owner';
        return;
    end if;
    update public.users u set deletes_at = coalesce(u.deletes_at, now() + interval '14 days')
        where u.id = person returning u.deletes_at into deletion;
    verdict := 'requested';
end
$function$
    -- Has the account of the current user deleted in 14 days: requested, or last_owner with the organizations that need another owner first.
    grant execute to miyabi_auth

CREATE OR REPLACE FUNCTION app.restore_organization(p_id uuid)
 RETURNS text
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
declare
    may_restore boolean;
begin
    perform from public.organizations o
        where o.id = p_id and o.deleted_at > now() - interval '30 days' for no key update;
    if not found then
        return 'not_found';
    end if;
    select r.permissions @> '["org.delete"]' into may_restore
        from public.memberships m join public.roles r on r.organization_id = m.organization_id and r.name = m.role
        where m.organization_id = p_id and m.removed_at is null
            and m.user_id = current_setting('app.current_user_id')::uuid;
    if may_restore is null then
        return 'not_found';
    end if;
    if not may_restore then
        return 'missing_permission';
    end if;
    update public.organizations set deleted_at = null, version = version + 1 where id = p_id;
    return 'restored';
end
$function$
    -- Undoes a deletion within 30 days, for a member who may delete: restored, missing_permission or not_found.
    grant execute to miyabi_orgs

CREATE OR REPLACE FUNCTION app.revoke_api_tokens_of_former_member()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
begin
    update public.api_tokens t set revoked_at = now()
        where t.organization_id = new.organization_id and t.user_id = new.user_id and t.revoked_at is null;
    return null;
end
$function$
    -- Somebody who leaves and comes back finds none of their tokens in use.

CREATE OR REPLACE FUNCTION app.search_candidates(p_organization uuid, p_indexed tsquery, p_words tsquery, p_own_text_only boolean)
 RETURNS SETOF uuid
 LANGUAGE plpgsql
 STABLE ROWS 100
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
 SET enable_seqscan TO 'off'
 SET enable_indexscan TO 'off'
AS $function$
begin
    return query execute
        'select w.task_id from public.task_words w
         where w.organization_id = $1 and w.words @@ $2 and (not $3 or w.source_id = w.task_id)'
        -- The operator @@ as a function: compared with the rows that the index gave, and not by the index, which
        -- would take a phrase apart for each of them.
        || case when p_words is null then '' else ' and ts_match_vq(w.words, $4)' end
        using p_organization, p_indexed, p_own_text_only, p_words;
end
$function$
    -- Tasks with these words in their own text or, unless that alone is asked for, in a comment, in no order, some of them several times: rows of the index of words that match a query, or null for all that the index gives. A part of app.search_tasks: no role may execute it.

CREATE OR REPLACE FUNCTION app.search_fold(p_text text)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE PARALLEL SAFE STRICT
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
declare
    -- Compatibility forms expand: U+FDFA is 18 characters.
    longest constant integer := 21000;
    folded text := p_text;
begin
    if octet_length(folded) = length(folded) then
        return lower(folded collate "C");
    end if;
    -- Normalization sorts a run of combining marks in the square of its length, 3 s for 20,000. Unicode's
    -- stream-safe text has at most 30 in a run; a half-width sound mark becomes one, and is one only
    -- after half-width kana. Marks are what is neither letter, digit, punctuation, space nor symbol.
    folded := regexp_replace(folded, '(^|[^ｦ-ﾝ])[ﾞﾟ]+', '\1', 'g');
    folded := regexp_replace(folded collate "und-x-icu",
        '([^[:alnum:][:punct:][:space:]\u0001-\u00FF\u2000-\u20CF\u2100-\u2BFF\u3000-\u3029\u3030-\u3098\u309B-\u33FF'
        '\uE000-\uF8FF\U0001F000-\U0001FAFF\U00020000-\U0003FFFF]{30})'
        '[^[:alnum:][:punct:][:space:]\u0001-\u00FF\u2000-\u20CF\u2100-\u2BFF\u3000-\u3029\u3030-\u3098\u309B-\u33FF'
        '\uE000-\uF8FF\U0001F000-\U0001FAFF\U00020000-\U0003FFFF]+',
        '\1', 'g');
    if length(folded) - length(translate(folded, 'ﷺﷻ', '')) > 100 then
        folded := translate(folded, 'ﷺﷻ', '');
    end if;
    folded := left(normalize(folded, nfkc), longest);
    -- Formats, fillers and variation selectors, as `fold` of handlers/core has them.
    folded := regexp_replace(folded,
        '[\u00AD\u034F\u0600-\u0605\u061C\u06DD\u070F\u0890\u0891\u08E2\u115F\u1160\u17B4\u17B5\u180B-\u180F'
        '\u200B-\u200F\u202A-\u202E\u2060-\u206F\u2800\u3164\uFE00-\uFE0F\uFEFF\uFFA0\uFFF0-\uFFFB'
        '\U000110BD\U000110CD\U00013430-\U0001343F\U0001BCA0-\U0001BCA3\U0001D173-\U0001D17A\U000E0000-\U000E0FFF]',
        '', 'g');
    -- Through capitals: that makes ß ss. Its own capital has none.
    folded := lower(upper(translate(folded, 'ẞ', 'ß') collate "und-x-icu") collate "und-x-icu");
    folded := translate(folded, 'ς', 'σ');
    return left(normalize(folded, nfkc), longest);
end
$function$
    -- A text as it is compared in a search: NFKC, without case and without what is drawn as nothing. At most 21,000 characters.

CREATE OR REPLACE FUNCTION app.search_phrase(p_words text[], p_places integer[])
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE PARALLEL SAFE STRICT
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
declare
    nodes text[] := p_words;
    firsts integer[] := p_places;
    lasts integer[] := p_places;
begin
    while cardinality(nodes) > 1 loop
        select array_agg(
                case when after.node is null then before.node
                    else '(' || before.node || '<' || after.first - before.last || '>' || after.node || ')' end
                order by before.number),
            array_agg(before.first order by before.number),
            array_agg(coalesce(after.last, before.last) order by before.number)
            into nodes, firsts, lasts
            from unnest(nodes, firsts, lasts) with ordinality before (node, first, last, number)
            left join unnest(nodes, firsts, lasts) with ordinality after (node, first, last, number)
                on after.number = before.number + 1
            where before.number % 2 = 1;
    end loop;
    return nodes[1];
end
$function$
    -- Words as far from each other as their places are, as the text of a query. Balanced: a text that lacks the beginning of a phrase is not compared with the rest. A part of app.search_query: no role may execute it.

CREATE OR REPLACE FUNCTION app.search_query(p_query text, OUT wanted tsquery, OUT unwanted tsquery, OUT places tsquery, OUT indexed tsquery, OUT is_exact boolean, OUT unwanted_indexed tsquery)
 RETURNS record
 LANGUAGE plpgsql
 IMMUTABLE PARALLEL SAFE STRICT
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
declare
    -- As in a web search: words, "phrases", -without, or.
    term_pattern constant text := '(-?)(?:"([^"]*)"?|([^\s"]+))';
    part text[];
    words text[];
    word_places integer[];
    terms text[] := '{}';
    signs text[] := '{}';
    -- The distinct words of each term, without their places.
    sets text[] := '{}';
    alternatives text[] := '{}';
    together text[] := '{}';
    together_set text[] := '{}';
    alternative_sets text[] := '{}';
    positive text[] := '{}';
    negative text[] := '{}';
    negative_words text[] := '{}';
    negative_sets text[] := '{}';
    without tsquery;
begin
    is_exact := true;
    for part in select regexp_matches(translate(app.search_fold(left(p_query, 1000)), '“”„', '"""'), term_pattern, 'g') loop
        select array_agg(word.quoted order by word.place), array_agg(word.place order by word.place)
            into words, word_places
            from (
                select t.place,
                    '''' || coalesce(case when octet_length(t.token) = length(t.token) then (ts_lexize('english_stem', t.token))[1] end, t.token)
                        || '''' || case when t.is_prefix then ':*' else '' end as quoted
                from (
                    select s.place, s.token,
                        app.is_written_in_pairs(ascii(s.token)) and length(s.token) = 1 as is_prefix,
                        -- The last character of a run is a part of the pair before.
                        lag(app.is_written_in_pairs(ascii(s.token)) and length(s.token) = 2, 1, false) over (order by s.place) as is_in_pair
                    from app.search_tokens(coalesce(part[2], part[3])) s
                ) t
                where not (t.is_prefix and t.is_in_pair)
            ) word;
        if words is not null then
            terms := terms || app.search_phrase(words, word_places);
            signs := signs || case when part[2] is null and part[3] = 'or' then 'or' else part[1] end;
            sets := sets || array_to_string(array(select distinct unnest(words)), ' & ');
        end if;
    end loop;
    for number in 1 .. cardinality(terms) loop
        if signs[number] = 'or' and number > 1 and number < cardinality(terms) and cardinality(together) > 0 then
            alternatives := alternatives || array_to_string(together, ' & ');
            alternative_sets := alternative_sets || array_to_string(together_set, ' & ');
            together := '{}';
            together_set := '{}';
        elsif signs[number] = '-' then
            if terms[number] <> all (negative) then
                negative := negative || terms[number];
                negative_sets := negative_sets || sets[number];
                -- A text may have the words of a phrase in another order.
                if terms[number] = sets[number] then
                    negative_words := negative_words || terms[number];
                else
                    is_exact := false;
                end if;
            end if;
        elsif terms[number] <> all (together) then
            together := together || terms[number];
            if sets[number] <> all (together_set) then
                together_set := together_set || sets[number];
            end if;
            positive := positive || terms[number];
            is_exact := is_exact and terms[number] = sets[number];
        end if;
    end loop;
    if cardinality(together) > 0 then
        alternatives := alternatives || array_to_string(together, ' & ');
        alternative_sets := alternative_sets || array_to_string(together_set, ' & ');
    end if;
    wanted := nullif(array_to_string(alternatives, ' | '), '')::tsquery;
    unwanted := nullif(array_to_string(negative, ' | '), '')::tsquery;
    places := nullif(array_to_string(positive, ' | '), '')::tsquery;
    indexed := nullif(array_to_string(alternative_sets, ' | '), '')::tsquery;
    unwanted_indexed := nullif(array_to_string(negative_sets, ' | '), '')::tsquery;
    if cardinality(negative_words) > 0 then
        without := !! array_to_string(negative_words, ' | ')::tsquery;
        indexed := coalesce(indexed && without, without);
    end if;
end
$function$
    -- A query in the syntax of a web search: what a text must have, what neither task nor comments may have, any word of it, to say where it was found, and what the index is asked for, with whether that is all.

CREATE OR REPLACE FUNCTION app.search_tasks(p_query text, p_limit integer, p_after_is_open boolean, p_after_created_at timestamp with time zone, p_after_id uuid, p_statuses text[] DEFAULT NULL::text[], p_priorities text[] DEFAULT NULL::text[], p_assignee uuid DEFAULT NULL::uuid, p_unassigned boolean DEFAULT false, p_creator uuid DEFAULT NULL::uuid, p_parent uuid DEFAULT NULL::uuid, p_top_level boolean DEFAULT false, p_label uuid DEFAULT NULL::uuid, p_due_from timestamp with time zone DEFAULT NULL::timestamp with time zone, p_due_before timestamp with time zone DEFAULT NULL::timestamp with time zone, p_created_from timestamp with time zone DEFAULT NULL::timestamp with time zone, p_created_before timestamp with time zone DEFAULT NULL::timestamp with time zone, p_project uuid DEFAULT NULL::uuid, p_no_project boolean DEFAULT false, OUT id uuid, OUT found_in text[])
 RETURNS SETOF record
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER ROWS 100
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
declare
    -- A word that one in twenty of the newest tasks has is frequent: walking along the tasks soon
    -- fills a page. What PostgreSQL knows of a word is its frequency in all organizations together.
    newest constant integer := 200;
    frequent constant integer := 10;
    -- Tasks that are asked for their words one by one, at 2 to 3 us each, before all that have them are
    -- taken from the index.
    walked constant integer := 1000;
    -- Candidates from which on the tasks are compared with a hash of them.
    many constant integer := 5000;
    open_statuses constant text[] := array['pending', 'in_progress'];
    closed_statuses constant text[] := array['completed', 'failed', 'cancelled'];
    organization uuid := current_setting('app.current_org_id')::uuid;
    -- The organization is a word of each row: the index answers for one tenant, not for all.
    tenant tsquery := (quote_literal('organization:' || organization))::tsquery;
    query record := app.search_query(p_query);
    searched tsquery;
    having_words integer;
    candidates uuid[];
    unwanted_ids uuid[];
    found_ids uuid[] := '{}';
    page_ids uuid[];
    missing integer;
    is_walked boolean;
    is_large boolean := false;
    in_walk integer;
    statuses text[];
    -- Conditions that an index of theirs may answer, when they leave few tasks.
    is_narrow boolean := p_unassigned or p_top_level or p_no_project
        or coalesce(p_assignee, p_creator, p_parent, p_label, p_project) is not null
        or coalesce(p_due_from, p_due_before, p_created_from, p_created_before) is not null;
    filters text;
    walk text;
    page text;
begin
    if query.wanted is null and query.unwanted is null then
        return;
    end if;
    searched := tenant;
    if query.wanted is not null then
        searched := searched && query.wanted;
    end if;
    -- Unwanted words of another text of the task are looked for below. Without anything that is wanted,
    -- each task is found by its own text.
    if query.unwanted is not null then
        searched := searched && !! query.unwanted;
    end if;
    select count(*) filter (where exists (
            select from public.task_words w
            where w.organization_id = organization and w.task_id = n.id and w.words @@ searched
                and (query.wanted is not null or w.source_id = w.task_id) offset 0))
        into having_words
        from (
            select t.id from public.tasks t
            where t.organization_id = organization and t.deleted_at is null
            order by t.created_at desc, t.id desc limit newest) n;
    filters := '($4::text[] is null or t.priority = any($4))
           and ($5::uuid is null or t.assignee_id = $5)
           and (not $6::boolean or t.assignee_id is null)
           and ($7::uuid is null or t.created_by = $7)
           and ($8::uuid is null or t.parent_id = $8)
           and (not $9::boolean or t.parent_id is null)
           and ($11::timestamptz is null or t.due_key >= $11 and t.due_key < ''infinity'')
           and ($12::timestamptz is null or t.due_key < $12)
           and ($13::timestamptz is null or t.created_at >= $13)
           and ($14::timestamptz is null or t.created_at < $14)'
        -- Alone it is joined, and may be where the plan begins; behind an `or` it could not.
        || case when p_label is null then '' else
            ' and exists (select from public.task_labels l where l.organization_id = $1 and l.label_id = $10 and l.task_id = t.id)' end
        || case when p_project is null then '' else ' and t.project_id = $20' end
        || case when p_no_project then ' and t.project_id is null' else '' end;
    -- Open tasks, then closed ones, each the newest first.
    for is_open in reverse 1 .. 0 loop
        statuses := case is_open when 1 then open_statuses else closed_statuses end;
        if p_statuses is not null then
            statuses := array(select unnest(statuses) intersect select unnest(p_statuses));
        end if;
        continue when cardinality(statuses) = 0 or p_after_is_open is false and is_open = 1;
        missing := least(p_limit, 1000) - cardinality(found_ids);
        is_walked := candidates is null and having_words >= frequent;
        loop
            if not is_walked and candidates is null then
                candidates := array(
                    select app.search_candidates(organization, coalesce(tenant && query.indexed, tenant),
                        case when not query.is_exact then searched end, query.wanted is null));
                is_large := cardinality(candidates) > many;
                -- Each of a few is asked for unwanted words of its other texts; of many, those that have them are known.
                if is_large and query.unwanted is not null then
                    unwanted_ids := array(
                        select app.search_candidates(organization, tenant && query.unwanted_indexed, query.unwanted, false));
                end if;
            end if;
            walk := 'select t.id, t.created_at from public.tasks t
                where t.organization_id = $1 and t.deleted_at is null and ' || filters
                || case when p_after_is_open = (is_open = 1) then ' and (t.created_at, t.id) < ($15, $16)' else '' end
                || case when is_walked then ''
                    -- The planner reads an array, in 10 ms for 50,000 ids, and finds each by itself. Behind `coalesce` it does
                    -- neither: the tasks are walked and compared with a hash of the ids.
                    when is_large then ' and coalesce(t.id = any($17), false)'
                        || case when query.unwanted is null then '' else ' and not coalesce(t.id = any($21), false)' end
                    else ' and t.id = any($17)' end
                || ' and t.status = STATUS order by t.created_at desc, t.id desc limit '
                || case when is_walked then walked::text when is_large or query.unwanted is null then '$19' else 'all' end;
            -- Few tasks are open: they are walked by their index. The closed ones are most, of an organization
            -- that has many: what is open is passed on the way.
            walk := case when not is_walked and not is_large or is_narrow or is_open = 0 and p_statuses is null
                then replace(walk, 'STATUS', 'any($3)')
                else 'select p.id, p.created_at from unnest($3) s (status) cross join lateral ('
                    || replace(walk, 'STATUS', 's.status') || ') p order by p.created_at desc, p.id desc'
                    || case when is_walked then ' limit ' || walked else '' end
                end;
            -- `offset 0`: asked task by task, not joined, for which the whole index would be read.
            page := 'select f.id, f.created_at from (' || walk || ' offset 0) f where true'
                || case when not is_walked then '' else
                    ' and exists (select from public.task_words w where w.organization_id = $1 and w.task_id = f.id and w.words @@ $2 offset 0)' end
                || case when query.unwanted is null or not is_walked and is_large then '' else
                    ' and not exists (select from public.task_words w where w.organization_id = $1 and w.task_id = f.id and w.words @@ $18 offset 0)' end
                || ' order by f.created_at desc, f.id desc limit $19';
            -- `execute`: planned with the values at hand.
            execute 'select array(select f.id from (' || page || ') f order by f.created_at desc, f.id desc)'
                into page_ids
                using organization, searched, statuses, p_priorities, p_assignee, p_unassigned, p_creator, p_parent, p_top_level,
                    p_label, p_due_from, p_due_before, p_created_from, p_created_before, p_after_created_at, p_after_id,
                    candidates, query.unwanted, missing, p_project, unwanted_ids;
            exit when not is_walked or cardinality(page_ids) >= missing;
            execute 'select count(*) from (' || walk || ') walked'
                into in_walk
                using organization, searched, statuses, p_priorities, p_assignee, p_unassigned, p_creator, p_parent, p_top_level,
                    p_label, p_due_from, p_due_before, p_created_from, p_created_before, p_after_created_at, p_after_id,
                    candidates, query.unwanted, missing, p_project, unwanted_ids;
            -- With fewer than that, all were asked.
            exit when in_walk < walked;
            is_walked := false;
        end loop;
        found_ids := found_ids || page_ids;
        exit when cardinality(found_ids) >= least(p_limit, 1000);
    end loop;
    return query
        select f.id, array_remove(array[
                case when ts_filter(own.words, '{a}') @@ query.places then 'title' end,
                case when ts_filter(own.words, '{b}') @@ query.places then 'description' end,
                case when exists (
                    select from public.task_words w
                    where w.organization_id = organization and w.task_id = f.id and w.source_id <> f.id
                        and w.words @@ query.places offset 0) then 'comment' end
            ], null)
        from unnest(found_ids) with ordinality f (id, place)
        left join public.task_words own
            on own.organization_id = organization and own.task_id = f.id and own.source_id = f.id
        order by f.place;
end
$function$

CREATE OR REPLACE FUNCTION app.search_tasks(p_query text, p_limit integer, p_statuses text[] DEFAULT NULL::text[], p_priorities text[] DEFAULT NULL::text[], p_assignee uuid DEFAULT NULL::uuid, p_unassigned boolean DEFAULT false, p_creator uuid DEFAULT NULL::uuid, p_parent uuid DEFAULT NULL::uuid, p_top_level boolean DEFAULT false, p_label uuid DEFAULT NULL::uuid, p_due_from timestamp with time zone DEFAULT NULL::timestamp with time zone, p_due_before timestamp with time zone DEFAULT NULL::timestamp with time zone, p_created_from timestamp with time zone DEFAULT NULL::timestamp with time zone, p_created_before timestamp with time zone DEFAULT NULL::timestamp with time zone, p_after_created_at timestamp with time zone DEFAULT NULL::timestamp with time zone, p_after_id uuid DEFAULT NULL::uuid, p_project uuid DEFAULT NULL::uuid, p_no_project boolean DEFAULT false)
 RETURNS SETOF uuid
 LANGUAGE sql
 STABLE SECURITY DEFINER ROWS 100
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
    select t.id
    from (
        (select s.id from app.search_tasks(
                p_query, p_limit, p_after_is_open => case when p_after_id is not null then true end,
                p_after_created_at => p_after_created_at, p_after_id => p_after_id,
                p_statuses => array(select unnest(array['pending', 'in_progress']) intersect select unnest(coalesce(p_statuses, array['pending', 'in_progress']))),
                p_priorities => p_priorities, p_assignee => p_assignee, p_unassigned => p_unassigned, p_creator => p_creator,
                p_parent => p_parent, p_top_level => p_top_level, p_label => p_label, p_due_from => p_due_from,
                p_due_before => p_due_before, p_created_from => p_created_from, p_created_before => p_created_before,
                p_project => p_project, p_no_project => p_no_project) s)
        union all
        (select s.id from app.search_tasks(
                p_query, p_limit, p_after_is_open => case when p_after_id is not null then false end,
                p_after_created_at => p_after_created_at, p_after_id => p_after_id,
                p_statuses => array(select unnest(array['completed', 'failed', 'cancelled']) intersect select unnest(coalesce(p_statuses, array['completed', 'failed', 'cancelled']))),
                p_priorities => p_priorities, p_assignee => p_assignee, p_unassigned => p_unassigned, p_creator => p_creator,
                p_parent => p_parent, p_top_level => p_top_level, p_label => p_label, p_due_from => p_due_from,
                p_due_before => p_due_before, p_created_from => p_created_from, p_created_before => p_created_before,
                p_project => p_project, p_no_project => p_no_project) s)
    ) found
    join public.tasks t on t.organization_id = current_setting('app.current_org_id')::uuid and t.id = found.id
    order by t.created_at desc, t.id desc
    limit p_limit
$function$
    -- Tasks of the current organization that have the words of a query in their own text or in one comment, open ones first, each the newest first, and where. The only reader of task_words.
    -- The same for code from before p_after_is_open: ids alone, the newest task first. Goes with a later release.
    grant execute to miyabi_tasks
    grant execute to miyabi_tasks

CREATE OR REPLACE FUNCTION app.search_tokens(p_folded text, OUT place integer, OUT token text)
 RETURNS SETOF record
 LANGUAGE plpgsql
 IMMUTABLE PARALLEL SAFE STRICT ROWS 200
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
declare
    characters text[] := string_to_array(p_folded, null);
    separated text;
begin
    -- One pass over the characters, each beside the next one, makes a text of tokens with spaces between.
    -- A loop over substr() would take the square of the length. Both statements read unnest() alone,
    -- which keeps the order; sorting by it would take a fifth of the time.
    separated := string_agg(
            case
                when n < 128 then case when n between 97 and 122 or n between 48 and 57 then c else ' ' end
                when app.is_written_in_pairs(n)
                    then ' ' || c || case when app.is_written_in_pairs(n_after) then c_after else '' end || ' '
                when app.is_symbol(n) then ' ' || c || ' '
                when app.is_punctuation(n) then ' '
                else c
            end, '')
        from (
            select c, c_after, ascii(c) as n, ascii(c_after) as n_after
            from unnest(characters, characters[2:]) u (c, c_after)
            offset 0) beside;
    return query
        select row_number() over ()::integer, left(word, 100)
        from unnest(string_to_array(separated, ' ')) word
        where word <> '';
end
$function$
    -- The words of a folded text and their places: words of letters and digits, signs, and in writing without spaces each character with the next one.

CREATE OR REPLACE FUNCTION app.search_words(p_text text, p_weight text)
 RETURNS tsvector
 LANGUAGE plpgsql
 IMMUTABLE PARALLEL SAFE STRICT
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
begin
    -- A tsvector has places up to 16,383: they begin again after 15,900, and the first 200 of a round are
    -- behind those of the round before, too, so that phrases are found all through a long text.
    return coalesce(string_agg(
            '''' || token || ''':' || places
                || case when stem <> token then ' ''' || stem || ''':' || places else '' end,
            ' '), '')::tsvector
        from (
            select token,
                (place - 1) % 15900 + 1 || p_weight
                    || case when place > 15900 and (place - 1) % 15900 < 200
                        then ',' || (place - 1) % 15900 + 15901 || p_weight else '' end as places,
                case when octet_length(token) = length(token) then (ts_lexize('english_stem', token))[1] end as stem
            from app.search_tokens(app.search_fold(p_text))
        ) words;
end
$function$
    -- What a search finds a text by: each word as it is and as its stem, both for stop words and for inflected ones.

CREATE OR REPLACE FUNCTION app.start_outbox_sequence()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
begin
    insert into public.outbox_sequences (organization_id) values (new.id);
    return new;
end
$function$
    -- Every organization counts its events from 1.

CREATE OR REPLACE FUNCTION app.tables_of_organizations(OUT name regclass, OUT referring regclass[])
 RETURNS SETOF record
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
        select c.oid::regclass, array(
            select distinct k.conrelid::regclass from pg_constraint k
            where k.contype = 'f' and k.confrelid = c.oid and k.conrelid <> c.oid
                and exists (select from pg_attribute r where r.attrelid = k.conrelid and r.attname = 'organization_id'))
        from pg_class c
        join pg_attribute a on a.attrelid = c.oid and a.attname = 'organization_id'
        where c.relkind = 'r' and c.relnamespace in ('public'::regnamespace, 'audit'::regnamespace)
    $function$
    -- Every table with rows of organizations, from the catalog, so that none can be forgotten, and the tables that refer to it. A part of the functions below: no role may execute it.

CREATE OR REPLACE FUNCTION app.take_requests(p_bucket text, p_wanted integer, p_per_minute integer, p_burst integer, OUT granted integer, OUT retry_after_ms integer)
 RETURNS record
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
declare
    -- What one request takes to flow back, in seconds.
    price double precision := 60.0 / p_per_minute;
    fills_at timestamptz;
    missing double precision;
begin
    loop
        select r.full_at into fills_at from public.rate_limits r where r.bucket = p_bucket for update;
        exit when found;
        insert into public.rate_limits (bucket, full_at) values (p_bucket, clock_timestamp()) on conflict do nothing;
    end loop;
    -- The time after the lock: whoever had it may have been slow.
    missing := greatest(0, extract(epoch from fills_at - clock_timestamp())::double precision) / price;
    granted := greatest(0, least(p_wanted, floor(p_burst - missing)));
    if granted > 0 then
        update public.rate_limits r
            set full_at = clock_timestamp() + make_interval(secs => (missing + granted) * price)
            where r.bucket = p_bucket;
    end if;
    retry_after_ms := greatest(0, ceil(1000 * price * (missing + granted + 1 - p_burst)));
exception when lock_not_available then
    -- A lock that is held for so long is a fault of ours, and no reason to refuse anybody.
    granted := p_wanted;
    retry_after_ms := 0;
end
$function$
    -- Takes up to p_wanted requests from a bucket that holds p_burst and gets p_per_minute, and says in how many milliseconds it has another.
    grant execute to miyabi_activity, miyabi_auth, miyabi_inbox, miyabi_orgs, miyabi_tasks

CREATE OR REPLACE FUNCTION app.take_ws_ticket(p_hash bytea, p_origin text, OUT organization uuid, OUT owner uuid, OUT session uuid, OUT owner_role text, OUT owner_role_version bigint, OUT expires timestamp with time zone)
 RETURNS record
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
declare
    ticket public.ws_tickets;
begin
    -- Whatever comes of it: it is used now.
    delete from public.ws_tickets t where t.token_hash = p_hash returning t.* into ticket;
    if not found or ticket.origin <> p_origin or ticket.expires_at <= clock_timestamp() then
        return;
    end if;
    select m.organization_id, m.user_id, s.id, r.name, r.version, least(ticket.connection_expires_at, s.expires_at)
        into organization, owner, session, owner_role, owner_role_version, expires
        from public.memberships m
        join public.organizations o on o.id = m.organization_id
        join public.users u on u.id = m.user_id
        join public.sessions s on s.id = ticket.session_id and s.user_id = m.user_id
        join public.roles r on r.organization_id = m.organization_id and r.name = m.role
        where m.organization_id = ticket.organization_id and m.user_id = ticket.user_id
            and m.removed_at is null and o.deleted_at is null and u.disabled_at is null
            and s.revoked_at is null and s.expires_at > clock_timestamp()
            and r.permissions @> '["tasks.read"]' and ticket.connection_expires_at > clock_timestamp();
end
$function$
    -- Uses up the ticket with this hash: whose connection it opens, from a page of this origin; nulls when it opens none.
    grant execute to miyabi_ws_connect

CREATE OR REPLACE FUNCTION app.task_key_of(p_name text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
        select case when char_length(letters) >= 2 then letters else 'TASK' end
        from (select left(regexp_replace(upper(p_name collate "C"), '[^A-Z]', '', 'g'), 3)) named (letters)
    $function$
    -- The key of an organization with this name: its first three Latin letters, or TASK.
    grant execute to miyabi_orgs

CREATE OR REPLACE FUNCTION app.upsert_user(p_id uuid, p_github_id bigint, p_login text, p_name text, p_avatar_url text, p_email text, OUT user_id uuid, OUT is_new boolean, OUT is_disabled boolean)
 RETURNS record
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
begin
    insert into public.users as u (id, github_id, login, name, avatar_url, email)
        values (p_id, p_github_id, p_login, p_name, p_avatar_url, p_email)
        on conflict (github_id) do update
            set login = excluded.login, name = excluded.name, avatar_url = excluded.avatar_url,
                email = excluded.email, updated_at = now()
        returning u.id, u.id = p_id, u.disabled_at is not null into user_id, is_new, is_disabled;
end
$function$
    -- Who signed in, by the numeric id at GitHub and by nothing else.
    grant execute to miyabi_auth

CREATE OR REPLACE FUNCTION app.use_api_token(p_hash bytea, OUT token uuid, OUT owner uuid, OUT organization uuid)
 RETURNS record
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
declare
    used timestamptz;
begin
    select t.id, t.user_id, t.organization_id, t.last_used_at into token, owner, organization, used
        from public.api_tokens t
        where t.token_hash = p_hash and t.revoked_at is null and t.expires_at > clock_timestamp();
    if found and (used is null or used < clock_timestamp() - interval '1 minute') then
        -- Whoever has the row writes the same: nobody waits for them.
        perform from public.api_tokens t
            where t.organization_id = organization and t.id = token for no key update skip locked;
        if found then
            update public.api_tokens t set last_used_at = clock_timestamp()
                where t.organization_id = organization and t.id = token;
        end if;
    end if;
end
$function$
    -- Whose token has this hash; nulls when it is not good. Found by the hash alone: whoever asks has the token. Notes the use.
    grant execute to miyabi_activity, miyabi_auth, miyabi_inbox, miyabi_orgs, miyabi_tasks

CREATE OR REPLACE FUNCTION app.why_invitation_is_closed(p_hash bytea)
 RETURNS text
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
        select case
                when i.revoked_at is not null then 'revoked'
                when i.uses >= i.max_uses then 'used_up'
                when i.expires_at <= clock_timestamp() then 'expired'
            end
        from public.invitations i
        join public.organizations o on o.id = i.organization_id
        join public.users u on u.id = current_setting('app.current_user_id')::uuid
        where i.token_hash = p_hash and o.deleted_at is null
            -- The end of a personal invitation is not shown to others.
            and (i.github_login is null or lower(i.github_login) = lower(u.login))
    $function$
    -- Why the code with this hash lets nobody in: revoked, used_up or expired. Null when it was meant for somebody else, and when its author lost the right to invite, which nobody learns.
    grant execute to miyabi_orgs

CREATE OR REPLACE FUNCTION app.withdrawals(OUT kind text, OUT id uuid, OUT issued_before timestamp with time zone, OUT expires_at timestamp with time zone)
 RETURNS SETOF record
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$select r.kind, r.id, r.issued_before, r.expires_at from public.revoked_tokens r where r.expires_at > now()$function$
    -- All that is withdrawn now, to fill an empty cache: ids and times only.
    grant execute to miyabi_activity, miyabi_auth, miyabi_orgs, miyabi_tasks

CREATE OR REPLACE FUNCTION app.words_of_comment(p_organization uuid, p_body text)
 RETURNS tsvector
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN (app.search_words(p_body, 'C'::text) || array_to_tsvector(ARRAY[('organization:'::text || p_organization)]))
    -- The words of a comment in task_words.

CREATE OR REPLACE FUNCTION app.words_of_task(p_organization uuid, p_title text, p_description text)
 RETURNS tsvector
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN ((app.search_words(p_title, 'A'::text) || app.search_words(p_description, 'B'::text)) || array_to_tsvector(ARRAY[('organization:'::text || p_organization)]))
    -- The words of a task in task_words.

CREATE OR REPLACE FUNCTION app.ws_organizations_of_session(p_session uuid)
 RETURNS SETOF uuid
 LANGUAGE sql
 STABLE SECURITY DEFINER ROWS 10
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$select distinct c.organization_id from public.ws_connections c where c.session_id = p_session$function$
    -- The organizations in which a session has connections: ids only, to close them when it ends.
    grant execute to miyabi_auth

CREATE OR REPLACE FUNCTION app.ws_recipients(OUT connection_id text, OUT owner uuid, OUT is_entitled boolean, OUT expires_at timestamp with time zone, OUT presence text, OUT presence_at timestamp with time zone)
 RETURNS SETOF record
 LANGUAGE sql
 STABLE SECURITY DEFINER ROWS 100
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$select e.connection_id, e.user_id, e.is_entitled, e.expires_at, e.presence, e.presence_at
        from app.ws_entitlements e where e.organization_id = current_setting('app.current_org_id')::uuid$function$
    -- The connections of the current organization, and whether each may still be sent anything.
    grant execute to miyabi_ws_broadcast
built-in role admin: ["tasks.read", "tasks.write", "tasks.delete", "tasks.assign", "members.read", "members.manage", "roles.manage", "org.update", "org.export", "audit.read"]
built-in role member: ["tasks.read", "tasks.write", "tasks.delete", "tasks.assign", "members.read"]
built-in role owner: ["tasks.read", "tasks.write", "tasks.delete", "tasks.assign", "members.read", "members.manage", "roles.manage", "org.update", "org.delete", "org.export", "audit.read"]
built-in role viewer: ["tasks.read", "members.read"]
