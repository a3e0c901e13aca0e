-- Daily statistics of each organization. Triggers write what happened to each task; the schedule adds it
-- up by day. A reader takes both, so that the numbers are right whether the schedule ran or not, and what
-- happened before midnight and was committed after it is counted on its day.

set local lock_timeout = '500ms';
set local statement_timeout = '30s';

create table stats_changes (
    organization_id uuid not null references organizations (id),
    task_id uuid not null,
    id bigint generated always as identity,
    day date not null,
    event text,
    was_open_as text,
    is_open_as text,
    primary key (organization_id, task_id, id),
    constraint stats_changes_event_known check (event in ('created', 'completed', 'reopened', 'deleted', 'restored')),
    constraint stats_changes_was_open_as_known check (was_open_as in ('p0', 'p1', 'p2', 'p3')),
    constraint stats_changes_is_open_as_known check (is_open_as in ('p0', 'p1', 'p2', 'p3'))
);
comment on table stats_changes is
    'What happened to tasks and is not in stats_days yet. Written by triggers, emptied by the schedule.';
comment on column stats_changes.task_id is 'No foreign key: what happened to a task stays when it is purged.';
comment on column stats_changes.day is 'The day in UTC.';
comment on column stats_changes.event is 'Null: the task became closed without being completed, or its priority changed.';
comment on column stats_changes.was_open_as is 'The priority that the task had before, as an open one. Null: it was not open.';
comment on column stats_changes.is_open_as is 'The priority that the task has since, as an open one. Null: it is not open.';

create table stats_days (
    organization_id uuid not null references organizations (id),
    day date not null,
    created bigint not null,
    completed bigint not null,
    reopened bigint not null,
    deleted bigint not null,
    restored bigint not null,
    open_p0 bigint not null,
    open_p1 bigint not null,
    open_p2 bigint not null,
    open_p3 bigint not null,
    primary key (organization_id, day)
);
comment on table stats_days is 'What happened to the tasks of an organization on a day in UTC. Days on which nothing happened have no row.';
comment on column stats_days.open_p0 is
    'How many more open tasks of this priority there were at the end of the day than at its beginning. The sum of all days until one is the number of open tasks at its end. The same for the other priorities.';

alter table stats_changes enable row level security;
alter table stats_days enable row level security;
create policy tenant on stats_changes to miyabi_tasks using (organization_id = (select current_setting('app.current_org_id'))::uuid) with check (organization_id = (select current_setting('app.current_org_id'))::uuid);
create policy tenant on stats_days to miyabi_tasks using (organization_id = (select current_setting('app.current_org_id'))::uuid) with check (organization_id = (select current_setting('app.current_org_id'))::uuid);
-- Not granted, to anybody: writing, which triggers and the schedule do.
grant select (organization_id, day, event, was_open_as, is_open_as) on stats_changes to miyabi_tasks;
grant select (organization_id, day, created, completed, reopened, deleted, restored, open_p0, open_p1, open_p2, open_p3)
    on stats_days to miyabi_tasks;

create function app.open_as(p_status text, p_priority text, p_is_deleted boolean) returns text
    language sql immutable parallel safe
    return case when p_status in ('pending', 'in_progress') and not p_is_deleted then p_priority end;
comment on function app.open_as is 'The priority of a task that is open. Null: it is not.';

create function app.count_task_change(
    p_organization uuid, p_task uuid, p_at timestamptz,
    p_old_status text, p_old_priority text, p_was_deleted boolean,
    p_new_status text, p_new_priority text, p_is_deleted boolean
) returns void
    language plpgsql set search_path = pg_catalog, public, pg_temp
    as $$
declare
    was constant text := app.open_as(p_old_status, p_old_priority, p_was_deleted);
    is_now constant text := app.open_as(p_new_status, p_new_priority, p_is_deleted);
    event constant text := case
        when p_is_deleted and not p_was_deleted then 'deleted'
        when p_was_deleted and not p_is_deleted then 'restored'
        when p_is_deleted then null
        when p_new_status = 'completed' and p_old_status <> 'completed' then 'completed'
        when was is null and is_now is not null then 'reopened'
    end;
begin
    if event is not null or was is distinct from is_now then
        insert into public.stats_changes (organization_id, task_id, day, event, was_open_as, is_open_as)
            values (p_organization, p_task, (p_at at time zone 'UTC')::date, event, was, is_now);
    end if;
