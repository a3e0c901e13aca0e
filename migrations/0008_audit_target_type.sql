-- no-transaction
-- What was done to things of a rare kind, without walking the whole trail.

-- squawk-ignore-file ban-concurrent-index-creation-in-transaction -- the first line keeps it out of one
-- squawk-ignore-file require-lock-timeout, require-statement-timeout -- alone in the file; who waits for its lock neither reads nor writes
create index concurrently if not exists audit_log_target_type
    on audit_log (organization_id, target_type, created_at desc, id desc);
