-- When work on a task began and when it was completed, kept by the database, so that rows of old and
-- new code are alike.

set local lock_timeout = '500ms';
set local statement_timeout = '30s';

alter table tasks add column started_at timestamptz, add column completed_at timestamptz;
comment on column tasks.started_at is
    'The last change to in_progress since the task was pending or reopened. Null: work on it has not begun, or nothing is known of it.';
comment on column tasks.completed_at is
    'The change to completed. Null: not completed, or from before the trail that 0081 reads.';
-- Not granted: writing them, which the trigger does.
grant select (started_at, completed_at) on tasks to miyabi_tasks;

create function app.keep_times_of_work() returns trigger
    language plpgsql
    set search_path = pg_catalog, public, pg_temp
    as $$
begin
    if tg_op = 'INSERT' then
        -- What the owner writes by hand may have times already.
        new.started_at := coalesce(new.started_at, case when new.status = 'in_progress' then new.created_at end);
        new.completed_at := coalesce(new.completed_at, case when new.status = 'completed' then new.created_at end);
    elsif new.status = 'completed' then
        new.completed_at := now();
    else
        new.completed_at := null;
        if new.status = 'in_progress' then
            new.started_at := now();
        elsif new.status = 'pending' then
            new.started_at := null;
        end if;
    end if;
    return new;
end
$$;
comment on function app.keep_times_of_work is
    'A change of status that sets the times of work: what is reopened has not been completed, and begins again.';
create trigger tasks_times_of_work before insert on tasks
    for each row execute function app.keep_times_of_work();
create trigger tasks_times_of_change before update of status on tasks
    for each row when (old.status <> new.status) execute function app.keep_times_of_work();
