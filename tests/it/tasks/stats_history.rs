//! `GET /api/stats/history`, and the statistics of days that the schedule adds up.

use std::collections::BTreeMap;

use miyabi_tests::{App, Dice, Person, Value, json};

use super::{path, task};

/// A minute of the schedule.
async fn sweep(app: &App) {
    let event = json!({"kind": "sweep"});
    app.invoke("ws-broadcast", &event).await.unwrap();
}

/// Has everything that happened until now have happened a day earlier.
async fn a_day_passes(app: &App) {
    app.sql(
        "update audit_log set created_at = created_at - interval '1 day';
         update stats_changes set day = day - 1;
         -- Two steps, so that no two days are the same meanwhile.
         update stats_days set day = day - 1001;
         update stats_days set day = day + 1000",
    )
    .await;
}

/// Changes the status of a task and returns the task.
async fn becomes(person: &Person, task: &Value, status: &str) -> Value {
    let change = json!({ "status": status });
    let version = task["version"].as_i64().unwrap();
    person.patch(&path(task), version, change).await.expect(200)
}

/// The last days, today last, as `created completed reopened deleted restored: open p0 p1 p2 p3`.
async fn last_days(person: &Person, count: usize) -> Vec<String> {
    let days = person.get("/api/stats/history").await.expect(200);
    let days = days.as_array().unwrap();
    assert_eq!(days.len(), 365);
    let shown = days.iter().map(|day| {
        let count = |member: &str| day[member].to_string();
        let happened = ["created", "completed", "reopened", "deleted", "restored"].map(count);
        let open = ["p0", "p1", "p2", "p3"].map(|p| day["open_by_priority"][p].to_string());
        format!("{}: {} {}", happened.join(" "), day["open"], open.join(" "))
    });
    let shown: Vec<String> = shown.collect();
    let (before, last) = shown.split_at(shown.len() - count);
    assert!(before.iter().all(|day| day == "0 0 0 0 0: 0 0 0 0 0"));
    let finished: Vec<&Value> = days.iter().map(|day| &day["finished"]).collect();
    assert!(finished[..364].iter().all(|is| **is == json!(true)));
    assert_eq!(finished[364], &json!(false), "today is not over");
    last.to_vec()
}

#[tokio::test]
async fn each_day_has_what_happened_and_what_was_open_at_its_end() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let bob = app.sign_in("bob").await;
    let first = task(&alice, "First").await;
    let second = task(&alice, "Second").await;
    let body = json!({"title": "Done before", "status": "completed", "priority": "p0"});
    alice.post("/api/tasks", body).await.expect(201);
    // Nobody has added up anything.
    assert_eq!(last_days(&alice, 1).await, ["3 1 0 0 0: 2 0 0 2 0"]);
    sweep(&app).await;
    assert_eq!(last_days(&alice, 1).await, ["3 1 0 0 0: 2 0 0 2 0"]);
    // A part of a day that was added up, and a part that was not.
    let first = becomes(&alice, &first, "completed").await;
    assert_eq!(last_days(&alice, 1).await, ["3 2 0 0 0: 1 0 0 1 0"]);
    a_day_passes(&app).await;

    // The schedule did not run on these days.
    let first = becomes(&alice, &first, "in_progress").await;
    let change = json!({"priority": "p1"});
    let version = first["version"].as_i64().unwrap();
    alice
        .patch(&path(&first), version, change)
        .await
        .expect(200);
    a_day_passes(&app).await;
    a_day_passes(&app).await;
    alice.delete(&path(&second)).await.expect(204);
    let restore = format!("{}/restore", path(&second));
    alice.post(&restore, json!({})).await.expect(200);
    alice.delete(&path(&second)).await.expect(204);
    let expected = [
        "3 2 0 0 0: 1 0 0 1 0",
        "0 0 1 0 0: 2 0 1 1 0",
        "0 0 0 0 0: 2 0 1 1 0",
        "0 0 0 2 1: 1 0 1 0 0",
    ];
    assert_eq!(last_days(&alice, 4).await, expected);
    for _ in 0..2 {
        sweep(&app).await;
        assert_eq!(last_days(&alice, 4).await, expected);
    }
    assert_eq!(app.rows("select from stats_changes").await.len(), 0);
    assert_eq!(last_days(&bob, 0).await, Vec::<String>::new());
}

