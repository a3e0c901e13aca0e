//! `POST /api/tasks`, `GET /api/tasks/{task_id}`.

use miyabi_tests::{App, json};

use super::{path, task};

#[tokio::test]
async fn a_created_task_is_listed() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let created = alice
        .post(
            "/api/tasks",
            json!({"title": "Water the maple", "priority": "p1"}),
        )
        .await
        .expect(201);
    assert_eq!(created["title"], "Water the maple");
    assert_eq!(created["version"], 1);
    let page = alice.get("/api/tasks").await.expect(200);
    assert_eq!(page["items"][0]["id"], created["id"], "{page}");
}

#[tokio::test]
async fn a_new_task_has_everything_that_it_was_given() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let label = alice
        .post("/api/labels", json!({"name": "Garden", "color": "#00AA11"}))
        .await
        .expect(201);
    let parent = task(&alice, "Care for the garden").await;
    let created = alice
        .post(
            "/api/tasks",
            json!({
                "title": "  Water the maple  ",
                "description": "Two cans.\nNot more.",
                "status": "in_progress",
                "priority": "p0",
                "assignee_id": alice.user_id(),
                "parent_id": parent["id"],
                "due_at": "2026-03-01T10:00:00+01:00",
                "label_ids": [label["id"]],
                "metadata": {"cans": 2, "deep": [{"x": null}]},
            }),
        )
        .await;
    assert_eq!(created.header("etag"), "\"1\"");
    let created = created.expect(201);
    let person = created["created_by"].clone();
    assert_eq!(person["id"], alice.user_id());
    assert_eq!(person["login"], "alice");
    let expected = json!({
        "id": created["id"],
        "number": 2,
        "key": "ALI-2",
        "title": "Water the maple",
        "description": "Two cans.\nNot more.",
        "status": "in_progress",
        "priority": "p0",
        "assignee": person,
        "parent_id": parent["id"],
        "project_id": null,
        "due_at": "2026-03-01T09:00:00.000000Z",
        "due_on": null,
        "labels": [{"id": label["id"], "name": "Garden", "color": "#00aa11"}],
        "sub_tasks": {"done": 0, "total": 0},
        "comments": 0,
        "metadata": {"cans": 2, "deep": [{"x": null}]},
        "rank": "V000002",
        "version": 1,
        "created_by": person,
        "created_at": created["created_at"],
        "updated_at": created["created_at"],
        "started_at": created["created_at"],
        "completed_at": null,
    });
    assert_eq!(created, expected);
    let read = alice.get(&path(&created)).await;
    assert_eq!(read.header("etag"), "\"1\"");
    assert_eq!(read.expect(200), expected);
}

#[tokio::test]
async fn a_task_of_another_organization_is_not_there() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let bob = app.sign_in("bob").await;
    let created = task(&alice, "Private").await;
    let theirs = bob.get(&path(&created)).await.problem(404, "not_found");
    let absent = bob
        .get(&format!("/api/tasks/{}", uuid::Uuid::new_v4()))
        .await
        .problem(404, "not_found");
    assert_eq!(theirs["detail"], absent["detail"]);
    assert_eq!(bob.get("/api/tasks").await.expect(200)["items"], json!([]));
}

#[tokio::test]
async fn what_cannot_be_stored_is_named() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let long = "x".repeat(201);
    let big = "x".repeat(16 * 1024);
    for (body, field) in [
        (json!({}), "title"),
        (json!({"title": " "}), "title"),
        (json!({"title": "two\nlines"}), "title"),
        (json!({"title": long}), "title"),
        (json!({"title": 1}), "title"),
        (json!({"title": "a", "status": "done"}), "status"),
        (json!({"title": "a", "priority": "p4"}), "priority"),
        (json!({"title": "a", "priority": null}), "priority"),
        (json!({"title": "a", "due_at": "tomorrow"}), "due_at"),
        (json!({"title": "a", "assignee_id": "alice"}), "assignee_id"),
        (json!({"title": "a", "metadata": [1]}), "metadata"),
        (json!({"title": "a", "metadata": {"x": big}}), "metadata"),
        (json!({"title": "a", "label_ids": ["x"]}), "label_ids[0]"),
        (json!({"title": "a", "colour": "red"}), "colour"),
    ] {
        let problem = alice
            .post("/api/tasks", body.clone())
            .await
            .problem(422, "invalid");
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
    }
    assert_eq!(
        alice.get("/api/tasks").await.expect(200)["items"],
        json!([])
    );
}

#[tokio::test]
async fn only_present_members_are_assigned_and_only_by_those_who_may() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let carol = app.member(&alice, "carol", "member").await;
    let gone = app.member(&alice, "dave", "member").await;
    app.sql(&format!(
        "insert into roles (organization_id, name, permissions) values ('{}', 'writer', '[\"tasks.read\", \"tasks.write\"]');
         update memberships set removed_at = now() where user_id = '{}'",
        alice.organization_id(),
        gone.user_id()
    ))
    .await;
    let writer = app.member(&alice, "bob", "writer").await;
    let body = |assignee: String| json!({"title": "Assigned", "assignee_id": assignee});
    alice
        .post("/api/tasks", body(carol.user_id()))
        .await
        .expect(201);
    let problem = alice
        .post("/api/tasks", body(gone.user_id()))
        .await
        .problem(422, "invalid");
    assert_eq!(problem["errors"][0]["field"], "assignee_id");
    writer
        .post("/api/tasks", body(carol.user_id()))
        .await
        .problem(403, "missing_permission");
    writer
        .post("/api/tasks", json!({"title": "Nobody's"}))
        .await
        .expect(201);
    let denied = app
        .rows(&format!(
            "select after from audit_log where outcome = 'denied' and actor_id = '{}'",
            writer.user_id()
        ))
        .await;
    assert_eq!(denied, ["(\"{\"\"needed\"\": \"\"tasks.assign\"\"}\")"]);
}

#[tokio::test]
async fn sub_tasks_are_nested_only_so_deep() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let mut parent = task(&alice, "Level 1").await;
    for level in 2..=8 {
        let body = json!({"title": format!("Level {level}"), "parent_id": parent["id"]});
        parent = alice.post("/api/tasks", body).await.expect(201);
    }
    let body = json!({"title": "Level 9", "parent_id": parent["id"]});
    let problem = alice.post("/api/tasks", body).await.problem(422, "invalid");
    assert_eq!(
        problem["detail"],
        "`parent_id` would nest tasks deeper than 8 levels."
    );
}

#[tokio::test]
async fn a_new_task_leaves_its_line_in_the_trail_and_an_event_that_carries_only_its_id() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let created = task(&alice, "Water the maple").await;
    let id = created["id"].as_str().unwrap();
    let lines = app
        .rows("select actor_id, action, outcome, target_type, target_id, after ->> 'title' from audit_log where target_type = 'task'")
        .await;
    let expected = format!(
        "({},task.create,allowed,task,{id},\"Water the maple\")",
        alice.user_id()
    );
    assert_eq!(lines, [expected]);
    let events = app.rows("select seq, type, ids from outbox").await;
    assert_eq!(events, [format!("(1,task.changed,{{{id}}})")]);
}
