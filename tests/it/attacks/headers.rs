//! The security headers of every answer of the API.

use miyabi_tests::{App, Method, Response, http_event, json};

const EXPECTED: [(&str, &str); 7] = [
    ("cache-control", "no-store"),
    (
        "content-security-policy",
        "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    ),
    (
        "strict-transport-security",
        "max-age=63072000; includeSubDomains",
    ),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
];

#[track_caller]
fn assert_headers(response: &Response) {
    for (name, value) in EXPECTED {
        assert_eq!(response.header(name), value, "{name} of {response}");
    }
}

#[tokio::test]
async fn attack_48_headers_on_answers_and_errors() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let script = "<script>alert(1)</script>";
    let created = alice.post("/api/tasks", json!({"title": script})).await;
    assert_eq!(
        created.expect(201)["title"],
        script,
        "stored as it is, escaped where it is shown"
    );
    assert_eq!(created.header("content-type"), "application/json");
    let absent = format!("/api/tasks/{}", uuid::Uuid::new_v4());
    let answers = [
        created,
        alice.get("/api/tasks").await,
        alice.get(&absent).await,
        alice.post("/api/tasks", json!({"title": ""})).await,
        alice.get("/api/tasks?limit=nonsense").await,
        app.get("/api/tasks").await,
        app.get("/api/health").await,
        app.get("/api/auth/login").await,
        app.get("/api/auth/callback").await,
        app.request(Method::POST, "/api/auth/refresh").send().await,
        alice.get("/api/auth/me").await,
        alice.get("/api/activity").await,
    ];
    for answer in &answers {
        assert_headers(answer);
    }
}

/// An error that no handler made: a method that the router does not know, and a failure inside.
#[tokio::test]
async fn attack_48_headers_on_answers_of_no_handler() {
    let app = App::start().await;
    let event = http_event("PUT /api/tasks", "/api/tasks", &[], None);
    let answer = app.invoke("tasks", &event).await.unwrap();
    assert_eq!(answer["statusCode"], 405, "{answer}");
    for (name, value) in EXPECTED {
        assert_eq!(answer["headers"][name], value, "{name} of {answer}");
    }
    let alice = app.sign_in("alice").await;
    app.sql("alter table tasks rename to tasks_gone").await;
    let failed = alice.get("/api/tasks").await;
    assert!(failed.status.is_server_error(), "{failed}");
    assert_headers(&failed);
}
