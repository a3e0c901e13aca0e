//! `GET /api/tasks/flow`, and the times of work that it counts.

use miyabi_tests::{App, Person, Value, json};

use super::{path, task};

/// Changes the status of a task and returns the task.
async fn becomes(person: &Person, task: &Value, status: &str) -> Value {
    let version = task["version"].as_i64().unwrap();
    let change = json!({ "status": status });
    person.patch(&path(task), version, change).await.expect(200)
}

#[tokio::test]
async fn the_times_of_work_follow_the_status_and_end_with_a_reopening() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let mut task = task(&alice, "Task").await;
    assert_eq!(task["started_at"], json!(null));
    let null = json!(null);
    let (mut started, mut completed) = (null.clone(), null.clone());
    for (status, is_started, is_completed) in [
        ("in_progress", true, false),
        ("completed", true, true),
        // Begins again.
        ("in_progress", true, false),
        ("completed", true, true),
        ("pending", false, false),
        ("completed", false, true),
        ("pending", false, false),
        ("in_progress", true, false),
        ("failed", true, false),
        ("in_progress", true, false),
        ("cancelled", true, false),
        ("pending", false, false),
    ] {
        task = becomes(&alice, &task, status).await;
        let at = task["updated_at"].clone();
        if status == "in_progress" || !is_started {
            started = if is_started { at.clone() } else { null.clone() };
        }
        completed = if is_completed { at } else { null.clone() };
        assert_eq!(
            (&task["started_at"], &task["completed_at"]),
            (&started, &completed),
            "{status}"
        );
    }
    assert_eq!(completed, null);

    // What leaves the status as it is leaves the times as they are.
    let task = becomes(&alice, &task, "in_progress").await;
    let version = task["version"].as_i64().unwrap();
    let change = json!({"title": "Other", "status": "in_progress"});
    let renamed = alice.patch(&path(&task), version, change).await;
    assert_eq!(renamed.expect(200)["started_at"], task["started_at"]);
    alice.delete(&path(&task)).await.expect(204);
    let restore = format!("{}/restore", path(&task));
    let restored = alice.post(&restore, json!({})).await.expect(200);
    assert_eq!(restored["started_at"], task["started_at"]);

    for (status, started, completed) in [("in_progress", true, false), ("completed", false, true)] {
        let body = json!({"title": "Created so", "status": status});
        let task = alice.post("/api/tasks", body).await.expect(201);
        let at = |is: bool| if is { &task["created_at"] } else { &null };
        assert_eq!(
            (&task["started_at"], &task["completed_at"]),
            (at(started), at(completed)),
            "{status}"
        );
    }
}

#[tokio::test]
async fn many_tasks_at_once_get_their_times_as_one_does() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let (one, other) = (task(&alice, "One").await, task(&alice, "Other").await);
    let at_once = async |version: i64, status: &str, task: &Value, then: &Value| {
        let change = json!({ "status": status });
        let items = json!([
            {"id": task["id"], "version": version, "change": change},
            {"id": then["id"], "version": version, "change": change},
        ]);
        alice
            .post("/api/tasks/bulk", json!({ "items": items }))
            .await
            .expect(200);
        alice.get(&path(task)).await.expect(200)
    };
    let started = at_once(1, "in_progress", &one, &other).await;
    assert_eq!(started["started_at"], started["updated_at"]);
    let completed = at_once(2, "completed", &one, &other).await;
    assert_eq!(completed["completed_at"], completed["updated_at"]);
    assert_eq!(completed["started_at"], started["started_at"]);
    // Deleted and restored with another action, they are completed still.
    for (version, action) in [(3, "delete"), (4, "restore")] {
        let items = json!([{"id": one["id"], "version": version, "action": action}]);
        let items = json!({ "items": items });
        if action == "restore" {
            assert_eq!(today(&alice).await, (1, 1), "a deleted task counts");
        }
        alice.post("/api/tasks/bulk", items).await.expect(200);
    }
    let restored = alice.get(&path(&one)).await.expect(200);
    assert_eq!(restored["completed_at"], completed["completed_at"]);
    assert_eq!(today(&alice).await, (2, 2));
}

