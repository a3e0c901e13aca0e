//! `GET /api/tasks/{task_id}/history` and `GET /api/tasks/activity`: what was done, for members.

use miyabi_tests::{App, Person, Value, json};

use super::{path, task};

/// `action actor`, for each entry of a page.
fn acts(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().unwrap().iter();
    items
        .map(|item| format!("{} {}", item["action"], item["actor"]["login"]).replace('"', ""))
        .collect()
}

async fn history(person: &Person, task: &Value) -> Value {
    let page = person.get(&format!("{}/history", path(task))).await;
    page.expect(200)
}

/// A task that was changed, commented on by two people, deleted and restored.
async fn worked_on(alice: &Person, bob: &Person) -> Value {
    let task = task(alice, "Water the maple").await;
    let comments = format!("{}/comments", path(&task));
    let comment = bob.post(&comments, json!({"body": "A secret word"})).await;
    let comment = comment.expect(201);
    let comment = format!("{comments}/{}", comment["id"].as_str().unwrap());
    bob.patch(&comment, 1, json!({"body": "Another word"}))
        .await
        .expect(200);
    bob.patch(&path(&task), 1, json!({"status": "in_progress"}))
        .await
        .expect(200);
    bob.delete(&comment).await.expect(204);
    alice.delete(&path(&task)).await.expect(204);
    let restore = format!("{}/restore", path(&task));
    alice.post(&restore, json!({})).await.expect(200)
}

#[tokio::test]
async fn a_member_reads_what_was_done_to_a_task_and_its_comments() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let bob = app.member(&alice, "bob", "member").await;
    let carol = app.member(&alice, "carol", "viewer").await;
    let other = task(&alice, "Other").await;
    let task = worked_on(&alice, &bob).await;
    let label = alice.post("/api/labels", json!({"name": "Bug"})).await;
    let label = label.expect(201);
    let page = history(&carol, &task).await;
    let expected = [
        "task.restore alice",
        "task.delete alice",
        "comment.delete bob",
        "task.update bob",
        "comment.update bob",
        "comment.create bob",
        "task.create alice",
    ];
    assert_eq!(acts(&page), expected);
    let items = page["items"].as_array().unwrap();
    assert!(items.iter().all(|item| item["task_id"] == task["id"]));
    assert_eq!(items[3]["before"], json!({"status": "pending"}));
    assert_eq!(items[3]["after"], json!({"status": "in_progress"}));
    let mut members: Vec<&str> = items[0]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    members.sort_unstable();
    let known = [
        "action",
        "actor",
        "after",
        "at",
        "before",
        "id",
        "target_id",
        "target_type",
        "task_id",
    ];
    assert_eq!(members, known);
    // What somebody wrote and took back is not shown to everybody.
    assert!(!page.to_string().contains("word"), "{page}");

    let page = carol.get("/api/tasks/activity").await.expect(200);
    let mut all = vec!["label.create alice"];
    all.extend(expected);
    all.push("task.create alice");
    assert_eq!(acts(&page), all);
    let items = page["items"].as_array().unwrap();
    assert_eq!(items[0]["task_id"], json!(null));
    assert_eq!(items[0]["target_id"], label["id"]);
    assert_eq!(items[0]["after"]["name"], "Bug");
    assert!(items[1..8].iter().all(|item| item["task_id"] == task["id"]));
    assert_eq!(items[8]["task_id"], other["id"]);
    assert!(!page.to_string().contains("word"), "{page}");
    for hidden in ["request_id", "session", "api_token", "address", "outcome"] {
        assert!(!page.to_string().contains(hidden), "{hidden}: {page}");
    }
}

