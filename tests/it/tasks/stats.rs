//! `GET /api/tasks/stats`.

use miyabi_tests::{App, json};

use super::{path, task};

#[tokio::test]
async fn tasks_are_counted_by_what_people_look_for() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let bob = app.member(&alice, "bob", "member").await;
    for (status, priority, assignee, due) in [
        (
            "pending",
            "p0",
            Some(alice.user_id()),
            Some("2020-01-01T00:00:00Z"),
        ),
        (
            "in_progress",
            "p0",
            Some(bob.user_id()),
            Some("2999-01-01T00:00:00Z"),
        ),
        ("pending", "p3", None, None),
        (
            "completed",
            "p0",
            Some(alice.user_id()),
            Some("2020-01-01T00:00:00Z"),
        ),
        ("cancelled", "p1", None, None),
    ] {
        let body = json!({"title": "Task", "status": status, "priority": priority, "assignee_id": assignee, "due_at": due});
        alice.post("/api/tasks", body).await.expect(201);
    }
    let gone = task(&alice, "Gone").await;
    alice.delete(&path(&gone)).await.expect(204);
    let stats = alice.get("/api/tasks/stats").await.expect(200);
    let expected = json!({
        "total": 5,
        "by_status": {"pending": 2, "in_progress": 1, "completed": 1, "failed": 0, "cancelled": 1},
        "open_by_priority": {"p0": 2, "p1": 0, "p2": 0, "p3": 1},
        "open": 3,
        "overdue": 1,
        "unassigned": 1,
        "mine": 1,
    });
    assert_eq!(stats, expected);
    assert_eq!(bob.get("/api/tasks/stats").await.expect(200)["mine"], 1);
}
