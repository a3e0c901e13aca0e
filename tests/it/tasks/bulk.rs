//! `POST /api/tasks/bulk`.

use miyabi_tests::{App, Person, Value, json};

use super::{path, task};

async fn three(alice: &Person) -> Vec<Value> {
    let mut tasks = Vec::new();
    for title in ["One", "Two", "Three"] {
        tasks.push(task(alice, title).await);
    }
    tasks
}

#[tokio::test]
async fn all_are_changed_in_one_transaction_with_one_event() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let tasks = three(&alice).await;
    let body = json!({"items": [
        {"id": tasks[2]["id"], "version": 1, "change": {"status": "completed"}},
        {"id": tasks[0]["id"], "version": 1, "change": {"priority": "p0", "assignee_id": alice.user_id()}},
        {"id": tasks[1]["id"], "version": 1, "change": {}},
    ]});
    let changed = alice.post("/api/tasks/bulk", body).await.expect(200);
    let items = changed["items"].as_array().unwrap();
    let seen: Vec<_> = items
        .iter()
        .map(|task| {
            (
                task["title"].as_str().unwrap(),
                task["version"].as_i64().unwrap(),
            )
        })
        .collect();
    assert_eq!(seen, [("Three", 2), ("One", 2), ("Two", 1)]);
    assert_eq!(items[0]["status"], "completed");
    assert_eq!(items[1]["assignee"]["id"], alice.user_id());
    let events = app
        .rows("select ids from outbox where type = 'tasks.changed'")
        .await;
    let id = |task: &Value| task["id"].as_str().unwrap().to_owned();
    assert_eq!(
        events,
        [format!("(\"{{{},{}}}\")", id(&tasks[2]), id(&tasks[0]))]
    );
    let lines = app
        .rows("select target_id from audit_log where action = 'task.update'")
        .await;
    assert_eq!(lines.len(), 2);
}

#[tokio::test]
async fn one_that_cannot_be_changed_leaves_all_as_they_were() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let tasks = three(&alice).await;
    alice
        .patch(&path(&tasks[1]), 1, json!({"title": "Two again"}))
        .await
        .expect(200);
    let body = |second: Value| json!({"items": [{"id": tasks[0]["id"], "version": 1, "change": {"title": "Changed"}}, second]});
    let stale = alice
        .post(
            "/api/tasks/bulk",
            body(json!({"id": tasks[1]["id"], "version": 1, "change": {"title": "x"}})),
        )
        .await
        .problem(412, "stale_version");
    assert_eq!(
        stale["detail"],
        "`items[1]`: It was changed since version 1; now it is at 2. Nothing was changed."
    );
    let refused = alice
        .post(
            "/api/tasks/bulk",
            body(json!({"id": tasks[2]["id"], "version": 1, "change": {"status": "failed"}})),
        )
        .await
        .problem(409, "bad_transition");
    assert!(
        refused["detail"]
            .as_str()
            .unwrap()
            .starts_with("`items[1]`"),
        "{refused}"
    );
    for (change, field) in [
        (
            json!({"id": uuid::Uuid::new_v4(), "version": 1, "change": {}}),
            "items[1].id",
        ),
        (
            json!({"id": tasks[2]["id"], "version": 1, "change": {"parent_id": tasks[2]["id"]}}),
            "items[1].change.parent_id",
        ),
        (
            json!({"id": tasks[2]["id"], "version": 1, "change": {"title": ""}}),
            "items[1].change.title",
        ),
        (
            json!({"id": tasks[0]["id"], "version": 1, "change": {}}),
            "items",
        ),
    ] {
        let problem = alice
            .post("/api/tasks/bulk", body(change))
            .await
            .problem(422, "invalid");
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
    }
    for count in [0, 101] {
        let items: Vec<_> = (0..count)
            .map(|_| json!({"id": uuid::Uuid::new_v4(), "version": 1, "change": {}}))
            .collect();
        alice
            .post("/api/tasks/bulk", json!({ "items": items }))
            .await
            .problem(422, "invalid");
    }
    assert_eq!(alice.get(&path(&tasks[0])).await.expect(200)["version"], 1);
}

#[tokio::test]
async fn two_moves_of_one_request_cannot_make_a_circle() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let tasks = three(&alice).await;
    let body = json!({"items": [
        {"id": tasks[0]["id"], "version": 1, "change": {"parent_id": tasks[1]["id"]}},
        {"id": tasks[1]["id"], "version": 1, "change": {"parent_id": tasks[0]["id"]}},
    ]});
    let problem = alice
        .post("/api/tasks/bulk", body)
        .await
        .problem(422, "invalid");
    assert_eq!(
        problem["errors"][0]["field"], "items[1].change.parent_id",
        "{problem}"
    );
}
