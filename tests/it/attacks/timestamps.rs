//! Timestamps at the edges of every calendar and offset: refused, or stored and readable.

use miyabi_tests::{App, Person, Value, json};

use super::document::Document;

/// Timestamps that databases, time libraries and RFC 3339 disagree about.
fn edges() -> Vec<String> {
    let mut edges: Vec<String> = [
        "",
        "now",
        "infinity",
        "-infinity",
        "epoch",
        "0",
        "1772355600",
        "2026-03-01",
        "2026-03-01T09:00:00",
        "2026-02-29T00:00:00Z",
        "2026-03-01T24:00:00Z",
        "2026-03-01T09:60:00Z",
        "2026-06-30T23:59:60Z",
        "2016-12-31T23:59:60Z",
        "2016-12-31T23:59:61Z",
        "2026-03-01T09:00:60Z",
        "2026-03-01t09:00:00z",
        "2026-03-01 09:00:00Z",
        "20260301T090000Z",
        "2026-W09-7T09:00:00Z",
        "2026-060T09:00:00Z",
        "2026-03-01T09:00:00,5Z",
        "2026-03-01T09:00:00.Z",
        "2026-03-01T09:00:00+24:00",
        "2026-03-01T09:00:00+23:59",
        "2026-03-01T09:00:00-23:59",
        "2026-03-01T09:00:00-00:00",
        "2026-03-01T09:00:00+0100",
        "10000-01-01T00:00:00Z",
        "+2026-03-01T00:00:00Z",
        "-0001-01-01T00:00:00Z",
        "2026-03-01T09:00:00Z\u{0}",
        "２０２６-03-01T09:00:00Z",
        "2026-03-01T09:00:00\u{2212}01:00",
    ]
    .map(str::to_owned)
    .into();
    edges.push(format!("2026-03-01T09:00:00.{}Z", "9".repeat(5000)));
    for day in [
        "0000-01-01",
        "0001-01-01",
        "1582-10-10",
        "1969-12-31",
        "1970-01-01",
        "9999-12-31",
    ] {
        for time in ["00:00:00", "23:59:59", "23:59:59.9999999"] {
            for offset in [
                "Z", "+00:01", "-00:01", "+14:00", "-12:00", "+23:59", "-23:59",
            ] {
                edges.push(format!("{day}T{time}{offset}"));
            }
        }
    }
    edges
}

/// Timestamps of an answer: one width, between 1970 and 9999.
fn assert_timestamps(value: &Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                if let (true, Some(text)) = (name.ends_with("_at") || name == "at", member.as_str())
                {
                    assert_eq!(
                        text.len(),
                        "2026-11-26T17:38:38.123456Z".len(),
                        "{name}: {text}"
                    );
                    assert!(
                        text.ends_with('Z') && ("1970".."9999-12-31T23:59:60").contains(&text),
                        "{text}"
                    );
                }
                assert_timestamps(member);
            }
        }
        Value::Array(items) => items.iter().for_each(assert_timestamps),
        _ => {}
    }
}

async fn assert_all_readable(alice: &Person) {
    for path in [
        "/api/tasks?limit=100",
        "/api/tasks?limit=100&sort=due_at",
        "/api/activity?limit=100",
        "/api/auth/sessions",
    ] {
        assert_timestamps(&alice.get(path).await.expect(200));
    }
}

/// What a change would change: the tasks, and the trail.
async fn stored(app: &App) -> Vec<String> {
    app.rows("select md5(string_agg(t::text, '' order by id)), (select count(*) from audit_log) from tasks t")
        .await
}

