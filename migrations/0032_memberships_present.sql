-- no-transaction
-- The members of now, without walking those who left.

-- squawk-ignore-file ban-concurrent-index-creation-in-transaction -- the first line keeps it out of one
-- squawk-ignore-file require-lock-timeout, require-statement-timeout -- alone in the file; who waits for its lock neither reads nor writes
create index concurrently if not exists memberships_present
    on memberships (organization_id, user_id) where removed_at is null;
