-- The inbox: who watches which task, and what each person is to look at.

set local lock_timeout = '500ms';
set local statement_timeout = '30s';

do $$
begin
    begin
        create role miyabi_inbox nologin noinherit nosuperuser nocreatedb nocreaterole nobypassrls;
    exception when duplicate_object or unique_violation then
        null;
    end;
    execute format('grant connect on database %I to miyabi_inbox', current_database());
end
$$;
grant usage on schema public, app to miyabi_inbox;

create table task_watchers (
    organization_id uuid not null references organizations (id),
    task_id uuid not null,
    user_id uuid not null,
    created_at timestamptz not null default now(),
    primary key (organization_id, task_id, user_id),
    constraint task_watchers_task_fkey foreign key (organization_id, task_id) references tasks (organization_id, id),
    constraint task_watchers_user_fkey foreign key (organization_id, user_id) references memberships (organization_id, user_id)
);
comment on table task_watchers is 'Who is notified of a task beside those whom it names: its creator, assignees, commenters, and whoever chose to.';
create index task_watchers_user_id on task_watchers (organization_id, user_id);

create table notifications (
    organization_id uuid not null references organizations (id),
    id uuid not null,
    user_id uuid not null,
    task_id uuid not null,
    reasons text[] not null,
    actor_id uuid not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    read_at timestamptz,
    archived_at timestamptz,
    snoozed_until timestamptz,
    primary key (organization_id, id),
    constraint notifications_user_task_key unique (organization_id, user_id, task_id),
    constraint notifications_reasons_known check (reasons <@ array['assigned', 'mentioned', 'watching'] and cardinality(reasons) between 1 and 3),
    constraint notifications_snoozed_until_bounds check (snoozed_until >= '1970-01-01T00:00:00Z' and snoozed_until < '10000-01-01T00:00:00Z'),
    constraint notifications_task_fkey foreign key (organization_id, task_id) references tasks (organization_id, id),
    constraint notifications_user_fkey foreign key (organization_id, user_id) references memberships (organization_id, user_id),
    constraint notifications_actor_fkey foreign key (organization_id, actor_id) references memberships (organization_id, user_id)
);
comment on table notifications is 'One row for each person and task: what it says is collected until the person has read it.';
comment on column notifications.reasons is 'Why the person is notified; those since they read it last.';
comment on column notifications.actor_id is 'Who did it last.';
comment on column notifications.snoozed_until is 'Not shown before; something new ends it.';
create index notifications_updated on notifications (organization_id, user_id, updated_at desc, id desc);
create index notifications_task_id on notifications (organization_id, task_id);
create index notifications_actor_id on notifications (organization_id, actor_id);

create table inbox_signals (
    organization_id uuid not null references organizations (id),
    id uuid not null default gen_random_uuid(),
    user_id uuid not null,
    primary key (organization_id, id)
);
comment on table inbox_signals is 'People whose inbox changed and whose connections were not told yet. A row goes when they were.';

alter table task_watchers enable row level security;
alter table notifications enable row level security;
alter table inbox_signals enable row level security;

