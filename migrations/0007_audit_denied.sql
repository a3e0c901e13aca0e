-- no-transaction
-- What was refused is rare: without an index of its own, a page of it walks the whole trail.

-- squawk-ignore-file ban-concurrent-index-creation-in-transaction -- the first line keeps it out of one
-- squawk-ignore-file require-lock-timeout, require-statement-timeout -- alone in the file; who waits for its lock neither reads nor writes
create index concurrently if not exists audit_log_denied
    on audit_log (organization_id, created_at desc, id desc) where outcome = 'denied';
