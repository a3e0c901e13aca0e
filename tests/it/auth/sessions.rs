//! Sessions: which there are, and their ends.

use std::time::{Duration, Instant};

use miyabi_tests::{App, Method, Person};

use super::stores::on_each_store;

/// A route in each function that takes access tokens.
const ROUTES: [&str; 3] = ["/api/auth/me", "/api/activity", "/api/tasks"];

async fn assert_signed_in(person: &Person) {
    for route in ROUTES {
        person.get(route).await.expect(200);
    }
}

async fn assert_signed_out(person: &Person, since: Instant) {
    for route in ROUTES {
        person.get(route).await.problem(401, "unauthenticated");
    }
    // The first question already was refused; how long the questions took says nothing more.
    assert!(
        since.elapsed() < Duration::from_secs(5),
        "{:?}",
        since.elapsed()
    );
    let refresh = person.cookie_request(Method::POST, "/api/auth/refresh");
    refresh.send().await.problem(401, "unauthenticated");
}

async fn actions(app: &App) -> Vec<String> {
    app.rows(
        "select action from audit_log where action not in ('auth.sign_in') order by created_at",
    )
    .await
}

#[tokio::test]
async fn signing_out_ends_this_session_and_no_other() {
    on_each_store(async |app| {
        let alice = app.sign_in("alice").await;
        let elsewhere = app.sign_in("alice").await;
        assert_signed_in(&alice).await;
        let thief = alice.browser.clone_cookies();
        let request = alice.cookie_request(Method::POST, "/api/auth/logout");
        assert_eq!(alice.browser.send(request).await.status, 204);
        let since = Instant::now();
        for route in ROUTES {
            alice.get(route).await.problem(401, "unauthenticated");
        }
        assert!(since.elapsed() < Duration::from_secs(5));
        // The cookies are gone here; with a copy nothing can be had any more either.
        assert!(alice.browser.cookie("__Secure-rt").is_none());
        for route in ["/api/auth/refresh", "/api/auth/logout"] {
            let request = thief
                .request(Method::POST, route)
                .header("x-csrf-token", thief.cookie("__Host-csrf").unwrap());
            request.send().await.problem(401, "unauthenticated");
        }
        assert_signed_in(&elsewhere).await;
        assert_eq!(actions(app).await, ["(auth.sign_out)"]);
    })
    .await;
}

/// T4.
#[tokio::test]
async fn t4_signing_out_everywhere_ends_every_session_at_once() {
    on_each_store(async |app| {
        let mut people = Vec::new();
        for _ in 0..3 {
            people.push(app.sign_in("alice").await);
        }
        let bob = app.sign_in("bob").await;
        // Functions that know the tokens as good, and one that was refreshed in this very second.
        for person in &people {
            assert_signed_in(person).await;
        }
        people[2].refresh().await;
        let response = people[0]
            .request(Method::POST, "/api/auth/logout-all")
            .send()
            .await;
        assert_eq!(response.status, 204, "{response}");
        let since = Instant::now();
        for person in &people {
            assert_signed_out(person, since).await;
        }
        assert_signed_in(&bob).await;
        assert_eq!(actions(app).await, ["(auth.sign_out_everywhere)"]);
        let reasons = app
            .rows("select distinct revoked_reason from sessions where revoked_at is not null")
            .await;
        assert_eq!(reasons, ["(sign_out_everywhere)"]);
    })
    .await;
}

/// What is withdrawn is what was issued up to the end of a second: the next sign-in must not be in
/// it, however fast it is.
#[tokio::test]
async fn who_signs_in_right_after_signing_out_everywhere_is_signed_in() {
    on_each_store(async |app| {
        let mut alice = app.sign_in("alice").await;
        for _ in 0..3 {
            let response = alice
                .request(Method::POST, "/api/auth/logout-all")
                .send()
                .await;
            assert_eq!(response.status, 204, "{response}");
            let before = alice;
            alice = app.sign_in("alice").await;
            assert_signed_in(&alice).await;
            before
                .get("/api/auth/me")
                .await
                .problem(401, "unauthenticated");
        }
    })
    .await;
}

#[tokio::test]
async fn a_list_of_sessions_from_which_one_can_be_ended() {
    on_each_store(async |app| {
        let alice = app.sign_in("alice").await;
        let mut elsewhere = app.sign_in("alice").await;
        elsewhere.refresh().await;
        app.sign_in("bob").await;
        let listed = alice.get("/api/auth/sessions").await.expect(200);
        let items = listed["items"].as_array().unwrap();
        assert_eq!(items.len(), 2, "{listed}");
        assert_eq!(items[0]["id"], elsewhere.claims()["sid"], "newest first");
        assert_eq!(
            (&items[0]["current"], &items[1]["current"]),
            (&false.into(), &true.into())
        );
        assert_eq!(items[1]["ip_address"], "127.0.0.1", "{listed}");
        for time in ["created_at", "last_seen_at", "expires_at"] {
            assert!(items[0][time].as_str().unwrap().ends_with('Z'), "{listed}");
        }

        let path = format!("/api/auth/sessions/{}", items[0]["id"].as_str().unwrap());
        assert_eq!(alice.delete(&path).await.status, 204);
        assert_signed_out(&elsewhere, Instant::now()).await;
        assert_signed_in(&alice).await;
        alice.delete(&path).await.problem(404, "not_found");
        let listed = alice.get("/api/auth/sessions").await.expect(200);
        assert_eq!(listed["items"].as_array().unwrap().len(), 1, "{listed}");

        let own = format!(
            "/api/auth/sessions/{}",
            alice.claims()["sid"].as_str().unwrap()
        );
        assert_eq!(alice.delete(&own).await.status, 204);
        assert_signed_out(&alice, Instant::now()).await;
        assert_eq!(
            actions(app).await,
            ["(auth.end_session)", "(auth.end_session)"]
        );
    })
    .await;
}

#[tokio::test]
async fn a_session_that_lies_idle_is_not_listed() {
    let app = App::start().await;
    let idle = app.sign_in("alice").await;
    app.sql("update refresh_tokens set expires_at = now() - interval '1 second'")
        .await;
    let alice = app.sign_in("alice").await;
    let listed = alice.get("/api/auth/sessions").await.expect(200);
    assert!(
        !listed
            .to_string()
            .contains(idle.claims()["sid"].as_str().unwrap()),
        "{listed}"
    );
}
