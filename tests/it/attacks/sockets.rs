//! The WebSocket API: who may open a connection, what may be said on one, and when it ends.

use std::time::{Duration, Instant};

use miyabi_tests::{App, Connections, Method, Person, Value, json, socket_event, until};

use crate::live::{connect, drain, events, handshake, say, ticket};

/// How soon a connection must be closed whose rights ended.
const CLOSED_WITHIN: Duration = Duration::from_secs(5);

async fn app() -> (Connections, App) {
    let connections = Connections::start().await;
    let app = App::with(connections.setup()).await;
    (connections, app)
}

async fn open_connections(app: &App) -> usize {
    app.rows("select connection_id from ws_connections")
        .await
        .len()
}

#[tokio::test]
async fn attack_39_a_connection_from_another_page_or_without_a_ticket() {
    let (_connections, app) = app().await;
    let alice = app.sign_in("alice").await;
    let origin = app.origin();
    let own = ticket(&alice).await;
    for foreign in [
        "https://evil.example.com",
        "null",
        "",
        &format!("{origin}.evil.example"),
        &origin.replace("http://", "https://"),
        &format!("{origin}/"),
    ] {
        let ticket = ticket(&alice).await;
        assert_eq!(
            handshake(&app, "c", foreign, &ticket).await,
            403,
            "{foreign}"
        );
        // It is used up by the attempt.
        assert_eq!(handshake(&app, "c", &origin, &ticket).await, 403);
    }
    // Without an origin, as no browser connects.
    let mut event = socket_event("$connect", "c", Some((&origin, &own)), None);
    for headers in ["headers", "multiValueHeaders"] {
        event[headers].as_object_mut().unwrap().remove("Origin");
    }
    let answer = app.invoke("ws-connect", &event).await.unwrap();
    assert_eq!(answer, json!({"statusCode": 403}));
    // An access token in the address, instead of a ticket and beside it.
    assert_eq!(handshake(&app, "c", &origin, &alice.token).await, 403);
    for name in ["token", "access_token", "authorization"] {
        let mut event = socket_event("$connect", "c", Some((&origin, &own)), None);
        event["queryStringParameters"][name] = json!(alice.token);
        event["multiValueQueryStringParameters"][name] = json!([alice.token]);
        let answer = app.invoke("ws-connect", &event).await.unwrap();
        assert_eq!(answer, json!({"statusCode": 403}), "{name}");
    }
    for made_up in ["", "AAAA", &"A".repeat(43), "' or true --"] {
        assert_eq!(
            handshake(&app, "c", &origin, made_up).await,
            403,
            "{made_up}"
        );
    }
    assert_eq!(open_connections(&app).await, 0);
    // The control: the ticket was good all the time, and is good once.
    assert_eq!(handshake(&app, "c", &origin, &own).await, 200);
    assert_eq!(handshake(&app, "d", &origin, &own).await, 403);
    assert_eq!(open_connections(&app).await, 1);
}

#[tokio::test]
async fn attack_39_a_ticket_that_is_old_stored_or_used_twice_at_once() {
    let (_connections, app) = app().await;
    let alice = app.sign_in("alice").await;
    let origin = app.origin();
    let asked = alice.request(Method::POST, "/api/auth/ws-ticket").send();
    let response = asked.await.expect(201);
    let ticket_text = response["ticket"].as_str().unwrap();
    let seconds = "select extract(epoch from expires_at - now()) between 25 and 30 from ws_tickets";
    assert_eq!(app.rows(seconds).await, ["(t)"]);
    // Only its hash is kept: nothing that a dump shows opens a connection.
    let dump = app.rows("select * from ws_tickets").await.join("\n");
    assert!(!dump.contains(ticket_text), "{dump}");
    app.sql("update ws_tickets set expires_at = clock_timestamp()")
        .await;
    assert_eq!(handshake(&app, "c", &origin, ticket_text).await, 403);

    for round in 0..5 {
        let ticket = ticket(&alice).await;
        let ids: Vec<String> = (0..4).map(|n| format!("{round}-{n}")).collect();
        let (a, b, c, d) = tokio::join!(
            handshake(&app, &ids[0], &origin, &ticket),
            handshake(&app, &ids[1], &origin, &ticket),
            handshake(&app, &ids[2], &origin, &ticket),
            handshake(&app, &ids[3], &origin, &ticket),
        );
        let mut statuses = [a, b, c, d];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 403, 403, 403]);
    }
    assert!(!app.logs().await.contains(ticket_text));
}

