//! The audit trail.

mod export;
mod retention;

use std::slice::from_ref;

use miyabi_tests::{App, Person, Value, json};

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

/// Puts twelve entries into the trail of a person's organization, a minute apart, the newest first:
/// every third was refused, every second was done to a label.
async fn entries(app: &App, person: &Person) -> Vec<String> {
    app.sql(&format!(
        "delete from audit_log where organization_id = '{organization}';
         insert into audit_log (organization_id, id, actor_id, action, outcome, target_type, target_id, request_id, created_at)
         select '{organization}', gen_random_uuid(), '{actor}',
            case when n % 2 = 0 then 'label.create' else 'task.update' end,
            case when n % 3 = 0 then 'denied' else 'allowed' end,
            case when n % 2 = 0 then 'label' else 'task' end,
            ('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid, 'request-' || n,
            timestamptz '2026-01-01 00:00:00Z' - n * interval '1 minute'
         from generate_series(1, 12) n",
        organization = person.organization_id(),
        actor = person.user_id(),
    ))
    .await;
    (1..=12).map(|n| format!("request-{n}")).collect()
}

fn requests(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().unwrap();
    let request = |item: &Value| item["request_id"].as_str().unwrap().to_owned();
    items.iter().map(request).collect()
}

#[tokio::test]
async fn an_entry_says_who_did_what_when_and_what_it_changed() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let task = alice
        .post("/api/tasks", json!({"title": "Water the maple"}))
        .await
        .expect(201);
    let path = format!("/api/tasks/{}", task["id"].as_str().unwrap());
    let changed = alice
        .patch(&path, 1, json!({"status": "in_progress"}))
        .await;
    let page = alice
        .get("/api/activity?target_type=task")
        .await
        .expect(200);
    let entry = &page["items"][0];
    assert_eq!(entry["action"], "task.update", "{page}");
    assert_eq!(entry["outcome"], "allowed");
    assert_eq!(entry["target_id"], task["id"]);
    assert_eq!(entry["actor"]["id"], alice.user_id());
    assert_eq!(entry["actor"]["login"], "alice");
    assert_eq!(entry["request_id"], changed.header("x-request-id"));
    assert_eq!(entry["before"]["status"], "pending", "{entry}");
    assert_eq!(entry["after"]["status"], "in_progress", "{entry}");
    let format = &time::format_description::well_known::Rfc3339;
    time::OffsetDateTime::parse(entry["at"].as_str().unwrap(), format).unwrap();
}

#[tokio::test]
async fn a_filter_leaves_out_what_it_does_not_name() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let all = entries(&app, &alice).await;
    let numbered = |keep: &dyn Fn(usize) -> bool| -> Vec<String> {
        (1..=12)
            .filter(|n| keep(*n))
            .map(|n| format!("request-{n}"))
            .collect()
    };
    let (me, nobody) = (alice.user_id(), uuid::Uuid::new_v4());
    let expected = [
        (String::new(), all.clone()),
        (format!("actor={me}"), all),
        (format!("actor={nobody}"), Vec::new()),
        ("action=task.update".to_owned(), numbered(&|n| n % 2 == 1)),
        ("action=task.delete".to_owned(), Vec::new()),
        ("target_type=label".to_owned(), numbered(&|n| n % 2 == 0)),
        (
            "target_id=00000000-0000-0000-0000-000000000007".to_owned(),
            numbered(&|n| n == 7),
        ),
        ("outcome=denied".to_owned(), numbered(&|n| n % 3 == 0)),
        // The fourth minute before is in, the second is not.
        (
            "from=2025-12-31T23:56:00Z&to=2025-12-31T23:58:00Z".to_owned(),
            numbered(&|n| n == 3 || n == 4),
        ),
        (
            "from=2026-01-01T00:56:00%2B01:00".to_owned(),
            numbered(&|n| n <= 4),
        ),
        (
            format!("actor={me}&outcome=denied&target_type=label&from=2025-12-31T23:50:00Z"),
            numbered(&|n| n == 6),
        ),
    ];
    for (query, expected) in expected {
        let page = alice
            .get(&format!("/api/activity?{query}"))
            .await
            .expect(200);
        assert_eq!(requests(&page), expected, "{query}");
        assert_eq!(page["next_cursor"], json!(null), "{query}");
    }
}

#[tokio::test]
async fn a_filter_that_means_nothing_is_refused_by_its_name() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    for (query, field) in [
        ("actor=alice", "actor"),
        ("outcome=maybe", "outcome"),
        ("from=yesterday", "from"),
        ("color=red", "color"),
    ] {
        let problem = alice
            .get(&format!("/api/activity?{query}"))
            .await
            .problem(422, "invalid");
        assert_eq!(problem["errors"][0]["field"], field, "{query}: {problem}");
    }
}

