//! Migrations beside others: a second migrator, and people who read meanwhile.

use std::time::{Duration, Instant};

use miyabi_tests::{json, until};
use sqlx::{Connection, Executor};

use super::{migrate, schema, unmigrated};

#[tokio::test]
async fn of_two_migrators_one_works_and_the_other_waits() {
    let app = unmigrated().await;
    let (one, two) = tokio::join!(migrate(&app, "apply"), migrate(&app, "apply"));
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_eq!(one["pending"], json!([]), "{one}");
    assert_eq!(one, two);
    let applied = app.rows("select version from _sqlx_migrations").await;
    assert_eq!(applied.len(), one["applied"].as_array().unwrap().len());
}

/// A migration that waited for its lock without end would make every statement that comes after it
/// wait, too.
#[tokio::test]
async fn who_reads_while_a_migration_waits_for_a_long_reader_is_not_held_up() {
    let app = unmigrated().await;
    let expected = {
        let app = unmigrated().await;
        migrate(&app, "apply").await.unwrap();
        schema(&app).await
    };
    // Everything up to the migration that changes `users`, which others read by then.
    let mut trigger = app.database().connect_as_superuser().await;
    trigger
        .execute(sqlx::raw_sql(STOP_BEFORE_USERS_CHANGE))
        .await
        .unwrap();
    let stopped = migrate(&app, "apply").await.unwrap();
    assert_eq!(stopped["error"]["version"], 3, "{stopped}");
    trigger
        .execute(sqlx::raw_sql(
            "drop event trigger stop; drop function stop()",
        ))
        .await
        .unwrap();

    let mut long_reader = app.database().connect_as_superuser().await;
    let mut transaction = long_reader.begin().await.unwrap();
    transaction
        .execute("select count(*) from users")
        .await
        .unwrap();
    let mut others = app.database().connect_as_superuser().await;
    let reading = async {
        let mut slowest = Duration::ZERO;
        until(
            "the migration gave up and tries again",
            Duration::from_secs(60),
            async || {
                let asked = Instant::now();
                others.execute("select count(*) from users").await.unwrap();
                slowest = slowest.max(asked.elapsed());
                app.logs().await.contains("trying again").then_some(())
            },
        )
        .await;
        transaction.commit().await.unwrap();
        slowest
    };
    let (migrated, slowest) = tokio::join!(migrate(&app, "apply"), reading);
    assert_eq!(migrated.unwrap()["pending"], json!([]));
    assert!(
        slowest > Duration::from_millis(100),
        "the migration never waited for the reader: {slowest:?}"
    );
    assert!(slowest < Duration::from_secs(1), "{slowest:?}");
    assert_eq!(schema(&app).await, expected);
}

/// Fails the first change of a table that exists before the third migration: 0003 begins to put
/// policies on `users`.
const STOP_BEFORE_USERS_CHANGE: &str = "
    create function stop() returns event_trigger language plpgsql as $$
    begin
        if (select count(*) from pg_tables where tablename in ('users', 'organizations')) = 2 then
            raise 'stopped by the test';
        end if;
    end $$;
    create event trigger stop on ddl_command_end execute function stop();
";
