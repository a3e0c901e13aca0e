-- no-transaction
-- The comments of a task, also those that were deleted: what was done to them is part of its history.

-- squawk-ignore-file ban-concurrent-index-creation-in-transaction -- the first line keeps it out of one
-- squawk-ignore-file require-lock-timeout, require-statement-timeout -- alone in the file; who waits for its lock neither reads nor writes
create index concurrently if not exists task_comments_history on task_comments (organization_id, task_id, id);