#[tokio::test]
async fn refusals_and_acts_on_members_are_not_among_it() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let bob = app.member(&alice, "bob", "member").await;
    let task = task(&alice, "Task").await;
    let comments = format!("{}/comments", path(&task));
    let comment = alice
        .post(&comments, json!({"body": "Mine"}))
        .await
        .expect(201);
    let comment = format!("{comments}/{}", comment["id"].as_str().unwrap());
    bob.delete(&comment).await.problem(403, "not_the_author");
    bob.get("/api/activity")
        .await
        .problem(403, "missing_permission");
    let denied = alice.get("/api/activity?outcome=denied").await.expect(200);
    assert_eq!(acts(&denied), ["access.denied bob", "comment.delete bob"]);
    let expected = ["comment.create alice", "task.create alice"];
    assert_eq!(acts(&history(&bob, &task).await), expected);
    let page = bob.get("/api/tasks/activity").await.expect(200);
    assert_eq!(acts(&page), expected);
}

#[tokio::test]
async fn nobody_sees_the_history_of_another_organization() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let bob = app.sign_in("bob").await;
    let task = worked_on(&alice, &alice).await;
    let theirs = format!("{}/history", path(&task));
    bob.get(&theirs).await.problem(404, "not_found");
    let nothing = format!("/api/tasks/{}/history", uuid::Uuid::new_v4());
    bob.get(&nothing).await.problem(404, "not_found");
    bob.get("/api/tasks/no-id/history")
        .await
        .problem(404, "not_found");
    let page = bob.get("/api/tasks/activity").await.expect(200);
    assert_eq!(page["items"], json!([]));
    // Not even by a cursor.
    let page = alice.get("/api/tasks/activity?limit=1").await.expect(200);
    let cursor = page["next_cursor"].as_str().unwrap();
    let foreign = bob
        .get(&format!("/api/tasks/activity?cursor={cursor}"))
        .await;
    foreign.problem(400, "bad_cursor");
}

/// Pages of every size, with several entries of one time, end with all entries, each once.
#[tokio::test]
async fn pages_of_every_size_have_all_entries_once() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let task = worked_on(&alice, &alice).await;
    app.sql("update audit_log set created_at = date_trunc('minute', created_at)")
        .await;
    let list = format!("{}/history", path(&task));
    for list in [list.as_str(), "/api/tasks/activity"] {
        let all = alice.get(list).await.expect(200);
        let all = acts(&all);
        assert_eq!(all.len(), 7, "{list}");
        for limit in 1..=7 {
            let (mut found, mut cursor) = (Vec::new(), String::new());
            loop {
                let page = alice.get(&format!("{list}?limit={limit}{cursor}")).await;
                let page = page.expect(200);
                assert!(page["items"].as_array().unwrap().len() <= limit);
                found.extend(acts(&page));
                match page["next_cursor"].as_str() {
                    Some(next) => cursor = format!("&cursor={next}"),
                    None => break,
                }
            }
            assert_eq!(found, all, "{list}, {limit}");
        }
    }
}

/// The largest texts that a task may have, before and after: a page holds as many as fit.
#[tokio::test]
async fn a_page_of_the_largest_texts_fits_into_a_response() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let task = task(&alice, "Task").await;
    app.sql(&format!(
        "insert into audit_log (organization_id, id, actor_id, action, target_type, target_id, before, after, request_id)
         select '{}', gen_random_uuid(), '{}', 'task.update', 'task', '{}', d, d, 'request-' || n
         from generate_series(1, 99) n, jsonb_build_object('description', repeat('\"', 20000)) d",
        alice.organization_id(),
        alice.user_id(),
        task["id"].as_str().unwrap(),
    ))
    .await;
    let list = format!("{}/history", path(&task));
    for list in [list.as_str(), "/api/tasks/activity"] {
        let (mut found, mut pages, mut cursor) = (0, 0, String::new());
        loop {
            let page = alice.get(&format!("{list}?limit=100{cursor}")).await;
            assert!(page.text().len() < 6_291_556, "{list}");
            let page = page.expect(200);
            found += page["items"].as_array().unwrap().len();
            pages += 1;
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!((found, pages > 1), (100, true), "{list}");
    }
}
