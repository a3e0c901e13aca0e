//! A migration that is cut off at any statement, and run again.

use std::time::Duration;

use miyabi_tests::{App, Setup, json, until};
use sqlx::{Connection, Executor, PgConnection};

use super::{migrate, schema, unmigrated};

/// Ends the session after each statement that changes the schema, one statement further with each
/// run. How far the runs of a file came is kept in a sequence: what a sequence counted is not
/// undone with the transaction.
const CUT_AFTER_THE_NEXT_STATEMENT: &str = "
    create schema cut;
    create function cut.off() returns event_trigger language plpgsql security definer as $$
    declare
        applied bigint := 0;
        at bigint := coalesce(nullif(current_setting('cut.at', true), ''), '0')::bigint + 1;
        before bigint;
    begin
        if to_regclass('public._sqlx_migrations') is not null then
            execute 'select count(*) from public._sqlx_migrations' into applied;
        end if;
        perform set_config('cut.at', at::text, true);
        execute format('select last_value from cut.file_%s', applied) into before;
        -- A sequence begins at 1.
        if at >= before then
            perform nextval(format('cut.file_%s', applied));
            perform nextval('cut.cuts');
            perform pg_terminate_backend(pg_backend_pid());
        end if;
    end $$;
    create sequence cut.cuts;
";

#[tokio::test]
async fn a_migration_cut_off_after_any_statement_is_healed_by_the_next_run() {
    let app = unmigrated().await;
    let mut superuser = app.database().connect_as_superuser().await;
    let files = migrate(&app, "status").await.unwrap()["pending"]
        .as_array()
        .unwrap()
        .len();
    arm(&mut superuser, files).await;

    // Files have less than a hundred statements each; a run that never ends would be found out.
    let mut runs = 0;
    loop {
        let answer = migrate(&app, "apply").await.unwrap();
        if answer["pending"] == json!([]) {
            break;
        }
        let code = &answer["error"]["code"];
        assert!(code == "failed" || code == "unavailable", "{answer}");
        runs += 1;
        assert!(runs < files * 100, "{answer}");
    }
    let cuts: i64 = sqlx::query_scalar("select last_value from cut.cuts")
        .fetch_one(&mut superuser)
        .await
        .unwrap();
    assert_eq!(cuts, runs as i64, "each run but the last was cut off once");
    assert!(
        runs > files * 5,
        "{runs} cuts are too few to be one a statement"
    );

    disarm(&mut superuser).await;
    assert_eq!(schema(&app).await, uninterrupted().await);
    assert_eq!(invalid_indexes(&app).await, [""; 0]);
    app.db_as("miyabi_tasks").await;
}

/// What `create index concurrently` leaves behind when it is killed while it looks through the
/// table has the name of the index, and no query may use it. The migrations after it have not run: an
/// older one may not run after a newer one.
#[tokio::test]
async fn an_index_whose_building_was_killed_is_built_by_the_next_run() {
    let app = unmigrated().await;
    let mut superuser = app.database().connect_as_superuser().await;
    superuser
        .execute(sqlx::raw_sql(STOP_BEHIND_THE_INDEX_OF_WORDS))
        .await
        .unwrap();
    let stopped = migrate(&app, "apply").await.unwrap();
    assert_eq!(stopped["error"]["version"], 74, "{stopped}");
    app.sql(
        "drop event trigger stop; drop function stop();
         update pg_index set indisvalid = false where indexrelid = 'task_words_words'::regclass;
         delete from _sqlx_migrations where version = 73",
    )
    .await;
    assert_eq!(invalid_indexes(&app).await.len(), 1);
    let answer = migrate(&app, "apply").await.unwrap();
    assert_eq!(answer["pending"], json!([]), "{answer}");
    assert_eq!(invalid_indexes(&app).await, [""; 0]);
    assert_eq!(schema(&app).await, uninterrupted().await);
}

/// Fails the migration that drops the old functions of the search, behind the one that makes the index
/// of the new one.
const STOP_BEHIND_THE_INDEX_OF_WORDS: &str = "
    create function stop() returns event_trigger language plpgsql as $$
    begin
        if to_regclass('public.task_words_words') is not null then
            raise exception 'stopped';
        end if;
    end $$;
    create event trigger stop on ddl_command_start when tag in ('DROP FUNCTION') execute function stop();
";

async fn invalid_indexes(app: &App) -> Vec<String> {
    app.rows("select indexrelid::regclass from pg_index where not indisvalid")
        .await
}

/// The process itself is killed, in the middle of a transaction that has changed something.
#[tokio::test]
async fn a_migrator_killed_with_sigkill_leaves_nothing_half_done() {
    let app = unmigrated().await;
    let mut superuser = app.database().connect_as_superuser().await;
    superuser
        .execute(sqlx::raw_sql(
            "create function wait() returns event_trigger language plpgsql as
                'begin if to_regclass(''public.tasks'') is not null then perform pg_sleep(60); end if; end';
             create event trigger wait on ddl_command_end execute function wait();",
        ))
        .await
        .unwrap();
    let database = app.database().clone();
    let waiting = async {
        let name = &database.name;
        until("the migration is in the middle", Duration::from_secs(60), async || {
            let sleeping: Option<i32> = sqlx::query_scalar(&format!(
                "select pid from pg_stat_activity where datname = '{name}' and wait_event = 'PgSleep'"
            ))
            .fetch_optional(&mut superuser)
            .await
            .unwrap();
            sleeping
        })
        .await
    };
    let backend = tokio::select! {
        backend = waiting => backend,
        answer = migrate(&app, "apply") => panic!("it ended: {answer:?}"),
    };
    // Its functions are killed with it.
    drop(app);
    let mut superuser = database.connect_as_superuser().await;
    // PostgreSQL notices a client that is gone when it next writes to it.
    superuser
        .execute(sqlx::raw_sql(&format!(
            "select pg_terminate_backend({backend}, 10000); drop event trigger wait; drop function wait()"
        )))
        .await
        .unwrap();

    let app = App::on(database, Setup::default()).await;
    let before = migrate(&app, "status").await.unwrap();
    assert_eq!(before["schema_version"], 3, "{before}");
    migrate(&app, "apply").await.unwrap();
    assert_eq!(schema(&app).await, uninterrupted().await);
}

async fn arm(superuser: &mut PgConnection, files: usize) {
    superuser
        .execute(sqlx::raw_sql(CUT_AFTER_THE_NEXT_STATEMENT))
        .await
        .unwrap();
    for file in 0..=files {
        let sequence = format!("create sequence cut.file_{file}");
        superuser.execute(sequence.as_str()).await.unwrap();
    }
    superuser
        .execute("create event trigger cut on ddl_command_end execute function cut.off()")
        .await
        .unwrap();
}

async fn disarm(superuser: &mut PgConnection) {
    let mut transaction = superuser.begin().await.unwrap();
    transaction
        .execute(sqlx::raw_sql(
            "drop event trigger cut; drop schema cut cascade",
        ))
        .await
        .unwrap();
    transaction.commit().await.unwrap();
}

/// The schema that one run without interruption makes.
async fn uninterrupted() -> String {
    let app = unmigrated().await;
    migrate(&app, "apply").await.unwrap();
    schema(&app).await
}
