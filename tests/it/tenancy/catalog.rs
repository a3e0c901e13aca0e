//! What must be true of the catalog itself. Each proof by an empty result has a violation that it
//! finds.

mod keys;

use miyabi_tests::Database;
use sqlx::{Connection, Executor, PgConnection};

use super::{OF_NO_ORGANIZATION, runtime_roles, tenant_tables};

async fn admin() -> PgConnection {
    Database::migrated().await.connect_as_superuser().await
}

/// A role that exists in a violation alone.
const CONTROL: &str = "miyabi_control";

/// The rows of a query that must have none, each a sentence. `violations` prove that it could have
/// some: the query finds each of them, made on purpose in a transaction that is rolled back.
async fn none(query: &str, violations: &[&str]) {
    let mut admin = admin().await;
    let found = find(&mut admin, query).await;
    assert!(found.is_empty(), "\n{}", found.join("\n"));
    assert!(
        !violations.is_empty(),
        "nothing shows that it finds anything: {query}"
    );
    for violation in violations {
        let mut violated = admin.begin().await.unwrap();
        violated
            .execute(sqlx::raw_sql(violation))
            .await
            .unwrap_or_else(|error| panic!("{error}: {violation}"));
        let found = find(&mut violated, query).await;
        assert!(!found.is_empty(), "not found: {violation}");
        violated.rollback().await.unwrap();
    }
}

async fn find(connection: &mut PgConnection, query: &str) -> Vec<String> {
    let mut roles = runtime_roles();
    roles.push(CONTROL);
    sqlx::query_scalar(query)
        .bind(roles)
        .fetch_all(connection)
        .await
        .unwrap_or_else(|error| panic!("{error}: {query}"))
}

#[tokio::test]
async fn every_tenant_table_has_row_level_security() {
    let mut admin = admin().await;
    let unguarded = unguarded(&mut admin).await;
    assert!(
        unguarded.is_empty(),
        "{unguarded:?} have no row-level security, and tenancy.rs does not say why"
    );
    let mut violated = admin.begin().await.unwrap();
    violated
        .execute("create table public.another (organization_id uuid not null)")
        .await
        .unwrap();
    assert_eq!(self::unguarded(&mut violated).await, ["another"]);
    violated.rollback().await.unwrap();
}

/// Tenant tables without row-level security.
async fn unguarded(connection: &mut PgConnection) -> Vec<String> {
    let tables = tenant_tables(connection).await;
    sqlx::query_scalar(
        "select relname::text from pg_class where not relrowsecurity and oid::regclass::text = any($1)",
    )
    .bind(tables)
    .fetch_all(connection)
    .await
    .unwrap()
}

#[tokio::test]
async fn tables_of_no_organization_are_granted_to_auth_alone() {
    let mut admin = admin().await;
    for (table, why) in OF_NO_ORGANIZATION {
        let has_organization: bool = sqlx::query_scalar(
            "select exists (select from pg_attribute where attrelid = $1::regclass and attname = 'organization_id')",
        )
        .bind(table)
        .fetch_one(&mut admin)
        .await
        .unwrap();
        assert!(!has_organization, "{table}: {why}");
    }
    let tables: Vec<String> = OF_NO_ORGANIZATION
        .iter()
        .map(|(table, _)| format!("'{table}'"))
        .collect();
    none(
        &format!(
            "select format('%s may touch %s', r.rolname, t) from pg_roles r, unnest(array[{}]) t
             where r.rolname = any($1) and r.rolname <> 'miyabi_auth'
                and has_any_column_privilege(r.oid, t, 'select, insert, update')",
            tables.join(", ")
        ),
        &[
            "grant select on sessions to miyabi_tasks",
            "grant insert (id) on sessions to miyabi_activity",
        ],
    )
    .await;
}

