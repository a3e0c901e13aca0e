//! Tasks, comments and labels.

use miyabi_tests::{App, json};

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
async fn a_task_of_another_organization_is_not_there() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let bob = app.sign_in("bob").await;
    let created = alice
        .post("/api/tasks", json!({"title": "Private"}))
        .await
        .expect(201);
    let path = format!("/api/tasks/{}", created["id"].as_str().unwrap());
    let theirs = bob.get(&path).await.problem(404, "not_found");
    let absent = bob
        .get(&format!("/api/tasks/{}", uuid::Uuid::new_v4()))
        .await
        .problem(404, "not_found");
    assert_eq!(theirs["detail"], absent["detail"]);
    assert_eq!(bob.get("/api/tasks").await.expect(200)["items"], json!([]));
}