#[tokio::test]
async fn the_days_of_a_range_begin_with_what_was_open_before() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    task(&alice, "Old").await;
    for _ in 0..5 {
        a_day_passes(&app).await;
    }
    let all = alice.get("/api/stats/history").await.expect(200);
    let all = all.as_array().unwrap();
    let day = |back: usize| {
        all[all.len() - 1 - back]["day"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    for (query, expected) in [
        (format!("from={}&to={}", day(3), day(2)), &all[361..363]),
        (format!("from={}&to={}", day(5), day(5)), &all[359..360]),
        (format!("from={}", day(3)), &all[361..]),
        (format!("to={}", day(0)), all.as_slice()),
        ("from=2199-01-01".to_owned(), &[]),
        ("from=9999-12-31&to=9999-12-31".to_owned(), &[]),
    ] {
        let days = alice.get(&format!("/api/stats/history?{query}")).await;
        assert_eq!(days.expect(200).as_array().unwrap(), expected, "{query}");
    }
    // Days to come are not listed.
    let tomorrow = app
        .rows("select (now() at time zone 'UTC')::date + 1")
        .await;
    let query = format!(
        "from={}&to={}",
        day(1),
        tomorrow[0].trim_matches(['(', ')'])
    );
    let days = alice.get(&format!("/api/stats/history?{query}")).await;
    assert_eq!(days.expect(200).as_array().unwrap(), &all[363..]);
    for first in ["1970-01-01", "2000-02-29"] {
        let days = alice.get(&format!("/api/stats/history?from={first}")).await;
        let days = days.expect(200);
        let days = days.as_array().unwrap();
        assert_eq!((days.len(), &days[0]["day"]), (365, &json!(first)));
    }
}

#[tokio::test]
async fn days_of_statistics_are_refused_by_their_names() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    for (query, field) in [
        ("from=2026-02-30", "from"),
        ("from=", "from"),
        ("to=tomorrow", "to"),
        ("to=1969-12-31", "to"),
        ("from=2026-03-02&to=2026-03-01", "to"),
        ("from=2026-01-01&to=2027-01-02", "to"),
        ("tz=UTC", "tz"),
    ] {
        let response = alice.get(&format!("/api/stats/history?{query}")).await;
        let problem = response.problem(422, "invalid");
        assert_eq!(problem["errors"][0]["field"], field, "{query}");
    }
    for query in ["from=2024-01-01&to=2024-12-31", "to=1970-01-01"] {
        let response = alice.get(&format!("/api/stats/history?{query}")).await;
        response.expect(200);
    }
}

/// A number below that one.
fn below(dice: &mut Dice, sides: usize) -> usize {
    usize::try_from(dice.throw(u64::try_from(sides).unwrap())).unwrap()
}

/// Does something to one of the tasks, if that one can be done to it.
async fn act(person: &Person, dice: &mut Dice, tasks: &mut Vec<String>) {
    let status = ["pending", "in_progress", "completed", "failed", "cancelled"][below(dice, 5)];
    let priority = ["p0", "p1", "p2", "p3"][below(dice, 4)];
    let kind = below(dice, 12);
    if tasks.is_empty() || kind < 3 {
        let parent =
            (kind == 0 && !tasks.is_empty()).then(|| tasks[below(dice, tasks.len())].clone());
        let body =
            json!({"title": "Task", "status": status, "priority": priority, "parent_id": parent});
        let created = person.post("/api/tasks", body).await;
        if created.status == 201 {
            tasks.push(created.json()["id"].as_str().unwrap().to_owned());
        }
        return;
    }
    let path = format!("/api/tasks/{}", tasks[below(dice, tasks.len())]);
    let response = match kind {
        3 => person.delete(&path).await,
        4 | 5 => person.post(&format!("{path}/restore"), json!({})).await,
        _ => {
            let task = person.get(&path).await;
            if task.status != 200 {
                return;
            }
            let change = match kind {
                6 => json!({"priority": priority}),
                7 => json!({"title": format!("Task {priority}")}),
                8 => json!({"status": status, "priority": priority}),
                _ => json!({"status": status}),
            };
            let version = task.json()["version"].as_i64().unwrap();
            person.patch(&path, version, change).await
        }
    };
    // What cannot be done is refused, and counts nowhere.
    assert!(response.status.as_u16() < 500, "{response}");
}

/// Counts of a day: created, completed, reopened, deleted, restored, and the change of open tasks by
/// priority.
type Counts = ([i64; 5], BTreeMap<String, i64>);

