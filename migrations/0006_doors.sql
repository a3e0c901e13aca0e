-- The functions that run as the owner: each a narrow door with its own predicate on what it may
-- see, since row-level security does not hold for the owner.

set local lock_timeout = '500ms';
set local statement_timeout = '30s';

create function app.is_withdrawn(p_user uuid, p_session uuid, p_token uuid, p_issued_at timestamptz) returns boolean
    language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp
    as $$
begin
    return exists (
        select from public.revoked_tokens r
        where (r.kind = 'session' and r.id = p_session)
            or (r.kind = 'token' and r.id = p_token)
            or (r.kind = 'user' and r.id = p_user and r.issued_before >= p_issued_at)
    );
end
$$;
comment on function app.is_withdrawn is 'Whether an access token was withdrawn before its time.';

create function app.enter(
    p_user uuid, p_organization uuid, p_session uuid, p_token uuid, p_issued_at timestamptz, p_ask_withdrawn boolean,
    out verdict text, out role text, out permissions text
)
    language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp
    as $$
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
$$;
comment on function app.enter is
    'Asked when a tenant transaction opens: is this access token still good, and what may its user do in the organization now.';

create function app.withdrawals(out kind text, out id uuid, out issued_before timestamptz, out expires_at timestamptz) returns setof record
    language sql stable security definer set search_path = pg_catalog, public, pg_temp
    as 'select r.kind, r.id, r.issued_before, r.expires_at from public.revoked_tokens r where r.expires_at > now()';
comment on function app.withdrawals is 'All that is withdrawn now, to fill an empty cache: ids and times only.';

create function app.my_organizations(out id uuid, out name text, out role text) returns setof record
    language sql stable security definer set search_path = pg_catalog, public, pg_temp
    as 'select o.id, o.name, m.role
        from public.memberships m join public.organizations o on o.id = m.organization_id
        where m.user_id = current_setting(''app.current_user_id'')::uuid
            and m.removed_at is null and o.deleted_at is null
        order by m.created_at, o.id';
comment on function app.my_organizations is 'The organizations that the current user belongs to now, oldest membership first.';

create function app.upsert_user(
    p_id uuid, p_github_id bigint, p_login text, p_name text, p_avatar_url text, p_email text,
    out user_id uuid, out is_new boolean, out is_disabled boolean
)
    language plpgsql security definer set search_path = pg_catalog, public, pg_temp
    as $$
begin
    insert into public.users as u (id, github_id, login, name, avatar_url, email)
        values (p_id, p_github_id, p_login, p_name, p_avatar_url, p_email)
        on conflict (github_id) do update
            set login = excluded.login, name = excluded.name, avatar_url = excluded.avatar_url,
                email = excluded.email, updated_at = now()
        returning u.id, u.id = p_id, u.disabled_at is not null into user_id, is_new, is_disabled;
end
$$;
comment on function app.upsert_user is 'Who signed in, by the numeric id at GitHub and by nothing else.';

create function app.create_organization(p_id uuid, p_name text, p_owner uuid) returns void
    language plpgsql security definer set search_path = pg_catalog, public, pg_temp
    as $$
begin
    insert into public.organizations (id, name) values (p_id, p_name);
    insert into public.memberships (organization_id, user_id, role) values (p_id, p_owner, 'owner');
end
$$;
comment on function app.create_organization is 'An organization with its first owner.';

create function app.search_tasks(
    p_query text, p_limit integer,
    p_statuses text[] default null, p_priorities text[] default null,
    p_assignee uuid default null, p_unassigned boolean default false, p_creator uuid default null,
    p_parent uuid default null, p_top_level boolean default false, p_label uuid default null,
    p_due_from timestamptz default null, p_due_before timestamptz default null,
    p_created_from timestamptz default null, p_created_before timestamptz default null,
    p_after_created_at timestamptz default null, p_after_id uuid default null
) returns setof uuid
    language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp
    as $$
declare
    organization uuid := current_setting('app.current_org_id')::uuid;
    words tsquery := websearch_to_tsquery('english', p_query);
begin
    if numnode(words) = 0 then
        return;
    end if;
    -- The organization is a word of each row: the index answers for one tenant, not for all.
    words := quote_literal('organization:' || organization::text)::tsquery && words;
    -- `execute`: planned with the values at hand. A rare word is found through the index of words,
    -- a frequent one by walking the newest tasks.
    return query execute
        'select t.id from public.tasks t
         where t.organization_id = $1 and t.deleted_at is null and t.search @@ $2
           and ($3::text[] is null or t.status = any($3))
           and ($4::text[] is null or t.priority = any($4))
           and ($5::uuid is null or t.assignee_id = $5)
           and (not $6::boolean or t.assignee_id is null)
           and ($7::uuid is null or t.created_by = $7)
           and ($8::uuid is null or t.parent_id = $8)
           and (not $9::boolean or t.parent_id is null)
           and ($10::uuid is null or exists (
                select from public.task_labels l
                where l.organization_id = $1 and l.label_id = $10 and l.task_id = t.id))
           and ($11::timestamptz is null or t.due_key >= $11 and t.due_at is not null)
           and ($12::timestamptz is null or t.due_key < $12)
           and ($13::timestamptz is null or t.created_at >= $13)
           and ($14::timestamptz is null or t.created_at < $14)
           and ($15::timestamptz is null or (t.created_at, t.id) < ($15, $16::uuid))
         order by t.created_at desc, t.id desc
         limit $17'
        using organization, words, p_statuses, p_priorities, p_assignee, p_unassigned, p_creator, p_parent, p_top_level,
            p_label, p_due_from, p_due_before, p_created_from, p_created_before, p_after_created_at, p_after_id,
            least(p_limit, 1000);
end
$$;
comment on function app.search_tasks is
    'Ids of the newest tasks of the current organization that match, in the syntax of a web search. The only reader of tasks.search.';

grant execute on function app.is_withdrawn to miyabi_activity, miyabi_auth, miyabi_tasks;
grant execute on function app.enter to miyabi_activity, miyabi_auth, miyabi_tasks;
grant execute on function app.withdrawals to miyabi_activity, miyabi_auth, miyabi_tasks;
grant execute on function app.my_organizations to miyabi_activity, miyabi_auth, miyabi_tasks;
grant execute on function app.upsert_user to miyabi_auth;
grant execute on function app.create_organization to miyabi_auth;
grant execute on function app.search_tasks to miyabi_tasks;