end
$$;
comment on function app.count_task_change is
    'Writes what a change of a task means for the statistics. A part of the functions below: no role may execute it.';

create function app.count_new_tasks() returns trigger
    language plpgsql security definer set search_path = pg_catalog, public, pg_temp
    as $$
begin
    -- What the owner writes by hand may be closed or deleted already, and have times.
    insert into public.stats_changes (organization_id, task_id, day, event, was_open_as, is_open_as)
        select n.organization_id, n.id, (c.at at time zone 'UTC')::date, c.event, c.was_open_as, c.is_open_as
        from inserted n
        cross join lateral (values
            (1, n.created_at, 'created', null, n.priority),
            (2, case when n.status not in ('pending', 'in_progress') then greatest(n.created_at, n.completed_at) end,
                case when n.status = 'completed' then 'completed' end, n.priority, null),
            (3, case when n.deleted_at is not null then greatest(n.created_at, n.completed_at, n.deleted_at) end,
                'deleted', app.open_as(n.status, n.priority, false), null)
        ) c (step, at, event, was_open_as, is_open_as)
        where c.at is not null
        order by n.organization_id, n.id, c.step;
    return null;
end
$$;
comment on function app.count_new_tasks is 'Writes new tasks to stats_changes, which no role may write.';

create function app.count_changed_task() returns trigger
    language plpgsql security definer set search_path = pg_catalog, public, pg_temp
    as $$
begin
    perform app.count_task_change(new.organization_id, new.id,
        case when old.deleted_at is null then coalesce(new.deleted_at, now()) else now() end,
        old.status, old.priority, old.deleted_at is not null,
        new.status, new.priority, new.deleted_at is not null);
    return null;
end
$$;
comment on function app.count_changed_task is 'Writes changes of tasks to stats_changes, which no role may write.';

create trigger count_new after insert on tasks referencing new table as inserted
    for each statement execute function app.count_new_tasks();
create trigger count_changed after update of status, priority, deleted_at on tasks
    for each row when (
        (old.status, old.priority, old.deleted_at is null) is distinct from (new.status, new.priority, new.deleted_at is null)
    ) execute function app.count_changed_task();

create function app.add_up_stats(p_limit integer) returns bigint
    language sql security definer set search_path = pg_catalog, public, pg_temp set lock_timeout = '500ms'
    as $$
        with taken as (
            delete from public.stats_changes c
            where (c.organization_id, c.task_id, c.id) in (
                select w.organization_id, w.task_id, w.id from public.stats_changes w
                order by w.organization_id, w.task_id, w.id limit p_limit for update skip locked)
            returning c.organization_id, c.day, c.event, c.was_open_as, c.is_open_as
        ), added as (
            insert into public.stats_days as d (organization_id, day, created, completed, reopened, deleted, restored,
                    open_p0, open_p1, open_p2, open_p3)
                select t.organization_id, t.day,
                    count(*) filter (where t.event = 'created'), count(*) filter (where t.event = 'completed'),
                    count(*) filter (where t.event = 'reopened'), count(*) filter (where t.event = 'deleted'),
                    count(*) filter (where t.event = 'restored'),
                    count(*) filter (where t.is_open_as = 'p0') - count(*) filter (where t.was_open_as = 'p0'),
                    count(*) filter (where t.is_open_as = 'p1') - count(*) filter (where t.was_open_as = 'p1'),
                    count(*) filter (where t.is_open_as = 'p2') - count(*) filter (where t.was_open_as = 'p2'),
                    count(*) filter (where t.is_open_as = 'p3') - count(*) filter (where t.was_open_as = 'p3')
                from taken t group by t.organization_id, t.day order by t.organization_id, t.day
            on conflict (organization_id, day) do update set
                created = d.created + excluded.created, completed = d.completed + excluded.completed,
                reopened = d.reopened + excluded.reopened, deleted = d.deleted + excluded.deleted,
                restored = d.restored + excluded.restored,
                open_p0 = d.open_p0 + excluded.open_p0, open_p1 = d.open_p1 + excluded.open_p1,
                open_p2 = d.open_p2 + excluded.open_p2, open_p3 = d.open_p3 + excluded.open_p3
        )
        select count(*) from taken
    $$;
comment on function app.add_up_stats is
    'Adds up to p_limit rows of stats_changes to their days in stats_days, and deletes them; how many. 0: nothing is left.';
grant execute on function app.add_up_stats to miyabi_ws_broadcast;
