-- no-transaction
-- What somebody has to do in a status is asked for most of all, and who has which task is not
-- random: estimated as if it were, a walk along an order of the status read 19,000 tasks and found
-- none.

-- squawk-ignore-file ban-concurrent-index-creation-in-transaction -- the first line keeps it out of one
-- squawk-ignore-file require-lock-timeout, require-statement-timeout -- alone in the file; who waits for its lock neither reads nor writes
create index concurrently if not exists tasks_assignee_status
    on tasks (organization_id, assignee_id, status, created_at, id) where deleted_at is null;
