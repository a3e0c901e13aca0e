//! Organizations that take turns on one connection, as they do in a function's environment.

use std::time::Duration;

use axum::extract::FromRequestParts;
use miyabi_core::{Caller, permission::tasks};
use miyabi_tests::{App, InProcess, Person, Secrets, json, until};
use sqlx::Executor;
use uuid::Uuid;

/// What a handler is given for a request of that person.
async fn caller(tasks: &InProcess, person: &Person) -> Caller<tasks::Read> {
    let request = http::Request::builder()
        .header("authorization", format!("Bearer {}", person.token))
        .body(())
        .unwrap();
    let (mut parts, ()) = request.into_parts();
    Caller::from_request_parts(&mut parts, &tasks.app)
        .await
        .unwrap()
}

/// The organizations whose tasks a transaction of a caller sees; it ends in the given way.
async fn sees(tasks: &InProcess, caller: &Caller<tasks::Read>, end: &str) -> Vec<Uuid> {
    let mut tx = tasks.app.db().read(caller).await.unwrap();
    let seen = sqlx::query_scalar("select distinct organization_id from tasks")
        .fetch_all(&mut *tx)
        .await
        .unwrap();
    match end {
        "commit" => tx.commit().await.unwrap(),
        "rollback" => tx.rollback().await.unwrap(),
        // An error first, and nobody ends the transaction that it aborted.
        "abort" => drop(tx.execute("select 1/0").await.unwrap_err()),
        _ => drop(tx),
    }
    seen
}

#[tokio::test]
async fn ten_thousand_turns_of_two_organizations_on_one_connection_show_no_foreign_row() {
    let app = App::start().await;
    let secrets = Secrets::start().await;
    let tasks = InProcess::start("tasks", app.database(), &secrets);
    let mut tenants = Vec::new();
    for login in ["alice", "bob"] {
        let person = app.sign_in(login).await;
        person
            .post("/api/tasks", json!({"title": login}))
            .await
            .expect(201);
        let organization: Uuid = person.organization_id().parse().unwrap();
        tenants.push((organization, caller(&tasks, &person).await));
    }
    for turn in 0..10_000 {
        let (organization, caller) = &tenants[turn % 2];
        let end = ["commit", "rollback", "abort", "drop"][(turn % 4) ^ ((turn / 4) % 2)];
        assert_eq!(
            sees(&tasks, caller, end).await,
            [*organization],
            "turn {turn}"
        );
        if turn % 100 == 0 {
            let mut nobody = tasks.app.db().before_sign_in().await.unwrap();
            let outside = sqlx::query("select from tasks")
                .fetch_all(&mut *nobody)
                .await
                .unwrap_err();
            let code = outside.as_database_error().unwrap().code().unwrap();
            assert_eq!(code, "22P02", "an organization that is not set is an error");
        }
    }
}

/// A read is answered before its transaction has ended; the end must be on its way all the same.
#[tokio::test]
async fn a_read_leaves_no_transaction_open() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    alice.get("/api/tasks").await.expect(200);
    until(
        "the transaction of the read has ended",
        Duration::from_secs(10),
        async || {
            let states = app
                .rows("select state from pg_stat_activity where usename = 'miyabi_tasks'")
                .await;
            (states == ["(idle)"]).then_some(())
        },
    )
    .await;
}
