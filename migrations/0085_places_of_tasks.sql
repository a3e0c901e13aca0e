-- The order that people give their tasks: a key that sorts by its bytes, so that a task is moved by
-- writing its own row alone. A new task comes last: its key is made of its number, without a look at
-- any other task.

set local lock_timeout = '500ms';
set local statement_timeout = '30s';

create function app.rank_of_number(p_number bigint) returns text
    language plpgsql immutable strict parallel safe
    set search_path = pg_catalog, public, pg_temp
    as $$
declare
    digits constant text := '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
    -- Half of 62^7: there is as much room before the first task as behind the last one.
    left_over bigint := 1760807303104 + p_number;
    rank text := '';
begin
    for i in 1..7 loop
        rank := substr(digits, (left_over % 62)::integer + 1, 1) || rank;
        left_over := left_over / 62;
    end loop;
    return rank;
end
$$;
comment on function app.rank_of_number is
    'The place of a task that nobody has moved: seven digits of base 62, in the order of their bytes. handlers/tasks/src/place.rs puts others between and before them.';
grant execute on function app.rank_of_number to miyabi_tasks;

alter table tasks add column rank text collate "C";
comment on column tasks.rank is
    'Place in the order that people made: seven digits of base 62, and more of them where a task was put between two others.';
-- Validated in 0089.
alter table tasks add constraint tasks_rank_shape check (rank ~ '^[0-9A-Za-z]{7,100}$') not valid;
-- Not granted: inserting it, which the trigger does.
grant select (rank), update (rank) on tasks to miyabi_tasks;

create function app.give_task_rank() returns trigger
    language plpgsql
    set search_path = pg_catalog, public, pg_temp
    as $$
begin
    new.rank := app.rank_of_number(new.number);
    return new;
end
$$;
comment on function app.give_task_rank is 'A new task comes last.';
-- By its name it comes after tasks_number, which gives the number.
create trigger tasks_rank before insert on tasks
    for each row when (new.rank is null) execute function app.give_task_rank();