#[tokio::test]
async fn pages_hold_every_entry_once_also_when_new_ones_come() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let all = entries(&app, &alice).await;
    // Entries of one moment: only their ids tell the pages apart.
    app.sql("update audit_log set created_at = '2026-01-01 00:00:00Z' where request_id in ('request-4', 'request-5', 'request-6')").await;
    let (mut seen, mut path) = (Vec::new(), "/api/activity?limit=5".to_owned());
    loop {
        let page = alice.get(&path).await.expect(200);
        seen.extend(requests(&page));
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        assert_eq!(page["items"].as_array().unwrap().len(), 5, "{page}");
        path = format!("/api/activity?limit=5&cursor={cursor}");
        alice
            .post("/api/labels", json!({"name": uuid::Uuid::new_v4()}))
            .await
            .expect(201);
    }
    seen.sort();
    let mut all = all;
    all.sort();
    assert_eq!(seen, all);
}

#[tokio::test]
async fn attack_42_a_cursor_of_the_trail_is_good_for_nothing_else() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let bob = app.sign_in("bob").await;
    entries(&app, &alice).await;
    entries(&app, &bob).await;
    let page = alice.get("/api/activity?limit=5").await.expect(200);
    let cursor = page["next_cursor"].as_str().unwrap();
    let mut flipped = cursor.to_owned().into_bytes();
    flipped[10] = if flipped[10] == b'A' { b'B' } else { b'A' };
    let flipped = String::from_utf8(flipped).unwrap();
    for query in [
        format!("cursor={flipped}"),
        format!("cursor={}", &cursor[..cursor.len() - 4]),
        "cursor=".to_owned(),
        "cursor=%27%20or%201%3D1".to_owned(),
        format!("cursor={cursor}&outcome=denied"),
        format!("cursor={cursor}&actor={}", alice.user_id()),
    ] {
        alice
            .get(&format!("/api/activity?{query}"))
            .await
            .problem(400, "bad_cursor");
    }
    bob.get(&format!("/api/activity?cursor={cursor}"))
        .await
        .problem(400, "bad_cursor");
    for limit in ["0", "-1", "101", "9223372036854775808", "many", ""] {
        alice
            .get(&format!("/api/activity?limit={limit}"))
            .await
            .problem(400, "bad_limit");
    }
}

#[tokio::test]
async fn who_may_not_read_the_trail_is_in_it() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let member = app.member(&alice, "carol", "member").await;
    member
        .get("/api/activity")
        .await
        .problem(403, "missing_permission");
    let page = alice.get("/api/activity?outcome=denied").await.expect(200);
    let entry = &page["items"][0];
    assert_eq!(entry["action"], "access.denied", "{page}");
    assert_eq!(entry["actor"]["login"], "carol", "{page}");
}

#[tokio::test]
async fn somebody_who_was_never_a_member_has_no_name_in_the_trail() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let bob = app.sign_in("bob").await;
    entries(&app, &alice).await;
    app.sql(&format!(
        "update audit_log set actor_id = '{}' where request_id = 'request-1';
         update audit_log set actor_id = null where request_id = 'request-2'",
        bob.user_id()
    ))
    .await;
    let page = alice.get("/api/activity?limit=2").await.expect(200);
    assert_eq!(
        page["items"][0]["actor"],
        json!({"id": bob.user_id(), "login": null, "name": null, "avatar_url": null})
    );
    assert_eq!(page["items"][1]["actor"], json!(null));
}

#[tokio::test]
async fn an_entry_names_the_session_or_the_token_of_its_actor() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let session = alice.claims()["sid"].clone();
    let task = json!({"title": "Water the maple"});
    alice.post("/api/tasks", task.clone()).await.expect(201);
    let program = alice.api_token(&["tasks.write"]).await;
    program.post("/api/tasks", task).await.expect(201);
    // What is refused names it too.
    program
        .get("/api/tasks")
        .await
        .problem(403, "missing_permission");
    let page = alice.get("/api/activity").await.expect(200);
    let items = page["items"].as_array().unwrap();
    let of = |action: &str| {
        let entries = items.iter().filter(|item| item["action"] == action);
        entries
            .map(|item| {
                (
                    item["session_id"].clone(),
                    item["api_token"]["name"].clone(),
                )
            })
            .collect::<Vec<_>>()
    };
    let by_session = (session, Value::Null);
    let by_token = (Value::Null, json!("Program"));
    assert_eq!(of("access.denied"), from_ref(&by_token), "{page}");
    assert_eq!(of("task.create"), [by_token, by_session.clone()], "{page}");
    assert_eq!(of("api_token.create"), from_ref(&by_session), "{page}");
    // Before there is an access token: the sign-in itself.
    assert_eq!(of("auth.sign_in"), [by_session], "{page}");
}
