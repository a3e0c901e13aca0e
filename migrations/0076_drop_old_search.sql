-- The column that to_tsvector filled, at up to the time of the whole new index, with each change of a
-- task. No role was granted it; app.search_tasks, its only reader, was replaced in 0074 for old code, too.

set local lock_timeout = '500ms';
set local statement_timeout = '30s';

-- squawk-ignore ban-drop-column -- no code ever named it
alter table tasks drop column search;
