-- Tasks that are due on a day, wherever whoever reads it is, beside those due at an exact time.

set local lock_timeout = '500ms';
set local statement_timeout = '30s';

alter table tasks add column due_on date;
-- Validated in 0058.
alter table tasks
    add constraint tasks_due_once check (due_at is null or due_on is null) not valid,
    add constraint tasks_due_on_bounds check (due_on between '1970-01-01' and '9999-12-31') not valid;
comment on column tasks.due_on is 'Due on this day, until its end; excludes due_at.';
grant select (due_on), insert (due_on), update (due_on) on tasks to miyabi_tasks;

-- The expression of a generated column cannot be changed: from here on a trigger writes the key. No
-- stored key changes, and so no row and no index.
create function app.give_due_key() returns trigger
    language plpgsql
    set search_path = pg_catalog, public, pg_temp
    as $$
begin
    new.due_key := coalesce(new.due_at, (new.due_on + 1)::timestamp at time zone 'UTC', 'infinity');
    return new;
end
$$;
comment on function app.give_due_key is 'A day is over, and its tasks in the order, when it ends in UTC.';
-- squawk-ignore ban-drop-generated-expression -- nobody writes the column, and who reads it sees the same keys
alter table tasks alter column due_key drop expression;
create trigger tasks_due_key before insert or update of due_at, due_on on tasks
    for each row execute function app.give_due_key();

alter table tasks validate constraint tasks_project_fkey;
