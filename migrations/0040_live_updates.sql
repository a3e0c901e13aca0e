-- Live updates: roles and tables of the WebSocket API, and versions in the outbox.

set local lock_timeout = '500ms';
set local statement_timeout = '30s';

do $$
declare
    role_name text;
begin
    foreach role_name in array array['miyabi_ws_connect', 'miyabi_ws_broadcast'] loop
        begin
            execute format('create role %I nologin noinherit nosuperuser nocreatedb nocreaterole nobypassrls', role_name);
        exception when duplicate_object or unique_violation then
            null;
        end;
        execute format('grant connect on database %I to %I', current_database(), role_name);
    end loop;
end
$$;
grant usage on schema public, app to miyabi_ws_connect, miyabi_ws_broadcast;

alter table outbox add column versions bigint[] not null default '{}';
comment on column outbox.versions is
    'For each of `ids` the version after the change; null where there is none. Empty in rows of code from before this column.';

create table ws_tickets (
    organization_id uuid not null references organizations (id),
    token_hash bytea not null,
    user_id uuid not null,
    session_id uuid not null references sessions (id),
    origin text not null,
    expires_at timestamptz not null default now() + interval '30 seconds',
    connection_expires_at timestamptz not null,
    primary key (organization_id, token_hash),
    constraint ws_tickets_token_hash_sha256 check (octet_length(token_hash) = 32),
    constraint ws_tickets_origin_length check (char_length(origin) <= 300),
    constraint ws_tickets_user_fkey foreign key (organization_id, user_id) references memberships (organization_id, user_id)
);
comment on table ws_tickets is 'Tickets for one connection each, good for 30 s. A ticket that was used has no row any more.';
comment on column ws_tickets.origin is 'The origin of the page that asked; the connection must name the same one.';
comment on column ws_tickets.connection_expires_at is 'When the access token expires that the ticket was issued for.';
-- Whoever has a ticket does not say of which organization it is.
create index ws_tickets_token_hash on ws_tickets (token_hash);
create index ws_tickets_expires_at on ws_tickets (organization_id, expires_at);

create table ws_connections (
    organization_id uuid not null references organizations (id),
    connection_id text not null,
    user_id uuid not null,
    session_id uuid not null references sessions (id),
    role text not null,
    role_version bigint not null,
    connected_at timestamptz not null default now(),
    expires_at timestamptz not null,
    presence text,
    presence_at timestamptz,
    primary key (organization_id, connection_id),
    constraint ws_connections_connection_id_length check (char_length(connection_id) between 1 and 128),
    constraint ws_connections_presence_shape check (presence ~ '^task:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'),
    constraint ws_connections_user_fkey foreign key (organization_id, user_id) references memberships (organization_id, user_id)
);
comment on table ws_connections is 'Open connections of the WebSocket API, and what each was opened with.';
comment on column ws_connections.connection_id is 'As API Gateway names it.';
comment on column ws_connections.role is 'The role of the user at the time: with another one, or another version of it, the connection is closed.';
comment on column ws_connections.presence is 'What the person looks at, `task:ID`; null: nothing that others are told.';
-- The gateway names a connection without its organization.
create index ws_connections_connection_id on ws_connections (connection_id);
create index ws_connections_user_id on ws_connections (organization_id, user_id);
create index ws_connections_session_id on ws_connections (session_id);
create index ws_connections_expires_at on ws_connections (expires_at);

create table ws_presence (
    organization_id uuid primary key references organizations (id),
    changed_at timestamptz not null default clock_timestamp(),
    sent_at timestamptz not null default 'epoch'
);
comment on table ws_presence is 'When the presence of people in an organization changed, and when its connections were last sent it.';

alter table ws_tickets enable row level security;
alter table ws_connections enable row level security;
alter table ws_presence enable row level security;

create policy tenant on ws_tickets to miyabi_auth using (organization_id = (select current_setting('app.current_org_id'))::uuid) with check (organization_id = (select current_setting('app.current_org_id'))::uuid);
create policy tenant on ws_connections to miyabi_ws_connect, miyabi_ws_broadcast using (organization_id = (select current_setting('app.current_org_id'))::uuid) with check (organization_id = (select current_setting('app.current_org_id'))::uuid);
create policy tenant on ws_presence to miyabi_ws_connect, miyabi_ws_broadcast using (organization_id = (select current_setting('app.current_org_id'))::uuid) with check (organization_id = (select current_setting('app.current_org_id'))::uuid);
create policy tenant_live on outbox to miyabi_ws_broadcast using (organization_id = (select current_setting('app.current_org_id'))::uuid) with check (organization_id = (select current_setting('app.current_org_id'))::uuid);
create policy tenant_live on outbox_sequences to miyabi_ws_connect, miyabi_ws_broadcast using (organization_id = (select current_setting('app.current_org_id'))::uuid) with check (organization_id = (select current_setting('app.current_org_id'))::uuid);

-- Not granted: reading ws_tickets.token_hash, and tickets at all to miyabi_ws_connect, which has
-- app.take_ws_ticket; any key; sessions and memberships, which app.ws_recipients reads.
grant select (organization_id, expires_at), insert (organization_id, token_hash, user_id, session_id, origin, connection_expires_at), delete
    on ws_tickets to miyabi_auth;
