-- The permission to export an organization, and the deletion of accounts.

set local lock_timeout = '500ms';
set local statement_timeout = '30s';

-- Every role satisfies the check before this one, which allows less, and there are few of them.
-- squawk-ignore ban-drop-constraint, constraint-missing-not-valid
alter table roles drop constraint roles_permissions_known, add constraint roles_permissions_known check (
    permissions <@ '["tasks.read", "tasks.write", "tasks.delete", "tasks.assign", "members.read", "members.manage", "roles.manage", "org.update", "org.delete", "org.export", "audit.read"]'
);
update built_in_roles set permissions = '["tasks.read", "tasks.write", "tasks.delete", "tasks.assign", "members.read", "members.manage", "roles.manage", "org.update", "org.delete", "org.export", "audit.read"]'
    where name = 'owner';
update built_in_roles set permissions = '["tasks.read", "tasks.write", "tasks.delete", "tasks.assign", "members.read", "members.manage", "roles.manage", "org.update", "org.export", "audit.read"]'
    where name = 'admin';
-- Their versions stay: what they may do has not become less, and no connection need end.
update roles r set permissions = b.permissions from built_in_roles b where b.name = r.name and r.built_in and b.name in ('owner', 'admin');

alter table users add column deletes_at timestamptz;
comment on column users.deletes_at is 'When the account is deleted, 14 days after its owner asked for it; null: nobody did.';
grant select (deletes_at) on users to miyabi_auth;

create function app.organizations_without_owner(p_user uuid) returns table (id uuid, name text, is_alone boolean)
    language sql stable security definer rows 10 set search_path = pg_catalog, public, pg_temp
    as $$
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
    $$;
comment on function app.organizations_without_owner is
    'Organizations that would have no owner without this user, and whether anybody else is in them. A part of the functions below: no role may execute it.';

create function app.request_account_deletion(out verdict text, out organizations text[], out deletion timestamptz)
    language plpgsql security definer set search_path = pg_catalog, public, pg_temp
    as $$
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
$$;
comment on function app.request_account_deletion is
    'Has the account of the current user deleted in 14 days: requested, or last_owner with the organizations that need another owner first.';

create function app.cancel_account_deletion() returns boolean
    language sql security definer set search_path = pg_catalog, public, pg_temp
    as $$
        with cancelled as (
            update public.users u set deletes_at = null
            where u.id = current_setting('app.current_user_id')::uuid and u.deletes_at > clock_timestamp()
            returning 1
        )
        select exists (select from cancelled)
    $$;
comment on function app.cancel_account_deletion is 'Keeps the account of the current user; whether its deletion was due.';

create function app.delete_accounts(p_limit integer) returns bigint
    language plpgsql security definer set search_path = pg_catalog, public, pg_temp set lock_timeout = '500ms'
    as $$
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
$$;
comment on function app.delete_accounts is
    'Deletes up to p_limit accounts whose time has come: who they were is forgotten, what they wrote stays as that of a former member.';

create function app.my_data(p_table text, p_after uuid, p_limit integer, out key uuid, out data jsonb) returns setof record
    language plpgsql stable security definer rows 100 set search_path = pg_catalog, public, pg_temp
    as $$
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
$$;
comment on function app.my_data is
    'A page of what is kept about the current user, and of what they wrote in organizations that they are in, by id.';

grant execute on function app.request_account_deletion, app.cancel_account_deletion, app.my_data to miyabi_auth;
grant execute on function app.delete_accounts to miyabi_ws_broadcast;
