-- What miyabi_activity needs to show what was done to a task: whether the organization has it, and
-- which comments are on it. It reads no text of either.

set local lock_timeout = '500ms';
set local statement_timeout = '30s';

create policy tenant_activity on tasks to miyabi_activity using (organization_id = (select current_setting('app.current_org_id'))::uuid) with check (organization_id = (select current_setting('app.current_org_id'))::uuid);
create policy tenant_activity on task_comments to miyabi_activity using (organization_id = (select current_setting('app.current_org_id'))::uuid) with check (organization_id = (select current_setting('app.current_org_id'))::uuid);

-- Not granted: every other column, and any change.
grant select (organization_id, id, number) on tasks to miyabi_activity;
grant select (organization_id, id, task_id) on task_comments to miyabi_activity;
