//! The account of a person: what is kept about it, its deletion, and a change of mind.

use miyabi_tests::{App, Method, Person, Value, json};

async fn sweep(app: &App) {
    let event = json!({"kind": "sweep"});
    app.invoke("ws-broadcast", &event).await.unwrap();
}

async fn time_passes(app: &App, person: &Person) {
    app.sql(&format!(
        "update users set deletes_at = now() where id = '{}' and deletes_at is not null",
        person.user_id()
    ))
    .await;
    sweep(app).await;
}

#[tokio::test]
async fn an_account_is_deleted_after_its_time_and_leaves_a_former_member() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let bob = app.member(&alice, "bob", "member").await;
    let task = bob
        .post("/api/tasks", json!({"title": "By Bob"}))
        .await
        .expect(201);
    let program = bob.api_token(&["tasks.read"]).await;
    let deleted = bob.delete("/api/account").await.expect(200);
    assert!(deleted["deletes_at"].is_string(), "{deleted}");
    assert_eq!(bob.get("/api/account").await.expect(200), deleted);
    // A second request changes nothing, and nothing is deleted before its time.
    assert_eq!(bob.delete("/api/account").await.expect(200), deleted);
    sweep(&app).await;
    bob.get("/api/tasks").await.expect(200);

    time_passes(&app, &bob).await;
    for person in [&bob, &program] {
        person
            .get("/api/tasks")
            .await
            .problem(401, "unauthenticated");
    }
    let refresh = bob.cookie_request(Method::POST, "/api/auth/refresh");
    refresh.send().await.problem(401, "unauthenticated");
    let path = format!("/api/tasks/{}", task["id"].as_str().unwrap());
    let author = alice.get(&path).await.expect(200)["created_by"].clone();
    assert_eq!(author["name"], "Former member", "{author}");
    assert_eq!(author["login"], "former-member");
    assert_eq!(author["avatar_url"], Value::Null);
    let line = "select from audit_log where action = 'account.delete' and actor_id = target_id";
    // In the organization of Alice, and in Bob's own, which went with the account.
    assert_eq!(app.rows(line).await.len(), 2);
    let own = "select from organizations where deleted_at is not null";
    assert_eq!(app.rows(own).await.len(), 1);
    let traces = app
        .rows(&format!(
            "select from users u left join sessions s on s.user_id = u.id
             where u.id = '{0}' and (u.email is not null or s.ip_address is not null or s.user_agent is not null or u.github_id > 0)
             union all select from notifications where user_id = '{0}'
             union all select from task_watchers where user_id = '{0}'",
            bob.user_id()
        ))
        .await;
    assert!(traces.is_empty(), "{traces:?}");
    // Who signs in with that account at GitHub is somebody new, with nothing of it.
    let again = app.sign_in("bob").await;
    assert_ne!(again.user_id(), bob.user_id());
    again.get(&path).await.problem(404, "not_found");
}

#[tokio::test]
async fn whoever_changes_their_mind_in_time_keeps_the_account() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    alice.delete("/api/account").await.expect(200);
    let keep = || alice.request(Method::POST, "/api/account/keep");
    assert_eq!(keep().send().await.status, 204);
    assert_eq!(keep().send().await.status, 204, "again");
    assert_eq!(
        alice.get("/api/account").await.expect(200),
        json!({"deletes_at": null})
    );
    time_passes(&app, &alice).await;
    alice.get("/api/auth/me").await.expect(200);
    let lines = app
        .rows("select action from audit_log where action like 'account.%' order by created_at")
        .await;
    assert_eq!(lines, ["(account.request_deletion)", "(account.keep)"]);
}

#[tokio::test]
async fn the_last_owner_of_others_is_refused_with_the_organizations_named() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let bob = app.member(&alice, "bob", "member").await;
    let refused = alice
        .delete("/api/account")
        .await
        .problem(409, "last_owner");
    let detail = refused["detail"].as_str().unwrap();
    assert!(detail.contains("alice's organization"), "{detail}");
    assert_eq!(refused["organizations"], json!(["alice's organization"]));
    assert_eq!(
        alice.get("/api/account").await.expect(200)["deletes_at"],
        Value::Null
    );
    let denied =
        "select from audit_log where action = 'account.request_deletion' and outcome = 'denied'";
    assert_eq!(app.rows(denied).await.len(), 1);

    app.change_role(&bob, "owner").await;
    alice.delete("/api/account").await.expect(200);
    // An owner who is about to go does not count: now Bob is the last one.
    bob.delete("/api/account").await.problem(409, "last_owner");
    // And when nobody else is an owner any more, the schedule waits.
    app.change_role(&bob, "member").await;
    time_passes(&app, &alice).await;
    alice.get("/api/auth/me").await.expect(200);
    let tomorrow = "select from users where deletes_at between now() + interval '23 hours' and now() + interval '25 hours'";
    assert_eq!(app.rows(tomorrow).await.len(), 1);
}

#[tokio::test]
async fn an_export_has_what_is_kept_about_the_caller_and_nothing_of_others() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let bob = app.member(&alice, "bob", "member").await;
    let task = bob
        .post("/api/tasks", json!({"title": "By Bob"}))
        .await
        .expect(201);
    let comments = format!("/api/tasks/{}/comments", task["id"].as_str().unwrap());
    bob.post(&comments, json!({"body": "Said by Bob"}))
        .await
        .expect(201);
    alice
        .post(&comments, json!({"body": "Said by Alice"}))
        .await
        .expect(201);
    alice
        .post("/api/tasks", json!({"title": "By Alice"}))
        .await
        .expect(201);
    bob.api_token(&["tasks.read"]).await;
    let export = bob.get("/api/account/export").await;
    assert_eq!(export.header("content-type"), "application/x-ndjson");
    assert!(export.headers.get("x-next-cursor").is_none(), "{export}");
    let text = export.text();
    let tables: Vec<String> = text
        .lines()
        .map(|line| {
            serde_json::from_str::<Value>(line).unwrap()["table"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    for table in [
        "user",
        "sessions",
        "memberships",
        "api_tokens",
        "tasks",
        "task_comments",
        "notifications",
    ] {
        assert!(
            tables.iter().any(|name| name == table),
            "{table} is missing: {tables:?}"
        );
    }
    assert!(
        text.contains("By Bob") && text.contains("Said by Bob"),
        "{text}"
    );
    assert!(
        !text.contains("Alice\"") && !text.contains(&alice.user_id()),
        "{text}"
    );
    assert!(!text.contains("hash"), "{text}");
}
