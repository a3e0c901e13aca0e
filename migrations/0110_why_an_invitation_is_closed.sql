-- Why an invitation lets nobody in any more. A function of its own: code that runs already takes any other
-- verdict of app.find_invitation for an unknown code.

set local lock_timeout = '500ms';
set local statement_timeout = '30s';

create function app.why_invitation_is_closed(p_hash bytea) returns text
    language sql stable security definer set search_path = pg_catalog, public, pg_temp
    as $$
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
    $$;
comment on function app.why_invitation_is_closed is
    'Why the code with this hash lets nobody in: revoked, used_up or expired. Null when it was meant for somebody else, and when its author lost the right to invite, which nobody learns.';
grant execute on function app.why_invitation_is_closed to miyabi_orgs;
