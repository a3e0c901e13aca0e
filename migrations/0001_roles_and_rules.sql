-- The runtime roles, and who may do nothing by default.
--
-- One role a function; its name is in handlers/catalog. None may log in yet: `migrate` lets them,
-- by password or by IAM, as the stage says. Roles belong to the whole server, so they may exist.

set local lock_timeout = '500ms';
set local statement_timeout = '30s';

do $$
declare
    role_name text;
begin
    foreach role_name in array array['miyabi_activity', 'miyabi_auth', 'miyabi_tasks'] loop
        begin
            execute format('create role %I nologin noinherit nosuperuser nocreatedb nocreaterole nobypassrls', role_name);
        exception when duplicate_object or unique_violation then
            null;
        end;
    end loop;
    -- By default everybody may connect, and make temporary tables.
    execute format('revoke all on database %I from public', current_database());
    execute format('grant connect on database %I to miyabi_activity, miyabi_auth, miyabi_tasks', current_database());
end
$$;

revoke all on schema public from public;
grant usage on schema public to miyabi_activity, miyabi_auth, miyabi_tasks;

create schema app;
comment on schema app is 'Functions that runtime roles may call. Tables live in public.';
revoke all on schema app from public;
grant usage on schema app to miyabi_activity, miyabi_auth, miyabi_tasks;

-- A function is for everybody unless said otherwise; here it is for nobody unless said otherwise.
alter default privileges revoke execute on functions from public;
