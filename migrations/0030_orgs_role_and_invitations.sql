-- What the function `orgs` works with: its role, versions of what people change, and invitations
-- that can be used more than once or by whoever has the link.

set local lock_timeout = '500ms';
set local statement_timeout = '30s';

do $$
begin
    begin
        create role miyabi_orgs nologin noinherit nosuperuser nocreatedb nocreaterole nobypassrls;
    exception when duplicate_object or unique_violation then
        null;
    end;
    execute format('grant connect on database %I to miyabi_orgs', current_database());
end
$$;
grant usage on schema public, app to miyabi_orgs;

alter table organizations add column version bigint not null default 1;
alter table roles add column version bigint not null default 1;
alter table memberships add column version bigint not null default 1;

-- No code from before this migration reads invitations.
-- squawk-ignore ban-drop-not-null
alter table invitations alter column github_login drop not null;
alter table invitations add column max_uses bigint not null default 1;
alter table invitations add column uses bigint not null default 0;
-- No function may touch invitations before this migration: the table has no row that could fail a check.
-- squawk-ignore constraint-missing-not-valid
alter table invitations add constraint invitations_uses_within_max check (uses between 0 and max_uses);
comment on table invitations is 'Invitations to an organization, by a link with a code. Only the hash of the code is kept.';
comment on column invitations.github_login is 'Who may use it; null: whoever has the link.';
comment on column invitations.accepted_at is 'When it was used last.';

create policy tenant_orgs on organizations to miyabi_orgs using (id = (select current_setting('app.current_org_id'))::uuid) with check (id = (select current_setting('app.current_org_id'))::uuid);
create policy tenant_orgs on roles to miyabi_orgs using (organization_id = (select current_setting('app.current_org_id'))::uuid) with check (organization_id = (select current_setting('app.current_org_id'))::uuid);
create policy tenant_orgs on memberships to miyabi_orgs using (organization_id = (select current_setting('app.current_org_id'))::uuid) with check (organization_id = (select current_setting('app.current_org_id'))::uuid);
create policy tenant_orgs on invitations to miyabi_orgs using (organization_id = (select current_setting('app.current_org_id'))::uuid) with check (organization_id = (select current_setting('app.current_org_id'))::uuid);
-- A scalar subquery and no `exists`, which PostgreSQL answers by hashing all members of an organization
-- that it takes for an average one: 20,081 rows for a page of 101 members.
create policy tenant_orgs on users to miyabi_orgs using ((select m.user_id from memberships m where m.user_id = users.id and m.organization_id = (select current_setting('app.current_org_id'))::uuid) is not null) with check ((select m.user_id from memberships m where m.user_id = users.id and m.organization_id = (select current_setting('app.current_org_id'))::uuid) is not null);
create policy tenant_orgs on audit_log to miyabi_orgs using (organization_id = (select current_setting('app.current_org_id'))::uuid) with check (organization_id = (select current_setting('app.current_org_id'))::uuid);
create policy tenant_orgs on outbox_sequences to miyabi_orgs using (organization_id = (select current_setting('app.current_org_id'))::uuid) with check (organization_id = (select current_setting('app.current_org_id'))::uuid);
create policy tenant_orgs on outbox to miyabi_orgs using (organization_id = (select current_setting('app.current_org_id'))::uuid) with check (organization_id = (select current_setting('app.current_org_id'))::uuid);
create policy tenant_orgs on idempotency_keys to miyabi_orgs using (organization_id = (select current_setting('app.current_org_id'))::uuid) with check (organization_id = (select current_setting('app.current_org_id'))::uuid);
create policy tenant_orgs on refusal_counts to miyabi_orgs using (organization_id = (select current_setting('app.current_org_id'))::uuid) with check (organization_id = (select current_setting('app.current_org_id'))::uuid);

-- Not granted: inserting organizations and memberships, and counting a use of an invitation, which
-- the functions below do; reading invitations.token_hash; built_in of a role; any key.
grant select (id, name, created_at, deleted_at, version), update (name, deleted_at, version) on organizations to miyabi_orgs;
grant select (organization_id, name, permissions, built_in, created_at, version),
    insert (organization_id, name, permissions),
    update (permissions, version),
    delete
    on roles to miyabi_orgs;
