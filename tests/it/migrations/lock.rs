//! Who may keep migrations from running: their owner, and nobody else.

use std::time::Duration;

use miyabi_catalog::FUNCTIONS;
use miyabi_tests::{App, Setup, json, until};
use sqlx::{Connection, Executor, PgConnection};

use super::{migrate, unmigrated};

/// The key of the advisory lock that migrators took before: "miyabi" in ASCII.
const FORMER_KEY: i64 = 0x6d69_7961_6269;

/// Every role that a function logs in as, but for the owner.
fn runtime_roles() -> impl Iterator<Item = &'static str> {
    let roles = FUNCTIONS
        .iter()
        .filter_map(|function| function.database_role);
    roles.filter(|role| *role != "miyabi_owner")
}

#[tokio::test]
async fn no_runtime_role_can_keep_migrations_from_running() {
    let app = unmigrated().await;
    migrate(&app, "apply").await.unwrap();
    let mut holders: Vec<PgConnection> = Vec::new();
    for role in runtime_roles() {
        let mut connection = app.db_as(role).await;
        for statement in [
            "select from migrate.lock for update",
            "lock table migrate.lock in access share mode",
            "update migrate.lock set pid = pg_backend_pid()",
            "select from public._sqlx_migrations for update",
            "lock table public._sqlx_migrations in access share mode",
        ] {
            let mut transaction = connection.begin().await.unwrap();
            let refused = transaction.execute(statement).await.unwrap_err();
            let code = refused.as_database_error().unwrap().code().unwrap();
            assert_eq!(code, "42501", "{role}: {statement}: {refused}");
        }
        holders.push(connection);
    }
    // What every role may take is no lock of the migrators'.
    let keys = format!(
        "select pg_advisory_lock({FORMER_KEY}), pg_advisory_lock(key) from generate_series(-100, 100) key"
    );
    holders[0].execute(keys.as_str()).await.unwrap();
    let applied = migrate(&app, "apply").await.unwrap();
    assert_eq!(applied["pending"], json!([]), "{applied}");
}

/// PostgreSQL does not notice at once that a client is gone, and goes on with its statement.
#[tokio::test]
async fn the_lock_of_a_killed_migrator_is_held_until_its_statement_has_ended() {
    let app = unmigrated().await;
    let database = app.database().clone();
    let mut superuser = database.connect_as_superuser().await;
    superuser
        .execute(sqlx::raw_sql(
            "create function wait() returns event_trigger language plpgsql as
                'begin if to_regclass(''public.tasks'') is not null then perform pg_sleep(600); end if; end';
             create event trigger wait on ddl_command_end execute function wait();",
        ))
        .await
        .unwrap();
    let sleeping = format!(
        "select pid from pg_stat_activity where datname = '{}' and wait_event = 'PgSleep'",
        database.name
    );
    let run = json!({"kind": "apply", "run": "killed"});
    let backend: i32 = tokio::select! {
        backend = until("it is in the middle", Duration::from_secs(60), async || {
            sqlx::query_scalar(&sleeping).fetch_optional(&mut superuser).await.unwrap()
        }) => backend,
        answer = app.invoke("migrate", &run) => panic!("it ended: {answer:?}"),
    };
    // Its functions are killed with it.
    drop(app);

    let app = App::on(database, Setup::default()).await;
    let ask = json!({"kind": "status", "run": "killed"});
    let status = app.invoke("migrate", &ask).await.unwrap();
    assert_eq!(status["run"]["alive"], true, "{status}");
    let ends = async {
        // The next one has asked for the lock, and does not have it.
        until("the next one waits", Duration::from_secs(60), async || {
            let waits = "select from pg_stat_activity where usename = 'miyabi_owner' and datname = current_database() and query = 'COMMIT'";
            let waits = sqlx::query(waits).fetch_optional(&mut superuser).await.unwrap();
            waits.map(|_| ())
        })
        .await;
        let applied = "select count(*) from _sqlx_migrations";
        let applied: i64 = sqlx::query_scalar(applied)
            .fetch_one(&mut superuser)
            .await
            .unwrap();
        assert_eq!(applied, 3);
        superuser
            .execute(sqlx::raw_sql(&format!(
                "drop event trigger wait; drop function wait(); select pg_terminate_backend({backend}, 10000)"
            )))
            .await
            .unwrap();
    };
    let (applied, ()) = tokio::join!(migrate(&app, "apply"), ends);
    assert_eq!(applied.unwrap()["pending"], json!([]));
    let status = app.invoke("migrate", &ask).await.unwrap();
    assert_eq!(status["run"]["alive"], false, "{status}");
}