#[tokio::test]
async fn runtime_roles_are_nobody_and_own_nothing() {
    none(
        "select format('%s is a superuser, bypasses row security, or may create', rolname) from pg_roles
          where rolname = any($1) and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication)",
        &[
            "create role miyabi_control bypassrls",
            "create role miyabi_control superuser",
            "create role miyabi_control createrole",
        ],
    )
    .await;
    none(
        "select format('%s can become %s', r.rolname, o.rolname) from pg_roles r join pg_roles o on o.oid <> r.oid
          where r.rolname = any($1) and pg_has_role(r.oid, o.oid, 'member')",
        &[
            "create role miyabi_control; grant miyabi_owner to miyabi_control",
            "create role miyabi_control; grant pg_read_all_data to miyabi_control",
        ],
    )
    .await;
    none(
        "select format('%s owns %s', r.rolname, d.classid::regclass) from pg_shdepend d join pg_roles r on r.oid = d.refobjid
          where d.deptype = 'o' and r.rolname = any($1)",
        &[
            "create role miyabi_control; create table public.owned (); alter table public.owned owner to miyabi_control",
        ],
    )
    .await;
    none(
        "select format('%s may create in schema %s', r.rolname, n.nspname) from pg_roles r, pg_namespace n
          where r.rolname = any($1) and has_schema_privilege(r.oid, n.oid, 'create')",
        &[
            "grant create on schema app to miyabi_tasks",
            "grant create on schema public to public",
        ],
    )
    .await;
    none(
        "select format('%s may do %s on the database', r.rolname, p) from pg_roles r, unnest(array['create', 'temporary']) p
          where r.rolname = any($1) and has_database_privilege(r.oid, current_database(), p)",
        &[
            "do $$ begin execute format('grant temporary on database %I to miyabi_tasks', current_database()); end $$",
        ],
    )
    .await;
    none(
        "select format('%s may do %s on %s', r.rolname, p, c.relname) from pg_roles r, pg_class c,
            unnest(array['truncate', 'references', 'trigger']) p
          where r.rolname = any($1) and c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
            and has_table_privilege(r.oid, c.oid, p)",
        &[
            "grant truncate on tasks to miyabi_tasks",
            "grant references (id) on tasks to miyabi_tasks; grant references on tasks to miyabi_tasks",
        ],
    )
    .await;
    none(
        "select format('%s has a grant on all of %s, not on columns', a.grantee::regrole, c.relname)
          from pg_class c cross join lateral aclexplode(c.relacl) a
          where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and a.grantee <> c.relowner
            and a.privilege_type <> 'DELETE' and $1::text[] is not null",
        &[
            "grant select on tasks to miyabi_tasks",
        ],
    )
    .await;
}

#[tokio::test]
async fn every_policy_is_one_of_a_role_and_compares_with_the_setting() {
    none(
        "select format('%s on %s: %s / %s', policyname, tablename, qual, with_check) from pg_policies
          where $1::text[] is not null and (
            qual is distinct from with_check
            or permissive <> 'PERMISSIVE' or cmd <> 'ALL' or roles && array['public']::name[]
            or qual !~ '= \\(\\( SELECT current_setting\\(''app\\.current_(org|user)_id''::text\\) AS current_setting\\)\\)::uuid'
            or qual ~ '\\mOR\\M')",
        &[
            "alter policy tenant on tasks using (true)",
            "alter policy tenant on tasks using (true) with check (true)",
            "alter policy tenant on tasks using (organization_id = (select current_setting('app.current_org_id'))::uuid or true) with check (organization_id = (select current_setting('app.current_org_id'))::uuid or true)",
            "alter policy tenant on tasks using (organization_id = current_setting('app.current_org_id')::uuid) with check (organization_id = current_setting('app.current_org_id')::uuid)",
            "alter policy tenant on tasks using (organization_id = (select current_setting('app.current_org_id', true))::uuid) with check (organization_id = (select current_setting('app.current_org_id', true))::uuid)",
            "create policy another on tasks for select to miyabi_tasks using (organization_id = (select current_setting('app.current_org_id'))::uuid)",
            "create policy another on tasks to public using (organization_id = (select current_setting('app.current_org_id'))::uuid) with check (organization_id = (select current_setting('app.current_org_id'))::uuid)",
        ],
    )
    .await;
    none(
        "select format('%s has two policies on %s', role, tablename) from pg_policies, unnest(roles) role
          where $1::text[] is not null group by role, tablename having count(*) > 1",
        &[
            "create policy another on tasks to miyabi_tasks using (organization_id = (select current_setting('app.current_org_id'))::uuid) with check (organization_id = (select current_setting('app.current_org_id'))::uuid)",
        ],
    )
    .await;
    none(
        "select format('%s has grants on %s and no policy', r.rolname, c.relname) from pg_roles r, pg_class c
          where r.rolname = any($1) and c.relnamespace = 'public'::regnamespace and c.relrowsecurity
            and (has_any_column_privilege(r.oid, c.oid, 'select, insert, update') or has_table_privilege(r.oid, c.oid, 'delete'))
            and not exists (select from pg_policies p where p.tablename = c.relname and r.rolname = any(p.roles))",
        &[
            "drop policy tenant on labels",
        ],
    )
    .await;
}

