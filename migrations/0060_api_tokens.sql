-- Personal API tokens: what somebody's own programs use instead of a session, with less permissions.

set local lock_timeout = '500ms';
set local statement_timeout = '30s';

create table api_tokens (
    organization_id uuid not null references organizations (id),
    id uuid not null,
    user_id uuid not null,
    name text not null,
    token_hash bytea not null,
    last_four text not null,
    permissions jsonb not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    last_used_at timestamptz,
    revoked_at timestamptz,
    primary key (organization_id, id),
    constraint api_tokens_name_length check (char_length(name) <= 100),
    constraint api_tokens_name_not_blank check (btrim(name) <> ''),
    constraint api_tokens_token_hash_sha256 check (octet_length(token_hash) = 32),
    constraint api_tokens_last_four_shape check (last_four ~ '^[0-9A-Za-z]{4}$'),
    constraint api_tokens_permissions_array check (jsonb_typeof(permissions) = 'array'),
    -- Permission::is_for_api_tokens in handlers/catalog: never members, roles or the organization.
    constraint api_tokens_permissions_known check (permissions <@ '["tasks.read", "tasks.write", "tasks.delete", "tasks.assign", "audit.read"]'),
    constraint api_tokens_expires_within_a_year check (expires_at <= created_at + interval '365 days'),
    constraint api_tokens_user_fkey foreign key (organization_id, user_id) references memberships (organization_id, user_id)
);
comment on table api_tokens is 'Personal API tokens. Only the hash of a token is kept.';
comment on column api_tokens.permissions is 'What it may do at most: the role of its user limits it as well, with each request.';
comment on column api_tokens.last_four is 'The last characters of the token, to tell it from others.';
comment on column api_tokens.last_used_at is 'When it was last used, to the minute.';
-- Whoever sends a token does not say of which organization it is.
create index api_tokens_token_hash on api_tokens (token_hash);
create index api_tokens_user_id on api_tokens (organization_id, user_id, id);

alter table api_tokens enable row level security;
create policy tenant on api_tokens to miyabi_auth, miyabi_activity using (organization_id = (select current_setting('app.current_org_id'))::uuid) with check (organization_id = (select current_setting('app.current_org_id'))::uuid);
-- Not granted: reading token_hash, which app.use_api_token compares; last_used_at, which it writes;
-- changing what a token may do or how long it is good; removing a row, which the trail names.
grant select (organization_id, id, user_id, name, last_four, permissions, created_at, expires_at, last_used_at, revoked_at),
    insert (organization_id, id, user_id, name, token_hash, last_four, permissions, expires_at),
    update (revoked_at)
    on api_tokens to miyabi_auth;
grant select (organization_id, id, name, last_four) on api_tokens to miyabi_activity;

alter table audit_log add column api_token_id uuid;
comment on column audit_log.api_token_id is 'The API token that the actor used; null for a session. No foreign key: nothing removes a token.';
grant insert (api_token_id) on audit_log to miyabi_activity, miyabi_auth, miyabi_orgs, miyabi_tasks;
grant select (api_token_id) on audit_log to miyabi_activity;

create function app.use_api_token(p_hash bytea, out token uuid, out owner uuid, out organization uuid)
    language plpgsql security definer set search_path = pg_catalog, public, pg_temp
    as $$
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
$$;
comment on function app.use_api_token is
    'Whose token has this hash; nulls when it is not good. Found by the hash alone: whoever asks has the token. Notes the use.';

create function app.enter_api_token(p_token uuid, p_user uuid, p_organization uuid, out verdict text, out role text, out permissions text)
    language plpgsql stable security definer set search_path = pg_catalog, public, pg_temp
    as $$
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
$$;
comment on function app.enter_api_token is
    'Asked when a tenant transaction opens: is this API token still good, and what may it do in the organization now.';

create function app.revoke_api_tokens_of_former_member() returns trigger
    language plpgsql security definer set search_path = pg_catalog, public, pg_temp
    as $$
begin
    update public.api_tokens t set revoked_at = now()
        where t.organization_id = new.organization_id and t.user_id = new.user_id and t.revoked_at is null;
    return null;
end
$$;
comment on function app.revoke_api_tokens_of_former_member is
    'Somebody who leaves and comes back finds none of their tokens in use.';
create trigger memberships_revoke_api_tokens after update of removed_at on memberships
    for each row when (old.removed_at is null and new.removed_at is not null)
    execute function app.revoke_api_tokens_of_former_member();

grant execute on function app.use_api_token, app.enter_api_token to miyabi_activity, miyabi_auth, miyabi_orgs, miyabi_tasks;
