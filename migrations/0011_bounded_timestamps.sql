-- What a client sets can be written back, and what looks the same is the same.
--
-- Due dates are between 1970 and 9999, as `Timestamp` of handlers/core has them; 0014 validates it.
-- `labels.name_fold` is the name as it is compared; 0015 makes it unique.

set local lock_timeout = '500ms';
set local statement_timeout = '30s';

alter table tasks add constraint tasks_due_at_bounds
    check (due_at >= '1970-01-01 00:00:00+00' and due_at < '10000-01-01 00:00:00+00') not valid;

alter table labels add column name_fold text collate "C";
comment on column labels.name_fold is
    'The name as NFKC_Casefold of Unicode has it, made by the function: labels that look the same have the same. Null in rows of older code.';

grant select (name_fold), insert (name_fold), update (name_fold) on labels to miyabi_tasks;
