-- no-transaction
-- The order by due date in a status, with the time of creation behind it, for the reason of 0018: for
-- a frequent status PostgreSQL takes this order instead of that of all tasks.

-- squawk-ignore-file ban-concurrent-index-creation-in-transaction -- the first line keeps it out of one
-- squawk-ignore-file require-lock-timeout, require-statement-timeout -- alone in the file; who waits for its lock neither reads nor writes
create index concurrently if not exists tasks_status_due_created
    on tasks (organization_id, status, due_key, id, created_at) where deleted_at is null;