grant select (organization_id, connection_id, user_id, connected_at, expires_at, presence, presence_at),
    insert (organization_id, connection_id, user_id, session_id, role, role_version, expires_at),
    update (presence, presence_at),
    delete
    on ws_connections to miyabi_ws_connect;
grant select (organization_id, connection_id, user_id, connected_at, expires_at, presence, presence_at), delete
    on ws_connections to miyabi_ws_broadcast;
grant select (organization_id, changed_at, sent_at), insert (organization_id), update (changed_at)
    on ws_presence to miyabi_ws_connect;
grant select (organization_id, changed_at, sent_at), update (sent_at)
    on ws_presence to miyabi_ws_broadcast;
grant insert (versions) on outbox to miyabi_auth, miyabi_orgs, miyabi_tasks;
grant select (organization_id, seq, type, ids, versions) on outbox to miyabi_tasks;
grant select (organization_id, seq, type, ids, versions, created_at, delivered_at), update (delivered_at), delete
    on outbox to miyabi_ws_broadcast;
grant select (organization_id, last_seq) on outbox_sequences to miyabi_ws_connect, miyabi_ws_broadcast;

-- Beside the connections, whether each may still be sent anything. One definition for the functions
-- below, which run as the owner; no role is granted it.
create view app.ws_entitlements with (security_invoker = true) as
    select c.organization_id, c.connection_id, c.user_id, c.expires_at, c.presence, c.presence_at,
        coalesce(
            c.expires_at > clock_timestamp()
            and s.revoked_at is null and s.expires_at > clock_timestamp()
            and u.disabled_at is null and o.deleted_at is null and m.removed_at is null
            and m.role = c.role and r.version = c.role_version and r.permissions @> '["tasks.read"]',
            false) as is_entitled
    from public.ws_connections c
    left join public.sessions s on s.id = c.session_id and s.user_id = c.user_id
    left join public.users u on u.id = c.user_id
    left join public.organizations o on o.id = c.organization_id
    left join public.memberships m on m.organization_id = c.organization_id and m.user_id = c.user_id
    left join public.roles r on r.organization_id = m.organization_id and r.name = m.role;
comment on view app.ws_entitlements is
    'Which connections may still be sent events: session, membership, role and organization are as they were when it was opened.';

create function app.take_ws_ticket(
    p_hash bytea, p_origin text,
    out organization uuid, out owner uuid, out session uuid, out owner_role text, out owner_role_version bigint, out expires timestamptz
)
    language plpgsql security definer set search_path = pg_catalog, public, pg_temp
    as $$
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
$$;
comment on function app.take_ws_ticket is
    'Uses up the ticket with this hash: whose connection it opens, from a page of this origin; nulls when it opens none.';

create function app.find_ws_connection(p_connection_id text, out organization uuid, out owner uuid, out is_entitled boolean)
    language sql stable security definer set search_path = pg_catalog, public, pg_temp
    as 'select e.organization_id, e.user_id, e.is_entitled from app.ws_entitlements e where e.connection_id = p_connection_id limit 1';
comment on function app.find_ws_connection is
    'Whose a connection is, by the id that the gateway gave it and that no client can choose.';

create function app.ws_recipients(
    out connection_id text, out owner uuid, out is_entitled boolean, out expires_at timestamptz, out presence text, out presence_at timestamptz
) returns setof record
    language sql stable security definer rows 100 set search_path = pg_catalog, public, pg_temp
    as 'select e.connection_id, e.user_id, e.is_entitled, e.expires_at, e.presence, e.presence_at
        from app.ws_entitlements e where e.organization_id = current_setting(''app.current_org_id'')::uuid';
comment on function app.ws_recipients is 'The connections of the current organization, and whether each may still be sent anything.';

create function app.ws_organizations_of_session(p_session uuid) returns setof uuid
    language sql stable security definer rows 10 set search_path = pg_catalog, public, pg_temp
    as 'select distinct c.organization_id from public.ws_connections c where c.session_id = p_session';
comment on function app.ws_organizations_of_session is 'The organizations in which a session has connections: ids only, to close them when it ends.';

create function app.organizations_to_serve(p_after uuid, p_limit integer, p_expiring_seconds integer) returns setof uuid
    language sql stable security definer rows 100 set search_path = pg_catalog, public, pg_temp
    -- From one organization to the next along the index: a backlog of one costs the list nothing.
    as 'with recursive undelivered as (
            (select o.organization_id from public.outbox o where o.delivered_at is null order by o.organization_id limit 1)
            union all
            select (select o.organization_id from public.outbox o
                    where o.delivered_at is null and o.organization_id > u.organization_id order by o.organization_id limit 1)
            from undelivered u where u.organization_id is not null
        ),
        found as (
            select u.organization_id from undelivered u where u.organization_id is not null
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
    'Organizations with events or presence to send, connections to close or events to forget: ids only, in their order.';

grant execute on function app.ws_organizations_of_session to miyabi_auth;
grant execute on function app.take_ws_ticket to miyabi_ws_connect;
grant execute on function app.find_ws_connection to miyabi_ws_connect;
grant execute on function app.ws_recipients to miyabi_ws_broadcast;
grant execute on function app.organizations_to_serve to miyabi_ws_broadcast;