#[tokio::test]
async fn attack_51_timestamps_in_bodies() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let created = alice
        .post("/api/tasks", json!({"title": "Task"}))
        .await
        .expect(201);
    let id = created["id"].as_str().unwrap();
    let path = format!("/api/tasks/{id}");
    let (mut version, mut taken) = (1, 0);
    for edge in edges() {
        let before = stored(&app).await;
        let change = json!({ "due_at": edge });
        let items = json!([{"id": id, "version": version, "change": change}]);
        let patched = alice.patch(&path, version, change.clone()).await;
        if patched.status == 200 {
            taken += 1;
            let task = patched.json();
            assert_timestamps(&task);
            let version_now = task["version"].as_i64().unwrap();
            // The same due date again changes nothing.
            let again = alice
                .patch(&path, version_now, change.clone())
                .await
                .expect(200);
            assert_eq!(again["version"], version_now, "{edge}");
            version = version_now;
            let mut new = change.clone();
            new["title"] = json!("Made with it");
            let made = alice.post("/api/tasks", new).await.expect(201);
            assert_eq!(made["due_at"], task["due_at"], "{edge}");
            assert_all_readable(&alice).await;
        } else {
            let field = |response: miyabi_tests::Response| {
                response.problem(422, "invalid")["errors"][0]["field"].clone()
            };
            assert_eq!(field(patched), "due_at", "{edge}");
            let new = json!({"title": "New", "due_at": edge});
            assert_eq!(
                field(alice.post("/api/tasks", new).await),
                "due_at",
                "{edge}"
            );
            let bulk = alice
                .post("/api/tasks/bulk", json!({ "items": items }))
                .await;
            assert_eq!(field(bulk), "items[0].change.due_at", "{edge}");
            assert_eq!(stored(&app).await, before, "{edge}");
        }
    }
    assert!(
        taken > 20,
        "{taken} edges were taken: the others prove nothing"
    );
}

#[tokio::test]
async fn attack_51_timestamps_in_queries() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    alice
        .post(
            "/api/tasks",
            json!({"title": "Due", "due_at": "2026-03-01T07:00:00Z"}),
        )
        .await
        .expect(201);
    let parameters = Document::read().query_parameters("date-time");
    assert_eq!(parameters.len(), 8, "{parameters:?}");
    for (path, name) in &parameters {
        for edge in edges() {
            let encoded: String = edge.bytes().map(|byte| format!("%{byte:02X}")).collect();
            let response = alice.get(&format!("{path}?{name}={encoded}")).await;
            // Longer than the gateway takes: it never reaches the function.
            let is_too_long = encoded.len() > 10_000 && response.status == 431;
            if response.status != 200 && !is_too_long {
                let problem = response.problem(422, "invalid");
                let field = &problem["errors"][0]["field"];
                assert!(field == name || edge.contains('\0'), "{edge}: {problem}");
            }
        }
        // As people type it: a `+` that is not encoded is a space to everybody else.
        for raw in [
            "2026-03-01T09:00:00+02:00",
            "2026-03-01T09:00:00.123456789+02:00",
            "2026-03-01+09:00:00+02:00",
        ] {
            let response = alice.get(&format!("{path}?{name}={raw}")).await;
            assert_eq!(response.status, 200, "{path}: {response}");
        }
    }
    let due = |from: &str| format!("/api/tasks?due_after={from}");
    let count = async |query: String| {
        alice.get(&query).await.expect(200)["items"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!(count(due("2026-03-01T09:00:00+02:00")).await, 1);
    assert_eq!(count(due("2026-03-01T09:00:00.000001+02:00")).await, 0);
}

/// What got into the table before there were bounds makes no list unreadable.
#[tokio::test]
async fn attack_51_rows_from_before_the_bounds_are_readable() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let mut connection = app.database().connect_as_superuser().await;
    let bounded = "update tasks set due_at = 'infinity'";
    alice
        .post("/api/tasks", json!({"title": "New"}))
        .await
        .expect(201);
    assert!(
        sqlx::raw_sql(bounded)
            .execute(&mut connection)
            .await
            .is_err(),
        "the database has the bounds"
    );
    app.sql("alter table tasks drop constraint tasks_due_at_bounds")
        .await;
    for stored in [
        "0044-03-15 12:00:00+00 BC",
        "infinity",
        "-infinity",
        "294276-12-31 23:59:59+00",
    ] {
        let created = alice.post("/api/tasks", json!({"title": "Old"})).await;
        let id = created.expect(201)["id"].as_str().unwrap().to_owned();
        app.sql(&format!(
            "update tasks set due_at = '{stored}' where id = '{id}'"
        ))
        .await;
        alice.get(&format!("/api/tasks/{id}")).await.expect(200);
    }
    assert_all_readable(&alice).await;
}
