//! The number of a task where its id is accepted in a path.

use miyabi_catalog::{FUNCTIONS, Route};
use miyabi_tests::{App, Method, Person, Response, Value, json};

use super::task;

/// Every route with a task in its path.
fn routes() -> impl Iterator<Item = &'static Route> {
    let routes = FUNCTIONS.iter().flat_map(|function| function.routes);
    routes.filter(|route| route.path.contains("{task_id}"))
}

/// What the route answers for a task, with a comment of its own and its present version.
async fn ask(person: &Person, route: &Route, task: &Value, name: &str) -> Response {
    let comments = format!("/api/tasks/{}/comments", task["id"].as_str().unwrap());
    let comment = person.post(&comments, json!({"body": "Comment"})).await;
    let comment = comment.expect(201)["id"].clone();
    let path = route
        .path
        .replace("{task_id}", name)
        .replace("{comment_id}", comment.as_str().unwrap());
    let method: Method = route.method.as_str().parse().unwrap();
    let request = person.request(method, &path);
    match (route.method.as_str(), route.path.contains("comment")) {
        ("GET" | "DELETE" | "PUT", _) => request.send().await,
        ("PATCH", true) => {
            let request = request.header("if-match", "\"1\"");
            request.json(json!({"body": "Other"})).send().await
        }
        ("PATCH", false) => {
            let request = request.header("if-match", "\"1\"");
            request.json(json!({"title": "Other"})).send().await
        }
        (_, true) => request.json(json!({"body": "Comment"})).send().await,
        (_, false) => request.json(json!({})).send().await,
    }
}

#[tokio::test]
async fn every_path_of_a_task_takes_its_number_with_the_key() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let bob = app.sign_in("bob").await;
    task(&bob, "Another one with the number 1").await;
    let mut count = 0;
    for route in routes() {
        let title = format!("{} {}", route.method.as_str(), route.path);
        let mut statuses = Vec::new();
        for by_number in [false, true] {
            let task = task(&alice, "Task").await;
            let key = task["key"].as_str().unwrap().to_ascii_lowercase();
            let name = if by_number {
                &key
            } else {
                task["id"].as_str().unwrap()
            };
            let response = ask(&alice, route, &task, name).await;
            assert!(response.status.is_success(), "{title} {name}: {response}");
            statuses.push(response.status);
            // A key of nobody, a number of nothing, and a number without its key.
            let number = task["number"].as_i64().unwrap();
            for wrong in [
                format!("ZZZZZ-{number}"),
                format!("{}9999", key),
                number.to_string(),
            ] {
                let response = ask(&alice, route, &self::task(&alice, "Task").await, &wrong).await;
                response.problem(404, "not_found");
            }
        }
        assert_eq!(statuses[0], statuses[1], "{title}");
        count += 1;
    }
    assert_eq!(count, 12, "{count} routes have a task in their path");
}

#[tokio::test]
async fn a_number_is_one_of_the_callers_organization() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let bob = app.sign_in("bob").await;
    // Both keys are made of names that may begin alike.
    let theirs = task(&bob, "Theirs").await;
    let key = theirs["key"].as_str().unwrap();
    let ours = task(&alice, "Ours").await;
    for path in ["", "/comments", "/history", "/watch"] {
        let found = alice.get(&format!("/api/tasks/{key}{path}")).await;
        if ours["key"] == key {
            found.expect(200);
        } else {
            found.problem(404, "not_found");
        }
    }
    let own = ours["key"].as_str().unwrap();
    let read = alice.get(&format!("/api/tasks/{own}")).await.expect(200);
    assert_eq!(read["id"], ours["id"]);
    let organization = format!("/api/organizations/{}", alice.organization_id());
    alice
        .patch(&organization, 1, json!({"task_key": "QQ"}))
        .await
        .expect(200);
    let former = alice.get(&format!("/api/tasks/{own}")).await;
    former.problem(404, "not_found");
    alice.get("/api/tasks/qq-1").await.expect(200);
    // A deleted task is named by its number, too: it can be restored.
    alice.delete("/api/tasks/QQ-1").await.expect(204);
    alice.get("/api/tasks/QQ-1").await.problem(404, "not_found");
    let restored = alice.post("/api/tasks/QQ-1/restore", json!({})).await;
    assert_eq!(restored.expect(200)["id"], ours["id"]);
}
