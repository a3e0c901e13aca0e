//! The schema that the migrations make, against the one that is checked in, and what it must agree
//! with.

use std::{collections::BTreeMap, env, fs, path::Path};

use miyabi_catalog::{BUILT_IN_ROLES, FUNCTIONS, Permission};
use miyabi_tests::Database;
use sqlx::PgConnection;

const HEAD: &str = "-- The schema that the migrations make, for people and for comparison; nothing runs it.\n\
    -- Written by: MIYABI_UPDATE_SCHEMA=1 cargo test -p miyabi-tests --test it schema\n\n";

/// The schema of a database, as text.
pub(crate) async fn dump(connection: &mut PgConnection) -> String {
    let lines: Vec<String> = sqlx::query_scalar(include_str!("schema/dump.sql"))
        .fetch_all(connection)
        .await
        .unwrap();
    format!("{HEAD}{}\n", lines.join("\n"))
}

#[tokio::test]
async fn the_checked_in_schema_is_what_the_migrations_make() {
    let mut connection = Database::migrated().await.connect_as_superuser().await;
    let made = dump(&mut connection).await;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations/schema.sql");
    if env::var_os("MIYABI_UPDATE_SCHEMA").is_some() {
        fs::write(&path, &made).unwrap();
    }
    let checked_in = fs::read_to_string(&path).unwrap_or_default();
    let line = |text: &str, at: usize| text.lines().nth(at).unwrap_or("(end)").to_owned();
    let differs = (0..made.lines().count().max(checked_in.lines().count()))
        .find(|at| line(&made, *at) != line(&checked_in, *at));
    if let Some(at) = differs {
        panic!(
            "migrations/schema.sql, line {}:\n  is   {}\n  must {}\nhint: MIYABI_UPDATE_SCHEMA=1 cargo test -p miyabi-tests --test it schema",
            at + 1,
            line(&checked_in, at),
            line(&made, at)
        );
    }
}

#[tokio::test]
async fn an_organization_begins_with_the_roles_of_the_catalogue() {
    let mut connection = Database::migrated().await.connect_as_superuser().await;
    sqlx::raw_sql("insert into organizations (id, name) values (gen_random_uuid(), 'New')")
        .execute(&mut connection)
        .await
        .unwrap();
    let rows: Vec<(String, sqlx::types::Json<Vec<String>>)> =
        sqlx::query_as("select name, permissions from roles where built_in")
            .fetch_all(&mut connection)
            .await
            .unwrap();
    let found: BTreeMap<String, Vec<String>> = rows
        .into_iter()
        .map(|(name, permissions)| (name, permissions.0))
        .collect();
    let names =
        |permissions: &[Permission]| permissions.iter().map(|p| p.as_str().to_owned()).collect();
    let expected: BTreeMap<String, Vec<String>> = BUILT_IN_ROLES
        .iter()
        .map(|role| (role.name.to_owned(), names(role.permissions)))
        .collect();
    assert_eq!(found, expected);
}

#[tokio::test]
async fn the_runtime_roles_are_those_of_the_catalogue() {
    let mut connection = Database::migrated().await.connect_as_superuser().await;
    let found: Vec<String> = sqlx::query_scalar(
        "select rolname::text from pg_roles where rolname like 'miyabi\\_%' order by rolname collate \"C\"",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    let mut expected: Vec<&str> = FUNCTIONS
        .iter()
        .filter_map(|function| function.database_role)
        .collect();
    expected.sort_unstable();
    assert_eq!(found, expected);
}
