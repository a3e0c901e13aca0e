//! The `migrate` function, and what it makes.

mod interrupted;
mod large_objects;
mod lock;
mod numbers;
mod partitions;
mod places;
mod runs;
mod search_words;
mod side_by_side;
mod stats;
mod times_of_work;

use miyabi_tests::{App, Database, Setup, Value, json};

/// An application on a database in which no migration ran.
async fn unmigrated() -> App {
    App::on(Database::empty().await, Setup::default()).await
}

async fn migrate(app: &App, kind: &str) -> Result<Value, Value> {
    app.invoke("migrate", &json!({"kind": kind})).await
}

/// The schema as text.
async fn schema(app: &App) -> String {
    let mut connection = app.database().connect_as_superuser().await;
    crate::schema::dump(&mut connection).await
}

#[tokio::test]
async fn migrate_applies_everything_once_and_lets_the_roles_in() {
    let app = unmigrated().await;
    let before = migrate(&app, "status").await.unwrap();
    assert_eq!(before["applied"], json!([]), "{before}");

    let applied = migrate(&app, "apply").await.unwrap();
    assert_eq!(applied["pending"], json!([]), "{applied}");
    assert_eq!(applied["applied"], before["pending"], "{applied}");
    app.db_as("miyabi_tasks").await;

    let again = migrate(&app, "apply").await.unwrap();
    assert_eq!(again, applied);
}

#[tokio::test]
async fn a_dry_run_leaves_nothing_behind() {
    let app = unmigrated().await;
    let tried = migrate(&app, "dry_run").await.unwrap();
    assert_eq!(tried["schema_version"], 0, "{tried}");
    assert_eq!(tried["applied"], json!([]), "{tried}");
    let tables = app
        .rows("select tablename from pg_tables where schemaname not in ('pg_catalog', 'information_schema')")
        .await;
    assert!(tables.is_empty(), "{tables:?}");
}

#[tokio::test]
async fn an_edited_migration_is_refused_before_anything_is_written() {
    let app = unmigrated().await;
    migrate(&app, "apply").await.unwrap();
    // As if 0003 had been another file when it ran, and 0006 had not run yet.
    app.sql(
        "update _sqlx_migrations set checksum = '\\x00' where version = 3; \
         delete from _sqlx_migrations where version = 6",
    )
    .await;
    let before = schema(&app).await;
    for kind in ["status", "dry_run", "apply"] {
        let refused = migrate(&app, kind).await.unwrap();
        assert_eq!(refused["error"]["code"], "edited", "{refused}");
        assert_eq!(refused["error"]["version"], 3, "{refused}");
    }
    assert_eq!(schema(&app).await, before);
}
