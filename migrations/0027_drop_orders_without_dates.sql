-- Drops the orders that 0018 to 0026 replace: the new indexes begin with the same columns.

-- squawk-ignore-file require-concurrent-index-deletion -- the lock is held for a moment, and waited for 500 ms at most

set local lock_timeout = '500ms';
set local statement_timeout = '30s';

drop index tasks_due, tasks_created, tasks_updated, tasks_title, tasks_priority;
drop index tasks_status_due, tasks_status_created, tasks_status_updated, tasks_status_title;
