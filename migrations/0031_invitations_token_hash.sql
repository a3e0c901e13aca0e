-- no-transaction
-- Whoever has a code does not say of which organization it is.

-- squawk-ignore-file ban-concurrent-index-creation-in-transaction -- the first line keeps it out of one
-- squawk-ignore-file require-lock-timeout, require-statement-timeout -- alone in the file; who waits for its lock neither reads nor writes
create index concurrently if not exists invitations_token_hash on invitations (token_hash);
