//! Large objects, which row-level security does not apply to.

use miyabi_catalog::FUNCTIONS;
use miyabi_tests::{App, json};
use sqlx::Executor;

use super::migrate;

#[tokio::test]
async fn no_runtime_role_may_create_a_large_object() {
    let app = App::start().await;
    let roles = FUNCTIONS
        .iter()
        .filter_map(|function| function.database_role);
    for role in roles {
        let mut connection = app.db_as(role).await;
        for statement in [
            "select lo_creat(-1)",
            "select lo_create(0)",
            "select lo_from_bytea(0, 'hidden')",
            "select lo_import('/etc/hostname')",
            "select lo_import('/etc/hostname', 4242)",
        ] {
            let refused = connection.execute(statement).await.unwrap_err();
            let code = refused.as_database_error().unwrap().code().unwrap();
            assert_eq!(code, "42501", "{role}: {statement}: {refused}");
        }
    }
    assert_eq!(
        app.rows("select from pg_largeobject_metadata").await,
        [""; 0]
    );
}

/// On RDS nobody can take the right to create large objects away. There, they last until the next
/// deploy, and only the role that made them reads them meanwhile.
#[tokio::test]
async fn large_objects_of_runtime_roles_are_removed_by_the_next_deploy() {
    let app = App::start().await;
    app.sql(
        "select lo_from_bytea(oid, 'hidden') from generate_series(101, 103) oid;
         alter large object 101 owner to miyabi_tasks;
         alter large object 102 owner to miyabi_auth",
    )
    .await;
    let mut tasks = app.db_as("miyabi_tasks").await;
    tasks.execute("select lo_get(101)").await.unwrap();
    for theirs in [
        "select lo_get(102)",
        "select lo_put(102, 0, 'x')",
        "select lo_unlink(102)",
    ] {
        let refused = tasks.execute(theirs).await.unwrap_err();
        assert!(
            refused.to_string().contains("large object 102"),
            "{refused}"
        );
    }

    let applied = migrate(&app, "apply").await.unwrap();
    assert_eq!(applied["pending"], json!([]), "{applied}");
    let left = app.rows("select oid from pg_largeobject_metadata").await;
    assert_eq!(left.len(), 1, "that of the superuser: {left:?}");
    assert!(
        app.logs()
            .await
            .contains("Removed large objects of runtime roles")
    );
    // And the owner has become no role by it.
    let memberships = "select from pg_auth_members where member = 'miyabi_owner'::regrole";
    assert_eq!(app.rows(memberships).await, [""; 0]);
}
