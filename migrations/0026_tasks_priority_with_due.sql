-- no-transaction
-- The order of priorities, with the due date behind it, for the reason of 0018.

-- squawk-ignore-file ban-concurrent-index-creation-in-transaction -- the first line keeps it out of one
-- squawk-ignore-file require-lock-timeout, require-statement-timeout -- alone in the file; who waits for its lock neither reads nor writes
create index concurrently if not exists tasks_priority_due
    on tasks (organization_id, priority, created_at, id, due_key) where deleted_at is null;
