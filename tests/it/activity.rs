//! The audit trail.

use miyabi_tests::{App, json};

#[tokio::test]
async fn a_created_task_is_in_the_trail_of_its_organization_only() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let bob = app.sign_in("bob").await;
    let task = alice
        .post("/api/tasks", json!({"title": "Water the maple"}))
        .await
        .expect(201);
    let ours = alice.get("/api/activity").await.expect(200);
    assert!(
        ours["items"]
            .as_array()
            .unwrap()
            .iter()
            .any(|item| item["target_id"] == task["id"]),
        "{ours}"
    );
    let theirs = bob.get("/api/activity").await.expect(200);
    assert!(
        !theirs.to_string().contains(task["id"].as_str().unwrap()),
        "{theirs}"
    );
}
