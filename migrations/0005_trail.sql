-- What happened: the audit trail, the events to send, and the answers to repeat.

set local lock_timeout = '500ms';
set local statement_timeout = '30s';

create table audit_log (
    organization_id uuid not null references organizations (id),
    id uuid not null,
    actor_id uuid,
    action text not null,
    outcome text not null default 'allowed',
    target_type text not null,
    target_id uuid,
    before jsonb,
    after jsonb,
    request_id text not null,
    created_at timestamptz not null default now(),
    primary key (organization_id, id),
    constraint audit_log_outcome_known check (outcome in ('allowed', 'denied')),
    constraint audit_log_action_shape check (action ~ '^[a-z_]+(\.[a-z_]+)+$')
);
comment on table audit_log is 'Who did what. Append-only: no runtime role may change or remove a row.';
comment on column audit_log.actor_id is
    'The user; null when nobody was signed in. No foreign key: somebody refused for not being a member is no member.';
create index audit_log_created on audit_log (organization_id, created_at desc, id desc);
create index audit_log_actor on audit_log (organization_id, actor_id, created_at desc, id desc);
create index audit_log_target on audit_log (organization_id, target_id, created_at desc, id desc);
create index audit_log_action on audit_log (organization_id, action, created_at desc, id desc);

create table outbox_sequences (
    organization_id uuid primary key references organizations (id),
    last_seq bigint not null default 0
);
comment on table outbox_sequences is
    'The last number given to an event of the organization. Updating it makes the writers of an organization queue, so that numbers are committed in order.';

create table outbox (
    organization_id uuid not null references organizations (id),
    seq bigint not null,
    type text not null,
    ids uuid[] not null,
    created_at timestamptz not null default now(),
    delivered_at timestamptz,
    primary key (organization_id, seq),
    constraint outbox_type_shape check (type ~ '^[a-z_]+\.[a-z_]+$')
);
comment on table outbox is 'Events to send to the sockets of an organization: ids, never data.';
create index outbox_undelivered on outbox (created_at) where delivered_at is null;

create table idempotency_keys (
    organization_id uuid not null references organizations (id),
    user_id uuid not null,
    route text not null,
    key text not null,
    request_hash bytea not null,
    -- squawk-ignore prefer-bigint-over-smallint -- an HTTP status has three digits
    status smallint,
    headers jsonb,
    body jsonb,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null default now() + interval '24 hours',
    primary key (organization_id, user_id, route, key),
    constraint idempotency_keys_key_length check (char_length(key) between 1 and 255),
    constraint idempotency_keys_request_hash_sha256 check (octet_length(request_hash) = 32)
);
comment on table idempotency_keys is 'Answers to requests with an Idempotency-Key, to be given again for 24 hours.';
create index idempotency_keys_expires_at on idempotency_keys (organization_id, expires_at);

create function app.start_outbox_sequence() returns trigger
    language plpgsql security definer set search_path = pg_catalog, public, pg_temp
    as $$
begin
    insert into public.outbox_sequences (organization_id) values (new.id);
    return new;
end
$$;
comment on function app.start_outbox_sequence() is 'Every organization counts its events from 1.';

create trigger organizations_outbox_sequence after insert on organizations
    for each row execute function app.start_outbox_sequence();

alter table audit_log enable row level security;
alter table outbox_sequences enable row level security;
alter table outbox enable row level security;
alter table idempotency_keys enable row level security;

create policy tenant on audit_log to miyabi_activity, miyabi_auth, miyabi_tasks using (organization_id = (select current_setting('app.current_org_id'))::uuid) with check (organization_id = (select current_setting('app.current_org_id'))::uuid);
create policy tenant on outbox_sequences to miyabi_auth, miyabi_tasks using (organization_id = (select current_setting('app.current_org_id'))::uuid) with check (organization_id = (select current_setting('app.current_org_id'))::uuid);
create policy tenant on outbox to miyabi_auth, miyabi_tasks using (organization_id = (select current_setting('app.current_org_id'))::uuid) with check (organization_id = (select current_setting('app.current_org_id'))::uuid);
create policy tenant on idempotency_keys to miyabi_tasks using (organization_id = (select current_setting('app.current_org_id'))::uuid) with check (organization_id = (select current_setting('app.current_org_id'))::uuid);

-- Not granted: update and delete on audit_log and outbox; reading audit_log, except to miyabi_activity.
grant select (organization_id, id, actor_id, action, outcome, target_type, target_id, before, after, request_id, created_at)
    on audit_log to miyabi_activity;
grant insert (organization_id, id, actor_id, action, outcome, target_type, target_id, before, after, request_id)
    on audit_log to miyabi_activity, miyabi_auth, miyabi_tasks;
grant select (organization_id, last_seq), update (last_seq) on outbox_sequences to miyabi_auth, miyabi_tasks;
grant insert (organization_id, seq, type, ids) on outbox to miyabi_auth, miyabi_tasks;
grant select (organization_id, user_id, route, key, request_hash, status, headers, body, created_at, expires_at),
    insert (organization_id, user_id, route, key, request_hash),
    update (request_hash, status, headers, body, created_at, expires_at),
    delete
    on idempotency_keys to miyabi_tasks;
