//! A run that nobody waited for: what became of it is told by its id.

use miyabi_tests::{App, Value, json};
use sqlx::Executor;

use super::unmigrated;

async fn status(app: &App, run: &str) -> Value {
    let asked = json!({"kind": "status", "run": run});
    app.invoke("migrate", &asked).await.unwrap()
}

#[tokio::test]
async fn a_run_that_failed_is_told_with_its_reason_and_one_that_ended_well_as_done() {
    let app = unmigrated().await;
    assert_eq!(status(&app, "one").await["run"], Value::Null, "not begun");
    let mut superuser = app.database().connect_as_superuser().await;
    superuser
        .execute(sqlx::raw_sql(
            "create function stop() returns event_trigger language plpgsql as
                'begin if to_regclass(''public.tasks'') is not null then raise ''no room for tasks''; end if; end';
             create event trigger stop on ddl_command_end execute function stop();",
        ))
        .await
        .unwrap();
    let apply = |run: &str| json!({"kind": "apply", "run": run});
    let answer = app.invoke("migrate", &apply("one")).await.unwrap();
    let told = status(&app, "one").await;
    assert_eq!(told["run"]["state"], "failed", "{told}");
    assert_eq!(told["run"]["error"], answer["error"], "{told}");
    assert!(
        told["run"]["error"]["detail"]
            .as_str()
            .unwrap()
            .contains("no room for tasks"),
        "{told}"
    );
    assert_eq!(told["run"]["alive"], false, "{told}");

    superuser
        .execute(sqlx::raw_sql(
            "drop event trigger stop; drop function stop()",
        ))
        .await
        .unwrap();
    app.invoke("migrate", &apply("two")).await.unwrap();
    let told = status(&app, "two").await;
    assert_eq!(
        told["run"],
        json!({"state": "done", "alive": false}),
        "{told}"
    );
    assert_eq!(told["pending"], json!([]), "{told}");
    // Each is told by its own id.
    assert_eq!(status(&app, "one").await["run"]["state"], "failed");
    assert_eq!(status(&app, "three").await["run"], Value::Null);
}

#[tokio::test]
async fn no_runtime_role_may_read_what_became_of_migrations() {
    let app = unmigrated().await;
    let apply = json!({"kind": "apply", "run": "one"});
    app.invoke("migrate", &apply).await.unwrap();
    let mut tasks = app.db_as("miyabi_tasks").await;
    let refused = tasks
        .execute("select * from public._migration_runs")
        .await
        .unwrap_err();
    assert!(
        refused.to_string().contains("permission denied"),
        "{refused}"
    );
}
