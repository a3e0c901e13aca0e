//! Organizations that take turns on one connection, as they do in a function's environment.

use miyabi_tests::Database;
use sqlx::{Executor, PgConnection};
use uuid::Uuid;

use super::seed;

/// The organizations whose tasks a transaction of `organization` sees; it ends by `end`.
async fn sees(connection: &mut PgConnection, organization: Uuid, end: &str) -> Vec<Uuid> {
    let set = format!("begin; select set_config('app.current_org_id', '{organization}', true)");
    connection.execute(sqlx::raw_sql(&set)).await.unwrap();
    let seen = sqlx::query_scalar("select distinct organization_id from tasks")
        .fetch_all(&mut *connection)
        .await;
    let seen = seen.unwrap();
    // An aborted transaction ends by an error first.
    if end == "abort" {
        connection.execute("select 1/0").await.unwrap_err();
        connection.execute("rollback").await.unwrap();
    } else {
        connection.execute(end).await.unwrap();
    }
    seen
}

#[tokio::test]
async fn ten_thousand_turns_of_two_organizations_on_one_connection_show_no_foreign_row() {
    let database = Database::migrated().await;
    let mut admin = database.connect_as_superuser().await;
    let tenants = [
        seed::tenant(&mut admin, 1).await,
        seed::tenant(&mut admin, 2).await,
    ];
    let mut tasks = database.connect_as("miyabi_tasks").await;
    for turn in 0..10_000 {
        let organization = tenants[turn % 2].organization;
        let end = ["commit", "rollback", "abort"][turn % 3];
        assert_eq!(
            sees(&mut tasks, organization, end).await,
            [organization],
            "turn {turn}"
        );
        if turn % 100 == 0 {
            let outside = sqlx::query("select from tasks")
                .fetch_all(&mut tasks)
                .await
                .unwrap_err();
            let code = outside
                .as_database_error()
                .unwrap()
                .code()
                .unwrap()
                .into_owned();
            assert_eq!(
                code, "22P02",
                "between two transactions nobody's rows are seen: {outside}"
            );
        }
    }
}
