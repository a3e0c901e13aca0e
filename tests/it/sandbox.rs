//! The stage `sandbox` through the command line: the application at an emulator of AWS, with the
//! real functions and a real PostgreSQL beside it.

mod alarms;
mod live;
mod releases;
mod stage;
mod witness;

use std::time::Duration;

use miyabi_tests::{Method, Value, until};

use stage::PASSWORD;
pub(crate) use stage::Sandbox;

/// The whole life of a stage: it is one test because each step needs the one before.
#[tokio::test]
async fn fault_28_a_sandbox_is_made_answers_changes_nothing_twice_and_goes_and_its_secrets_are_nowhere()
 {
    let sandbox = Sandbox::start().await;
    bootstrap(&sandbox).await;
    let first = deploy(&sandbox).await;
    let host = first["outputs"]["apiUrl"].as_str().unwrap();
    let host = host.trim_start_matches("http://").to_owned();
    the_api_answers(&sandbox, &host).await;
    deploy_without_a_change(&sandbox).await;
    releases::go_forward_and_back(&sandbox, &host).await;
    let status = status(&sandbox).await;
    alarms::raise_and_end(&sandbox, &host).await;
    find_drift(&sandbox).await;
    plan_elsewhere_and_offline(&sandbox).await;
    ask_what_runs(&sandbox, &status, &first["outputs"]).await;
    let kept = sandbox.kept().await;
    assert!(
        kept.contains("miyabi-sandbox-database-owner"),
        "this looks at the right things"
    );
    assert!(!kept.contains(PASSWORD), "the password is kept somewhere");
    destroy_and_deploy_again(&sandbox).await;
    deploy_over_what_was_deleted_by_hand(&sandbox).await;
    assert!(
        !sandbox.said.lock().unwrap().contains(PASSWORD),
        "the password was said"
    );
}

async fn bootstrap(sandbox: &Sandbox) {
    let early = sandbox
        .approved("deploy", &["--json"])
        .await
        .expect(1)
        .json();
    let url = sandbox.emulator.url();
    assert_eq!(
        early["error"]["hint"],
        format!("`cargo xtask --endpoint-url {url} bootstrap --stage sandbox`"),
        "{early}"
    );
    sandbox.approved("bootstrap", &[]).await.expect(0);
    let again = sandbox
        .approved("bootstrap", &["--json"])
        .await
        .expect(0)
        .json();
    assert_eq!(again["result"], "unchanged");
}

async fn deploy(sandbox: &Sandbox) -> Value {
    let first = sandbox
        .approved("deploy", &["--json"])
        .await
        .expect(0)
        .json();
    assert_eq!(first["result"], "deployed");
    assert_eq!(first["migrations"]["pending"], miyabi_tests::json!([]));
    first
}

async fn the_api_answers(sandbox: &Sandbox, host: &str) {
    let client = sandbox.emulator.client();
    let get = |path: &str| {
        client
            .request(Method::GET, path)
            .header("host", host.to_owned())
    };
    until("the API answers", Duration::from_secs(60), async || {
        (get("/api/health").await.status == 200).then_some(())
    })
    .await;
    get("/api/tasks").await.problem(401, "unauthenticated");
}

async fn deploy_without_a_change(sandbox: &Sandbox) {
    let second = sandbox
        .approved("deploy", &["--json"])
        .await
        .expect(0)
        .json();
    assert_eq!(second["result"], "unchanged", "{second}");
    let calls: u64 = second["aws_calls"]
        .as_object()
        .unwrap()
        .values()
        .filter_map(Value::as_u64)
        .sum();
    assert!(calls <= 5 * 7, "at most five calls a stack: {second}");
}

