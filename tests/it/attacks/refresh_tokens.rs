//! Refresh tokens: used by many at once, used again, used too late.

use std::time::{Duration, Instant};

use miyabi_tests::{App, Method, Person, RequestBuilder, Response, json};
use tokio::task::JoinSet;

use crate::auth::stores::on_each_store;

/// Rounds of the race, as promised.
const ROUNDS: usize = 200;
const RACERS: usize = 20;

/// What our page sends to refresh.
fn request(app: &App, refresh: &str, csrf: &str) -> RequestBuilder {
    app.request(Method::POST, "/api/auth/refresh")
        .header("origin", app.origin())
        .header("cookie", format!("__Secure-rt={refresh}"))
        .header("x-csrf-token", csrf)
}

async fn refresh(app: &App, refresh: &str, csrf: &str) -> Response {
    request(app, refresh, csrf).send().await
}

fn child(response: &Response) -> String {
    let cookie = response
        .set_cookie("__Secure-rt")
        .unwrap_or_else(|| panic!("{response}"));
    let value = cookie.strip_prefix("__Secure-rt=").unwrap();
    value.split(';').next().unwrap().to_owned()
}

fn cookies(person: &Person) -> (String, String) {
    let cookie = |name| person.browser.cookie(name).unwrap();
    (cookie("__Secure-rt"), cookie("__Host-csrf"))
}

async fn is_refused(app: &App, token: &str) -> bool {
    let request = app.request(Method::GET, "/api/activity").bearer(token);
    request.send().await.status == 401
}

/// Rows of the trail about refreshes that were refused.
async fn refusals(app: &App) -> usize {
    app.rows("select id from audit_log where action = 'auth.refresh' and outcome = 'denied'")
        .await
        .len()
}

/// T1. Twenty at once are twenty environments of the function, each with a connection of its own.
#[tokio::test]
async fn attack_21_t1_refresh_race() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let (mut token, csrf) = cookies(&alice);
    let began = Instant::now();
    for round in 0..ROUNDS {
        let mut racers = JoinSet::new();
        for _ in 0..RACERS {
            racers.spawn(request(&app, &token, &csrf).send());
        }
        let mut children = Vec::new();
        while let Some(response) = racers.join_next().await {
            let response = response.unwrap();
            assert_eq!(response.status, 200, "round {round}: {response}");
            children.push(child(&response));
        }
        assert_eq!(children.len(), RACERS);
        children.dedup();
        assert_eq!(children.len(), 1, "round {round}: a branch");
        token = children.remove(0);
    }
    println!("{ROUNDS} rounds of {RACERS} in {:?}", began.elapsed());
    let chain = app
        .rows("select count(*), count(distinct parent_hash), max(generation) from refresh_tokens")
        .await;
    // One more than there were rounds: signing in refreshes once.
    let last = ROUNDS + 1;
    assert_eq!(
        chain,
        [format!("({},{last},{last})", last + 1)],
        "one child a round"
    );
    assert_eq!(refusals(&app).await, 0);
    refresh(&app, &token, &csrf).await.expect(200);
}

/// T2, the parent after its grace.
#[tokio::test]
async fn attack_22_t2_a_parent_after_its_grace() {
    on_each_store(async |app| {
        let mut alice = app.sign_in("alice").await;
        let elsewhere = app.sign_in("alice").await;
        let (parent, csrf) = cookies(&alice);
        let early_token = alice.token.clone();
        alice.refresh().await;
        let (newest, _) = cookies(&alice);
        assert!(!is_refused(app, &early_token).await && !is_refused(app, &alice.token).await);
        app.sql("update refresh_tokens set used_at = used_at - interval '10 seconds'")
            .await;

        refresh(app, &parent, &csrf).await.problem(401, "unauthenticated");
        let since = Instant::now();
        assert!(is_refused(app, &early_token).await, "an access token of the family");
        assert!(is_refused(app, &alice.token).await, "the newest access token of the family");
        assert!(since.elapsed() < Duration::from_secs(1), "{:?}", since.elapsed());
        // The descendant is refused although it was never used.
        for token in [&newest, &parent, &newest] {
            refresh(app, token, &csrf).await.problem(401, "unauthenticated");
        }
        assert_eq!(refusals(app).await, 1, "one row, however often it is tried");
        let reason = app
            .rows("select after ->> 'reason', actor_id = target_id from audit_log where action = 'auth.refresh'")
            .await;
        assert_eq!(reason, ["(reuse,f)"]);
        let stored = app.rows("select revoked_reason from sessions where revoked_at is not null").await;
        assert_eq!(stored, ["(reuse)"]);

        // Another session of the same person has nothing to do with it.
        assert!(!is_refused(app, &elsewhere.token).await);
        let (token, csrf) = cookies(&elsewhere);
        refresh(app, &token, &csrf).await.expect(200);
    })
    .await;
}

/// T2, the grandparent at once, and descendants inside the grace.
#[tokio::test]
async fn attack_22_a_grandparent_at_once() {
    on_each_store(async |app| {
        let mut alice = app.sign_in("alice").await;
        let (grandparent, csrf) = cookies(&alice);
        alice.refresh().await;
        let (parent, _) = cookies(&alice);
        alice.refresh().await;
        let (newest, _) = cookies(&alice);
        refresh(app, &grandparent, &csrf)
            .await
            .problem(401, "unauthenticated");
        let since = Instant::now();
        assert!(is_refused(app, &alice.token).await);
        assert!(
            since.elapsed() < Duration::from_secs(1),
            "{:?}",
            since.elapsed()
        );
        // The parent was exchanged less than ten seconds ago, the newest never.
        for token in [&parent, &newest, &grandparent] {
            refresh(app, token, &csrf)
                .await
                .problem(401, "unauthenticated");
        }
        assert_eq!(refusals(app).await, 1);
    })
    .await;
}

