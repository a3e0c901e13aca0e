//! What must be true of the catalog itself.

use miyabi_tests::Database;
use sqlx::PgConnection;

use super::{OF_NO_ORGANIZATION, runtime_roles, tenant_tables};

async fn admin() -> PgConnection {
    Database::migrated().await.connect_as_superuser().await
}

/// The rows of a query that must have none, each a sentence.
async fn none(query: &str) {
    let mut admin = admin().await;
    let found: Vec<String> = sqlx::query_scalar(query)
        .bind(runtime_roles())
        .fetch_all(&mut admin)
        .await
        .unwrap();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

/// Unique keys of a tenant table without its organization, and why that is right.
const UNIQUE_ACROSS_ORGANIZATIONS: &[(&str, &str)] = &[
    ("organizations_pkey", "its id is the organization"),
    ("users_pkey", "a person is in many organizations"),
    ("users_github_id_key", "a person is in many organizations"),
];

/// Indexes that row-level security makes useless to a runtime role, and who uses them.
const FOR_THE_OWNER_ONLY: &[(&str, &str)] =
    &[("tasks_search", "app.search_tasks, which runs as the owner")];

#[tokio::test]
async fn every_tenant_table_has_row_level_security() {
    let mut admin = admin().await;
    for table in tenant_tables(&mut admin).await {
        let enabled: bool =
            sqlx::query_scalar("select relrowsecurity from pg_class where oid = $1::regclass")
                .bind(&table)
                .fetch_one(&mut admin)
                .await
                .unwrap();
        assert!(
            enabled,
            "`{table}` has no row-level security, and tenancy.rs does not say why"
        );
    }
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
        for role in runtime_roles() {
            let granted: bool = sqlx::query_scalar(
                "select has_any_column_privilege($1, $2, 'select, insert, update')",
            )
            .bind(role)
            .bind(table)
            .fetch_one(&mut admin)
            .await
            .unwrap();
            assert!(
                !granted || role == "miyabi_auth",
                "{role} may touch {table}: {why}"
            );
        }
    }
}

