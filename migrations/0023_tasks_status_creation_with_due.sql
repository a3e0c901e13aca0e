-- no-transaction
-- The order of creation in a status, with the due date behind it, for the reason of 0022.

-- squawk-ignore-file ban-concurrent-index-creation-in-transaction -- the first line keeps it out of one
-- squawk-ignore-file require-lock-timeout, require-statement-timeout -- alone in the file; who waits for its lock neither reads nor writes
create index concurrently if not exists tasks_status_created_due
    on tasks (organization_id, status, created_at, id, due_key) where deleted_at is null;
