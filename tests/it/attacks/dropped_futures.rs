//! Requests whose future is dropped before it ends: nothing of them is left on the connection.

use std::{future::poll_fn, task::Poll};

use miyabi_tests::{App, InProcess, Person, Response, Secrets, Value, json};

/// Polls a future that many times, then drops it: while it waits, or once that for which it waits
/// has come. `None`: it had not ended.
async fn dropped_after<F: Future>(future: F, polls: usize, once_woken: bool) -> Option<F::Output> {
    let mut future = Box::pin(future);
    let mut left = polls;
    poll_fn(move |context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        match future.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if left == 0 && !once_woken => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// The settings of a transaction that belongs to nobody, on the connection that the last request
/// had.
async fn settings(tasks: &InProcess) -> Vec<Option<String>> {
    let mut tx = tasks.app.db().before_sign_in().await.unwrap();
    let mut found = Vec::new();
    for name in ["app.current_org_id", "app.current_user_id"] {
        let setting: Option<String> = sqlx::query_scalar("select current_setting($1, true)")
            .bind(name)
            .fetch_one(&mut *tx)
            .await
            .unwrap();
        found.push(setting.filter(|value| !value.is_empty()));
    }
    // A transaction that somebody else began is older than this one's first statement.
    let is_own: bool = sqlx::query_scalar(
        "select xact_start > clock_timestamp() - interval '1 second' and state = 'active'
         from pg_stat_activity where pid = pg_backend_pid()",
    )
    .fetch_one(&mut *tx)
    .await
    .unwrap();
    assert!(is_own);
    tx.rollback().await.unwrap();
    found
}

struct Tried<'a> {
    route: &'a str,
    path: &'a str,
    token: &'a str,
    body: Option<Value>,
    status: u16,
}

/// Drops the request after each number of polls until it ends by itself. Gives how many that took.
async fn drop_everywhere(tasks: &InProcess, tried: &Tried<'_>, bob: &Person) -> usize {
    for once_woken in [false, true] {
        for polls in 1.. {
            assert!(polls < 500, "{}: it does not end", tried.route);
            let request = tasks.call(tried.route, tried.path, tried.token, tried.body.as_ref());
            let ended: Option<Response> = dropped_after(request, polls, once_woken).await;
            assert_eq!(
                settings(tasks).await,
                [None, None],
                "{} {polls}",
                tried.route
            );
            let seen = tasks.get("/api/tasks", &bob.token).await.expect(200);
            assert_eq!(seen["items"].as_array().unwrap().len(), 1, "{seen}");
            assert_eq!(seen["items"][0]["title"], "Bob's", "{polls}: {seen}");
            if let Some(response) = ended {
                assert_eq!(response.status.as_u16(), tried.status, "{response}");
                if once_woken {
                    return polls;
                }
                break;
            }
        }
    }
    unreachable!()
}

#[tokio::test]
async fn attack_56_a_request_dropped_at_any_await_point_leaves_nothing_behind() {
    let app = App::start().await;
    let secrets = Secrets::start().await;
    let alice = app.sign_in("alice").await;
    let viewer = app.member(&alice, "vera", "viewer").await;
    let bob = app.sign_in("bob").await;
    bob.post("/api/tasks", json!({"title": "Bob's"}))
        .await
        .expect(201);
    let tasks = InProcess::start("tasks", app.database(), &secrets);
    let new = json!({"title": "Alice's"});
    for tried in [
        Tried {
            route: "GET /api/tasks",
            path: "/api/tasks",
            token: &alice.token,
            body: None,
            status: 200,
        },
        Tried {
            route: "POST /api/tasks",
            path: "/api/tasks",
            token: &alice.token,
            body: Some(new.clone()),
            status: 201,
        },
        // A refusal, which ends one transaction and begins another for its line.
        Tried {
            route: "POST /api/tasks",
            path: "/api/tasks",
            token: &viewer.token,
            body: Some(new.clone()),
            status: 403,
        },
    ] {
        let polls = drop_everywhere(&tasks, &tried, &bob).await;
        assert!(polls > 0, "{}: it was never dropped", tried.route);
    }
    // What was dropped has no effect, or its whole effect: the commit may have been sent.
    let [created, lines, events] = [
        "select from tasks where title = 'Alice''s'",
        "select from audit_log where action = 'task.create'",
        "select from outbox where type = 'task.changed'",
    ];
    let created = app.rows(created).await.len();
    assert!(created >= 2, "those that ended");
    assert_eq!(app.rows(lines).await.len(), created + 1);
    assert_eq!(app.rows(events).await.len(), created + 1);
}

/// The control: a transaction that is left open is seen by what the test looks at.
#[tokio::test]
async fn attack_56_settings_that_are_left_behind_would_be_seen() {
    let app = App::start().await;
    let secrets = Secrets::start().await;
    let tasks = InProcess::start("tasks", app.database(), &secrets);
    let mut tx = tasks.app.db().before_sign_in().await.unwrap();
    let left = uuid::Uuid::new_v4().to_string();
    sqlx::query("select set_config('app.current_org_id', $1, false)")
        .bind(&left)
        .fetch_one(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(settings(&tasks).await, [Some(left), None]);
}
