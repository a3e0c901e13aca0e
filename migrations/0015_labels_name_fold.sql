-- no-transaction
-- No two labels of an organization look the same. Rows of older code have no `name_fold` and are
-- held apart by labels_name_key alone, until they are renamed.

-- squawk-ignore-file ban-concurrent-index-creation-in-transaction -- the first line keeps it out of one
-- squawk-ignore-file require-lock-timeout, require-statement-timeout -- alone in the file; who waits for its lock neither reads nor writes
create unique index concurrently if not exists labels_name_fold on labels (organization_id, name_fold);