/// Twenty thieves at once are one discovery.
#[tokio::test]
async fn attack_22_many_at_once_are_one_row() {
    let app = App::start().await;
    let mut alice = app.sign_in("alice").await;
    let (parent, csrf) = cookies(&alice);
    alice.refresh().await;
    app.sql("update refresh_tokens set used_at = used_at - interval '11 seconds'")
        .await;
    let mut thieves = JoinSet::new();
    for _ in 0..20 {
        thieves.spawn(request(&app, &parent, &csrf).send());
    }
    while let Some(response) = thieves.join_next().await {
        response.unwrap().problem(401, "unauthenticated");
    }
    assert_eq!(refusals(&app).await, 1);
}

/// T3.
#[tokio::test]
async fn attack_22_t3_an_answer_that_was_lost_can_be_had_again() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let count = "select count(*) from refresh_tokens";
    let before: usize = app.rows(count).await[0]
        .trim_matches(['(', ')'])
        .parse()
        .unwrap();
    let (parent, csrf) = cookies(&alice);
    let lost = refresh(&app, &parent, &csrf).await;
    let again = refresh(&app, &parent, &csrf).await;
    again.expect(200);
    assert_eq!(child(&again), child(&lost));
    assert_eq!(
        app.rows(count).await,
        [format!("({})", before + 1)],
        "one child"
    );
    refresh(&app, &child(&again), &csrf).await.expect(200);
    // Now that the child was used, the answer has arrived: nobody else can need it.
    refresh(&app, &parent, &csrf)
        .await
        .problem(401, "unauthenticated");
}

#[tokio::test]
async fn attack_23_idle_and_too_old() {
    let app = App::start().await;
    for (statement, what) in [
        (
            "update refresh_tokens set expires_at = now() - interval '1 second'",
            "idle",
        ),
        (
            "update sessions set expires_at = now() - interval '1 second'",
            "too old",
        ),
    ] {
        let alice = app.sign_in("alice").await;
        app.sql(statement).await;
        let (token, csrf) = cookies(&alice);
        let response = refresh(&app, &token, &csrf).await;
        assert_eq!(response.status, 401, "{what}: {response}");
        response.problem(401, "unauthenticated");
    }
    // Being refreshed does not make a session live longer than it may.
    let mut alice = app.sign_in("alice").await;
    app.sql("update sessions set expires_at = now() + interval '1 hour'")
        .await;
    alice.refresh().await;
    let beyond = app
        .rows("select 1 from refresh_tokens t join sessions s on s.id = t.session_id where t.used_at is null and t.parent_hash is not null and s.revoked_at is null and s.expires_at > now() and t.expires_at > s.expires_at")
        .await;
    assert_eq!(beyond, Vec::<String>::new());
    assert_eq!(refusals(&app).await, 0, "nothing was stolen");
}

#[tokio::test]
async fn attack_23_a_disabled_user() {
    on_each_store(async |app| {
        let alice = app.sign_in("alice").await;
        app.sql(&format!(
            "update users set disabled_at = now() where id = '{}'",
            alice.user_id()
        ))
        .await;
        assert!(is_refused(app, &alice.token).await, "the access token");
        let (token, csrf) = cookies(&alice);
        refresh(app, &token, &csrf)
            .await
            .problem(401, "unauthenticated");
        refresh(app, &token, &csrf)
            .await
            .problem(401, "unauthenticated");
        assert_eq!(refusals(app).await, 1);
        let landed = app.browser().follow("/api/auth/login?login=alice").await;
        landed.problem(403, "account_disabled");
        assert!(landed.set_cookie("__Secure-rt").is_none(), "{landed}");
        // Enabled again, the old session stays over.
        app.sql("update users set disabled_at = null").await;
        refresh(app, &token, &csrf)
            .await
            .problem(401, "unauthenticated");
        app.sign_in("alice").await;
    })
    .await;
}

/// T5: what changed in an organization holds for the next request, and the next token says it.
#[tokio::test]
async fn attack_23_t5_a_role_that_changed() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let mut bob = app.member(&alice, "bob", "admin").await;
    assert_eq!(bob.claims()["role"], "admin");
    bob.get("/api/activity").await.expect(200);
    app.change_role(&bob, "viewer").await;
    bob.get("/api/activity")
        .await
        .problem(403, "missing_permission");
    let me = bob.get("/api/auth/me").await.expect(200);
    assert_eq!(me["organization"]["role"], "viewer");
    bob.refresh().await;
    assert_eq!(bob.claims()["role"], "viewer");

    app.sql(&format!(
        "update memberships set removed_at = now() where organization_id = '{}' and user_id = '{}'",
        alice.organization_id(),
        bob.user_id()
    ))
    .await;
    bob.get("/api/auth/me").await.problem(403, "not_a_member");
    bob.refresh().await;
    assert_ne!(
        bob.organization_id(),
        alice.organization_id(),
        "back in his own"
    );
    assert_eq!(bob.claims()["role"], "owner");

    app.sql("update memberships set removed_at = now()").await;
    let (token, csrf) = cookies(&bob);
    refresh(&app, &token, &csrf)
        .await
        .problem(403, "no_organization");
    let response = refresh(&app, &token, &csrf).await;
    assert_eq!(
        response.problem(403, "no_organization")["errors"],
        json!([])
    );
}