grant select (organization_id, user_id, role, created_at, removed_at, version), update (role, removed_at, version) on memberships to miyabi_orgs;
grant select (organization_id, id, role, github_login, invited_by, created_at, expires_at, max_uses, uses, revoked_at),
    insert (organization_id, id, role, github_login, token_hash, invited_by, expires_at, max_uses),
    update (revoked_at),
    delete
    on invitations to miyabi_orgs;
grant select (id, login, name, avatar_url, disabled_at) on users to miyabi_orgs;
grant insert (organization_id, id, actor_id, action, outcome, target_type, target_id, before, after, request_id) on audit_log to miyabi_orgs;
grant select (organization_id, last_seq), update (last_seq) on outbox_sequences to miyabi_orgs;
grant insert (organization_id, seq, type, ids) on outbox to miyabi_orgs;
grant select (organization_id, user_id, route, key, request_hash, status, headers, body, answer, created_at, expires_at),
    insert (organization_id, user_id, route, key, request_hash),
    update (request_hash, status, headers, body, answer, created_at, expires_at),
    delete
    on idempotency_keys to miyabi_orgs;
grant select (organization_id, actor_id, hour, lines), insert (organization_id, actor_id, hour, lines), update (lines), delete
    on refusal_counts to miyabi_orgs;

create function app.my_memberships(
    p_after uuid, p_limit integer,
    out organization_id uuid, out name text, out role text, out joined_at timestamptz,
    out deleted_at timestamptz, out restorable_until timestamptz
) returns setof record
    language sql stable security definer rows 100 set search_path = pg_catalog, public, pg_temp
    as 'select o.id, o.name, m.role, m.created_at, o.deleted_at, o.deleted_at + interval ''30 days''
        from public.memberships m join public.organizations o on o.id = m.organization_id
        where m.user_id = current_setting(''app.current_user_id'')::uuid and m.removed_at is null
            and (o.deleted_at is null or o.deleted_at > now() - interval ''30 days'')
            and (p_after is null or m.organization_id > p_after)
        order by m.organization_id
        limit least(p_limit, 101)';
comment on function app.my_memberships is
    'A page of the organizations of the current user by id, also of those that can still be restored.';

create function app.has_room_for_membership() returns boolean
    language sql stable security definer set search_path = pg_catalog, public, pg_temp
    as 'select count(*) < 100 from public.memberships m join public.organizations o on o.id = m.organization_id
        where m.user_id = current_setting(''app.current_user_id'')::uuid and m.removed_at is null
            and (o.deleted_at is null or o.deleted_at > now() - interval ''30 days'')';
comment on function app.has_room_for_membership is
    'Whether the current user is in fewer than 100 organizations. A part of the functions beside it: no role may execute it.';

create function app.found_organization(p_id uuid, p_name text) returns boolean
    language plpgsql security definer set search_path = pg_catalog, public, pg_temp
    as $$
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
$$;
comment on function app.found_organization is
    'An organization of the current user; false when they are in 100 already.';

create function app.restore_organization(p_id uuid) returns text
    language plpgsql security definer set search_path = pg_catalog, public, pg_temp
    as $$
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
$$;
comment on function app.restore_organization is
    'Undoes a deletion within 30 days, for a member who may delete: restored, missing_permission or not_found.';

create function app.find_invitation(
    p_hash bytea,
    out verdict text, out organization uuid, out organization_name text, out invitation uuid,
    out granted_role text, out login text, out expires timestamptz
)
    language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp
    as $$
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
$$;
comment on function app.find_invitation is
    'What the code with this hash is good for now, for the current user. Found by the hash alone: whoever asks has the code.';

create function app.accept_invitation(
    p_hash bytea,
    out verdict text, out organization uuid, out organization_name text, out invitation uuid,
    out granted_role text, out login text, out expires timestamptz
)
    language plpgsql security definer set search_path = pg_catalog, public, pg_temp
    as $$
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
$$;
comment on function app.accept_invitation is
    'Makes the current user a member by the code with this hash, when app.find_invitation says `open`; counts the use.';

grant execute on function app.is_withdrawn to miyabi_orgs;
grant execute on function app.enter to miyabi_orgs;
grant execute on function app.withdrawals to miyabi_orgs;
grant execute on function app.my_organizations to miyabi_orgs;
grant execute on function app.my_memberships to miyabi_orgs;
grant execute on function app.found_organization to miyabi_orgs;
grant execute on function app.restore_organization to miyabi_orgs;
grant execute on function app.find_invitation to miyabi_orgs;
grant execute on function app.accept_invitation to miyabi_orgs;
