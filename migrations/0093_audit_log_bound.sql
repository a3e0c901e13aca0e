-- Until when rows are written to the table that 0095 makes the first partition of the trail: the end of
-- next month. Rows that are written before 0095 runs fit, and 0095 need not read the table.

set local lock_timeout = '500ms';
set local statement_timeout = '30s';

do $$
begin
    execute format(
        'alter table audit_log add constraint audit_log_first_partition check (created_at is not null and created_at < %L) not valid',
        (date_trunc('month', now() at time zone 'utc') + interval '2 months') at time zone 'utc');
end
$$;
