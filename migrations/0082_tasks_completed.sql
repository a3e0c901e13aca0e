-- no-transaction
-- The tasks that were completed in a range of time, with when they were begun.

-- squawk-ignore-file ban-concurrent-index-creation-in-transaction -- the first line keeps it out of one
-- squawk-ignore-file require-lock-timeout, require-statement-timeout -- alone in the file; who waits for its lock neither reads nor writes
create index concurrently if not exists tasks_completed
    on tasks (organization_id, completed_at) include (started_at) where deleted_at is null and completed_at is not null;
