//! Personal API tokens: their life, their ends, and what they never do.

use std::time::{Duration, Instant};

use miyabi_tests::{App, Method, Person, Setup, Valkey, Value, json};

/// A route in each function that takes API tokens, with the permission that it needs.
const ROUTES: [&str; 2] = ["/api/activity", "/api/tasks"];
const READ: [&str; 2] = ["tasks.read", "audit.read"];

async fn is_accepted(program: &Person) {
    for route in ROUTES {
        program.get(route).await.expect(200);
    }
}

/// Each function refuses it within five seconds.
async fn is_refused(program: &Person, since: Instant) {
    for route in ROUTES {
        program.get(route).await.problem(401, "unauthenticated");
    }
    assert!(since.elapsed() < Duration::from_secs(5));
}

async fn create(person: &Person, permissions: &[&str]) -> Value {
    let new = json!({"name": "Nightly report", "permissions": permissions});
    person.post("/api/tokens", new).await.expect(201)
}

async fn token_id(person: &Person) -> String {
    let page = person.get("/api/tokens").await.expect(200);
    page["items"][0]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_token_is_shown_once_and_listed_without_its_text() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let created = create(&alice, &["tasks.write", "tasks.read"]).await;
    let text = created["token"].as_str().unwrap().to_owned();
    assert!(text.starts_with("miy_") && text.len() == 53, "{text}");
    let page = alice.get("/api/tokens").await.expect(200);
    assert_eq!(page["items"], json!([created["api_token"]]));
    let listed = &page["items"][0];
    assert_eq!(listed["permissions"], json!(["tasks.read", "tasks.write"]));
    assert_eq!(listed["last_four"], text[49..]);
    assert_eq!(listed["last_used_at"], Value::Null);
    assert!(!page.to_string().contains(&text));
    let program = Person {
        token: text,
        browser: app.browser(),
        login: String::new(),
    };
    let task = program.post("/api/tasks", json!({"title": "By a program"}));
    let task = task.await.expect(201);
    assert_eq!(task["created_by"]["id"], alice.user_id(), "{task}");
    let page = alice.get("/api/tokens").await.expect(200);
    assert!(page["items"][0]["last_used_at"].is_string(), "{page}");
    // Whoever is another person in the organization has a list of their own.
    let bob = app.member(&alice, "bob", "admin").await;
    let page = bob.get("/api/tokens").await.expect(200);
    assert_eq!(page["items"], json!([]));
    let path = format!("/api/tokens/{}", token_id(&alice).await);
    bob.delete(&path).await.problem(404, "not_found");
    is_kept_as_a_hash(&app, &program.token).await;
}

/// Neither the database nor a log has the text.
async fn is_kept_as_a_hash(app: &App, text: &str) {
    let tables = "select relname::text from pg_class where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace";
    let mut rows = 0;
    for table in app.rows(tables).await {
        let table = table.trim_matches(['(', ')']).to_owned();
        for row in app.rows(&format!("select t::text from {table} t")).await {
            rows += 1;
            assert!(!row.contains(text), "{table}: {row}");
        }
    }
    assert!(rows > 10, "{rows}");
    let logs = app.logs().await;
    assert!(logs.contains("Answered.") && !logs.contains(text));
}

#[tokio::test]
async fn a_revoked_token_is_refused_by_each_function() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let program = alice.api_token(&READ).await;
    is_accepted(&program).await;
    let path = format!("/api/tokens/{}", token_id(&alice).await);
    alice.delete(&path).await.expect(204);
    is_refused(&program, Instant::now()).await;
    alice.delete(&path).await.expect(204);
    let page = alice.get("/api/tokens").await.expect(200);
    assert!(page["items"][0]["revoked_at"].is_string(), "{page}");
}

#[tokio::test]
async fn a_token_ends_with_its_time_and_with_its_user() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let program = alice.api_token(&READ).await;
    is_accepted(&program).await;
    app.sql("update api_tokens set created_at = now() - interval '2 days', expires_at = now()")
        .await;
    is_refused(&program, Instant::now()).await;
    let program = alice.api_token(&READ).await;
    is_accepted(&program).await;
    app.sql("update users set disabled_at = now()").await;
    is_refused(&program, Instant::now()).await;
}

/// Also when they are let in again: nobody finds forgotten tokens of theirs in use.
#[tokio::test]
async fn a_removed_member_has_no_tokens_any_more() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let bob = app.member(&alice, "bob", "member").await;
    let program = bob.api_token(&["tasks.read"]).await;
    program.get("/api/tasks").await.expect(200);
    let path = format!("/api/members/{}", bob.user_id());
    alice.delete(&path).await.expect(204);
    let since = Instant::now();
    program
        .get("/api/tasks")
        .await
        .problem(401, "unauthenticated");
    assert!(since.elapsed() < Duration::from_secs(5));
    app.sql("update memberships set removed_at = null").await;
    program
        .get("/api/tasks")
        .await
        .problem(401, "unauthenticated");
    bob.get("/api/tasks").await.expect(200);
}

/// Signing out is about sessions: a program that runs at night is not signed in.
#[tokio::test]
async fn signing_out_everywhere_leaves_tokens() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let program = alice.api_token(&READ).await;
    let everywhere = alice.request(Method::POST, "/api/auth/logout-all");
    everywhere.send().await.expect(204);
    is_accepted(&program).await;
}

