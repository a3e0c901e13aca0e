-- no-transaction
-- What app.search_tasks looks for words in. Made after the words of older rows: filled row by row, it
-- would take several times as long.

-- squawk-ignore-file ban-concurrent-index-creation-in-transaction -- the first line keeps it out of one
-- squawk-ignore-file require-lock-timeout, require-statement-timeout -- alone in the file; who waits for its lock neither reads nor writes
create index concurrently if not exists task_words_words on task_words using gin (words);
