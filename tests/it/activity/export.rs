//! The trail as NDJSON.

use miyabi_tests::{App, Person, Response, Value, json};

fn lines(response: &Response) -> Vec<Value> {
    assert_eq!(response.status, 200, "{response}");
    assert_eq!(response.header("content-type"), "application/x-ndjson");
    let text = response.text();
    assert!(
        text.is_empty() || text.ends_with('\n'),
        "a line that broke off"
    );
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// All parts, by their cursors, and how many there are.
async fn export(person: &Person, query: &str) -> (Vec<Value>, usize) {
    let (mut all, mut parts) = (Vec::new(), 0);
    let mut cursor = String::new();
    loop {
        let part = person
            .get(&format!("/api/activity/export?{query}{cursor}"))
            .await;
        assert!(part.text().len() <= 4 << 20, "{}", part.text().len());
        all.extend(lines(&part));
        parts += 1;
        match part.headers.get("x-next-cursor") {
            Some(next) => cursor = format!("&cursor={}", next.to_str().unwrap()),
            None => return (all, parts),
        }
    }
}

#[tokio::test]
async fn an_export_has_each_entry_once_in_parts_of_four_mebibytes_at_most() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let bob = app.sign_in("bob").await;
    for person in [&alice, &bob] {
        app.sql(&format!(
            "insert into audit_log (organization_id, id, actor_id, action, target_type, after, request_id, created_at)
             select '{}', gen_random_uuid(), '{}', 'task.update', 'task', jsonb_build_object('title', repeat('木', 6000)),
                'request-' || n, timestamptz '2026-01-01 00:00:00Z' - n * interval '1 minute' from generate_series(1, 500) n",
            person.organization_id(),
            person.user_id()
        ))
        .await;
    }
    let (all, parts) = export(&alice, "action=task.update").await;
    let requests: Vec<&str> = all
        .iter()
        .map(|entry| entry["request_id"].as_str().unwrap())
        .collect();
    let expected: Vec<String> = (1..=500).map(|n| format!("request-{n}")).collect();
    assert_eq!(requests, expected, "newest first, each once");
    // 18 kB a line.
    assert_eq!(parts, 3);
    assert!(
        all.iter()
            .all(|entry| entry["actor"]["id"] == alice.user_id())
    );
    // A line is what the list shows.
    let page = alice
        .get("/api/activity?action=task.update&limit=1")
        .await
        .expect(200);
    assert_eq!(page["items"][0], all[0]);
    let (few, parts) = export(&alice, "to=2025-12-31T16:00:00Z").await;
    assert_eq!((few.len(), parts), (20, 1));
}

#[tokio::test]
async fn an_export_takes_the_filters_of_the_list_and_its_own_cursors_alone() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    for _ in 0..3 {
        alice
            .post("/api/tasks", json!({"title": "Task"}))
            .await
            .expect(201);
    }
    let (all, _) = export(&alice, "target_type=task").await;
    assert_eq!(all.len(), 3);
    let page = alice.get("/api/activity?limit=1").await.expect(200);
    let cursor = page["next_cursor"].as_str().unwrap();
    // A cursor of a list with these filters is one of an export with them.
    let rest = alice
        .get(&format!("/api/activity/export?cursor={cursor}"))
        .await;
    assert_eq!(lines(&rest).len(), 4 - 1);
    let other = format!("/api/activity/export?target_type=task&cursor={cursor}");
    alice.get(&other).await.problem(400, "bad_cursor");
    let wrong = alice.get("/api/activity/export?limit=5").await;
    wrong.problem(422, "invalid");
}

#[tokio::test]
async fn who_may_not_read_the_trail_exports_nothing() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let member = app.member(&alice, "bob", "member").await;
    let refused = member.get("/api/activity/export").await;
    refused.problem(403, "missing_permission");
    let program = alice.api_token(&["audit.read"]).await;
    assert!(!lines(&program.get("/api/activity/export").await).is_empty());
}
