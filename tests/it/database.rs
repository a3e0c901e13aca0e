//! The harness's own promises about databases.

use miyabi_tests::Database;
use sqlx::Executor;

#[tokio::test]
async fn each_database_is_migrated_and_of_one_test_only() {
    let (one, other) = (Database::migrated().await, Database::migrated().await);
    assert_ne!(one.name, other.name);
    one.connect_as_superuser()
        .await
        .execute("create table mine ()")
        .await
        .unwrap();
    let error = other
        .connect_as_superuser()
        .await
        .execute("select from mine")
        .await
        .unwrap_err();
    assert!(error.to_string().contains("does not exist"), "{error}");
}

#[tokio::test]
async fn runtime_roles_log_in_with_their_password_and_are_no_superusers() {
    let database = Database::migrated().await;
    for role in [
        "miyabi_activity",
        "miyabi_auth",
        "miyabi_inbox",
        "miyabi_orgs",
        "miyabi_tasks",
        "miyabi_owner",
    ] {
        let mut connection = database.connect_as(role).await;
        let superuser: bool =
            sqlx::query_scalar("select rolsuper from pg_roles where rolname = current_user")
                .fetch_one(&mut connection)
                .await
                .unwrap();
        assert!(!superuser, "{role}");
    }
}
