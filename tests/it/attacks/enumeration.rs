//! Finding out who and what exists, by how a refusal looks.

use miyabi_tests::{App, Method, Response, json};
use uuid::Uuid;

use super::timing::{difference, take_as_long};

/// An answer without what differs between any two: the request's id.
fn shape(response: &Response) -> String {
    let mut problem = response.json();
    problem.as_object_mut().unwrap().remove("request_id");
    format!("{} {problem}", response.status)
}

#[tokio::test]
async fn attack_46_another_organization_is_like_none() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let bob = app.sign_in("bob").await;
    let switch = async |organization: &str| {
        let request = alice
            .cookie_request(Method::POST, "/api/auth/switch")
            .json(json!({"organization_id": organization}));
        let response = request.send().await;
        response.problem(404, "not_found");
        shape(&response)
    };
    let theirs = switch(&bob.organization_id()).await;
    assert_eq!(theirs, switch(&Uuid::new_v4().to_string()).await);
    app.sql(&format!(
        "update organizations set deleted_at = now() where id = '{}'",
        bob.organization_id()
    ))
    .await;
    assert_eq!(theirs, switch(&bob.organization_id()).await);
}

#[tokio::test]
async fn attack_46_another_persons_session_is_like_none() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let bob = app.sign_in("bob").await;
    let theirs = bob.claims()["sid"].as_str().unwrap().to_owned();
    let end = async |session: &str| {
        let response = alice.delete(&format!("/api/auth/sessions/{session}")).await;
        response.problem(404, "not_found");
        shape(&response)
    };
    let answer = end(&theirs).await;
    assert_eq!(answer, end(&Uuid::new_v4().to_string()).await);
    assert_eq!(answer, end("no-id").await);
    bob.get("/api/auth/me").await.expect(200);
    let listed = alice.get("/api/auth/sessions").await.expect(200);
    assert!(!listed.to_string().contains(&theirs), "{listed}");
}

/// Whether somebody has an account here is not to be seen before they have signed in.
#[tokio::test]
async fn attack_46_a_known_login_is_like_an_unknown_one() {
    let app = App::start().await;
    app.sign_in("alice").await;
    let begin = async |login: &str| {
        let response = app.get(&format!("/api/auth/login?login={login}")).await;
        let location = response.header("location").to_owned();
        let query = location.split_once('?').unwrap().1;
        let names: Vec<_> = query
            .split('&')
            .map(|pair| pair.split('=').next().unwrap().to_owned())
            .collect();
        (response.status, names, response.body.len())
    };
    assert_eq!(begin("alice").await, begin("nobody-here").await);
}

/// Time says no more than the answer, of an organization, of a session and of a login.
#[tokio::test]
async fn attack_46_what_is_there_takes_as_long_as_what_is_not() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let bob = app.sign_in("bob").await;
    let switch = async |organization: String| {
        let request = alice
            .cookie_request(Method::POST, "/api/auth/switch")
            .json(json!({"organization_id": organization}));
        request.send().await.problem(404, "not_found");
    };
    let theirs = bob.organization_id();
    take_as_long(
        ("another organization", async || {
            switch(theirs.clone()).await;
        }),
        ("no organization", async || {
            switch(Uuid::new_v4().to_string()).await;
        }),
    )
    .await;
    let end = async |session: String| {
        let path = format!("/api/auth/sessions/{session}");
        alice.delete(&path).await.problem(404, "not_found");
    };
    let theirs = bob.claims()["sid"].as_str().unwrap().to_owned();
    take_as_long(
        ("another person's session", async || {
            end(theirs.clone()).await;
        }),
        ("no session", async || end(Uuid::new_v4().to_string()).await),
    )
    .await;
    let begin = async |login: &str| {
        let response = app.get(&format!("/api/auth/login?login={login}")).await;
        assert_eq!(response.status, 303, "{response}");
    };
    take_as_long(
        ("a known login", async || begin("alice").await),
        ("an unknown login", async || begin("nobody-here").await),
    )
    .await;
}

/// The control of the one above: what takes a millisecond more is seen.
#[tokio::test]
async fn attack_46_a_difference_of_a_millisecond_would_be_seen() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let ask = async || {
        let path = format!("/api/auth/sessions/{}", Uuid::new_v4());
        alice.delete(&path).await.problem(404, "not_found");
    };
    let longer = async || {
        ask().await;
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    };
    let seen = difference(("slower", longer), ("as usual", ask)).await;
    assert!(seen.is_some());
}
