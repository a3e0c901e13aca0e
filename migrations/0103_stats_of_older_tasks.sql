-- no-transaction
-- What happened to tasks from before 0102, from the tasks and the audit trail, in batches, each a
-- transaction. A batch locks its rows against changes, and writes the whole life of each task again,
-- including what the triggers of 0102 wrote meanwhile. Nobody adds up stats_changes before this release.
-- Killed, it runs again.
--
-- A life is read backwards from the task as it is, so that open tasks add up to those that there are,
-- whatever the trail has lost.

do $$
<<backfill>>
declare
    batch constant integer := 500;
    organization uuid := '00000000-0000-0000-0000-000000000000';
    id uuid := organization;
    chunk_of uuid;
    chunk uuid[];
    task record;
    line record;
    old_status text;
    old_priority text;
    was_deleted boolean;
    has_creation boolean;
    first_change timestamptz;
    wrong bigint;
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
        delete from public.stats_changes c where c.organization_id = chunk_of and c.task_id = any(chunk);
        for task in
            select t.id, t.status, t.priority, t.deleted_at is not null as is_deleted, t.created_at, t.completed_at, t.deleted_at
            from public.tasks t where t.organization_id = chunk_of and t.id = any(chunk)
        loop
            has_creation := false;
            first_change := null;
            for line in
                select l.action, l.created_at, l.before ->> 'status' as status, l.before ->> 'priority' as priority
                from (
                    select a.id, a.action, a.created_at, a.before from public.audit_log a
                    where a.organization_id = chunk_of and a.target_id = task.id and a.target_type = 'task'
                        and a.outcome = 'allowed' and a.action in ('task.create', 'task.update', 'task.delete', 'task.restore')
                    -- Else the trail of the whole organization would be read in the order of its ids.
                    offset 0
                ) l
                -- In the order of their ids: the time is that at which a transaction began.
                order by l.id desc
            loop
                if line.action = 'task.create' then
                    has_creation := true;
                    exit;
                end if;
                old_status := coalesce(line.status, task.status);
                old_priority := coalesce(line.priority, task.priority);
                was_deleted := case line.action when 'task.delete' then false when 'task.restore' then true else task.is_deleted end;
                perform app.count_task_change(chunk_of, task.id, line.created_at, old_status, old_priority, was_deleted,
                    task.status, task.priority, task.is_deleted);
                task.status := old_status;
                task.priority := old_priority;
                task.is_deleted := was_deleted;
                first_change := line.created_at;
            end loop;
            -- Everything is created open, and closed at once when it is created so. What the trail does not have
            -- happened when the task says so, and before what the trail has.
            insert into public.stats_changes (organization_id, task_id, day, event, is_open_as)
                values (chunk_of, task.id, (task.created_at at time zone 'UTC')::date, 'created', task.priority);
            perform app.count_task_change(chunk_of, task.id,
                case when has_creation then task.created_at else least(greatest(task.created_at, task.completed_at), first_change) end,
                'pending', task.priority, false, task.status, task.priority, false);
            perform app.count_task_change(chunk_of, task.id,
                least(greatest(task.created_at, task.deleted_at), first_change),
                task.status, task.priority, false, task.status, task.priority, task.is_deleted);
        end loop;
        commit;
    end loop;
    -- One statement, so that both are of one moment. An organization that is purged loses rows of one table
    -- before those of another.
    select count(*) into wrong
        from (
            select organization_id, sum(count) as open
            from (
                select t.organization_id, count(*) as count from public.tasks t
                    where app.open_as(t.status, t.priority, t.deleted_at is not null) is not null group by 1
                union all
                select c.organization_id, count(c.was_open_as) - count(c.is_open_as) from public.stats_changes c group by 1
            ) counts group by 1
        ) c join public.organizations o on o.id = c.organization_id
        where c.open <> 0 and o.deleted_at is null;
    if wrong > 0 then
        raise exception 'the open tasks of % organizations are not the sum of their changes', wrong;
    end if;
end
$$;
