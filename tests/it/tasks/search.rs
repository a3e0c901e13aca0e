//! `GET /api/tasks?q=..`: the judged searches of `SEARCHES.md`, and what a search follows.

use std::collections::HashMap;

use miyabi_tests::{App, Person, Value, json};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::path;

const JUDGED: &str = include_str!("SEARCHES.md");

/// The rows of the table below a heading, cell by cell.
fn table(heading: &str) -> Vec<Vec<String>> {
    let (_, section) = JUDGED.split_once(&format!("\n## {heading}\n")).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let lines = section.lines().filter(|line| line.starts_with('|')).skip(2);
    lines
        .map(|line| {
            let line = line.replace("&#x301;", "\u{301}");
            let cells = line.trim_matches('|').split('|');
            cells.map(|cell| cell.trim().to_owned()).collect()
        })
        .collect()
}

/// The tasks of the table, by id.
struct Judged {
    person: Person,
    numbers: HashMap<String, String>,
}

impl Judged {
    async fn new(app: &App) -> Judged {
        let person = app.sign_in("alice").await;
        let mut numbers = HashMap::new();
        for row in table("Tasks") {
            let [number, title, description, comment, status] = row.try_into().unwrap();
            let task = json!({"title": title, "description": description, "status": status});
            let task = person.post("/api/tasks", task).await.expect(201);
            if !comment.is_empty() {
                let comments = format!("{}/comments", path(&task));
                let comment = json!({ "body": comment });
                person.post(&comments, comment).await.expect(201);
            }
            numbers.insert(task["id"].as_str().unwrap().to_owned(), number);
        }
        Judged { person, numbers }
    }

    /// What a search finds, page by page: `4td 2c`.
    async fn found(&self, query: &str, limit: usize) -> String {
        let items = search(&self.person, query, limit).await;
        let found = items.iter().map(|task| {
            let places = task["found_in"].as_array().unwrap().iter();
            let places: String = places.map(|place| &place.as_str().unwrap()[..1]).collect();
            format!("{}{places}", self.numbers[task["id"].as_str().unwrap()])
        });
        found.collect::<Vec<_>>().join(" ")
    }
}

async fn search(person: &Person, query: &str, limit: usize) -> Vec<Value> {
    let query = utf8_percent_encode(query, NON_ALPHANUMERIC);
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = person
            .get(&format!("/api/tasks?q={query}&limit={limit}{cursor}"))
            .await
            .expect(200);
        all.extend(page["items"].as_array().unwrap().clone());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return all,
        }
    }
}

#[tokio::test]
async fn each_judged_search_finds_exactly_what_it_must() {
    let app = App::start().await;
    let judged = Judged::new(&app).await;
    let searches = table("Searches");
    assert!(searches.len() > 80, "{}", searches.len());
    let mut wrong = String::new();
    for row in searches {
        let [query, expected, _because] = row.try_into().unwrap();
        for limit in [100, 1] {
            let found = judged.found(&query, limit).await;
            if found != expected {
                wrong +=
                    &format!("{query}: found {found:?}, not {expected:?}, in pages of {limit}\n");
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[tokio::test]
async fn a_search_follows_every_change() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let found = async |query: &str| search(&alice, query, 100).await.len();
    let new = json!({"title": "議事録を書く", "description": "For the board"});
    let task = alice.post("/api/tasks", new).await.expect(201);
    let comments = format!("{}/comments", path(&task));
    let comment = json!({"body": "新幹線を予約"});
    let comment = alice.post(&comments, comment).await.expect(201);
    let comment = format!("{comments}/{}", comment["id"].as_str().unwrap());
    for (query, expected) in [("議事録", 1), ("board", 1), ("新幹線", 1), ("飛行機", 0)] {
        assert_eq!(found(query).await, expected, "{query}");
    }

    let change = json!({"title": "報告書を書く"});
    alice.patch(&path(&task), 1, change).await.expect(200);
    assert_eq!((found("議事録").await, found("報告書").await), (0, 1));
    let change = json!({"description": "For the court"});
    alice.patch(&path(&task), 2, change).await.expect(200);
    assert_eq!((found("board").await, found("court").await), (0, 1));
    let change = json!({"body": "飛行機を予約"});
    alice.patch(&comment, 1, change).await.expect(200);
    assert_eq!((found("新幹線").await, found("飛行機").await), (0, 1));

    alice.delete(&path(&task)).await.expect(204);
    assert_eq!((found("報告書").await, found("飛行機").await), (0, 0));
    let restore = format!("{}/restore", path(&task));
    alice.post(&restore, json!({})).await.expect(200);
    assert_eq!((found("報告書").await, found("飛行機").await), (1, 1));

    alice.delete(&comment).await.expect(204);
    assert_eq!((found("報告書").await, found("飛行機").await), (1, 0));
    let left = app.rows("select count(*)::text from task_words").await;
    assert_eq!(left, ["(1)"], "words of a deleted comment are left");
}

#[tokio::test]
async fn a_cursor_of_a_search_is_no_cursor_of_a_list() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    for title in ["Maple 1", "Maple 2"] {
        super::task(&alice, title).await;
    }
    let page = alice.get("/api/tasks?q=maple&limit=1").await.expect(200);
    let cursor = page["next_cursor"].as_str().unwrap();
    for path in [
        format!("/api/tasks?limit=1&cursor={cursor}"),
        format!("/api/tasks?q=bonsai&limit=1&cursor={cursor}"),
    ] {
        alice.get(&path).await.problem(400, "bad_cursor");
    }
}
