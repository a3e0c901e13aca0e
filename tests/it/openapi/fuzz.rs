//! schemathesis sends what the document allows, and what it does not, to the real functions.
//!
//! No answer is a 5xx, a valid request is refused only for what a schema cannot say (see
//! `xtask/tools/openapi/hooks.py`), an invalid one is refused with a 4xx, and each response is one
//! that the document has. The examples are bounded and the seed is fixed;
//! `MIYABI_FUZZ_SEED` is another one.

use miyabi_tests::{App, Person, Value, expect_success, from_pypi, json, run_tool_with};

use super::{document, settings};

/// Operations that need the cookies of a session, or end it.
const OF_A_SESSION: [&str; 4] = [
    "refreshToken",
    "switchOrganization",
    "signOut",
    "signOutEverywhere",
];

/// What is checked of every response.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
    response_headers_conformance,response_schema_conformance,valid_request_is_accepted";
/// What is checked of invalid requests. Not where a session's cookies and headers are sent with each
/// request: there, one without them cannot be made.
const REFUSALS: &str = "negative_data_rejection,missing_required_header,ignored_auth";

#[tokio::test]
async fn schemathesis_and_the_functions_agree_on_every_operation_with_an_access_token() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let token = format!("Authorization: Bearer {}", alice.token);
    let checks = format!("{CHECKS},{REFUSALS}");
    let mut arguments = vec!["--checks", checks.as_str(), "--header", token.as_str()];
    for operation in OF_A_SESSION {
        arguments.extend(["--exclude-operation-id", operation]);
    }
    fuzz(&app, &alice, &arguments).await;
}

/// A session ends in the middle of it: then all further requests are 401, as they must be.
#[tokio::test]
async fn schemathesis_and_the_functions_agree_on_the_operations_of_a_session() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let cookie = |name: &str| alice.browser.cookie(name).unwrap();
    let headers = [
        format!("Authorization: Bearer {}", alice.token),
        format!(
            "Cookie: __Secure-rt={}; __Host-csrf={}",
            cookie("__Secure-rt"),
            cookie("__Host-csrf")
        ),
        format!("x-csrf-token: {}", cookie("__Host-csrf")),
        format!("Origin: {}", app.origin()),
    ];
    let mut arguments = vec!["--checks", CHECKS];
    for header in &headers {
        arguments.extend(["--header", header.as_str()]);
    }
    for operation in OF_A_SESSION {
        arguments.extend(["--include-operation-id", operation]);
    }
    fuzz(&app, &alice, &arguments).await;
}

/// Runs it as somebody who has a task, a label, a comment and another session.
async fn fuzz(app: &App, alice: &Person, arguments: &[&str]) {
    let ids = arrange(app, alice).await.to_string();
    let hooks = settings().display().to_string();
    let (document, url) = (document().display().to_string(), app.origin());
    let seed = std::env::var("MIYABI_FUZZ_SEED").unwrap_or_else(|_| "1".to_owned());
    let configuration = settings().join("schemathesis.toml").display().to_string();
    let fixed = [
        "--config-file",
        &configuration,
        "run",
        &document,
        "--url",
        &url,
        "--phases",
        "examples,coverage,fuzzing",
        "--max-examples",
        "15",
        "--seed",
        &seed,
        "--generation-database",
        "none",
        "--continue-on-failure",
        "--no-shrink",
        "--max-redirects",
        "0",
        "--warnings",
        "off",
        "--no-color",
    ];
    let arguments: Vec<&str> = fixed.into_iter().chain(arguments.iter().copied()).collect();
    let variables = [
        ("PYTHONPATH", hooks.as_str()),
        ("SCHEMATHESIS_HOOKS", "hooks"),
        ("MIYABI_FUZZ_IDS", ids.as_str()),
        ("MIYABI_FUZZ_TOKEN", alice.token.as_str()),
    ];
    let program = from_pypi("st");
    // It leaves files where it runs.
    let scratch = tempfile::tempdir().unwrap();
    let output = run_tool_with(&program, &arguments, scratch.path(), &variables).await;
    expect_success(output);
}

async fn arrange(app: &App, alice: &Person) -> Value {
    let task = alice.post("/api/tasks", json!({"title": "Task"})).await;
    let task = task.expect(201)["id"].clone();
    let label = alice.post("/api/labels", json!({"name": "Label"})).await;
    let project = alice
        .post("/api/projects", json!({"name": "Project"}))
        .await;
    let view = alice.post("/api/views", json!({"name": "View"})).await;
    let comments = format!("/api/tasks/{}/comments", task.as_str().unwrap());
    let comment = alice.post(&comments, json!({"body": "Comment"})).await;
    let other = app.sign_in("alice").await;
    json!({
        "task_id": task,
        "label_id": label.expect(201)["id"],
        "project_id": project.expect(201)["id"],
        "view_id": view.expect(201)["id"],
        "comment_id": comment.expect(201)["id"],
        "session_id": other.claims()["sid"],
        "user_id": alice.user_id(),
    })
}