/// Created and completed this year.
async fn today(person: &Person) -> (i64, i64) {
    let now = person.get("/api/tasks?limit=1").await.expect(200)["items"][0]["updated_at"].clone();
    let year: i32 = now.as_str().unwrap()[..4].parse().unwrap();
    let query = format!("from={year}-01-01&to={year}-12-31");
    let days = person.get(&format!("/api/tasks/flow?{query}")).await;
    let days = days.expect(200);
    let sum = |member: &str| {
        let days = days.as_array().unwrap().iter();
        days.map(|day| day[member].as_i64().unwrap()).sum()
    };
    (sum("created"), sum("completed"))
}

/// Days as `day created completed p50 p85`, those with something alone.
async fn flow(person: &Person, query: &str) -> Vec<String> {
    let days = person.get(&format!("/api/tasks/flow?{query}")).await;
    let days = days.expect(200);
    let days = days.as_array().unwrap().iter();
    days.filter(|day| day["created"] != 0 || day["completed"] != 0)
        .map(|day| {
            let day = ["day", "created", "completed", "cycle_p50_h", "cycle_p85_h"]
                .map(|member| day[member].to_string());
            day.join(" ").replace('"', "")
        })
        .collect()
}

/// A task that was created and completed at these times, begun `hours` before its completion.
async fn worked(app: &App, person: &Person, created: &str, completed: &str, hours: Option<f64>) {
    let (organization, user) = (person.organization_id(), person.user_id());
    let started = hours.map_or("null".to_owned(), |hours| {
        format!("timestamptz '{completed}' - {hours} * interval '1 hour'")
    });
    app.sql(&format!(
        "insert into tasks (organization_id, id, title, status, created_by, created_at, started_at, completed_at)
         values ('{organization}', gen_random_uuid(), 'Task', 'completed', '{user}', '{created}', {started}, '{completed}')"
    ))
    .await;
}

#[tokio::test]
async fn a_day_is_the_date_that_the_readers_clocks_show() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let bob = app.sign_in("bob").await;
    for (created, completed) in [
        // The last and first microseconds of days in Berlin, when clocks go forward and back.
        ("2026-03-28T22:59:59.999999Z", "2026-03-28T23:00:00Z"),
        ("2026-03-29T21:59:59.999999Z", "2026-03-29T22:00:00Z"),
        ("2026-10-24T21:59:59.999999Z", "2026-10-24T22:00:00Z"),
        ("2026-10-25T22:59:59.999999Z", "2026-10-25T23:00:00Z"),
        // São Paulo: this day began at one o'clock.
        ("2018-11-04T02:59:59.999999Z", "2018-11-04T03:00:00Z"),
        // And this one had the hour before midnight twice.
        ("2018-02-18T02:59:59.999999Z", "2018-02-18T03:00:00Z"),
        // Samoa had no 30 December.
        ("2011-12-30T09:59:59.999999Z", "2011-12-30T10:00:00Z"),
    ] {
        worked(&app, &alice, created, completed, None).await;
    }
    for (query, expected) in [
        (
            "from=2026-03-28&to=2026-03-30&tz=Europe/Berlin",
            &[
                "2026-03-28 1 0 null null",
                "2026-03-29 1 1 null null",
                "2026-03-30 0 1 null null",
            ][..],
        ),
        (
            "from=2026-03-29&to=2026-03-29&tz=Europe/Berlin",
            &["2026-03-29 1 1 null null"],
        ),
        (
            "from=2026-10-24&to=2026-10-26&tz=Europe/Berlin",
            &[
                "2026-10-24 1 0 null null",
                "2026-10-25 1 1 null null",
                "2026-10-26 0 1 null null",
            ],
        ),
        (
            "from=2018-11-03&to=2018-11-04&tz=America/Sao_Paulo",
            &["2018-11-03 1 0 null null", "2018-11-04 0 1 null null"],
        ),
        (
            "from=2018-02-17&to=2018-02-18&tz=America/Sao_Paulo",
            &["2018-02-17 1 0 null null", "2018-02-18 0 1 null null"],
        ),
        (
            "from=2011-12-29&to=2011-12-31&tz=Pacific/Apia",
            &["2011-12-29 1 0 null null", "2011-12-31 0 1 null null"],
        ),
        (
            "from=2026-03-28&to=2026-03-29",
            &["2026-03-28 1 1 null null", "2026-03-29 1 1 null null"],
        ),
        // The zones with the largest differences from UTC.
        (
            "from=2026-03-29&to=2026-03-30&tz=Pacific/Kiritimati",
            &["2026-03-29 1 1 null null", "2026-03-30 1 1 null null"],
        ),
        (
            "from=2026-03-28&to=2026-03-29&tz=Etc/GMT%2B12",
            &["2026-03-28 1 1 null null", "2026-03-29 1 1 null null"],
        ),
    ] {
        assert_eq!(flow(&alice, query).await, expected, "{query}");
        assert!(flow(&bob, query).await.is_empty(), "{query}");
    }
    let days = alice.get("/api/tasks/flow?from=2011-12-28&to=2012-01-01&tz=Pacific/Apia");
    let days = days.await.expect(200);
    assert_eq!(days.as_array().unwrap().len(), 5, "{days}");
    let empty = json!({"day": "2011-12-30", "created": 0, "completed": 0, "cycle_p50_h": null, "cycle_p85_h": null});
    assert_eq!(days[2], empty);
}

