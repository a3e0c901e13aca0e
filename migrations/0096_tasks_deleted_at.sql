-- no-transaction
-- What is due to be purged, in every organization.

-- squawk-ignore-file ban-concurrent-index-creation-in-transaction -- the first line keeps it out of one
-- squawk-ignore-file require-lock-timeout, require-statement-timeout -- alone in the file; who waits for its lock neither reads nor writes
create index concurrently if not exists tasks_deleted_at
    on tasks (deleted_at) where deleted_at is not null;
