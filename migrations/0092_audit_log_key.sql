-- no-transaction
-- The key of a table in partitions has the column that they are made by.

-- squawk-ignore-file ban-concurrent-index-creation-in-transaction -- the first line keeps it out of one
-- squawk-ignore-file require-lock-timeout, require-statement-timeout -- alone in the file; who waits for its lock neither reads nor writes
create unique index concurrently if not exists audit_log_key
    on audit_log (organization_id, id, created_at);
