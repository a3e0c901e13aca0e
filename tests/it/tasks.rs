//! Tasks, comments, labels, projects and saved views.

mod bulk;
mod bulk_actions;
mod change;
mod changes;
mod comments;
mod counts;
mod create;
mod due;
mod flow;
mod history;
mod import;
mod labels;
mod list;
mod numbers;
mod numbers_in_paths;
mod order;
mod projects;
mod remove;
mod search;
mod search_words;
mod snapshot;
mod stats;
mod stats_history;
mod views;

use miyabi_tests::{Person, Value, json};

/// Makes a task with this title.
async fn task(person: &Person, title: &str) -> Value {
    person
        .post("/api/tasks", json!({ "title": title }))
        .await
        .expect(201)
}

/// `/api/tasks/ID`.
fn path(task: &Value) -> String {
    format!("/api/tasks/{}", task["id"].as_str().unwrap())
}

/// The titles of a page, in its order.
fn titles(page: &Value) -> Vec<&str> {
    let items = page["items"].as_array().unwrap();
    items
        .iter()
        .map(|task| task["title"].as_str().unwrap())
        .collect()
}