/// Counts the lines of the trail from its first one, without the statistics.
async fn recount(app: &App, organization: &str) -> BTreeMap<String, Counts> {
    let lines: Value = sqlx::query_scalar(
        "select coalesce(jsonb_agg(jsonb_build_object('day', (created_at at time zone 'UTC')::date, 'task', target_id, 'action', action,
            'after', after) order by id), '[]')
         from audit_log where organization_id = $1::uuid and target_type = 'task' and outcome = 'allowed'",
    )
    .bind(organization)
    .fetch_one(&mut app.database().connect_as_superuser().await)
    .await
    .unwrap();
    let mut tasks: BTreeMap<String, (String, String, bool)> = BTreeMap::new();
    let mut days: BTreeMap<String, Counts> = BTreeMap::new();
    let is_open = |(status, _, deleted): &(String, String, bool)| {
        ["pending", "in_progress"].contains(&status.as_str()) && !deleted
    };
    for line in lines.as_array().unwrap() {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let (counts, open) = days.entry(text(&line["day"]).unwrap()).or_default();
        let id = text(&line["task"]).unwrap();
        let before = tasks.get(&id).cloned();
        let mut now = before.clone().unwrap_or_default();
        now.0 = text(&line["after"]["status"]).unwrap_or(now.0);
        now.1 = text(&line["after"]["priority"]).unwrap_or(now.1);
        match line["action"].as_str().unwrap() {
            "task.create" => counts[0] += 1,
            "task.delete" => (counts[3], now.2) = (counts[3] + 1, true),
            "task.restore" => (counts[4], now.2) = (counts[4] + 1, false),
            _ => {}
        }
        let was_completed = before.as_ref().is_some_and(|task| task.0 == "completed");
        counts[1] += i64::from(now.0 == "completed" && !was_completed);
        if let Some(before) = &before {
            let changed = before.0 != now.0;
            counts[2] += i64::from(changed && !is_open(before) && is_open(&now));
        }
        if let Some(before) = before.filter(is_open) {
            *open.entry(before.1).or_default() -= 1;
        }
        if is_open(&now) {
            *open.entry(now.1.clone()).or_default() += 1;
        }
        tasks.insert(id, now);
    }
    days
}

#[tokio::test]
async fn days_of_two_organizations_are_what_the_trail_counts_whenever_the_schedule_ran() {
    let app = App::start().await;
    let mut dice = Dice::new(12);
    let mut people = Vec::new();
    for login in ["alice", "bob"] {
        people.push((app.sign_in(login).await, Vec::new()));
    }
    for _ in 0..12 {
        for _ in 0..below(&mut dice, 60) {
            let (person, tasks) = &mut people[below(&mut dice, 2)];
            act(person, &mut dice, tasks).await;
            if below(&mut dice, 8) == 0 {
                sweep(&app).await;
            }
        }
        a_day_passes(&app).await;
    }
    for (person, _) in &people {
        let recounted = recount(&app, &person.organization_id()).await;
        let total = |at: usize| {
            recounted
                .values()
                .map(|(counts, _)| counts[at])
                .sum::<i64>()
        };
        for at in 0..5 {
            assert!(total(at) > 0, "nothing of kind {at} happened");
        }
        let days = person.get("/api/stats/history").await.expect(200);
        let mut open: BTreeMap<String, i64> = BTreeMap::new();
        for day in days.as_array().unwrap() {
            let nothing = Counts::default();
            let (counts, change) = recounted
                .get(day["day"].as_str().unwrap())
                .unwrap_or(&nothing);
            for (priority, change) in change {
                *open.entry(priority.clone()).or_default() += change;
            }
            let members = ["created", "completed", "reopened", "deleted", "restored"];
            let listed = members.map(|member| day[member].as_i64().unwrap());
            assert_eq!(&listed, counts, "{day}");
            for priority in ["p0", "p1", "p2", "p3"] {
                let expected = open.get(priority).copied().unwrap_or_default();
                assert_eq!(day["open_by_priority"][priority], expected, "{day}");
            }
            assert_eq!(day["open"], open.values().sum::<i64>(), "{day}");
        }
        let now = person.get("/api/tasks/stats").await.expect(200);
        let last = days.as_array().unwrap().last().unwrap();
        assert_eq!(last["open"], now["open"]);
        assert_eq!(last["open_by_priority"], now["open_by_priority"]);
    }
}