/// That the stage is well, and has its alarms.
async fn status(sandbox: &Sandbox) -> Value {
    let status = sandbox.run(&["status", "--json"]).await.expect(0).json();
    assert_eq!(status["well"], true, "{status}");
    assert!(status["source"]["rustc"].is_string(), "{status}");
    let listed = sandbox.run(&["alarms", "--json"]).await.json();
    let names: Vec<&str> = listed["alarms"]
        .as_array()
        .unwrap()
        .iter()
        .map(|alarm| alarm["name"].as_str().unwrap())
        .collect();
    assert!(
        names.contains(&"outbox-lag") && names.len() > 30,
        "{names:?}"
    );
    status
}

async fn find_drift(sandbox: &Sandbox) {
    let drift = sandbox.run(&["drift", "--json"]).await.expect(0).json();
    assert_eq!(drift["clean"], true, "{drift}");
    sandbox.keep_logs_for("docs", 1).await;
    let drift = sandbox.run(&["drift", "--json"]).await.expect(1).json();
    assert_eq!(
        drift["resources"][0]["properties"][0]["property"], "RetentionInDays",
        "{drift}"
    );
    let planned = sandbox.run(&["plan", "--drift", "--markdown"]).await;
    assert!(
        planned.expect(0).stdout.contains("**Changed by hand**"),
        "the plan says so"
    );
    sandbox.keep_logs_for("docs", 30).await;
}

async fn plan_elsewhere_and_offline(sandbox: &Sandbox) {
    // With its database at another name, CloudFormation is asked what that changes.
    let elsewhere = sandbox.command_for("localhost", &["plan", "--json"]);
    let planned = sandbox.ended(elsewhere).await.expect(0).json();
    assert_eq!(
        planned["previewed"],
        miyabi_tests::json!(["migrate", "realtime", "api"]),
        "{planned}"
    );
    // What was read is enough for a plan without AWS.
    let offline = ["plan", "--stage", "sandbox", "--offline", "--json"];
    let offline = sandbox.checkout.xtask(&offline).await.expect(0).json();
    assert_eq!(
        (&offline["empty"], &offline["offline"]["from"]),
        (&Value::Bool(true), &Value::from(sandbox.emulator.url())),
        "{offline}"
    );
}

/// The outputs, the migrations, a function and its logs.
async fn ask_what_runs(sandbox: &Sandbox, status: &Value, expected: &Value) {
    let outputs = sandbox.run(&["outputs", "--json"]).await.expect(0).json();
    assert_eq!(outputs, *expected);
    witness::agrees(&sandbox.emulator, status, &outputs).await;
    let migrated = sandbox
        .run(&["migrate", "--status", "--json"])
        .await
        .expect(0)
        .json();
    assert_eq!(migrated["pending"], miyabi_tests::json!([]));
    let health = sandbox
        .run(&["invoke", "docs", "--route", "GET /api/health"])
        .await
        .expect(0);
    assert!(
        health.stdout.contains("\"stage\": \"sandbox\""),
        "{health:?}"
    );
    let logs = sandbox.run(&["logs", "docs"]).await.expect(0);
    assert!(logs.stdout.contains(" docs "), "{logs:?}");
}

async fn destroy_and_deploy_again(sandbox: &Sandbox) {
    let destroyed = sandbox
        .run(&["destroy", "--confirm", "sandbox", "--json"])
        .await
        .expect(0)
        .json();
    assert_eq!(
        destroyed["stacks"],
        miyabi_tests::json!([
            "site", "ops", "api", "realtime", "migrate", "gateway", "data"
        ])
    );
    let status = sandbox.run(&["status", "--json"]).await.expect(0).json();
    assert_eq!(status["deployed"], false);
    // Nothing is in the way of the next one.
    sandbox.approved("deploy", &[]).await.expect(0);
}

async fn deploy_over_what_was_deleted_by_hand(sandbox: &Sandbox) {
    sandbox.delete_by_hand("site").await;
    let refused = sandbox.approved("deploy", &["--json"]).await.expect(3);
    let error = refused.json()["error"].clone();
    assert!(
        error["causes"][0]
            .as_str()
            .is_some_and(|cause| cause.starts_with("site: it was deployed")),
        "{error}"
    );
    sandbox
        .approved("deploy", &["--allow-drift"])
        .await
        .expect(0);
}
