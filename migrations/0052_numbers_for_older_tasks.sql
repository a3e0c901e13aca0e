-- no-transaction
-- Numbers the tasks from before 0051 in the order of their creation, a thousand in a transaction, so
-- that nobody who changes a task waits long. Killed anywhere, it continues where it was.

do $$
declare
    batch constant integer := 1000;
    organization uuid;
    backfilled bigint;
    older uuid[];
    chunk uuid[];
    numbered bigint;
begin
    for organization, backfilled in
        select n.organization_id, n.last_backfilled from public.task_numbers n order by n.organization_id
    loop
        older := array(
            select t.id from public.tasks t
            where t.organization_id = organization and t.number is null
            order by t.created_at, t.id);
        while cardinality(older) > 0 loop
            chunk := older[:batch];
            older := older[batch + 1:];
            -- In the order in which changes to several tasks lock them.
            perform from public.tasks t
                where t.organization_id = organization and t.id = any(chunk)
                order by t.id for no key update;
            update public.tasks t set number = backfilled + s.place
                from unnest(chunk) with ordinality s (id, place)
                where t.organization_id = organization and t.id = s.id and t.number is null;
            get diagnostics numbered = row_count;
            if numbered <> cardinality(chunk) then
                raise exception 'numbered % tasks of %, not %', numbered, organization, cardinality(chunk);
            end if;
            backfilled := backfilled + numbered;
            update public.task_numbers n set last_backfilled = backfilled where n.organization_id = organization;
            commit;
        end loop;
    end loop;
    if exists (select from public.tasks t where t.number is null) then
        raise exception 'tasks without a number are left';
    end if;
end
$$;
