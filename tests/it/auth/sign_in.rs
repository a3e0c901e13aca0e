//! Signing in.

use miyabi_tests::{App, Method, json};

use crate::attacks::sign_in::Begun;

#[tokio::test]
async fn somebody_who_signs_in_is_the_owner_of_an_organization() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let me = alice.get("/api/auth/me").await.expect(200);
    assert_eq!(alice.claims()["role"], "owner", "{me}");
    assert_eq!(me["user"]["login"], "alice");
    assert_eq!(me["user"]["name"], "Alice Aoki");
    assert_eq!(me["user"]["id"], alice.user_id());
    let organization =
        json!({"id": alice.organization_id(), "name": "alice's organization", "role": "owner"});
    assert_eq!(me["organization"], organization);
    assert_eq!(me["organizations"], json!([organization]));
    assert_eq!(me["session_id"], alice.claims()["sid"]);
    let permissions = me["permissions"].as_array().unwrap();
    assert_eq!(
        permissions.len(),
        miyabi_catalog::Permission::ALL.len(),
        "{me}"
    );
}

#[tokio::test]
async fn who_comes_again_is_the_same_person_with_what_github_says_now() {
    let app = App::start().await;
    let first = app.sign_in("nora").await;
    let mut people = miyabi_tests::github::seeded(&deployer::project::Project::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/.."
    )))
    .unwrap();
    for person in &mut people {
        if person.login == "nora" {
            person.name = Some("Nora Now".to_owned());
        }
    }
    app.github().set_people(people);
    let again = app.sign_in("nora").await;
    assert_eq!(again.user_id(), first.user_id());
    assert_eq!(again.organization_id(), first.organization_id());
    let me = again.get("/api/auth/me").await.expect(200);
    assert_eq!(me["user"]["name"], "Nora Now");
    assert_eq!(app.rows("select id from organizations").await.len(), 1);
}

#[tokio::test]
async fn two_first_sign_ins_at_once_make_one_organization() {
    let app = App::start().await;
    let (one, other) = (
        Begun::at(&app, "alice").await,
        Begun::at(&app, "alice").await,
    );
    let (first, second) = (one.come_back().await, other.come_back().await);
    let (first, second) = tokio::join!(one.call_back(&first), other.call_back(&second));
    assert_eq!(
        (first.status.as_u16(), second.status.as_u16()),
        (303, 303),
        "{first}{second}"
    );
    assert_eq!(app.rows("select id from organizations").await.len(), 1);
    assert_eq!(app.rows("select id from users").await.len(), 1);
    assert_eq!(app.rows("select id from sessions").await.len(), 2);
}

#[tokio::test]
async fn two_tabs_can_sign_in_at_the_same_time() {
    let app = App::start().await;
    let first = Begun::at(&app, "alice").await;
    let second = Begun::again(first.browser.clone_cookies(), "alice").await;
    let (path, other) = (first.come_back().await, second.come_back().await);
    assert_eq!(second.call_back(&other).await.status, 303);
    assert_eq!(first.call_back(&path).await.status, 303);
}

#[tokio::test]
async fn a_sign_in_is_in_the_trail() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let trail = alice.get("/api/activity").await.expect(200);
    let entry = &trail["items"][0];
    assert_eq!(entry["action"], "auth.sign_in", "{trail}");
    assert_eq!(entry["target_id"], alice.claims()["sid"], "{trail}");
    assert_eq!(trail["items"].as_array().unwrap().len(), 1, "{trail}");
}

#[tokio::test]
async fn somebody_who_was_removed_everywhere_begins_an_organization_of_their_own() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    app.sql("update memberships set removed_at = now()").await;
    let again = app.sign_in("alice").await;
    assert_eq!(again.user_id(), alice.user_id());
    assert_ne!(again.organization_id(), alice.organization_id());
    assert_eq!(again.claims()["role"], "owner");
}

#[tokio::test]
async fn attempts_that_nobody_finished_are_forgotten() {
    let app = App::start().await;
    for _ in 0..3 {
        Begun::at(&app, "alice").await;
    }
    app.sql("update sign_in_attempts set expires_at = now() - interval '1 second'")
        .await;
    Begun::at(&app, "alice").await;
    assert_eq!(app.rows("select 1 from sign_in_attempts").await.len(), 1);
}

#[tokio::test]
async fn a_login_that_is_none_is_refused() {
    let app = App::start().await;
    for login in ["", "a%20b", "%3Cscript%3E", "a'b"] {
        let response = app.get(&format!("/api/auth/login?login={login}")).await;
        assert_eq!(
            response.problem(422, "invalid")["errors"][0]["field"],
            "login"
        );
    }
    let response = app
        .request(Method::GET, "/api/auth/login?evil=1")
        .send()
        .await;
    assert_eq!(
        response.problem(422, "invalid")["errors"][0]["field"],
        "evil"
    );
}
