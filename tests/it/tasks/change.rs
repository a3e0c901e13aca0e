//! `PATCH /api/tasks/{task_id}`.

use miyabi_tests::{App, Method, json};

use super::{path, task};

#[tokio::test]
async fn a_change_names_the_version_that_it_was_made_from() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let path = path(&task(&alice, "Water the maple").await);
    let changed = alice
        .patch(&path, 1, json!({"status": "in_progress"}))
        .await;
    assert_eq!(changed.header("etag"), "\"2\"");
    let changed = changed.expect(200);
    assert_eq!(changed["version"], 2);
    assert_eq!(changed["status"], "in_progress");
    assert_ne!(changed["updated_at"], changed["created_at"]);
    alice
        .patch(&path, 1, json!({"status": "in_progress"}))
        .await
        .problem(412, "stale_version");
    alice
        .request(Method::PATCH, &path)
        .json(json!({"title": "No version"}))
        .send()
        .await
        .problem(428, "version_required");
}

#[tokio::test]
async fn a_change_that_changes_nothing_leaves_no_trace() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let created = task(&alice, "Water the maple").await;
    for body in [
        json!({}),
        json!({"title": " Water the maple ", "due_at": null}),
    ] {
        let same = alice.patch(&path(&created), 1, body).await;
        assert_eq!(same.expect(200), created);
    }
    assert_eq!(app.rows("select from outbox").await.len(), 1);
    assert_eq!(
        app.rows("select from audit_log where target_type = 'task'")
            .await
            .len(),
        1
    );
}

#[tokio::test]
async fn what_is_not_named_stays_and_null_takes_away() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let mut labels = Vec::new();
    for name in ["One", "Two", "Three"] {
        let label = alice.post("/api/labels", json!({ "name": name })).await;
        labels.push(label.expect(201)["id"].clone());
    }
    let parent = task(&alice, "Parent").await;
    let created = alice
        .post(
            "/api/tasks",
            json!({"title": "Task", "assignee_id": alice.user_id(), "parent_id": parent["id"], "due_at": "2026-03-01T09:00:00Z",
                "label_ids": [labels[0], labels[1]], "metadata": {"keep": {"a": 1, "b": 2}, "drop": true}}),
        )
        .await
        .expect(201);
    let path = path(&created);
    let changed = alice
        .patch(
            &path,
            1,
            json!({"label_ids": [labels[1], labels[2]], "metadata": {"keep": {"b": null, "c": 3}, "drop": null}}),
        )
        .await
        .expect(200);
    let names: Vec<_> = changed["labels"]
        .as_array()
        .unwrap()
        .iter()
        .map(|label| label["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["Three", "Two"]);
    assert_eq!(changed["metadata"], json!({"keep": {"a": 1, "c": 3}}));
    assert_eq!(changed["due_at"], created["due_at"]);
    let cleared = alice
        .patch(
            &path,
            2,
            json!({"assignee_id": null, "parent_id": null, "due_at": null, "label_ids": []}),
        )
        .await
        .expect(200);
    assert_eq!(cleared["assignee"], json!(null));
    assert_eq!(cleared["parent_id"], json!(null));
    assert_eq!(cleared["due_at"], json!(null));
    assert_eq!(cleared["labels"], json!([]));
    assert_eq!(cleared["metadata"], changed["metadata"]);
    let trail = app
        .rows("select before, after from audit_log where action = 'task.update' order by id desc limit 1")
        .await;
    assert!(
        trail[0].contains("parent_id") && !trail[0].contains("title"),
        "only what differs: {trail:?}"
    );
}

#[tokio::test]
async fn a_status_may_become_only_some_others() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let path = path(&task(&alice, "Task").await);
    let problem = alice
        .patch(&path, 1, json!({"status": "failed"}))
        .await
        .problem(409, "bad_transition");
    assert_eq!(
        problem["detail"],
        "A task that is `pending` cannot become `failed`, only `in_progress` or `completed` or `cancelled`."
    );
    for (version, status) in [
        "in_progress",
        "failed",
        "in_progress",
        "completed",
        "pending",
    ]
    .iter()
    .enumerate()
    {
        alice
            .patch(&path, version as i64 + 1, json!({ "status": status }))
            .await
            .expect(200);
    }
}

