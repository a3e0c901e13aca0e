-- `unexpected` of app.keep_audit_partitions is about the last hour. A month of which one row is in the
-- default partition gets no partition of its own any more, and its rows stay there until they are as old
-- as the stage keeps them: what is reported for as long as there is one would be reported for a year
-- after its cause was fixed.

set local lock_timeout = '500ms';
set local statement_timeout = '30s';

create or replace function app.keep_audit_partitions(p_months integer, p_limit integer, out made integer, out dropped integer, out deleted bigint, out unexpected boolean)
    language plpgsql security definer set search_path = pg_catalog, public, pg_temp set lock_timeout = '500ms'
    as $$
declare
    -- Of the trail, what is younger is kept.
    oldest constant timestamptz := now() - make_interval(months => p_months);
    this_month constant timestamp := date_trunc('month', now() at time zone 'utc');
    first_ends timestamptz;
    begins timestamptz;
    ends timestamptz;
    name text;
    deleted_first bigint := 0;
begin
    made := 0;
    dropped := 0;
    deleted := 0;
    if p_months < 1 then
        raise exception 'the audit trail must be kept for a month at least, not for %', p_months;
    end if;
    select (regexp_match(pg_get_expr(c.relpartbound, c.oid), 'TO \(''([^'']+)''\)'))[1] into first_ends
        from pg_class c where c.oid = to_regclass('audit.first');
    for n in 0..3 loop
        begins := (this_month + make_interval(months => n)) at time zone 'utc';
        ends := (this_month + make_interval(months => n + 1)) at time zone 'utc';
        name := to_char(begins at time zone 'utc', '"month_"YYYY_MM');
        continue when begins < first_ends or to_regclass('audit.' || name) is not null
            -- Too late for this month: its rows stay where they are, and are deleted there.
            or exists (select from audit.unexpected u where u.created_at >= begins and u.created_at < ends);
        execute format('create table audit.%I (like public.audit_log including all)', name);
        execute format('alter table audit.%I enable row level security', name);
        execute format('alter table public.audit_log attach partition audit.%I for values from (%L) to (%L)', name, begins, ends);
        made := made + 1;
    end loop;
    for name, ends in
        select c.relname, (regexp_match(pg_get_expr(c.relpartbound, c.oid), 'TO \(''([^'']+)''\)'))[1]::timestamptz
        from pg_class c join pg_inherits i on i.inhrelid = c.oid
        where i.inhparent = 'public.audit_log'::regclass and c.relname <> 'unexpected'
    loop
        continue when ends is null or ends > oldest;
        execute format('drop table audit.%I', name);
        dropped := dropped + 1;
    end loop;
    -- These two have rows of several months.
    if to_regclass('audit.first') is not null then
        execute 'delete from audit.first where ctid = any(array(select f.ctid from audit.first f where f.created_at < $1 limit $2))'
            using oldest, p_limit;
        get diagnostics deleted_first = row_count;
    end if;
    delete from audit.unexpected where ctid = any(array(
        select u.ctid from audit.unexpected u where u.created_at < oldest limit p_limit));
    get diagnostics deleted = row_count;
    deleted := deleted + deleted_first;
    unexpected := exists (select from audit.unexpected u where u.created_at > now() - interval '1 hour');
end
$$;
comment on function app.keep_audit_partitions is
    'Makes the partitions of the trail for this month and the next three, drops those that are older than p_months, and deletes up to p_limit rows as old in partitions of several months. `unexpected`: rows of the last hour are in the default partition, since nobody made one in time.';
