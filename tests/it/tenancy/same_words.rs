//! Two organizations that use the same words, names and labels: each finds its own rows, all of
//! them, and counts them alone.

use std::collections::BTreeSet;

use miyabi_tests::{App, Person, Value, json};

/// What both of them write.
const TITLES: [&str; 4] = [
    "Water the maple",
    "water the maple",
    "盆栽に水をやる",
    "Common 1",
];

struct Tenant {
    person: Person,
    tasks: BTreeSet<String>,
    label: String,
}

fn id(thing: &Value) -> String {
    thing["id"].as_str().unwrap().to_owned()
}

async fn tenant(app: &App, login: &str) -> Tenant {
    let person = app.sign_in(login).await;
    let label = person.post("/api/labels", json!({"name": "Garden"})).await;
    let label = id(&label.expect(201));
    let mut tasks = BTreeSet::new();
    for (number, title) in TITLES.iter().enumerate() {
        let task = json!({
            "title": title,
            "description": "The same words as everybody",
            "label_ids": [label],
            "assignee_id": person.user_id(),
            "due_at": "2030-01-01T00:00:00Z",
            "metadata": {"same": "words"},
        });
        let task = id(&person.post("/api/tasks", task).await.expect(201));
        // Words that only comments have, and that both have.
        let comment = json!({"body": format!("議事録を確認しました, walnut {number}")});
        person
            .post(&format!("/api/tasks/{task}/comments"), comment)
            .await
            .expect(201);
        tasks.insert(task);
    }
    Tenant {
        person,
        tasks,
        label,
    }
}

/// The ids of a list, page by page.
async fn ids(person: &Person, path: &str) -> BTreeSet<String> {
    let (mut ids, mut cursor) = (BTreeSet::new(), String::new());
    loop {
        let page = person.get(&format!("{path}{cursor}")).await.expect(200);
        ids.extend(page["items"].as_array().unwrap().iter().map(id));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return ids,
        }
    }
}

#[tokio::test]
async fn organizations_with_the_same_words_find_and_count_their_own_rows_only() {
    let app = App::start().await;
    let tenants = [tenant(&app, "alice").await, tenant(&app, "bob").await];
    assert!(tenants[0].tasks.is_disjoint(&tenants[1].tasks));
    for (number, own) in tenants.iter().enumerate() {
        let (other, person) = (&tenants[1 - number], &own.person);
        for (query, expected) in [
            ("limit=1".to_owned(), 4),
            ("q=maple&limit=1".to_owned(), 2),
            ("q=everybody&limit=1".to_owned(), 4),
            ("q=%22the+same+words%22".to_owned(), 4),
            // In comments: a word, one that each has once, Japanese, a single character, none.
            ("q=walnut&limit=1".to_owned(), 4),
            ("q=walnut+3".to_owned(), 1),
            ("q=%E8%AD%B0%E4%BA%8B%E9%8C%B2&limit=1".to_owned(), 4),
            ("q=%E9%8C%B2".to_owned(), 4),
            ("q=%E6%B0%B4".to_owned(), 1),
            ("q=-walnut".to_owned(), 0),
            ("q=-%E6%B0%B4".to_owned(), 3),
            ("title_prefix=water&sort=title&limit=1".to_owned(), 2),
            ("title_prefix=%E7%9B%86".to_owned(), 1),
            ("assignee=me&sort=-priority".to_owned(), 4),
            ("created_by=me&sort=title".to_owned(), 4),
            (
                "status=pending&priority=p2&sort=due_at&limit=2".to_owned(),
                4,
            ),
            (format!("label={}&limit=1", own.label), 4),
            (format!("q=maple&label={}", own.label), 2),
        ] {
            let found = ids(person, &format!("/api/tasks?{query}")).await;
            assert_eq!(found.len(), expected, "{query}: {found:?}");
            assert!(found.is_subset(&own.tasks), "{query}: {found:?}");
        }
        // What belongs to the other one finds nothing, as what does not exist.
        for query in [
            format!("label={}", other.label),
            format!("q=maple&label={}", other.label),
            format!("q=walnut&label={}", other.label),
            format!("assignee={}", other.person.user_id()),
            format!("q=maple&assignee={}", other.person.user_id()),
            format!("q=walnut&assignee={}", other.person.user_id()),
            format!("created_by={}", other.person.user_id()),
            format!("parent={}", other.tasks.first().unwrap()),
        ] {
            let found = ids(person, &format!("/api/tasks?{query}")).await;
            assert!(found.is_empty(), "{query}: {found:?}");
        }
        let labels = ids(person, "/api/labels?limit=1").await;
        assert_eq!(labels, BTreeSet::from([own.label.clone()]));
        let stats = person.get("/api/tasks/stats").await.expect(200);
        for count in ["total", "open", "mine"] {
            assert_eq!(stats[count], 4, "{count}: {stats}");
        }
        let lines = person
            .get("/api/activity?action=task.create&limit=100")
            .await
            .expect(200);
        let lines = lines["items"].as_array().unwrap();
        let targets = lines.iter().map(|line| line["target_id"].as_str().unwrap());
        assert_eq!(
            targets.map(str::to_owned).collect::<BTreeSet<_>>(),
            own.tasks
        );
    }
}
