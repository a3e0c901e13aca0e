//! `DELETE /api/tasks/{task_id}`, `POST /api/tasks/{task_id}/restore`.

use miyabi_tests::{App, Method, json};

use super::{path, task, titles};

#[tokio::test]
async fn a_task_goes_with_its_sub_tasks_and_comes_back_with_them() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let top = task(&alice, "Top").await;
    let mut middle = json!({"title": "Middle", "parent_id": top["id"]});
    middle = alice.post("/api/tasks", middle).await.expect(201);
    let bottom = json!({"title": "Bottom", "parent_id": middle["id"]});
    let bottom = alice.post("/api/tasks", bottom).await.expect(201);
    let gone_before = json!({"title": "Gone before", "parent_id": middle["id"]});
    let gone_before = alice.post("/api/tasks", gone_before).await.expect(201);
    task(&alice, "Other").await;
    alice.delete(&path(&gone_before)).await.expect(204);

    alice.delete(&path(&top)).await.expect(204);
    let left = alice.get("/api/tasks").await.expect(200);
    assert_eq!(titles(&left), ["Other"]);
    let deleted = alice.get("/api/tasks?deleted=true").await.expect(200);
    assert_eq!(titles(&deleted).len(), 4);
    assert_eq!(titles(&deleted)[3], "Gone before");
    assert!(deleted["items"][0]["deleted_at"].is_string(), "{deleted}");
    for gone in [&top, &middle, &bottom] {
        alice.get(&path(gone)).await.problem(404, "not_found");
        alice
            .patch(&path(gone), 2, json!({"title": "x"}))
            .await
            .problem(404, "not_found");
        alice.delete(&path(gone)).await.problem(404, "not_found");
        alice
            .get(&format!("{}/comments", path(gone)))
            .await
            .problem(404, "not_found");
    }
    let below = json!({"title": "New", "parent_id": top["id"]});
    alice
        .post("/api/tasks", below)
        .await
        .problem(422, "invalid");

    let restore = |of| {
        let path = format!("{}/restore", path(of));
        alice.request(Method::POST, &path).send()
    };
    restore(&middle).await.problem(409, "parent_is_deleted");
    let restored = restore(&top).await;
    assert_eq!(restored.header("etag"), "\"3\"");
    restored.expect(200);
    let mut back = alice.get("/api/tasks?sort=title").await.expect(200);
    assert_eq!(titles(&back), ["Bottom", "Middle", "Other", "Top"]);
    back = restore(&top).await.expect(200);
    assert_eq!(back["version"], 3, "restored once: {back}");
    let trail = app
        .rows(
            "select action, count(*) from audit_log where target_type = 'task' group by 1 order by 1",
        )
        .await;
    assert_eq!(
        trail,
        ["(task.create,5)", "(task.delete,4)", "(task.restore,3)"]
    );
}

#[tokio::test]
async fn what_was_never_there_cannot_be_restored() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let path = format!("/api/tasks/{}/restore", uuid::Uuid::new_v4());
    alice
        .request(Method::POST, &path)
        .send()
        .await
        .problem(404, "not_found");
}

#[tokio::test]
async fn a_deletion_of_a_version_that_was_not_seen_is_refused() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let task = task(&alice, "Task").await;
    let comments = format!("{}/comments", path(&task));
    let comment = alice
        .post(&comments, json!({"body": "Comment"}))
        .await
        .expect(201);
    let label = alice
        .post("/api/labels", json!({"name": "Label"}))
        .await
        .expect(201);
    for (path, change) in [
        (
            format!("{comments}/{}", comment["id"].as_str().unwrap()),
            json!({"body": "Changed"}),
        ),
        (
            format!("/api/labels/{}", label["id"].as_str().unwrap()),
            json!({"name": "Changed"}),
        ),
        (path(&task), json!({"title": "Changed"})),
    ] {
        alice.patch(&path, 1, change).await.expect(200);
        let delete = |seen: &str| {
            alice
                .request(Method::DELETE, &path)
                .header("if-match", seen)
                .send()
        };
        for stale in ["\"1\"", "\"3\"", "*", "W/\"2\"", "2"] {
            delete(stale).await.problem(412, "stale_version");
        }
        delete("\"2\"").await.expect(204);
        delete("\"2\"").await.problem(404, "not_found");
    }
}

/// What is deleted does not count where its parent goes; it counts when it comes back.
#[tokio::test]
async fn a_restored_task_is_nested_no_deeper_than_any_other() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let below = async |title: &str, parent: &miyabi_tests::Value| {
        let new = json!({"title": title, "parent_id": parent["id"]});
        alice.post("/api/tasks", new).await.expect(201)
    };
    let mut deepest = task(&alice, "1").await;
    for level in 2..=6 {
        deepest = below(&level.to_string(), &deepest).await;
    }
    let moved = task(&alice, "Moved").await;
    let child = below("Child", &moved).await;
    below("Grandchild", &child).await;
    alice.delete(&path(&child)).await.expect(204);
    let parent = json!({"parent_id": deepest["id"]});
    let moved = alice.patch(&path(&moved), 1, parent).await.expect(200);
    let restore = format!("{}/restore", path(&child));
    let restore = || alice.request(Method::POST, &restore).send();
    restore().await.problem(409, "too_deep");
    let up = json!({"parent_id": null});
    alice.patch(&path(&moved), 2, up).await.expect(200);
    restore().await.expect(200);
}
