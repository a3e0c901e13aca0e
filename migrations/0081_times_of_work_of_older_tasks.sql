-- no-transaction
-- The times of work of tasks from before 0080, from the audit trail, in batches, each a transaction. A
-- batch locks its rows against changes before it reads the trail, which then has every change of them;
-- a row that was changed since 0080 keeps what its trigger wrote, since the trail says the same.
-- Killed, it runs again. What the trail does not have stays null.

do $$
<<backfill>>
declare
    batch constant integer := 500;
    organization uuid := '00000000-0000-0000-0000-000000000000';
    id uuid := organization;
    chunk_of uuid;
    chunk uuid[];
    missing bigint;
begin
    loop
        -- Longer than a request may take: whoever changes a row of the batch is waited for.
        perform set_config('lock_timeout', '15s', true);
        select t.organization_id into chunk_of from public.tasks t
            where (t.organization_id, t.id) > (backfill.organization, backfill.id)
            order by t.organization_id, t.id limit 1;
        exit when chunk_of is null;
        chunk := array(
            select t.id from public.tasks t
            where t.organization_id = chunk_of
                and (t.organization_id, t.id) > (backfill.organization, backfill.id)
            order by t.id limit batch for no key update);
        organization := chunk_of;
        id := chunk[cardinality(chunk)];
        update public.tasks t
            set started_at = case when t.status <> 'pending' then coalesce(t.started_at, s.started_at) end,
                completed_at = case when t.status = 'completed' then coalesce(t.completed_at, s.completed_at) end
            from (
                select a.target_id, max(a.created_at) filter (where a.rank = 1 and a.status = 'completed') as completed_at,
                    -- The last beginning, unless the task was pending after it.
                    max(a.created_at) filter (where a.is_of_work = 1 and a.status = 'in_progress') as started_at
                from (
                    select l.target_id, l.created_at, l.after ->> 'status' as status,
                        -- In the order of their ids: the time is that at which a transaction began.
                        row_number() over (partition by l.target_id order by l.id desc) as rank,
                        row_number() over (
                            partition by l.target_id, l.after ->> 'status' in ('pending', 'in_progress') order by l.id desc
                        ) as is_of_work
                    from public.audit_log l
                    where l.organization_id = chunk_of and l.target_id = any(chunk) and l.target_type = 'task'
                        and l.outcome = 'allowed' and l.action in ('task.create', 'task.update')
                        and l.after ->> 'status' is not null
                ) a
                where a.rank = 1 or a.is_of_work = 1
                group by a.target_id
            ) s
            where t.organization_id = chunk_of and t.id = s.target_id
                and (t.status = 'completed' and t.completed_at is null and s.completed_at is not null
                    or t.status <> 'pending' and t.started_at is null and s.started_at is not null);
        commit;
    end loop;
    select count(*) into missing
        from public.tasks t
        where t.status = 'completed' and t.completed_at is null and exists (
            select from public.audit_log l
            where l.organization_id = t.organization_id and l.target_id = t.id and l.target_type = 'task'
                and l.outcome = 'allowed' and l.action in ('task.create', 'task.update')
                and l.after ->> 'status' = 'completed');
    if missing > 0 then
        raise exception '% completed tasks have no time of completion, although the trail has one', missing;
    end if;
end
$$;
