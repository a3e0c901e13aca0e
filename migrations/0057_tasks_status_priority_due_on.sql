-- no-transaction
-- The numbers of tasks, with those that are overdue on a day, from an index alone.

-- squawk-ignore-file ban-concurrent-index-creation-in-transaction -- the first line keeps it out of one
-- squawk-ignore-file require-lock-timeout, require-statement-timeout -- alone in the file; who waits for its lock neither reads nor writes
create index concurrently if not exists tasks_status_priority_due
    on tasks (organization_id, status, priority, created_at, id) include (due_key, due_on, assignee_id) where deleted_at is null;
