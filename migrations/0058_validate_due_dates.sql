-- Validates the checks of 0056, and drops the index that 0057 replaces: the new one has all of its
-- columns.

-- squawk-ignore-file require-concurrent-index-deletion -- the lock is held for a moment, and waited for 500 ms at most

set local lock_timeout = '500ms';
set local statement_timeout = '30s';

alter table tasks
    validate constraint tasks_due_once,
    validate constraint tasks_due_on_bounds;

drop index tasks_status_priority;
