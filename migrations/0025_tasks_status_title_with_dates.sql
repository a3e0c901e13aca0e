-- no-transaction
-- The order by title in a status, with both dates behind it, for the reason of 0022.

-- squawk-ignore-file ban-concurrent-index-creation-in-transaction -- the first line keeps it out of one
-- squawk-ignore-file require-lock-timeout, require-statement-timeout -- alone in the file; who waits for its lock neither reads nor writes
create index concurrently if not exists tasks_status_title_dates
    on tasks (organization_id, status, title_key, id, created_at, due_key) where deleted_at is null;