#[tokio::test]
async fn partitions_are_reached_through_their_table_alone() {
    none(
        "select format('%s may use the schema audit', rolname) from pg_roles
          where rolname = any($1) and has_schema_privilege(oid, 'audit', 'usage')
         union all
         select format('%s may touch %s', r.rolname, c.oid::regclass) from pg_roles r, pg_class c
          where r.rolname = any($1) and c.relnamespace = 'audit'::regnamespace and c.relkind = 'r'
            and (has_any_column_privilege(r.oid, c.oid, 'select, insert, update') or has_table_privilege(r.oid, c.oid, 'delete'))
         union all
         select format('%s has no row-level security', c.oid::regclass) from pg_class c
          where c.relnamespace = 'audit'::regnamespace and c.relkind = 'r' and not c.relrowsecurity
         union all
         select format('%s is a partition outside of the schema audit', c.oid::regclass) from pg_class c
          where c.relispartition and c.relkind = 'r' and c.relnamespace <> 'audit'::regnamespace",
        &[
            "grant usage on schema audit to miyabi_tasks",
            "grant select on audit.first to miyabi_activity",
            "alter table audit.unexpected disable row level security",
            "create table public.another partition of public.audit_log for values from ('2999-01-01') to ('2999-02-01')",
        ],
    )
    .await;
}

#[tokio::test]
async fn nothing_reaches_around_row_level_security() {
    none(
        "select format('the view %s is not security_invoker', c.relname) from pg_class c
          where c.relkind = 'v' and c.relnamespace in ('public'::regnamespace, 'app'::regnamespace) and $1::text[] is not null
            and not coalesce(c.reloptions @> array['security_invoker=true'], false)",
        &[
            "create view public.another as select 1 as one",
            "create view app.another with (security_invoker = false) as select 1 as one",
        ],
    )
    .await;
    none(
        "select format('%s is a materialized view', relname) from pg_class where relkind = 'm' and $1::text[] is not null",
        &[
            "create materialized view public.another as select 1 as one",
        ],
    )
    .await;
    none(
        "select format('%s runs as its owner with the search_path %s', p.oid::regprocedure, array_to_string(p.proconfig, ' '))
          from pg_proc p join pg_namespace n on n.oid = p.pronamespace
          where p.prosecdef and n.nspname not in ('pg_catalog', 'information_schema') and $1::text[] is not null
            and not coalesce(p.proconfig @> array['search_path=pg_catalog, public, pg_temp'], false)",
        &[
            "create function app.another() returns integer language sql security definer as 'select 1'",
            "create function app.another() returns integer language sql security definer set search_path = public as 'select 1'",
        ],
    )
    .await;
    none(
        "select format('%s is for everybody', p.oid::regprocedure) from pg_proc p
          where p.pronamespace in ('public'::regnamespace, 'app'::regnamespace) and $1::text[] is not null
            and exists (select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a where a.grantee = 0)",
        &[
            "create function app.another() returns integer language sql as 'select 1'; grant execute on function app.another() to public",
        ],
    )
    .await;
}
