//! SQL in every field, filter, order, cursor and path.

use miyabi_tests::{App, Value, json};

const PAYLOADS: [&str; 16] = [
    "'",
    "\"",
    "' or '1'='1",
    "' or 1=1 --",
    "'; drop table tasks; --",
    "'; select pg_sleep(5); --",
    "') or true --",
    "1) or (1=1",
    "\\",
    "\\'",
    "%",
    "_",
    "%' or title like '%",
    "$1",
    "id desc; select 1",
    "(select password from users)",
];

fn encode(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// Each list that takes parameters, and all that it takes: as the API says of itself, so that one
/// that comes later is attacked, too. Those of the sign-in have tests of their own.
async fn lists(app: &App) -> Vec<(String, Vec<String>)> {
    let document = app.get("/api/openapi.json").await.expect(200);
    let mut lists = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        let parameters = methods["get"]["parameters"].as_array();
        let of_query = |parameter: &&Value| parameter["in"] == "query";
        let name = |parameter: &Value| parameter["name"].as_str().unwrap().to_owned();
        let names: Vec<String> = parameters
            .into_iter()
            .flatten()
            .filter(of_query)
            .map(name)
            .collect();
        if !names.is_empty() && !path.starts_with("/api/auth/") {
            lists.push((path.clone(), names));
        }
    }
    lists
}

#[tokio::test]
async fn attack_36_sql_in_every_parameter() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let bob = app.sign_in("bob").await;
    for title in ["First", "Second"] {
        alice
            .post("/api/tasks", json!({ "title": title }))
            .await
            .expect(201);
        bob.post("/api/tasks", json!({ "title": title }))
            .await
            .expect(201);
    }
    let trail = app.rows("select from audit_log").await;
    let task = alice.get("/api/tasks?limit=1").await.expect(200)["items"][0]["id"].clone();
    let task = task.as_str().unwrap();
    let lists = lists(&app).await;
    let known = lists
        .iter()
        .map(|(list, parameters)| (list.as_str(), parameters.len()));
    assert_eq!(
        known.collect::<Vec<_>>(),
        [
            ("/api/account/export", 1),
            ("/api/activity", 9),
            ("/api/activity/export", 8),
            ("/api/changes", 2),
            ("/api/export", 1),
            ("/api/invitations", 2),
            ("/api/labels", 2),
            ("/api/members", 2),
            ("/api/notifications", 3),
            ("/api/organizations", 2),
            ("/api/projects", 2),
            ("/api/roles", 2),
            ("/api/stats/history", 2),
            ("/api/tasks", 20),
            ("/api/tasks/activity", 2),
            ("/api/tasks/flow", 3),
            ("/api/tasks/stats", 1),
            ("/api/tasks/{task_id}/comments", 2),
            ("/api/tasks/{task_id}/history", 2),
            ("/api/tokens", 2),
            ("/api/views", 2),
        ],
        "a list or a parameter is new: add it here when it has been attacked"
    );
    for payload in PAYLOADS {
        for (list, parameters) in &lists {
            let path = list.replace("{task_id}", task);
            for parameter in parameters {
                let path = format!("{path}?{parameter}={}", encode(payload));
                let response = alice.get(&path).await;
                if response.status == 200 && list.ends_with("/export") {
                    assert_eq!(response.text(), "", "{path}");
                } else if response.status == 200 {
                    let page = response.json();
                    assert_eq!(page["items"], json!([]), "{path}: {page}");
                } else {
                    assert!(
                        [400, 422].contains(&response.status.as_u16()),
                        "{path}: {response}"
                    );
                }
            }
        }
        for path in ["/api/tasks/", "/api/labels/"] {
            let response = alice.delete(&format!("{path}{}", encode(payload))).await;
            assert_eq!(response.status, 404, "{path}{payload}: {response}");
        }
        let comments = format!("/api/tasks/{}/comments", encode(payload));
        alice.get(&comments).await.problem(404, "not_found");
    }
    assert_eq!(app.rows("select from tasks").await.len(), 4);
    assert_eq!(app.rows("select from audit_log").await, trail);
}

#[tokio::test]
async fn attack_36_sql_in_every_field() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    for (number, payload) in PAYLOADS.into_iter().enumerate() {
        let body =
            json!({"title": payload, "description": payload, "metadata": {payload: payload}});
        let created = alice.post("/api/tasks", body).await.expect(201);
        assert_eq!(created["title"], payload.trim());
        let path = format!("/api/tasks/{}", created["id"].as_str().unwrap());
        let comments = format!("{path}/comments");
        let comment = alice.post(&comments, json!({"body": payload})).await;
        assert_eq!(comment.expect(201)["body"], payload);
        let label = alice
            .post(
                "/api/labels",
                json!({"name": format!("{payload} {number}")}),
            )
            .await
            .expect(201);
        let changed = alice
            .patch(
                &path,
                1,
                json!({"label_ids": [label["id"]], "metadata": {payload: null}}),
            )
            .await
            .expect(200);
        assert_eq!(changed["metadata"], json!({}));
        for field in ["status", "priority", "assignee_id", "parent_id", "due_at"] {
            alice
                .patch(&path, 2, json!({ field: payload }))
                .await
                .problem(422, "invalid");
        }
        let keyed = alice
            .request(miyabi_tests::Method::POST, "/api/tasks")
            .header("idempotency-key", payload.replace(' ', ""))
            .json(json!({"title": "Keyed"}))
            .send()
            .await;
        keyed.expect(201);
    }
    // A title is found by its own beginning, and by nothing that only looks like a pattern.
    for (prefix, expected) in [("%", 2), ("_", 1), ("\\", 2), ("$1", 1)] {
        let page = alice
            .get(&format!("/api/tasks?title_prefix={}", encode(prefix)))
            .await
            .expect(200);
        assert_eq!(
            page["items"].as_array().unwrap().len(),
            expected,
            "{prefix}: {page}"
        );
    }
}