#[tokio::test]
async fn attack_39_a_ticket_whose_owner_lost_the_right_meanwhile() {
    let (_connections, app) = app().await;
    let alice = app.sign_in("alice").await;
    let origin = app.origin();
    for (login, undo) in [
        (
            "bob",
            "update memberships set removed_at = now() where role = 'member'",
        ),
        (
            "carol",
            "update users set disabled_at = now() where login = 'carol'",
        ),
        (
            "dave",
            "update sessions set revoked_at = now() where user_id = (select id from users where login = 'dave')",
        ),
        ("erin", "update organizations set deleted_at = now()"),
    ] {
        let person = app.member(&alice, login, "member").await;
        let ticket = ticket(&person).await;
        app.sql(undo).await;
        assert_eq!(
            handshake(&app, login, &origin, &ticket).await,
            403,
            "{undo}"
        );
        app.sql(
            "update memberships set removed_at = null; update organizations set deleted_at = null",
        )
        .await;
    }
    assert_eq!(open_connections(&app).await, 0);
    // Whoever may not read tasks is told of none.
    app.sql(&format!(
        "insert into roles (organization_id, name, permissions) values ('{}', 'guest', '[\"members.read\"]')",
        alice.organization_id()
    ))
    .await;
    let guest = app.member(&alice, "frank", "guest").await;
    let asked = guest.request(Method::POST, "/api/auth/ws-ticket").send();
    asked.await.problem(403, "missing_permission");
}

#[tokio::test]
async fn attack_40_messages_that_ask_for_another_organization_or_before_a_ticket() {
    let (connections, app) = app().await;
    let alice = app.sign_in("alice").await;
    let mallory = app.sign_in("mallory").await;
    let error = |code: &str| json!({"type": "error", "code": code});
    // Nobody's connection, as one is between its handshake and its refusal.
    for message in [r#"{"type":"hello","last_seq":0}"#, r#"{"type":"ping"}"#] {
        assert_eq!(say(&app, "nobody", message).await, error("closed"));
    }
    connect(&app, &mallory, "mallory").await;
    let organization = alice.organization_id();
    for (message, code) in [
        (
            json!({"type": "subscribe", "organization_id": organization}),
            "bad_message",
        ),
        (json!({"type": "subscribe"}), "unknown_type"),
        (
            json!({"type": "hello", "last_seq": 0, "organization_id": organization}),
            "bad_message",
        ),
        (
            json!({"type": "presence", "at": format!("org:{organization}")}),
            "bad_message",
        ),
        (
            json!({"type": "ping", "text": "a".repeat(129 * 1024)}),
            "too_large",
        ),
        (json!({"type": null}), "bad_message"),
        (json!(["hello", 0, null]), "bad_message"),
    ] {
        let answer = say(&app, "mallory", &message.to_string()).await;
        assert_eq!(answer, error(code), "{code}");
    }
    let mut binary = socket_event("$default", "mallory", None, Some("eyJ0eXBlIjoicGluZyJ9"));
    binary["isBase64Encoded"] = json!(true);
    let answer = app.invoke("ws-connect", &binary).await.unwrap();
    let body: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    assert_eq!(body, error("bad_message"));
    alice
        .post("/api/tasks", json!({"title": "Private"}))
        .await
        .expect(201);
    drain(&app, &organization).await;
    assert!(connections.messages("mallory").is_empty());
    // The control: her own organization's events arrive.
    mallory
        .post("/api/tasks", json!({"title": "Own"}))
        .await
        .expect(201);
    events(&connections, "mallory", 1).await;
}

#[tokio::test]
async fn attack_40_more_connections_than_anybody_has() {
    let (_connections, app) = app().await;
    let alice = app.sign_in("alice").await;
    connect(&app, &alice, "first").await;
    app.sql(
        "insert into ws_connections (organization_id, connection_id, user_id, session_id, role, role_version, expires_at)
         select organization_id, 'tab-' || n, user_id, session_id, role, role_version, expires_at
         from ws_connections, generate_series(2, 100) n",
    )
    .await;
    let ticket = ticket(&alice).await;
    let origin = app.origin();
    assert_eq!(handshake(&app, "one-too-many", &origin, &ticket).await, 429);
    // Another person in the same organization is not affected.
    let bob = app.member(&alice, "bob", "viewer").await;
    connect(&app, &bob, "bob").await;
}

/// Waits until a connection is closed; nothing may have been sent to it since.
async fn closed(connections: &Connections, app: &App, id: &str, why: &str) {
    let began = Instant::now();
    until(why, CLOSED_WITHIN, async || {
        connections.is_closed(id).then_some(())
    })
    .await;
    assert!(began.elapsed() < CLOSED_WITHIN, "{why}");
    until("its row goes", CLOSED_WITHIN, async || {
        let query = format!("select from ws_connections where connection_id = '{id}'");
        app.rows(&query).await.is_empty().then_some(())
    })
    .await;
}

async fn signed_in_twice(app: &App, login: &str, organization: &str) -> (Person, Person) {
    (
        app.sign_in_to(login, organization).await,
        app.sign_in_to(login, organization).await,
    )
}

