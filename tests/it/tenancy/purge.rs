//! An organization that was deleted 30 days ago goes for good, with its rows in every table.

use std::collections::BTreeMap;

use miyabi_tests::Database;
use sqlx::{Executor, PgConnection};

use super::{seed, seed::Tenant, tenant_tables};

/// How many rows of a tenant each table has.
async fn rows(admin: &mut PgConnection, tenant: Tenant) -> BTreeMap<String, i64> {
    let mut rows = BTreeMap::new();
    for table in tenant_tables(admin).await {
        let condition = match table.as_str() {
            // People are in many organizations, and stay.
            "users" => continue,
            "organizations" => format!("id = '{}'", tenant.organization),
            _ => format!("organization_id = '{}'", tenant.organization),
        };
        let sql = format!("select count(*) from {table} where {condition}");
        let count = sqlx::query_scalar(&sql).fetch_one(&mut *admin).await;
        rows.insert(table, count.unwrap());
    }
    rows
}

async fn purge(role: &mut PgConnection, function: &str, limit: i32) -> i64 {
    sqlx::query_scalar(&format!("select app.{function}($1)"))
        .bind(limit)
        .fetch_one(role)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_deleted_organization_is_purged_from_every_table_and_no_other_is() {
    let database = Database::migrated().await;
    let mut admin = database.connect_as_superuser().await;
    let gone = seed::tenant(&mut admin, 1).await;
    let kept = seed::tenant(&mut admin, 2).await;
    let young = seed::tenant(&mut admin, 3).await;
    let delete = |tenant: Tenant, days: i32| {
        format!(
            "update organizations set deleted_at = now() - interval '{days} days' where id = '{}'",
            tenant.organization
        )
    };
    admin.execute(delete(gone, 31).as_str()).await.unwrap();
    admin.execute(delete(young, 29).as_str()).await.unwrap();
    let before = [rows(&mut admin, kept).await, rows(&mut admin, young).await];
    let full = rows(&mut admin, gone).await;
    assert!(
        full.values().all(|count| *count > 0),
        "not seeded: {full:?}"
    );

    let mut role = database.connect_as("miyabi_ws_broadcast").await;
    // In batches that are smaller than what a table has.
    let mut batches = 0;
    loop {
        let deleted = purge(&mut role, "purge_organizations", 2).await;
        if deleted == 0 {
            break;
        }
        assert!(deleted <= 3, "{deleted}");
        batches += 1;
        assert!(batches < 200, "{:?}", rows(&mut admin, gone).await);
    }
    assert!(batches > 5, "{batches}");
    let left = rows(&mut admin, gone).await;
    assert!(left.values().all(|count| *count == 0), "{left:?}");
    let after = [rows(&mut admin, kept).await, rows(&mut admin, young).await];
    assert_eq!(after, before);
}

#[tokio::test]
async fn tasks_and_comments_are_purged_30_days_after_their_deletion_with_what_refers_to_them() {
    let database = Database::migrated().await;
    let mut admin = database.connect_as_superuser().await;
    let tenant = seed::tenant(&mut admin, 1).await;
    let before = rows(&mut admin, tenant).await;
    let mut role = database.connect_as("miyabi_ws_broadcast").await;
    for function in ["purge_tasks", "purge_comments"] {
        assert_eq!(
            purge(&mut role, function, 10).await,
            0,
            "nothing is deleted"
        );
    }
    admin
        .execute("update tasks set deleted_at = now() - interval '29 days'")
        .await
        .unwrap();
    assert_eq!(purge(&mut role, "purge_tasks", 10).await, 0, "too young");
    admin
        .execute("update tasks set deleted_at = now() - interval '31 days'")
        .await
        .unwrap();
    // The sub-task first, then the task.
    assert_eq!(purge(&mut role, "purge_tasks", 10).await, 1);
    assert_eq!(purge(&mut role, "purge_tasks", 10).await, 1);
    assert_eq!(purge(&mut role, "purge_tasks", 10).await, 0);
    let after = rows(&mut admin, tenant).await;
    let referring = [
        "tasks",
        "task_comments",
        "task_labels",
        "task_watchers",
        "notifications",
        "task_words",
        "task_imports",
    ];
    for (table, count) in after {
        let expected = if referring.contains(&table.as_str()) {
            0
        } else if table == "stats_changes" {
            // That two tasks were deleted stays.
            before[&table] + 2
        } else {
            before[&table]
        };
        assert_eq!(count, expected, "{table}");
    }

    let other = seed::tenant(&mut admin, 2).await;
    admin
        .execute("update task_comments set deleted_at = now() - interval '31 days'")
        .await
        .unwrap();
    assert_eq!(purge(&mut role, "purge_comments", 10).await, 1);
    assert_eq!(rows(&mut admin, other).await["tasks"], before["tasks"]);
}
