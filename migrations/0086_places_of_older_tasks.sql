-- no-transaction
-- The places of tasks from before 0085: in the order of their creation, which their numbers have, a
-- thousand in a transaction, so that nobody who changes a task waits long. Killed anywhere, it
-- continues where it was.

do $$
<<backfill>>
declare
    batch constant integer := 1000;
    organization uuid := '00000000-0000-0000-0000-000000000000';
    id uuid := organization;
begin
    loop
        -- Longer than a request may take: whoever changes a row of the batch is waited for.
        perform set_config('lock_timeout', '15s', true);
        with rows_of_batch as materialized (
            select t.organization_id, t.id from public.tasks t
            where (t.organization_id, t.id) > (backfill.organization, backfill.id)
            order by t.organization_id, t.id limit batch for no key update
        ), placed as (
            update public.tasks t set rank = app.rank_of_number(t.number)
            from rows_of_batch r
            where t.organization_id = r.organization_id and t.id = r.id and t.rank is null
        )
        select r.organization_id, r.id into organization, id
            from rows_of_batch r order by r.organization_id desc, r.id desc limit 1;
        exit when not found;
        commit;
    end loop;
    if exists (select from public.tasks t where t.rank is null) then
        raise exception 'tasks without a place are left';
    end if;
end
$$;
