//! Rows as large as the limits allow, until a page would pass what Lambda takes.

use miyabi_tests::{App, Person, Value};

/// Lambda's largest response, in bytes.
const LAMBDA: usize = 6_291_556;

/// Every row of a list, page by page; panics when a page is larger than Lambda takes.
async fn walk(alice: &Person, list: &str) -> (Vec<Value>, usize) {
    let (mut rows, mut pages, mut cursor) = (Vec::new(), 0, String::new());
    loop {
        let response = alice.get(&format!("{list}?limit=100{cursor}")).await;
        let page = response.expect(200);
        let inside = serde_json::to_string(&response.text()).unwrap();
        assert!(inside.len() < LAMBDA, "a page of {} bytes", inside.len());
        rows.extend(page["items"].as_array().unwrap().clone());
        pages += 1;
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return (rows, pages),
        }
    }
}

fn assert_each_once(rows: &[Value], expected: usize) {
    let mut ids: Vec<&str> = rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((ids.len(), rows.len()), (expected, expected));
}

#[tokio::test]
async fn attack_53_every_page_fits() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let (organization, user) = (alice.organization_id(), alice.user_id());
    // A quote is the character that grows most on its way: four bytes.
    app.sql(&format!(
        r#"insert into tasks (organization_id, id, title, description, metadata, created_by, assignee_id)
            select '{organization}', gen_random_uuid(), repeat('"', 200), repeat('"', 20000),
                jsonb_build_object('x', repeat('"', 8000)), '{user}', '{user}' from generate_series(1, 150);
        insert into labels (organization_id, id, name)
            select '{organization}', gen_random_uuid(), repeat('"', 46) || n from generate_series(1000, 1149) n;
        insert into task_labels (organization_id, task_id, label_id, task_created_at)
            select '{organization}', t.id, l.id, t.created_at from tasks t, (select id from labels limit 20) l;
        insert into task_comments (organization_id, id, task_id, author_id, body)
            select '{organization}', gen_random_uuid(), (select min(id::text)::uuid from tasks), '{user}', repeat('"', 10000)
            from generate_series(1, 350);
        insert into audit_log (organization_id, id, actor_id, action, target_type, before, after, request_id)
            select '{organization}', gen_random_uuid(), '{user}', 'task.update', 'task',
                jsonb_build_object('description', repeat('"', 20000), 'metadata', repeat('"', 8000)),
                jsonb_build_object('description', repeat('"', 20000), 'metadata', repeat('"', 8000)), 'r'
            from generate_series(1, 150);
        update users set name = repeat('"', 300), avatar_url = 'https://' || repeat('a', 100000) where id = '{user}'"#
    ))
    .await;
    let task = app.rows("select min(id::text) from tasks").await[0]
        .trim_matches(['(', ')'])
        .to_owned();
    for (list, expected) in [
        ("/api/tasks".to_owned(), 150),
        ("/api/labels".to_owned(), 150),
        (format!("/api/tasks/{task}/comments"), 350),
    ] {
        let (rows, pages) = walk(&alice, &list).await;
        assert_each_once(&rows, expected);
        assert!(pages > 1, "{list}");
    }
    let (rows, pages) = walk(&alice, "/api/activity").await;
    let stored = app
        .rows(&format!(
            "select id from audit_log where organization_id = '{organization}'"
        ))
        .await;
    assert_each_once(&rows, stored.len());
    assert!(
        pages > 3,
        "{pages} pages of the trail: it was not cut by bytes"
    );
}

/// The trail passes on what it holds.
#[tokio::test]
async fn attack_53_a_row_that_cannot_be_parsed_fails_no_page() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let organization = alice.organization_id();
    let deep = format!("{}{}", "[".repeat(3000), "]".repeat(3000));
    for odd in [
        r#"{"$serde_json::private::RawValue": "no JSON"}"#,
        r#"{"$serde_json::private::Number": "no number"}"#,
        r#"{"x": {"$serde_json::private::RawValue": "["}}"#,
        &format!(r#"{{"n": {}}}"#, "9".repeat(400)),
        &deep,
    ] {
        app.sql(&format!(
            "insert into audit_log (organization_id, id, action, target_type, before, after, request_id)
             values ('{organization}', gen_random_uuid(), 'task.update', 'task', '{odd}', '{odd}', 'r')"
        ))
        .await;
        let response = alice.get("/api/activity?limit=1").await;
        assert_eq!(response.status, 200, "{odd:.100}: {response}");
        let compact = |text: &str| text.replace(' ', "");
        assert!(
            compact(&response.text()).contains(&compact(odd)),
            "{odd:.100}"
        );
    }
    alice.get("/api/activity").await;
}
