//! What a function needs hangs, restarts or says goodbye: 503 within the limit, never "not
//! withdrawn", and an answer within two seconds of its return.

use std::time::{Duration, Instant};

use miyabi_tests::{App, InProcess, Method, OwnServer, Secrets, Setup, Token, Valkey, json, until};

/// The statement timeout of 10 s and one second more, on a busy machine.
const ROUND_TRIP: Duration = Duration::from_millis(11_000 + 1_500);
/// Longest to wait for a connection, on a busy machine.
const CONNECT: Duration = Duration::from_millis(5_000 + 1_500);

#[tokio::test]
async fn attack_55_a_database_that_hangs_is_503_within_the_limit_and_recovers() {
    let server = OwnServer::start().await;
    let app = App::on(server.database().clone(), Setup::default()).await;
    let alice = app.sign_in("alice").await;
    for route in ["/api/auth/me", "/api/tasks", "/api/activity"] {
        alice.get(route).await.expect(200);
    }
    let hung = server.hang();
    let asked = Instant::now();
    // Connections that exist, at the same time: each waits for its round trip.
    let (me, created, refreshed) = tokio::join!(
        alice.get("/api/activity"),
        alice.post("/api/tasks", json!({"title": "Lost"})),
        alice
            .cookie_request(Method::POST, "/api/auth/refresh")
            .send(),
    );
    for response in [me, created, refreshed] {
        response.problem(503, "unavailable");
        assert_eq!(response.header("retry-after"), "1");
    }
    let took = asked.elapsed();
    assert!(took < ROUND_TRIP, "{took:?}");
    // Then a new connection is waited for.
    let asked = Instant::now();
    alice.get("/api/activity").await.problem(503, "unavailable");
    let took = asked.elapsed();
    assert!(took < CONNECT, "{took:?}");
    drop(hung);
    for route in ["/api/auth/me", "/api/tasks", "/api/activity"] {
        until("served again", Duration::from_secs(2), async || {
            (alice.get(route).await.status == 200).then_some(())
        })
        .await;
    }
    let listed = alice.get("/api/tasks").await.expect(200);
    assert_eq!(listed["items"], json!([]), "nothing was half done");
}

/// Each goodbye of the server is a lost connection: the request after it does not notice.
#[tokio::test]
async fn attack_55_a_connection_that_the_server_ended_is_replaced_once() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    alice.get("/api/tasks").await.expect(200);
    // 57P01: by an administrator.
    app.sql(
        "select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid()",
    )
    .await;
    alice.get("/api/tasks").await.expect(200);
    // 57P05: for lying idle.
    app.sql(
        "alter role miyabi_activity in database CURRENT set idle_session_timeout = '200ms'"
            .replace("CURRENT", &app.database().name)
            .as_str(),
    )
    .await;
    alice.get("/api/activity").await.expect(200);
    until("the server ended it", Duration::from_secs(5), async || {
        let open = app
            .rows("select pid from pg_stat_activity where usename = 'miyabi_activity' and datname = current_database()")
            .await;
        open.is_empty().then_some(())
    })
    .await;
    alice.get("/api/activity").await.expect(200);
}

/// 25P03: the server ended the connection within a transaction. What was done in it is lost: 503,
/// and the next request is served.
#[tokio::test]
async fn attack_55_a_connection_that_is_lost_within_a_transaction_is_503() {
    let app = App::start().await;
    let secrets = Secrets::start().await;
    let tasks = InProcess::start("tasks", app.database(), &secrets);
    let mut tx = tasks.app.db().before_sign_in().await.unwrap();
    sqlx::query("set local idle_in_transaction_session_timeout = '50ms'")
        .execute(&mut *tx)
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let error = sqlx::query("select 1").execute(&mut *tx).await.unwrap_err();
    let code = error
        .as_database_error()
        .and_then(|error| error.code())
        .map(|code| code.into_owned());
    assert!(code.is_none_or(|code| code == "25P03"), "{error}");
    assert_eq!(miyabi_core::ApiError::from(error).status(), 503);
    drop(tx);
    let mut tx = tasks.app.db().before_sign_in().await.unwrap();
    sqlx::query("select 1").execute(&mut *tx).await.unwrap();
    tx.commit().await.unwrap();
}

/// The first statement of a request waits for no lock longer than the others.
#[tokio::test]
async fn attack_55_the_first_statement_has_the_limits_too() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    alice.get("/api/tasks").await.expect(200);
    let mut admin = app.database().connect_as_superuser().await;
    sqlx::raw_sql("begin; lock table memberships in access exclusive mode")
        .execute(&mut admin)
        .await
        .unwrap();
    let asked = Instant::now();
    alice.get("/api/tasks").await.problem(503, "unavailable");
    let took = asked.elapsed();
    assert!(
        took > Duration::from_secs(4) && took < Duration::from_secs(8),
        "lock_timeout is 5 s: {took:?}"
    );
    sqlx::raw_sql("rollback").execute(&mut admin).await.unwrap();
    alice.get("/api/tasks").await.expect(200);
}