#[tokio::test]
async fn the_cycle_of_a_day_is_that_of_what_was_worked_on() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    for hours in [Some(1.0), Some(2.0), Some(3.0), Some(10.5), None] {
        worked(
            &app,
            &alice,
            "2026-02-01T00:00:00Z",
            "2026-03-01T12:00:00Z",
            hours,
        )
        .await;
    }
    worked(
        &app,
        &alice,
        "2026-02-01T00:00:00Z",
        "2026-03-02T12:00:00Z",
        None,
    )
    .await;
    assert_eq!(
        flow(&alice, "from=2026-03-01&to=2026-03-02").await,
        ["2026-03-01 0 5 2.5 7.13", "2026-03-02 0 1 null null"]
    );
}

#[tokio::test]
async fn a_range_of_days_and_a_time_zone_are_refused_by_their_names() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    for (query, field) in [
        ("to=2026-03-01", "from"),
        ("from=2026-03-01", "to"),
        ("from=2026-02-30&to=2026-03-01", "from"),
        ("from=2026-03-01&to=tomorrow", "to"),
        ("from=2026-03-02&to=2026-03-01", "to"),
        ("from=2026-01-01&to=2027-01-02", "to"),
        ("from=1970-01-01&to=9999-12-31", "to"),
        ("from=2026-03-01&to=2026-03-01&tz=", "tz"),
        ("from=2026-03-01&to=2026-03-01&tz=Asia/Atlantis", "tz"),
        ("from=2026-03-01&to=2026-03-01&tz=Mars/Base", "tz"),
        ("from=2026-03-01&to=2026-03-01&tz=CET", "tz"),
        ("from=2026-03-01&to=2026-03-01&tz=JST-9", "tz"),
        ("from=2026-03-01&to=2026-03-01&tz=Europe/Berlin/", "tz"),
        ("from=2026-03-01&to=2026-03-01&tz=%2B09:00", "tz"),
        ("from=2026-03-01&to=2026-03-01&zone=UTC", "zone"),
    ] {
        let response = alice.get(&format!("/api/tasks/flow?{query}")).await;
        let problem = response.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["field"], field, "{query}");
    }
    for query in [
        "from=1970-01-01&to=1970-01-01&tz=Pacific/Kiritimati",
        "from=9999-12-31&to=9999-12-31&tz=Etc/GMT%2B12",
        "from=2024-01-01&to=2024-12-31",
        "from=2026-01-01&to=2027-01-01",
    ] {
        let response = alice.get(&format!("/api/tasks/flow?{query}")).await;
        response.expect(200);
    }
}
