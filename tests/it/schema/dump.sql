-- The schema as text, one line a row: what migrations/schema.sql holds. From the catalog and not
-- from pg_dump, which not every PostgreSQL brings along and whose text changes with its version.
with lines (part, name, position, line) as (
    select 10, r.rolname, 0,
        format('role %s%s%s%s%s%s', r.rolname,
            case when r.rolsuper then ' superuser' end, case when r.rolbypassrls then ' bypassrls' end,
            case when r.rolcreaterole then ' createrole' end, case when r.rolcreatedb then ' createdb' end,
            case when r.rolinherit then ' inherit' end)
    from pg_roles r where r.rolname like 'miyabi\_%' and r.rolname <> 'miyabi_owner'
    union all
    select 20, n.nspname, 0, format('schema %s: %s', n.nspname,
        (select string_agg(coalesce(nullif(a.grantee, 0)::regrole::text, 'public') || ' ' || lower(a.privilege_type), ', ' order by a.grantee::regrole::text, a.privilege_type)
         from aclexplode(n.nspacl) a where a.grantee <> n.nspowner))
    from pg_namespace n where n.nspname in ('public', 'app', 'audit')
    union all
    select 30, c.relname, 0, format(E'\ntable %s%s', c.relname, case when c.relrowsecurity then ' with row-level security' end)
    from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and c.relname <> '_sqlx_migrations'
    union all
    select 30, c.relname, 1, '    -- ' || obj_description(c.oid, 'pg_class')
    from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and obj_description(c.oid, 'pg_class') is not null
    union all
    select 30, c.relname, 100 + a.attnum, format('    %s %s%s%s%s%s', a.attname, format_type(a.atttypid, a.atttypmod),
        case when a.attcollation <> t.typcollation then ' collate ' || quote_ident(k.collname) end,
        case when a.attnotnull then ' not null' end,
        case when d.oid is not null then case a.attgenerated when 's' then ' generated ' else ' default ' end || pg_get_expr(d.adbin, d.adrelid) end,
        ' -- ' || col_description(c.oid, a.attnum))
    from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    join pg_type t on t.oid = a.atttypid
    left join pg_collation k on k.oid = a.attcollation
    left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and c.relname <> '_sqlx_migrations'
    union all
    select 30, c.relname, 2000, format('    constraint %s %s', k.conname, pg_get_constraintdef(k.oid))
    from pg_class c join pg_constraint k on k.conrelid = c.oid
    where c.relnamespace = 'public'::regnamespace and c.relname <> '_sqlx_migrations'
    union all
    select 30, c.relname, 3000, '    ' || pg_get_indexdef(i.indexrelid)
    from pg_class c join pg_index i on i.indrelid = c.oid
    where c.relnamespace = 'public'::regnamespace and c.relname <> '_sqlx_migrations'
        and not exists (select from pg_constraint k where k.conindid = i.indexrelid and k.contype in ('p', 'u'))
    union all
    select 30, c.relname, 4000, '    ' || pg_get_triggerdef(t.oid)
    from pg_class c join pg_trigger t on t.tgrelid = c.oid and not t.tgisinternal
    where c.relnamespace = 'public'::regnamespace
    union all
    select 30, p.tablename, 5000, format('    policy %s for %s to %s using %s with check %s', p.policyname, lower(p.cmd), array_to_string(p.roles, ', '), p.qual, p.with_check)
    from pg_policies p where p.schemaname = 'public'
    union all
    select 30, c.relname, 6000, format('    grant %s to %s', lower(a.privilege_type), coalesce(nullif(a.grantee, 0)::regrole::text, 'public'))
    from pg_class c cross join lateral aclexplode(c.relacl) a
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and c.relname <> '_sqlx_migrations' and a.grantee <> c.relowner
    union all
    select 30, c.relname, 6000, format('    grant %s (%s) to %s', lower(x.privilege_type), string_agg(a.attname, ', ' order by a.attnum), coalesce(nullif(x.grantee, 0)::regrole::text, 'public'))
    from pg_class c join pg_attribute a on a.attrelid = c.oid cross join lateral aclexplode(a.attacl) x
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
    group by c.relname, x.privilege_type, x.grantee
    union all
    select 40, p.proname, 0, E'\n' || rtrim(pg_get_functiondef(p.oid), E'\n')
    from pg_proc p where p.pronamespace = 'app'::regnamespace
    union all
    select 40, p.proname, 1, '    -- ' || obj_description(p.oid, 'pg_proc')
    from pg_proc p where p.pronamespace = 'app'::regnamespace and obj_description(p.oid, 'pg_proc') is not null
    union all
    select 40, p.proname, 2, '    grant execute to ' || string_agg(coalesce(nullif(a.grantee, 0)::regrole::text, 'public'), ', ' order by a.grantee::regrole::text)
    from pg_proc p cross join lateral aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
    where p.pronamespace = 'app'::regnamespace and a.grantee <> p.proowner
    group by p.oid, p.proname
    union all
    select 50, b.name, 0, format(E'built-in role %s: %s', b.name, b.permissions)
    from built_in_roles b
)
select line from lines order by part, name collate "C", position, line collate "C"
