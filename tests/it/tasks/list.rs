//! `GET /api/tasks`.

use miyabi_tests::{App, Person, Value, json};

use super::{path, titles};

/// Everything of a list, page by page.
async fn walk(person: &Person, query: &str, limit: usize) -> Vec<String> {
    let mut all = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = person
            .get(&format!("/api/tasks?limit={limit}{query}{cursor}"))
            .await
            .expect(200);
        let titles = titles(&page);
        assert!(titles.len() <= limit, "{page}");
        all.extend(titles.iter().map(|title| (*title).to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
        assert_eq!(titles.len(), limit, "only the last page is short: {page}");
    }
}

/// Nine tasks that differ in everything that a list can be filtered or sorted by.
async fn nine(app: &App, alice: &Person, carol: &Person) -> Vec<Value> {
    let label = alice
        .post("/api/labels", json!({"name": "Garden"}))
        .await
        .expect(201);
    let mut tasks: Vec<Value> = Vec::new();
    for number in 1..=9_usize {
        let mut body = json!({
            "title": format!("{} {number}", ["apple", "Banana", "cherry"][number % 3]),
            "description": if number % 2 == 0 { "Even numbers are red." } else { "" },
            "status": (["pending", "in_progress", "completed"][number % 3]),
            "priority": format!("p{}", number % 4),
        });
        if number % 2 == 0 {
            body["assignee_id"] = json!(alice.user_id());
        }
        if number % 4 == 0 {
            body["label_ids"] = json!([label["id"]]);
        }
        if number % 3 != 0 {
            body["due_at"] = json!(format!("2026-03-0{}T00:00:00Z", 10 - number));
        }
        if number == 9 {
            body["parent_id"] = tasks[0]["id"].clone();
        }
        let by = if number == 5 { carol } else { alice };
        tasks.push(by.post("/api/tasks", body).await.expect(201));
    }
    // One a second, so that the order of creation is plain.
    app.sql(
        "update tasks t set created_at = timestamptz '2026-01-01' + n * interval '1 second'
         from (select id, row_number() over (order by id) as n from tasks) numbered where numbered.id = t.id;
         update task_labels l set task_created_at = t.created_at from tasks t where t.id = l.task_id",
    )
    .await;
    tasks
}

fn numbers(titles: &[String]) -> String {
    titles
        .iter()
        .map(|title| title.rsplit(' ').next().unwrap())
        .collect()
}

#[tokio::test]
async fn each_filter_finds_its_tasks_in_pages_of_any_size() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let carol = app.member(&alice, "carol", "member").await;
    let tasks = nine(&app, &alice, &carol).await;
    let label = tasks[3]["labels"][0]["id"].as_str().unwrap().to_owned();
    let first = tasks[0]["id"].as_str().unwrap().to_owned();
    alice
        .patch(&path(&tasks[6]), 1, json!({"description": "touched"}))
        .await
        .expect(200);
    let carol_id = carol.user_id();
    let cases = [
        (String::new(), "987654321"),
        ("&sort=created_at".to_owned(), "123456789"),
        ("&sort=-updated_at".to_owned(), "798654321"),
        ("&sort=updated_at".to_owned(), "123456897"),
        ("&sort=due_at".to_owned(), "875421369"),
        ("&sort=-due_at".to_owned(), "963124578"),
        ("&sort=-priority".to_owned(), "481592637"),
        ("&sort=priority".to_owned(), "736295184"),
        ("&sort=title".to_owned(), "369147258"),
        ("&sort=-title".to_owned(), "852741963"),
        ("&status=pending".to_owned(), "963"),
        ("&status=pending,in_progress".to_owned(), "976431"),
        (
            "&status=pending,in_progress&sort=due_at".to_owned(),
            "741369",
        ),
        (
            "&status=pending,in_progress&sort=-priority".to_owned(),
            "419637",
        ),
        (
            "&status=pending,in_progress&sort=title".to_owned(),
            "369147",
        ),
        (
            "&status=pending,in_progress&sort=updated_at".to_owned(),
            "134697",
        ),
        ("&status=pending&sort=-priority".to_owned(), "963"),
        ("&status=failed,cancelled".to_owned(), ""),
        ("&priority=p0".to_owned(), "84"),
        ("&priority=p0,p3".to_owned(), "8743"),
        ("&assignee=me".to_owned(), "8642"),
        ("&assignee=none".to_owned(), "97531"),
        (format!("&assignee={carol_id}"), ""),
        (format!("&created_by={carol_id}"), "5"),
        ("&created_by=me".to_owned(), "98764321"),
        (format!("&label={label}"), "84"),
        (format!("&label={label}&sort=created_at"), "48"),
        (format!("&label={label}&sort=title"), "48"),
        (format!("&label={label}&status=completed"), "8"),
        (format!("&parent={first}"), "9"),
        ("&parent=none".to_owned(), "87654321"),
        ("&due_before=2026-03-05T00:00:00Z".to_owned(), "87"),
        ("&due_after=2026-03-05T00:00:00Z".to_owned(), "5421"),
        (
            "&due_after=2026-03-05T00:00:00Z&due_before=2026-03-08T00:00:00+00:00".to_owned(),
            "54",
        ),
        ("&created_after=2026-01-01T00:00:08Z".to_owned(), "98"),
        ("&created_before=2026-01-01T00:00:03Z".to_owned(), "21"),
        ("&title_prefix=BAN".to_owned(), "741"),
        ("&title_prefix=%25".to_owned(), ""),
        ("&title_prefix=_pple".to_owned(), ""),
        ("&q=banana".to_owned(), "741"),
        ("&q=red".to_owned(), "6482"),
        ("&q=red+-cherry".to_owned(), "64"),
        (
            "&q=red&status=pending,completed&priority=p0,p2&assignee=me".to_owned(),
            "682",
        ),
        (format!("&q=red&label={label}"), "48"),
        ("&q=red&assignee=none".to_owned(), ""),
        (format!("&q=apple&parent={first}"), "9"),
        ("&q=%25".to_owned(), ""),
        ("&q=the".to_owned(), ""),
        (
            "&status=pending&priority=p1&assignee=none&parent=none&sort=title".to_owned(),
            "",
        ),
    ];
    let mut wrong = String::new();
    for (query, expected) in &cases {
        for limit in [1, 2, 100] {
            let found = numbers(&walk(&alice, query, limit).await);
            if found != *expected {
                wrong += &format!("limit={limit}{query}: {expected} expected, {found} found\n");
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[tokio::test]
async fn parameters_that_mean_nothing_are_refused() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    for (query, field) in [
        ("status=done", "status"),
        ("status=pending,", "status"),
        ("priority=p9", "priority"),
        ("assignee=bob", "assignee"),
        ("created_by=none", "created_by"),
        ("parent=me", "parent"),
        ("label=x", "label"),
        ("due_before=tomorrow", "due_before"),
        ("sort=id", "sort"),
        ("sort=-title&q=x", "sort"),
        ("sort=title&deleted=true", "sort"),
        ("deleted=true&q=x", "q"),
        ("q=%20", "q"),
        ("q=x&title_prefix=y", "title_prefix"),
        ("color=red", "color"),
        ("status=pending&status=failed", "status"),
    ] {
        let problem = alice
            .get(&format!("/api/tasks?{query}"))
            .await
            .problem(422, "invalid");
        assert_eq!(problem["errors"][0]["field"], field, "{query}: {problem}");
    }
}

#[tokio::test]
async fn a_list_carries_people_and_labels_but_no_long_texts() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let carol = app.member(&alice, "carol", "member").await;
    let mut labels = Vec::new();
    for name in ["winter", "Autumn"] {
        let label = alice.post("/api/labels", json!({ "name": name })).await;
        labels.push(label.expect(201)["id"].clone());
    }
    let mut expected = vec![
        json!({"title": "Water the maple", "assignee_id": carol.user_id(), "label_ids": labels}),
        json!({"title": "Sweep the moss", "label_ids": [labels[0]]}),
        json!({"title": "Rest"}),
    ];
    for (task, by) in expected.iter_mut().zip([&alice, &carol, &alice]) {
        *task = by.post("/api/tasks", task.clone()).await.expect(201);
        let task = task.as_object_mut().unwrap();
        for only_in_the_task in ["description", "metadata", "started_at", "completed_at"] {
            task.remove(only_in_the_task);
        }
    }
    assert_eq!(expected[0]["labels"][0]["name"], "Autumn");
    expected.reverse();
    let page = alice.get("/api/tasks").await.expect(200);
    assert_eq!(page, json!({"items": expected, "next_cursor": null}));
}