-- The function of the inbox sees the rows of its caller alone; the one of tasks writes to others.
create policy tenant on task_watchers to miyabi_tasks using (organization_id = (select current_setting('app.current_org_id'))::uuid) with check (organization_id = (select current_setting('app.current_org_id'))::uuid);
create policy own on task_watchers to miyabi_inbox using (user_id = (select current_setting('app.current_user_id'))::uuid and organization_id = (select current_setting('app.current_org_id'))::uuid) with check (user_id = (select current_setting('app.current_user_id'))::uuid and organization_id = (select current_setting('app.current_org_id'))::uuid);
create policy tenant on notifications to miyabi_tasks using (organization_id = (select current_setting('app.current_org_id'))::uuid) with check (organization_id = (select current_setting('app.current_org_id'))::uuid);
create policy own on notifications to miyabi_inbox using (user_id = (select current_setting('app.current_user_id'))::uuid and organization_id = (select current_setting('app.current_org_id'))::uuid) with check (user_id = (select current_setting('app.current_user_id'))::uuid and organization_id = (select current_setting('app.current_org_id'))::uuid);
create policy tenant on inbox_signals to miyabi_tasks, miyabi_inbox, miyabi_ws_broadcast using (organization_id = (select current_setting('app.current_org_id'))::uuid) with check (organization_id = (select current_setting('app.current_org_id'))::uuid);
create policy tenant_inbox on tasks to miyabi_inbox using (organization_id = (select current_setting('app.current_org_id'))::uuid) with check (organization_id = (select current_setting('app.current_org_id'))::uuid);
create policy tenant_inbox on memberships to miyabi_inbox using (organization_id = (select current_setting('app.current_org_id'))::uuid) with check (organization_id = (select current_setting('app.current_org_id'))::uuid);
create policy tenant_inbox on users to miyabi_inbox using ((select m.user_id from memberships m where m.user_id = users.id and m.organization_id = (select current_setting('app.current_org_id'))::uuid) is not null) with check ((select m.user_id from memberships m where m.user_id = users.id and m.organization_id = (select current_setting('app.current_org_id'))::uuid) is not null);
create policy tenant_inbox on audit_log to miyabi_inbox using (organization_id = (select current_setting('app.current_org_id'))::uuid) with check (organization_id = (select current_setting('app.current_org_id'))::uuid);
create policy tenant_inbox on refusal_counts to miyabi_inbox using (organization_id = (select current_setting('app.current_org_id'))::uuid) with check (organization_id = (select current_setting('app.current_org_id'))::uuid);

-- Not granted: removing a notification, and whom and what it is about once it is written.
grant select (organization_id, task_id, user_id), insert (organization_id, task_id, user_id) on task_watchers to miyabi_tasks;
grant select (organization_id, task_id, user_id, created_at), insert (organization_id, task_id, user_id), delete on task_watchers to miyabi_inbox;
grant select (organization_id, id, user_id, task_id, reasons, actor_id, updated_at, read_at, archived_at, snoozed_until),
    insert (organization_id, id, user_id, task_id, reasons, actor_id),
    update (reasons, actor_id, updated_at, read_at, archived_at, snoozed_until)
    on notifications to miyabi_tasks;
grant select (organization_id, id, user_id, task_id, reasons, actor_id, created_at, updated_at, read_at, archived_at, snoozed_until),
    update (read_at, archived_at, snoozed_until)
    on notifications to miyabi_inbox;
grant insert (organization_id, user_id) on inbox_signals to miyabi_tasks, miyabi_inbox;
-- update: `for update skip locked` needs it on a column.
grant select (organization_id, id, user_id), update (user_id), delete on inbox_signals to miyabi_ws_broadcast;
grant select (organization_id, id, title, status, deleted_at) on tasks to miyabi_inbox;
grant select (organization_id, user_id) on memberships to miyabi_inbox;
grant select (id, login, name, avatar_url) on users to miyabi_inbox;
grant insert (organization_id, id, actor_id, api_token_id, action, outcome, target_type, target_id, before, after, request_id) on audit_log to miyabi_inbox;
grant select (organization_id, actor_id, hour, lines), insert (organization_id, actor_id, hour, lines), update (lines), delete on refusal_counts to miyabi_inbox;
grant execute on function app.enter, app.is_withdrawn, app.my_organizations, app.use_api_token, app.enter_api_token to miyabi_inbox;

create or replace function app.organizations_to_serve(p_after uuid, p_limit integer, p_expiring_seconds integer) returns setof uuid
    language sql stable security definer rows 100 set search_path = pg_catalog, public, pg_temp
    -- From one organization to the next along the index: a backlog of one costs the list nothing.
    as 'with recursive undelivered as (
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
                select o.organization_id from public.outbox o where o.created_at < now() - interval ''7 days''
                order by o.created_at limit 1000) old
        )
        select f.organization_id from found f where p_after is null or f.organization_id > p_after
        order by f.organization_id limit p_limit';
comment on function app.organizations_to_serve is
    'Organizations with events, signals or presence to send, connections to close or events to forget: ids only, in their order.';
