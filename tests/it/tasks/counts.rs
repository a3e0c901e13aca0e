//! How many sub-tasks and comments a task has.

use miyabi_tests::{App, json};

use super::{path, task};

#[tokio::test]
async fn a_task_counts_its_sub_tasks_and_its_comments() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let parent = task(&alice, "Parent").await;
    let mut last = parent.clone();
    for status in [
        "pending",
        "in_progress",
        "completed",
        "cancelled",
        "completed",
    ] {
        let body = json!({"title": status, "status": status, "parent_id": parent["id"]});
        last = alice.post("/api/tasks", body).await.expect(201);
    }
    // Neither a deleted one nor one below a sub-task counts.
    alice.delete(&path(&last)).await.expect(204);
    let nephew = json!({"title": "Below", "parent_id": parent["id"]});
    let child = alice.post("/api/tasks", nephew).await.expect(201);
    let below = json!({"title": "Two below", "parent_id": child["id"]});
    alice.post("/api/tasks", below).await.expect(201);
    let comments = format!("{}/comments", path(&parent));
    for body in ["One", "Two", "Three"] {
        let comment = alice.post(&comments, json!({ "body": body })).await;
        last = comment.expect(201);
    }
    let comment = format!("{comments}/{}", last["id"].as_str().unwrap());
    alice.delete(&comment).await.expect(204);
    let page = alice.get("/api/tasks?sort=created_at").await.expect(200);
    let ids = format!("/api/tasks?ids={}", parent["id"].as_str().unwrap());
    let item = json!({"id": parent["id"], "version": 1, "change": {"priority": "p0"}});
    let bulk = alice
        .post("/api/tasks/bulk", json!({ "items": [item] }))
        .await;
    for answer in [
        page["items"][0].clone(),
        alice.get(&path(&parent)).await.expect(200),
        alice.get(&ids).await.expect(200)["items"][0].clone(),
        bulk.expect(200)["items"][0].clone(),
    ] {
        assert_eq!(
            answer["sub_tasks"],
            json!({"done": 2, "total": 5}),
            "{answer}"
        );
        assert_eq!(answer["comments"], 2, "{answer}");
    }
    let items = page["items"].as_array().unwrap();
    let child = items.iter().find(|task| task["title"] == "Below").unwrap();
    assert_eq!(child["sub_tasks"], json!({"done": 0, "total": 1}));
    assert_eq!(
        (&child["comments"], &items[1]["comments"]),
        (&json!(0), &json!(0))
    );
}

#[tokio::test]
async fn counting_ends_at_a_thousand() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let parent = task(&alice, "Parent").await;
    app.sql(
        "insert into tasks (organization_id, id, number, title, status, parent_id, created_by)
            select organization_id, gen_random_uuid(), 1 + n, 'Child', 'completed', id, created_by
            from tasks, generate_series(1, 1100) n;
         insert into task_comments (organization_id, id, task_id, author_id, body)
            select organization_id, gen_random_uuid(), id, created_by, 'Comment'
            from tasks, generate_series(1, 1100) n where title = 'Parent';",
    )
    .await;
    let page = alice.get("/api/tasks?parent=none").await.expect(200);
    for answer in [
        &page["items"][0],
        &alice.get(&path(&parent)).await.expect(200),
    ] {
        assert_eq!(answer["sub_tasks"], json!({"done": 1000, "total": 1000}));
        assert_eq!(answer["comments"], 1000);
    }
}
