//! What GitHub says of people, and what it could answer instead.

use std::{
    fs,
    sync::{Arc, Mutex},
    time::Instant,
};

use deployer::project::Project;
use miyabi_tests::{App, Person, Reply, Scripted, Setup, github, json};

use super::{
    sign_in::{Begun, nobody_is_signed_in},
    stored,
};

/// The resident memory of this application's `github` process at its highest, in bytes.
fn peak_memory(github_origin: &str) -> u64 {
    let variable = format!("GITHUB_ORIGIN={github_origin}");
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let environment = fs::read(entry.path().join("environ")).unwrap_or_default();
        if !String::from_utf8_lossy(&environment)
            .split('\0')
            .any(|pair| pair == variable)
        {
            continue;
        }
        let status = fs::read_to_string(entry.path().join("status")).unwrap_or_default();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes =
            peak.and_then(|peak| peak.trim().trim_end_matches(" kB").parse::<u64>().ok());
        return kilobytes.unwrap_or_else(|| panic!("no memory in {status}")) * 1024;
    }
    panic!("the github function does not run");
}

#[tokio::test]
async fn attack_15_what_github_could_answer_instead() {
    const TOKEN: &str = "POST /login/oauth/access_token";
    const USER: &str = "GET /user";
    let html = || Reply::Answer(200, "text/html", b"<html>Unicorn!</html>".to_vec());
    let error = |word: &str| Reply::json(&json!({"error": word, "error_description": "gho_x"}));
    let broken = |status| Reply::Answer(status, "text/html", b"<html>Unicorn!</html>".to_vec());
    let cases: Vec<(&'static str, Reply, u16, &str)> = vec![
        (TOKEN, error("bad_verification_code"), 400, "bad_code"),
        (
            TOKEN,
            error("incorrect_client_credentials"),
            502,
            "github_not_configured",
        ),
        (TOKEN, error("something_new"), 502, "github_unexpected"),
        (TOKEN, Reply::json(&json!({})), 502, "github_unexpected"),
        (
            TOKEN,
            Reply::json(&json!({"access_token": 7})),
            502,
            "github_unexpected",
        ),
        (
            TOKEN,
            Reply::json(&json!({"access_token": "a b\r\nc"})),
            502,
            "github_unexpected",
        ),
        // A token and an error: the error counts.
        (
            TOKEN,
            Reply::json(
                &json!({"access_token": "gho_x", "token_type": "bearer", "error": "access_denied"}),
            ),
            400,
            "bad_code",
        ),
        (TOKEN, html(), 502, "github_unexpected"),
        (TOKEN, broken(500), 502, "github_unavailable"),
        (TOKEN, broken(404), 502, "github_unexpected"),
        (TOKEN, broken(302), 502, "github_unexpected"),
        (
            TOKEN,
            Reply::Huge(50 * 1024 * 1024),
            502,
            "github_unexpected",
        ),
        (USER, html(), 502, "github_unexpected"),
        (USER, broken(503), 502, "github_unavailable"),
        (USER, broken(401), 502, "github_unexpected"),
        (
            USER,
            Reply::json(&json!({"id": "1", "login": "alice"})),
            502,
            "github_unexpected",
        ),
        (
            USER,
            Reply::json(&json!({"id": -1, "login": "alice"})),
            502,
            "github_unexpected",
        ),
        (
            USER,
            Reply::Huge(50 * 1024 * 1024),
            502,
            "github_unexpected",
        ),
        (TOKEN, Reply::Silence, 502, "github_unavailable"),
    ];
    let now: Arc<Mutex<(&'static str, Reply)>> = Arc::new(Mutex::new(("", Reply::Silence)));
    let script = now.clone();
    let github = Scripted::start(move |asked| {
        let (what, reply) = script.lock().unwrap().clone();
        match asked.what.as_str() {
            asked if asked == what => reply,
            TOKEN => Reply::json(
                &json!({"access_token": "gho_secret", "scope": "", "token_type": "bearer"}),
            ),
            USER => Reply::json(
                &json!({"id": 1, "login": "alice", "avatar_url": "https://example.com/a"}),
            ),
            _ => Reply::json(&json!([])),
        }
    })
    .await;
    let app = App::with(Setup {
        github_origin: Some(github.origin()),
        ..Setup::default()
    })
    .await;
    for (what, reply, status, code) in cases {
        let shown = format!("{what}: {:.80}", format!("{reply:?}"));
        *now.lock().unwrap() = (what, reply);
        let begun = Begun::at(&app, "alice").await;
        let path = format!(
            "/api/auth/callback?code=c&state={}",
            begun.parameter("state")
        );
        let began = Instant::now();
        let response = begun.call_back(&path).await;
        assert_eq!(response.status, status, "{shown}: {response}");
        response.problem(status, code);
        assert!(
            !response.to_string().contains("gho_"),
            "{shown}: {response}"
        );
        nobody_is_signed_in(&app, &response).await;
        assert!(
            began.elapsed().as_secs() < 15,
            "{shown} took {:?}",
            began.elapsed()
        );
    }
    let peak = peak_memory(&github.origin());
    assert!(peak < 40 * 1024 * 1024, "{peak} bytes for answers of 50 MB");
    assert!(
        !app.logs().await.contains("gho_"),
        "GitHub's token is in a log"
    );

    // It was the answers: with good ones the same application signs in.
    *now.lock().unwrap() = ("", Reply::Silence);
    let begun = Begun::at(&app, "alice").await;
    let path = format!(
        "/api/auth/callback?code=c&state={}",
        begun.parameter("state")
    );
    assert_eq!(begun.call_back(&path).await.status, 303);
}

#[tokio::test]
async fn attack_16_addresses_that_prove_nothing() {
    let app = App::start().await;
    let alice = app.sign_in("alice").await;
    let email = async |person: &Person| {
        person.get("/api/auth/me").await.expect(200)["user"]["email"].clone()
    };
    assert_eq!(email(&alice).await, "alice@example.com");
    // Her address, but not verified; a verified one that is not primary.
    let mallory = app.sign_in("mallory").await;
    assert_eq!(email(&mallory).await, json!(null));
    let nora = app.sign_in("nora").await;
    assert_eq!(email(&nora).await, json!(null));
    // Even her address, verified, is no way into her account.
    let mut people = github::seeded(&project()).unwrap();
    let mallory_there = people
        .iter_mut()
        .find(|person| person.login == "mallory")
        .unwrap();
    mallory_there.emails[0].verified = true;
    app.github().set_people(people);
    let again = app.sign_in("mallory").await;
    assert_eq!(email(&again).await, "alice@example.com");
    let people = [&alice, &mallory, &nora];
    for (index, person) in people.iter().enumerate() {
        for other in &people[index + 1..] {
            assert_ne!(person.user_id(), other.user_id());
            assert_ne!(person.organization_id(), other.organization_id());
        }
    }
    assert_eq!(again.user_id(), mallory.user_id());
}

fn project() -> Project {
    Project::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

#[tokio::test]
async fn attack_17_a_login_that_another_person_took() {
    let app = App::start().await;
    let before = app.sign_in("alice").await;
    let mut people = github::seeded(&project()).unwrap();
    for person in &mut people {
        match person.login.as_str() {
            "alice" => person.login = "alice-renamed".to_owned(),
            "mallory" => person.login = "alice".to_owned(),
            _ => {}
        }
    }
    app.github().set_people(people);
    let thief = app.sign_in("alice").await;
    assert_ne!(thief.user_id(), before.user_id());
    assert_ne!(thief.organization_id(), before.organization_id());
    let renamed = app.sign_in("alice-renamed").await;
    assert_eq!(renamed.user_id(), before.user_id());
    assert_eq!(renamed.organization_id(), before.organization_id());
    let me = renamed.get("/api/auth/me").await.expect(200);
    assert_eq!(me["user"]["login"], "alice-renamed");
}

#[tokio::test]
async fn attack_18_more_scopes_than_asked_for() {
    let app = App::start().await;
    let begun = Begun::at(&app, "walter").await;
    assert_eq!(begun.parameter("scope"), "user%3Aemail");
    let walter = app.sign_in("walter").await;
    let me = walter.get("/api/auth/me").await.expect(200);
    assert_eq!(me["user"]["login"], "walter");
    let alice = app
        .sign_in("alice")
        .await
        .get("/api/auth/me")
        .await
        .expect(200);
    assert_eq!(
        me["permissions"], alice["permissions"],
        "scopes are no permissions"
    );
    let stored = stored::everything(&app).await;
    assert!(stored.contains("walter"), "the dump has everything");
    assert!(!stored.contains("gho_"), "GitHub's token is stored");
    assert!(!stored.contains("admin:org"), "the scopes are stored");
    assert!(
        !app.logs().await.contains("gho_"),
        "GitHub's token is in a log"
    );
}
