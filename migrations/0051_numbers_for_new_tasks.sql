-- Each new task gets the next number, also from code that knows nothing of numbers. The numbers of
-- existing tasks are left free for 0052.

set local lock_timeout = '500ms';
set local statement_timeout = '30s';

create function app.give_task_number() returns trigger
    language plpgsql
    set search_path = pg_catalog, public, pg_temp
    as $$
begin
    insert into public.task_numbers as n (organization_id, last_number) values (new.organization_id, 1)
        on conflict (organization_id) do update set last_number = n.last_number + 1
        returning n.last_number into new.number;
    return new;
end
$$;
comment on function app.give_task_number is
    'Takes the next number of the organization in the statement that inserts the task: what is rolled back leaves no gap.';

-- Creating it keeps others from inserting tasks until this is committed: the counts miss none.
create trigger tasks_number before insert on tasks
    for each row when (new.number is null) execute function app.give_task_number();
insert into task_numbers (organization_id, last_number)
    select organization_id, count(*) from tasks group by organization_id;
