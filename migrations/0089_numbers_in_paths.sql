-- Where the id of a task is accepted in a path, its number with the key is, too: what miyabi_activity
-- and miyabi_inbox need to look it up.

set local lock_timeout = '500ms';
set local statement_timeout = '30s';

create policy tenant_inbox on organizations to miyabi_inbox using (id = (select current_setting('app.current_org_id'))::uuid) with check (id = (select current_setting('app.current_org_id'))::uuid);

-- Not granted to miyabi_inbox: the name, and every other column.
grant select (id, task_key) on organizations to miyabi_inbox;
grant select (task_key) on organizations to miyabi_activity;
grant select (number) on tasks to miyabi_inbox;

alter table tasks validate constraint tasks_rank_shape;
