-- no-transaction
-- The first event of an organization that is still to be sent, without walking those that were.

-- squawk-ignore-file ban-concurrent-index-creation-in-transaction -- the first line keeps it out of one
-- squawk-ignore-file require-lock-timeout, require-statement-timeout -- alone in the file; who waits for its lock neither reads nor writes
create index concurrently if not exists outbox_undelivered_seq
    on outbox (organization_id, seq) where delivered_at is null;
