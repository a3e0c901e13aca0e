-- no-transaction
-- Nothing reads tasks.search since 0074: each change of a task wrote all its words into this index again.

-- squawk-ignore-file ban-concurrent-index-creation-in-transaction -- the first line keeps it out of one
-- squawk-ignore-file require-lock-timeout, require-statement-timeout -- alone in the file; who waits for its lock neither reads nor writes
drop index concurrently if exists tasks_search;
