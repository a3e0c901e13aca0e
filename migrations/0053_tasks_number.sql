-- no-transaction
-- A number names one task of an organization, deleted or not.

-- squawk-ignore-file ban-concurrent-index-creation-in-transaction -- the first line keeps it out of one
-- squawk-ignore-file require-lock-timeout, require-statement-timeout -- alone in the file; who waits for its lock neither reads nor writes
create unique index concurrently if not exists tasks_number on tasks (organization_id, number);
