//! Answers of one person are never kept for another.

use miyabi_catalog::{Access, FUNCTIONS};
use miyabi_tests::{App, Method, json};

#[tokio::test]
async fn attack_49_nothing_of_a_person_is_kept() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let bob = app.sign_in("bob").await;
    let created = alice.post("/api/tasks", json!({"title": "Task"})).await;
    assert_eq!(created.header("cache-control"), "no-store");
    let task = created.expect(201)["id"].as_str().unwrap().to_owned();
    for route in FUNCTIONS.iter().flat_map(|function| function.routes) {
        if route.method.as_str() != "GET" || matches!(route.access, Access::Public) {
            continue;
        }
        let path = route.path.replace("{task_id}", &task);
        let path = path
            .replace("{number}", "1")
            .replace("{organization_id}", &alice.organization_id())
            .replace("/api/changes", "/api/changes?after=0")
            .replace("/flow", "/flow?from=2026-01-01&to=2026-01-31");
        let response = alice.get(&path).await;
        assert_eq!(response.status, 200, "{path}: {response}");
        assert_eq!(response.header("cache-control"), "no-store", "{path}");
        assert_eq!(response.header("last-modified"), "", "{path}");
    }
    // Versions are no names of contents: that somebody has one shows nobody anything.
    let path = format!("/api/tasks/{task}");
    let read = alice.get(&path).await;
    let etag = read.header("etag").to_owned();
    for (name, value) in [
        ("if-none-match", etag.as_str()),
        ("if-none-match", "*"),
        ("if-modified-since", "Fri, 01 Jan 2100 00:00:00 GMT"),
    ] {
        let own = alice
            .request(Method::GET, &path)
            .header(name, value)
            .send()
            .await;
        assert_eq!(own.expect(200)["id"], task.as_str());
        let theirs = bob
            .request(Method::GET, &path)
            .header(name, value)
            .send()
            .await;
        theirs.problem(404, "not_found");
        assert_eq!(theirs.header("etag"), "", "{theirs}");
        assert_eq!(theirs.header("cache-control"), "no-store");
    }
}