#[tokio::test]
async fn attack_41_t2_a_connection_that_outlives_its_session() {
    let (connections, app) = app().await;
    let alice = app.sign_in("alice").await;
    let organization = alice.organization_id();
    app.member(&alice, "bob", "viewer").await;
    let (out, stays) = signed_in_twice(&app, "bob", &organization).await;
    connect(&app, &out, "out").await;
    connect(&app, &stays, "stays").await;
    // The same session in another organization, where no event says that it ended.
    let elsewhere = app.sign_in("carol").await;
    let session = out.claims()["sid"].as_str().unwrap().to_owned();
    app.sql(&format!(
        "insert into memberships (organization_id, user_id, role) values ('{other}', '{bob}', 'viewer');
         insert into ws_connections (organization_id, connection_id, user_id, session_id, role, role_version, expires_at)
         values ('{other}', 'elsewhere', '{bob}', '{session}', 'viewer', 1, now() + interval '10 minutes')",
        other = elsewhere.organization_id(),
        bob = out.user_id(),
    ))
    .await;
    let request = out.cookie_request(Method::POST, "/api/auth/logout");
    assert_eq!(out.browser.send(request).await.status, 204);
    closed(&connections, &app, "out", "signed out").await;
    closed(&connections, &app, "elsewhere", "signed out").await;
    let sent = connections.attempts("out");
    alice
        .post("/api/tasks", json!({"title": "Later"}))
        .await
        .expect(201);
    until("the other one has it", CLOSED_WITHIN, async || {
        let events = connections.events("stays");
        events
            .iter()
            .any(|event| event["event"] == "task.changed")
            .then_some(())
    })
    .await;
    assert_eq!(connections.attempts("out"), sent);
    assert!(!connections.is_closed("stays"));

    stays
        .request(Method::POST, "/api/auth/logout-all")
        .send()
        .await
        .expect(204);
    closed(&connections, &app, "stays", "signed out everywhere").await;
}

#[tokio::test]
async fn attack_41_a_connection_that_outlives_the_right_to_it() {
    let (connections, app) = app().await;
    let alice = app.sign_in("alice").await;
    let organization = alice.organization_id();
    connect(&app, &alice, "alice").await;
    let member = async |login: &str| {
        let person = app.member(&alice, login, "member").await;
        connect(&app, &person, login).await;
        format!("/api/members/{}", person.user_id())
    };
    let removed = member("bob").await;
    alice.delete(&removed).await.expect(204);
    closed(&connections, &app, "bob", "removed").await;

    let demoted = member("carol").await;
    alice
        .patch(&demoted, 1, json!({"role": "viewer"}))
        .await
        .expect(200);
    closed(&connections, &app, "carol", "another role").await;

    let role = json!({"name": "helper", "permissions": ["tasks.read", "tasks.write"]});
    alice.post("/api/roles", role).await.expect(201);
    let helper = app.member(&alice, "dave", "helper").await;
    connect(&app, &helper, "dave").await;
    alice
        .patch(
            "/api/roles/helper",
            1,
            json!({"permissions": ["members.read"]}),
        )
        .await
        .expect(200);
    closed(&connections, &app, "dave", "the role lost tasks.read").await;

    assert!(!connections.is_closed("alice"));
    let path = format!("/api/organizations/{organization}");
    alice.delete(&path).await.expect(204);
    closed(&connections, &app, "alice", "the organization is deleted").await;
}

#[tokio::test]
async fn attack_41_a_connection_that_outlives_its_token() {
    let (connections, app) = app().await;
    let alice = app.sign_in("alice").await;
    let organization = alice.organization_id();
    connect(&app, &alice, "a").await;
    let within = "select expires_at between now() + interval '14 minutes' and now() + interval '15 minutes' from ws_connections";
    assert_eq!(app.rows(within).await, ["(t)"]);
    connect(&app, &alice, "b").await;
    app.sql("update ws_connections set expires_at = clock_timestamp() where connection_id = 'a'")
        .await;
    alice
        .post("/api/tasks", json!({"title": "Later"}))
        .await
        .expect(201);
    events(&connections, "b", 1).await;
    assert_eq!(connections.attempts("a"), 0);
    closed(&connections, &app, "a", "expired").await;
    let ping = say(&app, "a", r#"{"type":"ping"}"#).await;
    assert_eq!(ping, json!({"type": "error", "code": "closed"}));
    // One that expires before the next sweep is closed by this one.
    app.sql("update ws_connections set expires_at = clock_timestamp() + interval '50 seconds'")
        .await;
    drain(&app, &organization).await;
    assert!(!connections.is_closed("b"));
    app.invoke("ws-broadcast", &json!({"kind": "sweep"}))
        .await
        .unwrap();
    closed(&connections, &app, "b", "expires within the minute").await;
}
