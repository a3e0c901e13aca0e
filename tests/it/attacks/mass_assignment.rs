//! Bodies that set what is not theirs to set.

use miyabi_tests::{App, json};

#[tokio::test]
async fn attack_32_fields_that_are_not_theirs_to_set() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let bob = app.sign_in("bob").await;
    let task = alice.create("/api/tasks", json!({"title": "Task"})).await;
    let comments = format!("{task}/comments");
    let comment = alice.create(&comments, json!({"body": "Comment"})).await;
    let label = alice.create("/api/labels", json!({"name": "Label"})).await;
    let project = alice
        .create("/api/projects", json!({"name": "Project"}))
        .await;
    let view = alice.create("/api/views", json!({"name": "View"})).await;
    let organization = format!("/api/organizations/{}", alice.organization_id());
    let routes = [
        ("POST", "/api/tasks", json!({"title": "New"})),
        ("PATCH", task.as_str(), json!({"title": "New"})),
        ("POST", comments.as_str(), json!({"body": "New"})),
        ("PATCH", comment.as_str(), json!({"body": "New"})),
        ("POST", "/api/labels", json!({"name": "New"})),
        ("PATCH", label.as_str(), json!({"name": "New"})),
        ("POST", "/api/projects", json!({"name": "New"})),
        ("PATCH", project.as_str(), json!({"name": "New"})),
        ("POST", "/api/views", json!({"name": "New"})),
        ("PATCH", view.as_str(), json!({"name": "New"})),
        ("POST", "/api/organizations", json!({"name": "New"})),
        (
            "POST",
            "/api/tokens",
            json!({"name": "New", "permissions": ["tasks.read"]}),
        ),
        ("PATCH", organization.as_str(), json!({"name": "New"})),
        (
            "POST",
            "/api/roles",
            json!({"name": "new", "permissions": []}),
        ),
    ];
    let fields = [
        ("organization_id", json!(bob.organization_id())),
        ("role", json!("owner")),
        ("id", json!(uuid::Uuid::nil())),
        ("created_by", json!(bob.user_id())),
        ("author_id", json!(bob.user_id())),
        ("version", json!(1000)),
        ("deleted_at", json!(null)),
        ("created_at", json!("2020-01-01T00:00:00Z")),
        ("title_key", json!("x")),
        ("user_id", json!(bob.user_id())),
        ("token_hash", json!("x")),
        ("number", json!(1)),
        ("started_at", json!("2020-01-01T00:00:00Z")),
        ("completed_at", json!("2020-01-01T00:00:00Z")),
        ("rank", json!("V")),
        ("__proto__", json!({})),
    ];
    for (method, path, body) in &routes {
        for (field, value) in &fields {
            let mut body = body.clone();
            body[field] = value.clone();
            let response = alice
                .request(method.parse().unwrap(), path)
                .header("if-match", "\"1\"")
                .json(body)
                .send()
                .await;
            let problem = response.problem(422, "invalid");
            assert_eq!(problem["errors"][0]["field"], *field, "{method} {path}");
        }
    }
    // Inside the items of a bulk change, too.
    let id = task.rsplit('/').next().unwrap();
    for (field, value) in &fields {
        let mut change = json!({"title": "New"});
        change[field] = value.clone();
        let body = json!({"items": [{"id": id, "version": 1, "change": change}]});
        alice
            .post("/api/tasks/bulk", body)
            .await
            .problem(422, "invalid");
    }
    assert_eq!(alice.get(&task).await.expect(200)["version"], 1);
    assert_eq!(
        alice.get("/api/tasks").await.expect(200)["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}
