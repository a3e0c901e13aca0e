-- Numbers of tasks, counted in each organization, and the key that stands before them: MIY-12.

set local lock_timeout = '500ms';
set local statement_timeout = '30s';

create table task_numbers (
    organization_id uuid primary key references organizations (id),
    last_number bigint not null,
    last_backfilled bigint not null default 0,
    constraint task_numbers_in_range check (last_number >= last_backfilled and last_backfilled >= 0)
);
comment on table task_numbers is
    'The last number given to a task of the organization. Updating it makes those who create tasks in an organization queue, so that no number is left out.';
comment on column task_numbers.last_backfilled is
    'How far 0052 numbered the tasks from before this table. Goes with a later release.';

alter table task_numbers enable row level security;
create policy tenant on task_numbers to miyabi_tasks using (organization_id = (select current_setting('app.current_org_id'))::uuid) with check (organization_id = (select current_setting('app.current_org_id'))::uuid);
grant select (organization_id, last_number), insert (organization_id, last_number), update (last_number)
    on task_numbers to miyabi_tasks;

alter table tasks add column number bigint;
comment on column tasks.number is 'Counts the tasks of the organization from 1, in the order of their creation. Never changes.';
-- Not granted: writing it, which the trigger of 0051 does.
grant select (number) on tasks to miyabi_tasks;

alter table organizations add column task_key text;
comment on column organizations.task_key is 'Stands before the numbers of tasks, as in MIY-12.';
-- The column is new: no row could fail the check.
-- squawk-ignore constraint-missing-not-valid
alter table organizations add constraint organizations_task_key_shape check (task_key ~ '^[A-Z]{2,5}$');
grant select (task_key) on organizations to miyabi_tasks;
grant select (task_key), update (task_key) on organizations to miyabi_orgs;

create function app.task_key_of(p_name text) returns text
    language sql immutable
    set search_path = pg_catalog, public, pg_temp
    as $$
        select case when char_length(letters) >= 2 then letters else 'TASK' end
        from (select left(regexp_replace(upper(p_name collate "C"), '[^A-Z]', '', 'g'), 3)) named (letters)
    $$;
comment on function app.task_key_of is
    'The key of an organization with this name: its first three Latin letters, or TASK.';
grant execute on function app.task_key_of to miyabi_orgs;

create function app.give_task_key() returns trigger
    language plpgsql
    set search_path = pg_catalog, public, pg_temp
    as $$
begin
    new.task_key := app.task_key_of(new.name);
    return new;
end
$$;
comment on function app.give_task_key is 'An organization without a key cannot be created.';
create trigger organizations_task_key before insert on organizations
    for each row when (new.task_key is null) execute function app.give_task_key();

-- The trigger keeps others from adding organizations until this is committed.
do $$
declare
    expected bigint;
    named bigint;
begin
    select count(*) into expected from organizations where task_key is null;
    update organizations set task_key = app.task_key_of(name) where task_key is null;
    get diagnostics named = row_count;
    if named <> expected then
        raise exception 'named the tasks of % organizations, % had no key', named, expected;
    end if;
end
$$;
