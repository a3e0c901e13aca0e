-- no-transaction
-- The order that people made, in a status. Both dates are behind it for the reason of 0018.

-- squawk-ignore-file ban-concurrent-index-creation-in-transaction -- the first line keeps it out of one
-- squawk-ignore-file require-lock-timeout, require-statement-timeout -- alone in the file; who waits for its lock neither reads nor writes
create index concurrently if not exists tasks_status_rank
    on tasks (organization_id, status, rank, id, created_at, due_key) where deleted_at is null;
