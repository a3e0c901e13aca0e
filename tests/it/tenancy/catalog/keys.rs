//! Keys, columns and indexes of tenant tables.

use sqlx::{Connection, Executor, PgConnection};

use super::{super::tenant_tables, admin, none};

/// Unique keys of a tenant table without its organization, and why that is right.
const UNIQUE_ACROSS_ORGANIZATIONS: &[(&str, &str)] = &[
    ("organizations_pkey", "its id is the organization"),
    ("users_pkey", "a person is in many organizations"),
    ("users_github_id_key", "a person is in many organizations"),
];

/// Indexes that row-level security makes useless to a runtime role, and who uses them.
const FOR_THE_OWNER_ONLY: &[(&str, &str)] = &[(
    "task_words_words",
    "app.search_tasks, which runs as the owner",
)];

#[tokio::test]
async fn every_key_of_a_tenant_table_carries_its_organization() {
    none(
        "select format('%s on %s does not carry the organization', k.conname, k.conrelid::regclass)
          from pg_constraint k
          join pg_class own on own.oid = k.conrelid
          join pg_attribute theirs on theirs.attrelid = k.confrelid and theirs.attname = 'organization_id'
          where k.contype = 'f' and own.relnamespace = 'public'::regnamespace and $1::text[] is not null
            and not exists (
                select from unnest(k.confkey) with ordinality as f (number, place)
                join unnest(k.conkey) with ordinality as l (number, place) using (place)
                join pg_attribute a on a.attrelid = k.conrelid and a.attnum = l.number
                where f.number = theirs.attnum and a.attname in ('organization_id', 'selected_organization_id'))",
        &[
            "alter table tasks add unique (id); alter table tasks add foreign key (parent_id) references tasks (id)",
        ],
    )
    .await;
    none(
        "select format('%s: somebody who is no member could be named', k.conname) from pg_constraint k
          join pg_attribute a on a.attrelid = k.conrelid and a.attname = 'organization_id'
          where k.contype = 'f' and k.confrelid = 'users'::regclass and k.conname <> 'memberships_user_id_fkey'
            and $1::text[] is not null",
        &[
            "alter table tasks add foreign key (assignee_id) references users (id)",
        ],
    )
    .await;
    let mut admin = admin().await;
    let mut listed: Vec<&str> = UNIQUE_ACROSS_ORGANIZATIONS
        .iter()
        .map(|(name, _)| *name)
        .collect();
    listed.sort_unstable();
    let found = unique_across_organizations(&mut admin).await;
    assert_eq!(found, listed, "unique without the organization");
    let mut violated = admin.begin().await.unwrap();
    violated
        .execute("create unique index another on labels (name)")
        .await
        .unwrap();
    let found = unique_across_organizations(&mut violated).await;
    assert!(found.contains(&"another".to_owned()), "{found:?}");
    violated.rollback().await.unwrap();
}

async fn unique_across_organizations(connection: &mut PgConnection) -> Vec<String> {
    let tables = tenant_tables(connection).await;
    sqlx::query_scalar(
        "select i.indexrelid::regclass::text from pg_index i
         where i.indisunique and i.indrelid::regclass::text = any($1) and not exists (
            select from unnest(i.indkey) k join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k
            where a.attname = 'organization_id') order by 1",
    )
    .bind(&tables)
    .fetch_all(connection)
    .await
    .unwrap()
}

#[tokio::test]
async fn the_organization_is_never_null_and_leads_an_index() {
    none(
        "select format('%s.organization_id may be null', a.attrelid::regclass) from pg_attribute a join pg_class c on c.oid = a.attrelid
          where a.attname = 'organization_id' and c.relkind in ('r', 'p') and not a.attnotnull and c.relnamespace = 'public'::regnamespace
            and $1::text[] is not null",
        &[
            "create table public.another (organization_id uuid)",
        ],
    )
    .await;
    none(
        "select format('no index on %s begins with organization_id', c.relname) from pg_class c
          join pg_attribute a on a.attrelid = c.oid and a.attname = 'organization_id'
          where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace and $1::text[] is not null
            and not exists (select from pg_index i where i.indrelid = c.oid and i.indkey[0] = a.attnum)",
        &[
            "create table public.another (organization_id uuid not null)",
            "create table public.another (organization_id uuid not null, n int, primary key (n, organization_id))",
        ],
    )
    .await;
}

#[tokio::test]
async fn no_index_or_type_that_row_level_security_makes_useless() {
    let mut listed = String::new();
    for (index, _) in FOR_THE_OWNER_ONLY {
        listed += &format!(" and c.relname <> '{index}'");
    }
    none(
        &format!(
            "select format('%s is not a B-tree', c.relname) from pg_class c join pg_am m on m.oid = c.relam
             where c.relkind = 'i' and c.relnamespace = 'public'::regnamespace and m.amname <> 'btree'
                and $1::text[] is not null{listed}"
        ),
        &[
            "create index another on task_words using gin (words)",
            "create index another on tasks using hash (title)",
        ],
    )
    .await;
    none(
        "select format('%s.%s is an enum', a.attrelid::regclass, a.attname) from pg_attribute a
          join pg_type t on t.oid = a.atttypid join pg_class c on c.oid = a.attrelid
          where t.typtype = 'e' and c.relnamespace = 'public'::regnamespace and $1::text[] is not null",
        &[
            "create type public.mood as enum ('good'); create table public.another (organization_id uuid not null, mood public.mood)",
        ],
    )
    .await;
}