#[tokio::test]
async fn a_task_is_never_below_itself() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let top = task(&alice, "Top").await;
    let middle = alice
        .post(
            "/api/tasks",
            json!({"title": "Middle", "parent_id": top["id"]}),
        )
        .await
        .expect(201);
    let bottom = alice
        .post(
            "/api/tasks",
            json!({"title": "Bottom", "parent_id": middle["id"]}),
        )
        .await
        .expect(201);
    for below in [&top, &middle, &bottom] {
        let problem = alice
            .patch(&path(&top), 1, json!({"parent_id": below["id"]}))
            .await
            .problem(422, "invalid");
        assert_eq!(
            problem["detail"],
            "`parent_id` must not be the task itself or one of its sub-tasks."
        );
    }
    let other = task(&alice, "Other").await;
    alice
        .patch(&path(&top), 1, json!({"parent_id": other["id"]}))
        .await
        .expect(200);
}

#[tokio::test]
async fn only_who_may_assign_changes_the_assignee() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    app.sql(&format!(
        "insert into roles (organization_id, name, permissions) values ('{}', 'writer', '[\"tasks.read\", \"tasks.write\"]')",
        alice.organization_id()
    ))
    .await;
    let writer = app.member(&alice, "bob", "writer").await;
    let created = alice
        .post(
            "/api/tasks",
            json!({"title": "Task", "assignee_id": alice.user_id()}),
        )
        .await
        .expect(201);
    for assignee in [json!(null), json!(writer.user_id())] {
        writer
            .patch(&path(&created), 1, json!({ "assignee_id": assignee }))
            .await
            .problem(403, "missing_permission");
    }
    // To say again who it is changes nothing.
    writer
        .patch(
            &path(&created),
            1,
            json!({"title": "Renamed", "assignee_id": alice.user_id()}),
        )
        .await
        .expect(200);
}

#[tokio::test]
async fn labels_are_added_and_removed_beside_those_that_a_task_has() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let mut labels = Vec::new();
    for number in 0..21 {
        let label = alice
            .post("/api/labels", json!({"name": format!("Label {number:02}")}))
            .await;
        labels.push(label.expect(201)["id"].clone());
    }
    let created = task(&alice, "Task").await;
    let path = path(&created);
    let (mut version, mut expected) = (1, Vec::new());
    for (change, names) in [
        (json!({"add_label_ids": [labels[0], labels[1]]}), "00 01"),
        (
            json!({"add_label_ids": [labels[1], labels[2]], "remove_label_ids": [labels[0], labels[5]]}),
            "01 02",
        ),
        (
            json!({"add_label_ids": [labels[1]], "remove_label_ids": [labels[5]]}),
            "01 02",
        ),
        (
            json!({"label_ids": [labels[3], labels[4]], "add_label_ids": [labels[5]], "remove_label_ids": [labels[3]]}),
            "04 05",
        ),
        (
            json!({"add_label_ids": [labels[6]], "remove_label_ids": [labels[6]]}),
            "04 05",
        ),
    ] {
        let changed = alice
            .patch(&path, version, change.clone())
            .await
            .expect(200);
        let found: Vec<String> = changed["labels"]
            .as_array()
            .unwrap()
            .iter()
            .map(|label| label["name"].as_str().unwrap().replace("Label ", ""))
            .collect();
        assert_eq!(found.join(" "), names, "{change}");
        version += i64::from(found != expected);
        assert_eq!(changed["version"], version, "{change}");
        expected = found;
    }
    // In several tasks at once, whatever else they have.
    let other = task(&alice, "Other").await;
    let change = json!({"add_label_ids": [labels[7]]});
    let bulk = json!({"items": [
        {"id": created["id"], "version": version, "change": change},
        {"id": other["id"], "version": 1, "change": change},
    ]});
    let bulk = alice.post("/api/tasks/bulk", bulk).await.expect(200);
    let counts = [0, 1].map(|item| bulk["items"][item]["labels"].as_array().unwrap().len());
    assert_eq!(counts, [3, 1]);
    let many = json!({"label_ids": labels[..20], "add_label_ids": [labels[20]]});
    let problem = alice
        .patch(&path, version + 1, many)
        .await
        .problem(422, "invalid");
    assert_eq!(problem["errors"][0]["field"], "add_label_ids");
}