#[tokio::test]
async fn attack_58_a_token_does_no_more_than_its_owner_and_its_permissions() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let bob = app.member(&alice, "bob", "member").await;
    let beyond = json!({"name": "More", "permissions": ["tasks.read", "audit.read"]});
    let refused = bob.post("/api/tokens", beyond).await;
    refused.problem(403, "exceeds_own_permissions");
    let line = "select from audit_log where action = 'api_token.create' and outcome = 'denied' \
                and after ->> 'name' = 'More'";
    assert_eq!(app.rows(line).await.len(), 1);

    let writer = bob.api_token(&["tasks.read", "tasks.write"]).await;
    let reader = bob.api_token(&["tasks.read"]).await;
    let task = json!({"title": "Task"});
    writer.post("/api/tasks", task.clone()).await.expect(201);
    let refused = reader.post("/api/tasks", task.clone()).await;
    refused.problem(403, "missing_permission");
    // What the owner may not do any more, the token does not.
    app.change_role(&bob, "viewer").await;
    let refused = writer.post("/api/tasks", task).await;
    refused.problem(403, "missing_permission");
    writer.get("/api/tasks").await.expect(200);
}

#[tokio::test]
async fn attack_58_a_token_makes_no_tokens_and_ends_no_sessions() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let program = alice
        .api_token(&[
            "tasks.read",
            "tasks.write",
            "tasks.delete",
            "tasks.assign",
            "audit.read",
        ])
        .await;
    let own = format!("/api/tokens/{}", token_id(&alice).await);
    let new = json!({"name": "Another", "permissions": ["tasks.read"]});
    let session = alice.claims()["sid"].as_str().unwrap().to_owned();
    let session = format!("/api/auth/sessions/{session}");
    let ticket = program.request(Method::POST, "/api/auth/ws-ticket");
    let everywhere = program.request(Method::POST, "/api/auth/logout-all");
    let refusals = [
        program.post("/api/tokens", new).await,
        program.get("/api/tokens").await,
        program.delete(&own).await,
        program.delete(&session).await,
        program.get("/api/auth/sessions").await,
        ticket.send().await,
        everywhere.send().await,
        program.get("/api/members").await,
    ];
    for refused in &refusals {
        refused.problem(403, "session_required");
    }
    is_accepted(&program).await;
    alice.get("/api/auth/me").await.expect(200);
    let line = "select from audit_log where action = 'access.denied' and target_type = 'api_token' \
                and target_id = api_token_id and after ->> 'reason' = 'session_required'";
    assert_eq!(app.rows(line).await.len(), refusals.len());
}

#[tokio::test]
async fn what_a_token_did_names_it_in_the_trail() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let program = alice.api_token(&["tasks.read", "tasks.write"]).await;
    let task = json!({"title": "Task"});
    program.post("/api/tasks", task.clone()).await.expect(201);
    alice.post("/api/tasks", task).await.expect(201);
    program
        .get("/api/activity")
        .await
        .problem(403, "missing_permission");
    let used = json!({
        "id": token_id(&alice).await, "name": "Program", "last_four": program.token[49..],
    });
    let by = async |filter: &str| {
        let path = format!("/api/activity?{filter}");
        let page = alice.get(&path).await.expect(200);
        let items = page["items"].as_array().unwrap().clone();
        items
            .iter()
            .map(|item| item["api_token"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(by("action=task.create").await, [Value::Null, used.clone()]);
    assert_eq!(by("action=access.denied").await, [used]);
    assert_eq!(by("action=api_token.create").await, [Value::Null]);
}

/// What is not a token is refused before the database is asked, and what is an unknown one after.
#[tokio::test]
async fn what_is_not_a_token_is_refused() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let good = alice.api_token(&READ).await.token;
    let mut cut = good.clone();
    cut.pop();
    let wrong = [
        "miy_".to_owned(),
        cut,
        format!("{good}0"),
        good.to_lowercase(),
        good.replace("miy_", "MIY_"),
        format!("miy_{}", "0".repeat(49)),
        // Of the right form, and nobody's: CRC-32 of what comes before.
        format!("miy_{}{}", "0".repeat(43), "NO_CRC"),
    ];
    for token in wrong {
        let request = app.request(Method::GET, "/api/tasks").bearer(&token);
        request.send().await.problem(401, "unauthenticated");
    }
    let request = app.request(Method::GET, "/api/tasks").bearer(&good);
    request.send().await.expect(200);
}

#[tokio::test]
async fn a_person_has_a_bounded_number_of_tokens() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    for _ in 0..50 {
        create(&alice, &["tasks.read"]).await;
    }
    let new = json!({"name": "One more", "permissions": ["tasks.read"]});
    let refused = alice.post("/api/tokens", new.clone()).await;
    refused.problem(409, "too_many_tokens");
    let path = format!("/api/tokens/{}", token_id(&alice).await);
    alice.delete(&path).await.expect(204);
    alice.post("/api/tokens", new).await.expect(201);
    let page = alice.get("/api/tokens?limit=1").await.expect(200);
    let next = format!(
        "/api/tokens?limit=100&cursor={}",
        page["next_cursor"].as_str().unwrap()
    );
    let rest = alice.get(&next).await.expect(200);
    assert_eq!(rest["items"].as_array().unwrap().len(), 50);
}

/// The cache knows nothing of API tokens, and a stage with one behaves like one without.
#[tokio::test]
async fn no_token_is_in_the_cache() {
    let valkey = Valkey::start().await;
    let setup = Setup {
        valkey: Some(valkey.address()),
        ..Setup::default()
    };
    let app = App::with(setup).await;
    let alice = app.sign_in("alice").await;
    let program = alice.api_token(&READ).await;
    is_accepted(&program).await;
    let path = format!("/api/tokens/{}", token_id(&alice).await);
    alice.delete(&path).await.expect(204);
    is_refused(&program, Instant::now()).await;
    assert_eq!(valkey.keys().await, Vec::<String>::new());
    // The control: a session that ends is there.
    let logout = alice.cookie_request(Method::POST, "/api/auth/logout");
    logout.send().await.expect(204);
    assert_eq!(valkey.keys().await.len(), 1);
}
