-- What was deleted 30 days ago goes for good: organizations with everything in them, tasks and comments.

set local lock_timeout = '500ms';
set local statement_timeout = '30s';

create function app.tables_of_organizations(
    out name regclass, out referring regclass[]
) returns setof record
    language sql stable set search_path = pg_catalog, public, pg_temp
    as $$
        select c.oid::regclass, array(
            select distinct k.conrelid::regclass from pg_constraint k
            where k.contype = 'f' and k.confrelid = c.oid and k.conrelid <> c.oid
                and exists (select from pg_attribute r where r.attrelid = k.conrelid and r.attname = 'organization_id'))
        from pg_class c
        join pg_attribute a on a.attrelid = c.oid and a.attname = 'organization_id'
        where c.relkind = 'r' and c.relnamespace in ('public'::regnamespace, 'audit'::regnamespace)
    $$;
comment on function app.tables_of_organizations is
    'Every table with rows of organizations, from the catalog, so that none can be forgotten, and the tables that refer to it. A part of the functions below: no role may execute it.';

create function app.purge_organizations(p_limit integer) returns bigint
    language plpgsql security definer set search_path = pg_catalog, public, pg_temp set lock_timeout = '500ms'
    as $$
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
$$;
comment on function app.purge_organizations is
    'Deletes up to about p_limit rows of an organization that was deleted 30 days ago, and at last the organization; how many. 0: nothing is due.';

create function app.purge_tasks(p_limit integer) returns bigint
    language plpgsql security definer set search_path = pg_catalog, public, pg_temp set lock_timeout = '500ms'
    as $$
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
$$;
comment on function app.purge_tasks is
    'Deletes up to p_limit tasks that were deleted 30 days ago, with everything that refers to them; how many.';

create function app.purge_comments(p_limit integer) returns bigint
    language sql security definer set search_path = pg_catalog, public, pg_temp set lock_timeout = '500ms'
    as 'with deleted as (
            delete from public.task_comments where (organization_id, id) in (
                select c.organization_id, c.id from public.task_comments c
                where c.deleted_at < now() - interval ''30 days''
                order by c.deleted_at limit p_limit for update skip locked)
            returning 1
        )
        select count(*) from deleted';
comment on function app.purge_comments is 'Deletes up to p_limit comments that were deleted 30 days ago; how many.';

grant execute on function app.purge_organizations, app.purge_tasks, app.purge_comments to miyabi_ws_broadcast;
