-- no-transaction
-- The order by due date, with the time of creation behind it. A list by due date of what was created
-- in a range of times reads past the rest inside the index: without the column it visits the row of
-- each task that it reads past, 17 ms for 90,000 tasks instead of 5. Nothing is updated more often
-- for it, since a change of a task, which has a new time of update, is in every index anyway.

-- squawk-ignore-file ban-concurrent-index-creation-in-transaction -- the first line keeps it out of one
-- squawk-ignore-file require-lock-timeout, require-statement-timeout -- alone in the file; who waits for its lock neither reads nor writes
create index concurrently if not exists tasks_due_created
    on tasks (organization_id, due_key, id, created_at) where deleted_at is null;