#[tokio::test]
async fn runtime_roles_are_nobody_and_own_nothing() {
    none("select format('%s is a superuser, bypasses row security, or may create', rolname) from pg_roles
          where rolname = any($1) and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication)")
        .await;
    none("select format('%s can become %s', r.rolname, o.rolname) from pg_roles r join pg_roles o on o.oid <> r.oid
          where r.rolname = any($1) and pg_has_role(r.oid, o.oid, 'member')")
        .await;
    none("select format('%s owns %s', r.rolname, d.classid::regclass) from pg_shdepend d join pg_roles r on r.oid = d.refobjid
          where d.deptype = 'o' and r.rolname = any($1)")
        .await;
    none("select format('%s may create in schema %s', r.rolname, n.nspname) from pg_roles r, pg_namespace n
          where r.rolname = any($1) and has_schema_privilege(r.oid, n.oid, 'create')")
        .await;
    none("select format('%s may do %s on the database', r.rolname, p) from pg_roles r, unnest(array['create', 'temporary']) p
          where r.rolname = any($1) and has_database_privilege(r.oid, current_database(), p)")
        .await;
    none(
        "select format('%s may do %s on %s', r.rolname, p, c.relname) from pg_roles r, pg_class c,
            unnest(array['truncate', 'references', 'trigger']) p
          where r.rolname = any($1) and c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
            and has_table_privilege(r.oid, c.oid, p)",
    )
    .await;
    none("select format('%s has a grant on all of %s, not on columns', a.grantee::regrole, c.relname)
          from pg_class c cross join lateral aclexplode(c.relacl) a
          where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.grantee <> c.relowner
            and a.privilege_type <> 'DELETE' and $1::text[] is not null")
        .await;
}

#[tokio::test]
async fn every_policy_is_one_of_a_role_and_compares_with_the_setting() {
    none("select format('%s on %s: %s / %s', policyname, tablename, qual, with_check) from pg_policies
          where $1::text[] is not null and (
            qual is distinct from with_check
            or permissive <> 'PERMISSIVE' or cmd <> 'ALL' or roles && array['public']::name[]
            or qual !~ '= \\(\\( SELECT current_setting\\(''app\\.current_(org|user)_id''::text\\) AS current_setting\\)\\)::uuid'
            or qual ~ '\\mOR\\M')")
        .await;
    none("select format('%s has two policies on %s', role, tablename) from pg_policies, unnest(roles) role
          where $1::text[] is not null group by role, tablename having count(*) > 1")
        .await;
    none("select format('%s has grants on %s and no policy', r.rolname, c.relname) from pg_roles r, pg_class c
          where r.rolname = any($1) and c.relnamespace = 'public'::regnamespace and c.relrowsecurity
            and (has_any_column_privilege(r.oid, c.oid, 'select, insert, update') or has_table_privilege(r.oid, c.oid, 'delete'))
            and not exists (select from pg_policies p where p.tablename = c.relname and r.rolname = any(p.roles))")
        .await;
}

#[tokio::test]
async fn every_key_of_a_tenant_table_carries_its_organization() {
    none("select format('%s on %s does not carry the organization', k.conname, k.conrelid::regclass)
          from pg_constraint k
          join pg_class own on own.oid = k.conrelid
          join pg_attribute theirs on theirs.attrelid = k.confrelid and theirs.attname = 'organization_id'
          where k.contype = 'f' and own.relnamespace = 'public'::regnamespace and $1::text[] is not null
            and not exists (
                select from unnest(k.confkey) with ordinality as f (number, place)
                join unnest(k.conkey) with ordinality as l (number, place) using (place)
                join pg_attribute a on a.attrelid = k.conrelid and a.attnum = l.number
                where f.number = theirs.attnum and a.attname in ('organization_id', 'selected_organization_id'))")
        .await;
    none("select format('%s: somebody who is no member could be named', k.conname) from pg_constraint k
          join pg_attribute a on a.attrelid = k.conrelid and a.attname = 'organization_id'
          where k.contype = 'f' and k.confrelid = 'users'::regclass and k.conname <> 'memberships_user_id_fkey'
            and $1::text[] is not null")
        .await;
    let mut admin = admin().await;
    let tables = tenant_tables(&mut admin).await;
    let found: Vec<String> = sqlx::query_scalar(
        "select i.indexrelid::regclass::text from pg_index i
         where i.indisunique and i.indrelid::regclass::text = any($1) and not exists (
            select from unnest(i.indkey) k join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k
            where a.attname = 'organization_id') order by 1",
    )
    .bind(&tables)
    .fetch_all(&mut admin)
    .await
    .unwrap();
    let mut listed: Vec<&str> = UNIQUE_ACROSS_ORGANIZATIONS
        .iter()
        .map(|(name, _)| *name)
        .collect();
    listed.sort_unstable();
    assert_eq!(found, listed, "unique without the organization");
}

#[tokio::test]
async fn the_organization_is_never_null_and_leads_an_index() {
    none("select format('%s.organization_id may be null', a.attrelid::regclass) from pg_attribute a join pg_class c on c.oid = a.attrelid
          where a.attname = 'organization_id' and c.relkind = 'r' and not a.attnotnull and c.relnamespace = 'public'::regnamespace
            and $1::text[] is not null")
        .await;
    none("select format('no index on %s begins with organization_id', c.relname) from pg_class c
          join pg_attribute a on a.attrelid = c.oid and a.attname = 'organization_id'
          where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and $1::text[] is not null
            and not exists (select from pg_index i where i.indrelid = c.oid and i.indkey[0] = a.attnum)")
        .await;
}

#[tokio::test]
async fn no_index_or_type_that_row_level_security_makes_useless() {
    let mut admin = admin().await;
    let found: Vec<String> = sqlx::query_scalar(
        "select c.relname::text from pg_class c join pg_am m on m.oid = c.relam
         where c.relkind = 'i' and c.relnamespace = 'public'::regnamespace and m.amname <> 'btree' order by 1",
    )
    .fetch_all(&mut admin)
    .await
    .unwrap();
    assert_eq!(
        found,
        FOR_THE_OWNER_ONLY
            .iter()
            .map(|(name, _)| *name)
            .collect::<Vec<_>>()
    );
    none("select format('%s.%s is an enum', a.attrelid::regclass, a.attname) from pg_attribute a
          join pg_type t on t.oid = a.atttypid join pg_class c on c.oid = a.attrelid
          where t.typtype = 'e' and c.relnamespace = 'public'::regnamespace and $1::text[] is not null")
        .await;
}

#[tokio::test]
async fn nothing_reaches_around_row_level_security() {
    none("select format('the view %s is not security_invoker', c.relname) from pg_class c
          where c.relkind = 'v' and c.relnamespace in ('public'::regnamespace, 'app'::regnamespace) and $1::text[] is not null
            and not coalesce(c.reloptions @> array['security_invoker=true'], false)")
        .await;
    none("select format('%s is a materialized view', relname) from pg_class where relkind = 'm' and $1::text[] is not null")
        .await;
    none("select format('%s runs as its owner with the search_path %s', p.oid::regprocedure, array_to_string(p.proconfig, ' '))
          from pg_proc p join pg_namespace n on n.oid = p.pronamespace
          where p.prosecdef and n.nspname not in ('pg_catalog', 'information_schema') and $1::text[] is not null
            and not coalesce(p.proconfig @> array['search_path=pg_catalog, public, pg_temp'], false)")
        .await;
    none("select format('%s is for everybody', p.oid::regprocedure) from pg_proc p
          where p.pronamespace in ('public'::regnamespace, 'app'::regnamespace) and $1::text[] is not null
            and exists (select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a where a.grantee = 0)")
        .await;
}
