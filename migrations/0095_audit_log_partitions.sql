-- The audit trail in partitions, one a month. The table with the rows that there are becomes the first
-- partition as it is: nothing is copied, and running code waits for some milliseconds.
--
-- Partitions are in a schema of their own, which no runtime role may use: they are reached through the
-- table alone, with its policies. Policies, grants and indexes of the table are taken over as they are,
-- whichever migrations made them.

set local lock_timeout = '500ms';
set local statement_timeout = '30s';

create schema audit;
comment on schema audit is 'Partitions of audit_log. app.keep_audit_partitions makes and drops them.';
revoke all on schema audit from public;

lock table audit_log in access exclusive mode;
-- squawk-ignore ban-set-schema -- running code finds the new table by the old name
alter table audit_log set schema audit;
-- squawk-ignore renaming-table -- the same
alter table audit.audit_log rename to first;
do $$
begin
    if to_regclass('audit.audit_log_key') is not null then
        alter table audit.first add constraint first_key unique using index audit_log_key;
    else
        -- A dry run leaves out 0092, which cannot be undone.
        alter table audit.first add constraint first_key unique (organization_id, id, created_at);
    end if;
end
$$;

create table public.audit_log (
    organization_id uuid not null,
    id uuid not null,
    actor_id uuid,
    action text not null,
    outcome text not null default 'allowed',
    target_type text not null,
    target_id uuid,
    before jsonb,
    after jsonb,
    request_id text not null,
    created_at timestamptz not null default now(),
    api_token_id uuid,
    session_id uuid,
    constraint audit_log_key unique (organization_id, id, created_at),
    constraint audit_log_outcome_known check (outcome in ('allowed', 'denied')),
    constraint audit_log_action_shape check (action ~ '^[a-z_]+(\.[a-z_]+)+$'),
    constraint audit_log_organization_id_fkey foreign key (organization_id) references organizations (id)
) partition by range (created_at);
alter table public.audit_log enable row level security;

do $$
declare
    found record;
begin
    if (select array_agg(a.attname order by a.attname) from pg_attribute a where a.attrelid = 'audit.first'::regclass and a.attnum > 0 and not a.attisdropped)
        <> (select array_agg(a.attname order by a.attname) from pg_attribute a where a.attrelid = 'public.audit_log'::regclass and a.attnum > 0) then
        raise exception 'audit_log has other columns than this migration knows';
    end if;
    for found in
        select i.indexrelid::regclass::text as name, c.relname, pg_get_indexdef(i.indexrelid) as definition
        from pg_index i join pg_class c on c.oid = i.indexrelid
        where i.indrelid = 'audit.first'::regclass and i.indisvalid
            and not exists (select from pg_constraint k where k.conindid = i.indexrelid)
    loop
        execute replace(replace(found.definition, ' ON audit.first ', ' ON public.audit_log '), 'audit.', 'public.');
    end loop;
    for found in
        select p.policyname, array_to_string(p.roles, ', ') as roles, p.qual, p.with_check
        from pg_policies p where p.schemaname = 'audit' and p.tablename = 'first'
    loop
        execute format('create policy %I on public.audit_log to %s using (%s) with check (%s)',
            found.policyname, found.roles, found.qual, found.with_check);
        execute format('drop policy %I on audit.first', found.policyname);
    end loop;
    for found in
        select a.attname, g.grantee::regrole as grantee, g.privilege_type
        from pg_attribute a cross join lateral aclexplode(a.attacl) g
        where a.attrelid = 'audit.first'::regclass
    loop
        execute format('grant %s (%I) on public.audit_log to %s', found.privilege_type, found.attname, found.grantee);
        execute format('revoke %s (%I) on audit.first from %s', found.privilege_type, found.attname, found.grantee);
    end loop;
    for found in
        select a.attname, col_description(a.attrelid, a.attnum) as text
        from pg_attribute a where a.attrelid = 'audit.first'::regclass and col_description(a.attrelid, a.attnum) is not null
    loop
        execute format('comment on column public.audit_log.%I is %L', found.attname, found.text);
    end loop;
    execute format('alter table public.audit_log attach partition audit.first for values from (minvalue) to (%L)',
        (select (regexp_match(pg_get_constraintdef(k.oid), '''([^'']+)'''))[1] from pg_constraint k
         where k.conrelid = 'audit.first'::regclass and k.conname = 'audit_log_first_partition'));
end
$$;
comment on table audit_log is
    'Who did what. Append-only: no runtime role may change or remove a row. In partitions by month, which are dropped after the time that the stage names.';
-- squawk-ignore ban-drop-constraint -- the bound of the partition says the same
alter table audit.first drop constraint audit_log_first_partition;

-- Takes what no other partition takes, so that no request fails when nobody has made one.
create table audit.unexpected (like public.audit_log including all);
alter table audit.unexpected enable row level security;
alter table public.audit_log attach partition audit.unexpected default;

create function app.keep_audit_partitions(p_months integer, p_limit integer, out made integer, out dropped integer, out deleted bigint, out unexpected boolean)
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
    unexpected := exists (select from audit.unexpected);
end
$$;
comment on function app.keep_audit_partitions is
    'Makes the partitions of the trail for this month and the next three, drops those that are older than p_months, and deletes up to p_limit rows as old in partitions of several months. `unexpected`: rows were written when nobody had made a partition.';
grant execute on function app.keep_audit_partitions to miyabi_ws_broadcast;
