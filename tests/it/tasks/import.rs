//! `POST /api/tasks/import`: tasks of another system, each once.

use miyabi_tests::{App, Value, json};

use super::titles;

fn item(external_id: &str, title: &str) -> Value {
    json!({
        "source": "github:octocat/garden",
        "external_id": external_id,
        "url": format!("https://example.com/{external_id}"),
        "task": {"title": title},
    })
}

fn created(imported: &Value) -> Vec<bool> {
    let items = imported["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["created"].as_bool().unwrap())
        .collect()
}

#[tokio::test]
async fn an_import_that_is_repeated_makes_no_second_tasks() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let first = json!({"items": [item("1", "One"), item("2", "Two"), item("1", "One again")]});
    let imported = alice.post("/api/tasks/import", first).await.expect(200);
    assert_eq!(created(&imported), [true, true, false]);
    assert_eq!(
        imported["items"][0]["task_id"],
        imported["items"][2]["task_id"]
    );
    let second = json!({"items": [item("2", "Two, changed"), item("3", "Three")]});
    let again = alice.post("/api/tasks/import", second).await.expect(200);
    assert_eq!(created(&again), [false, true]);
    assert_eq!(
        again["items"][0]["task_id"],
        imported["items"][1]["task_id"]
    );
    let page = alice.get("/api/tasks?sort=created_at").await.expect(200);
    assert_eq!(titles(&page), ["One", "Two", "Three"]);
    // Another source has ids of its own.
    let mut other = item("1", "Elsewhere");
    other["source"] = json!("jira:GARDEN");
    let other = alice
        .post("/api/tasks/import", json!({ "items": [other] }))
        .await
        .expect(200);
    assert_eq!(created(&other), [true]);
    // What was deleted here does not come back with the next run.
    let path = format!(
        "/api/tasks/{}",
        imported["items"][0]["task_id"].as_str().unwrap()
    );
    alice.delete(&path).await.expect(204);
    let after = json!({"items": [item("1", "One")]});
    let after = alice.post("/api/tasks/import", after).await.expect(200);
    assert_eq!(created(&after), [false]);
    let rows = app
        .rows("select external_id, url from task_imports where source like 'github%' order by external_id")
        .await;
    assert_eq!(
        rows,
        [
            "(1,https://example.com/1)",
            "(2,https://example.com/2)",
            "(3,https://example.com/3)"
        ]
    );
}

#[tokio::test]
async fn an_import_is_all_or_nothing_and_names_its_item() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let bob = app.member(&alice, "bob", "member").await;
    let mut wrong = item("2", "Two");
    wrong["task"]["project_id"] = json!(uuid::Uuid::new_v4());
    let body = json!({"items": [item("1", "One"), wrong]});
    let problem = alice.post("/api/tasks/import", body).await;
    let problem = problem.problem(422, "invalid");
    assert_eq!(problem["errors"][0]["field"], "items[1].task.project_id");
    assert!(app.rows("select from tasks").await.is_empty());
    assert!(app.rows("select from task_imports").await.is_empty());
    for (change, field) in [
        (json!({"url": "javascript:alert(1)"}), "items[0].url"),
        (json!({"url": "https://a b"}), "items[0].url"),
        (json!({"source": " "}), "items[0].source"),
        (json!({"external_id": ""}), "items[0].external_id"),
        (json!({"task": {"title": ""}}), "items[0].task.title"),
        (json!({"version": 1}), "items[0].version"),
    ] {
        let mut item = item("1", "One");
        item.as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        let problem = bob
            .post("/api/tasks/import", json!({ "items": [item] }))
            .await
            .problem(422, "invalid");
        assert_eq!(problem["errors"][0]["field"], field, "{change}");
    }
    let many: Vec<Value> = (0..201).map(|n| item(&n.to_string(), "Task")).collect();
    bob.post("/api/tasks/import", json!({ "items": many }))
        .await
        .problem(422, "invalid");
    bob.post("/api/tasks/import", json!({"items": []}))
        .await
        .problem(422, "invalid");
}

/// Two hundred at once, by two people: each task once, numbered without a gap, and nobody notified.
#[tokio::test]
async fn two_imports_of_the_same_tasks_at_once_make_them_once() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let bob = app.member(&alice, "bob", "member").await;
    let items: Vec<Value> = (0..200)
        .map(|n| {
            let mut item = item(&n.to_string(), &format!("Task {n}"));
            item["task"]["assignee_id"] = json!(bob.user_id());
            item["task"]["status"] = json!(if n % 2 == 0 { "completed" } else { "pending" });
            item
        })
        .collect();
    let body = json!({ "items": items });
    let (one, other) = tokio::join!(
        alice.post("/api/tasks/import", body.clone()),
        bob.post("/api/tasks/import", body)
    );
    let (one, other) = (one.expect(200), other.expect(200));
    let (one, other) = (created(&one), created(&other));
    assert!(
        one.iter().all(|created| *created) != other.iter().all(|created| *created),
        "{one:?} {other:?}"
    );
    let numbers = app
        .rows("select count(*), min(number), max(number) from tasks")
        .await;
    assert_eq!(numbers, ["(200,1,200)"]);
    assert!(app.rows("select from notifications").await.is_empty());
    assert!(app.rows("select from task_watchers").await.is_empty());
    let events = app
        .rows("select cardinality(ids) from outbox where type = 'tasks.changed'")
        .await;
    assert_eq!(events, ["(200)"]);
}

#[tokio::test]
async fn a_viewer_imports_nothing() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let viewer = app.member(&alice, "bob", "viewer").await;
    viewer
        .post("/api/tasks/import", json!({"items": [item("1", "One")]}))
        .await
        .problem(403, "missing_permission");
}
