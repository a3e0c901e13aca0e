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