/// T7 with a cache that takes connections and responds to nothing.
#[tokio::test]
async fn attack_55_a_cache_that_hangs_changes_no_response() {
    let valkey = Valkey::start().await;
    let app = App::with(Setup {
        valkey: Some(valkey.address()),
        ..Setup::default()
    })
    .await;
    let alice = app.sign_in("alice").await;
    let signed_out = app.sign_in("alice").await;
    let request = signed_out.cookie_request(Method::POST, "/api/auth/logout");
    assert_eq!(request.send().await.status, 204);
    alice.get("/api/auth/me").await.expect(200);
    let hung = valkey.hang();
    for (person, status) in [(&alice, 200), (&signed_out, 401)] {
        let asked = Instant::now();
        assert_eq!(person.get("/api/auth/me").await.status, status);
        let took = asked.elapsed();
        assert!(took < Duration::from_secs(3), "{took:?}");
    }
    drop(hung);
    until("served again", Duration::from_secs(2), async || {
        (alice.get("/api/auth/me").await.status == 200).then_some(())
    })
    .await;
    signed_out
        .get("/api/auth/me")
        .await
        .problem(401, "unauthenticated");
}

const NEXT: &str = "q7Yb2kXw9LmN4vRt6ZsHc3PfGd8JaEu5";

/// Secrets Manager takes requests and responds to none.
#[tokio::test]
async fn attack_55_known_keys_outlive_a_secrets_manager_that_hangs() {
    let app = App::start().await;
    let secrets = Secrets::start().await;
    let alice = app.sign_in("alice").await;
    let activity = InProcess::start("activity", app.database(), &secrets);
    activity
        .get("/api/activity", &alice.token)
        .await
        .expect(200);
    secrets.hang(true);
    // The keys are too old to be used without a look: there is one, and then none for a while.
    activity.clock.set_ahead(301);
    let reads = secrets.reads();
    let asked = Instant::now();
    for _ in 0..20 {
        activity
            .get("/api/activity", &alice.token)
            .await
            .expect(200);
    }
    let took = asked.elapsed();
    assert!(took < Duration::from_secs(3), "{took:?}");
    assert_eq!(secrets.reads(), reads + 1);
    // A key that cannot be looked up is not one that is unknown.
    let mut unknown = Token::parse(&alice.token);
    unknown.header["kid"] = json!("next");
    let unknown = unknown.sign(NEXT.as_bytes());
    let response = activity.get("/api/activity", &unknown).await;
    response.problem(503, "unavailable");
    // Nor is one that nobody has read within the life of a token.
    activity.clock.set_ahead(890);
    activity
        .get("/api/activity", &alice.token)
        .await
        .expect(200);
    activity.clock.set_ahead(910);
    let response = activity.get("/api/activity", &alice.token).await;
    response.problem(503, "unavailable");
    secrets.hang(false);
    activity.clock.set_ahead(301);
    until("read again", Duration::from_secs(8), async || {
        let response = activity.get("/api/activity", &unknown).await;
        (response.status == 401).then_some(())
    })
    .await;
    activity
        .get("/api/activity", &alice.token)
        .await
        .expect(200);
}

/// No lock waits for Secrets Manager: it is asked before a transaction opens.
#[tokio::test]
async fn attack_55_a_secrets_manager_that_hangs_holds_no_lock() {
    let app = App::start().await;
    let secrets = Secrets::start().await;
    let alice = app.sign_in("alice").await;
    let auth = InProcess::start("auth", app.database(), &secrets);
    auth.get("/api/auth/me", &alice.token).await.expect(200);
    secrets.hang(true);
    auth.clock.set_ahead(61);
    let cookie = |name| alice.browser.cookie(name).unwrap();
    let (refresh, csrf) = (cookie("__Secure-rt"), cookie("__Host-csrf"));
    let reads = secrets.reads();
    let refreshing = auth.with_cookies("/api/auth/refresh", &refresh, &csrf);
    let looking = async {
        until(
            "Secrets Manager is asked",
            Duration::from_secs(5),
            async || (secrets.reads() > reads).then_some(()),
        )
        .await;
        // Fails at once when somebody holds the row.
        app.sql("select from sessions for update nowait").await;
    };
    let (refreshed, ()) = tokio::join!(refreshing, looking);
    refreshed.expect(200);
}

/// A new secret that is malformed is like none: the known keys stay.
#[tokio::test]
async fn attack_55_a_malformed_secret_takes_no_key_away() {
    let app = App::start().await;
    let secrets = Secrets::start().await;
    let alice = app.sign_in("alice").await;
    let activity = InProcess::start("activity", app.database(), &secrets);
    activity
        .get("/api/activity", &alice.token)
        .await
        .expect(200);
    let (kid, key) = Secrets::usual_signing_keys();
    let half = json!({"kid": kid, "key": key, "previous_kid": "old"}).to_string();
    let twice =
        json!({"kid": kid, "key": key, "previous_kid": kid, "previous_key": NEXT}).to_string();
    for (number, malformed) in ["", "{}", "null", &half, &twice].into_iter().enumerate() {
        secrets.set_signing_keys_to_text(malformed);
        activity
            .clock
            .set_ahead(301 + 10 * i64::try_from(number).unwrap());
        let reads = secrets.reads();
        activity
            .get("/api/activity", &alice.token)
            .await
            .expect(200);
        assert_eq!(secrets.reads(), reads + 1, "{malformed}: it was read");
    }
}

/// T6 for a process that has long known the key: five minutes after it is removed.
#[tokio::test]
async fn t6_a_removed_key_is_refused_by_a_warm_process() {
    let app = App::start().await;
    let secrets = Secrets::start().await;
    let alice = app.sign_in("alice").await;
    let activity = InProcess::start("activity", app.database(), &secrets);
    activity
        .get("/api/activity", &alice.token)
        .await
        .expect(200);
    secrets.set_signing_keys(&json!({"kid": "next", "key": NEXT}));
    activity.clock.set_ahead(301);
    let response = activity.get("/api/activity", &alice.token).await;
    response.problem(401, "unauthenticated");
}
