//! Due at a time, or on a day.

use miyabi_tests::{App, Person, Value, json};

use super::{path, task, titles};

async fn due(person: &Person, title: &str, at: Option<&str>, on: Option<&str>) -> Value {
    let body = json!({"title": title, "due_at": at, "due_on": on});
    person.post("/api/tasks", body).await.expect(201)
}

#[tokio::test]
async fn a_task_is_due_at_a_time_or_on_a_day_and_never_both() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let (at, on) = (json!("2026-03-01T09:00:00Z"), json!("2026-03-01"));
    let stored = json!("2026-03-01T09:00:00.000000Z");
    let both = json!({"title": "Both", "due_at": at, "due_on": on});
    let problem = alice.post("/api/tasks", both).await.problem(422, "invalid");
    assert_eq!(problem["errors"][0]["field"], "due_on");
    let created = task(&alice, "Task").await;
    let path = path(&created);
    for (index, (change, due_at, due_on)) in [
        (json!({ "due_on": on }), json!(null), on.clone()),
        (json!({ "due_at": at }), stored.clone(), json!(null)),
        (
            json!({ "due_on": on, "due_at": null }),
            json!(null),
            on.clone(),
        ),
        (
            json!({ "due_on": null, "due_at": at }),
            stored.clone(),
            json!(null),
        ),
        (
            json!({ "due_on": null, "title": "Other" }),
            stored.clone(),
            json!(null),
        ),
        (json!({ "due_at": null }), json!(null), json!(null)),
    ]
    .into_iter()
    .enumerate()
    {
        let version = i64::try_from(index).unwrap() + 1;
        let task = alice
            .patch(&path, version, change.clone())
            .await
            .expect(200);
        assert_eq!(
            (&task["due_at"], &task["due_on"]),
            (&due_at, &due_on),
            "{change}"
        );
    }
    let both = json!({ "due_at": at, "due_on": on });
    let item = json!({"id": created["id"], "version": 7, "change": both});
    let refused = alice.patch(&path, 7, both).await.problem(422, "invalid");
    assert_eq!(refused["errors"][0]["field"], "due_on");
    let refused = alice
        .post("/api/tasks/bulk", json!({ "items": [item] }))
        .await
        .problem(422, "invalid");
    assert_eq!(refused["errors"][0]["field"], "items[0].change.due_on");
    for day in [
        "2026-02-29",
        "2026-3-1",
        "1969-12-31",
        "10000-01-01",
        "today",
        "infinity",
        "",
    ] {
        let problem = alice
            .patch(&path, 7, json!({ "due_on": day }))
            .await
            .problem(422, "invalid");
        assert_eq!(problem["errors"][0]["field"], "due_on", "{day}");
    }
}

/// Days and times in one order, walked in pages of every size.
#[tokio::test]
async fn days_and_times_are_sorted_together() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    for (title, at, on) in [
        ("never", None, None),
        ("last day", None, Some("9999-12-31")),
        ("last moment", Some("9999-12-31T23:59:59.999999Z"), None),
        (
            "after the first of March",
            Some("2026-03-02T00:00:00.000001Z"),
            None,
        ),
        ("on the first of March", None, Some("2026-03-01")),
        (
            "at noon on the first of March",
            Some("2026-03-01T12:00:00Z"),
            None,
        ),
        ("first day", None, Some("1970-01-01")),
        ("first moment", Some("1970-01-01T00:00:00Z"), None),
    ] {
        due(&alice, title, at, on).await;
    }
    let mut expected = [
        "first moment",
        "first day",
        "at noon on the first of March",
        "on the first of March",
        "after the first of March",
        "last moment",
        "last day",
        "never",
    ];
    for order in ["due_at", "-due_at"] {
        for limit in 1..=8 {
            let (mut found, mut cursor) = (Vec::new(), String::new());
            loop {
                let query = format!("/api/tasks?sort={order}&limit={limit}{cursor}");
                let page = alice.get(&query).await.expect(200);
                found.extend(titles(&page).into_iter().map(str::to_owned));
                match page["next_cursor"].as_str() {
                    Some(next) => cursor = format!("&cursor={next}"),
                    None => break,
                }
            }
            assert_eq!(found, expected, "{order}, {limit}");
        }
        expected.reverse();
    }
    let page = alice
        .get("/api/tasks?due_after=2026-03-01T12:00:00Z&due_before=2026-03-02T00:00:00.000001Z&sort=due_at")
        .await
        .expect(200);
    assert_eq!(titles(&page), expected[2..4]);
    let page = alice.get("/api/tasks?due_after=9999-01-01T00:00:00Z").await;
    assert_eq!(titles(&page.expect(200)).len(), 2, "never due is not late");
}

#[tokio::test]
async fn a_day_is_over_when_the_readers_next_one_begins() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    due(&alice, "long ago", Some("2020-01-01T00:00:00Z"), None).await;
    due(&alice, "far away", Some("2999-01-01T00:00:00Z"), None).await;
    due(&alice, "on a day", None, Some("2030-06-15")).await;
    due(&alice, "yesterday", None, Some("2020-01-01")).await;
    let closed = json!({"title": "closed", "status": "completed", "due_on": "2020-01-01"});
    alice.post("/api/tasks", closed).await.expect(201);
    for (today, expected) in [
        ("&today=2020-01-01", "long ago"),
        ("&today=2020-01-02", "long ago, yesterday"),
        ("&today=2030-06-15", "long ago, yesterday"),
        // As far ahead as a reader may be, and further.
        ("&today=2030-06-16", "long ago, yesterday, on a day"),
        ("&today=9999-12-31", "long ago, yesterday, on a day"),
        ("", "long ago, yesterday"),
    ] {
        let query = format!("/api/tasks?overdue=true&status=pending&sort=due_at{today}");
        let page = alice.get(&query).await.expect(200);
        assert_eq!(titles(&page).join(", "), expected, "{today}");
        let query = format!("/api/tasks/stats?{}", today.trim_start_matches('&'));
        let stats = alice.get(&query).await.expect(200);
        assert_eq!(stats["overdue"], expected.split(", ").count(), "{today}");
    }
    let all = alice.get("/api/tasks?overdue=false&today=2030-06-16").await;
    assert_eq!(titles(&all.expect(200)).len(), 5);
    for (query, field) in [
        ("tasks?overdue=true&today=tomorrow", "today"),
        ("tasks?overdue=yes", "overdue"),
        ("tasks?overdue=true&q=maple", "overdue"),
        ("tasks/stats?today=2026-02-30", "today"),
        ("tasks/stats?yesterday=2026-02-28", "yesterday"),
    ] {
        let problem = alice
            .get(&format!("/api/{query}"))
            .await
            .problem(422, "invalid");
        assert_eq!(problem["errors"][0]["field"], field, "{query}");
    }
}
