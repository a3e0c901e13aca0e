//! What GitHub says of people beside who they are: kept when it can be used, and never in the way.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use miyabi_tests::{App, Reply, Scripted, Setup, Value, json};

use super::sign_in::Begun;

/// What GitHub replies to `GET /user` and `GET /user/emails`.
#[derive(Debug, Clone)]
struct Decoration {
    user: Value,
    emails: Reply,
}

/// An application whose GitHub confirms everybody, decorated as the second value says.
async fn application() -> (App, Arc<Mutex<Decoration>>) {
    let decoration = Arc::new(Mutex::new(Decoration {
        user: json!({}),
        emails: Reply::json(&json!([])),
    }));
    let script = Arc::clone(&decoration);
    let github = Scripted::start(move |asked| {
        let Decoration { user, emails } = script.lock().unwrap().clone();
        match asked.what.as_str() {
            "POST /login/oauth/access_token" => Reply::json(
                &json!({"access_token": "gho_secret", "scope": "", "token_type": "bearer"}),
            ),
            "GET /user" => {
                let mut profile = json!({"id": 1, "login": "alice"});
                let members = user.as_object().unwrap().clone();
                profile.as_object_mut().unwrap().extend(members);
                Reply::json(&profile)
            }
            _ => emails,
        }
    })
    .await;
    let setup = Setup {
        github_origin: Some(github.origin()),
        ..Setup::default()
    };
    (App::with(setup).await, decoration)
}

/// Name, address of the picture, and e-mail address.
type Known = (Option<String>, Option<String>, Option<String>);

/// Signs in, and returns what the application then knows of the person.
async fn signs_in(app: &App, what: &str) -> Known {
    let begun = Begun::at(app, "alice").await;
    let state = begun.parameter("state");
    let path = format!("/api/auth/callback?code=c&state={state}");
    let response = begun.call_back(&path).await;
    assert_eq!(response.status, 303, "{what}: {response}");
    assert!(response.set_cookie("__Secure-rt").is_some(), "{what}");
    let mut database = app.database().connect_as_superuser().await;
    sqlx::query_as("select name, avatar_url, email from users")
        .fetch_one(&mut database)
        .await
        .unwrap()
}

#[tokio::test]
async fn attack_15_no_reply_about_addresses_blocks_sign_in() {
    let (app, decoration) = application().await;
    let html = |status| Reply::Answer(status, "text/html", b"<html>Unicorn!</html>".to_vec());
    let mut replies: Vec<Reply> = [200, 302, 401, 403, 404, 429, 500, 503]
        .into_iter()
        .map(html)
        .collect();
    for body in [
        "",
        "null",
        "7",
        "{}",
        "[",
        "[null]",
        "[[]]",
        "{\"message\": \"Not Found\"}",
        "[{\"email\": 7, \"primary\": true, \"verified\": true}]",
        "[{\"email\": \"\", \"primary\": true, \"verified\": true}]",
        "[{\"email\": \"no address\", \"primary\": true, \"verified\": true}]",
        "[{\"email\": \"a\\u0000@b\", \"primary\": true, \"verified\": true}]",
        "[{\"email\": \"\\ud800@b\", \"primary\": true, \"verified\": true}]",
        "\u{feff}[]",
    ] {
        replies.push(Reply::Answer(200, "application/json", body.into()));
    }
    replies.push(Reply::Answer(
        200,
        "application/json",
        b"[\"\xff\"]".to_vec(),
    ));
    replies.push(Reply::json(
        &json!([{"email": format!("{}@b", "a".repeat(400)), "primary": true, "verified": true}]),
    ));
    replies.push(Reply::Huge(50 * 1024 * 1024));
    for emails in replies {
        let what = format!("{:.80}", format!("{emails:?}"));
        decoration.lock().unwrap().emails = emails;
        assert_eq!(signs_in(&app, &what).await.2, None, "{what}");
    }

    // One that can be used is kept.
    let good = json!([{"email": "alice@example.com", "primary": true, "verified": true}]);
    decoration.lock().unwrap().emails = Reply::json(&good);
    let (.., email) = signs_in(&app, "good").await;
    assert_eq!(email.as_deref(), Some("alice@example.com"));
    assert!(!app.logs().await.contains("gho_"), "a token is in a log");
}

#[tokio::test]
async fn attack_15_addresses_that_do_not_come_are_not_waited_for() {
    let (app, decoration) = application().await;
    decoration.lock().unwrap().emails = Reply::Silence;
    let began = Instant::now();
    assert_eq!(signs_in(&app, "silence").await.2, None);
    // Three seconds by the function, and starting two functions on a busy machine.
    assert!(
        began.elapsed() < Duration::from_secs(8),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test]
async fn attack_15_no_name_or_picture_blocks_sign_in() {
    let (app, decoration) = application().await;
    for value in [
        json!(null),
        json!(7),
        json!([]),
        json!({"a": "b"}),
        json!(""),
        json!("\u{0}"),
        json!("\u{200b}\u{301}"),
        json!("\n"),
    ] {
        decoration.lock().unwrap().user = json!({"name": value, "avatar_url": value});
        let what = value.to_string();
        let known = signs_in(&app, &what).await;
        assert_eq!(known, (None, None, None), "{what}");
    }
    for address in ["http://example.com/a", "https://", "javascript:alert(1)"] {
        decoration.lock().unwrap().user = json!({"avatar_url": address});
        assert_eq!(signs_in(&app, address).await.1, None, "{address}");
    }

    let name = format!("Jose\u{301} {}", "é".repeat(400));
    let picture = "https://example.com/a";
    decoration.lock().unwrap().user = json!({"name": name, "avatar_url": picture});
    let (name, avatar_url, _) = signs_in(&app, "good").await;
    assert!(name.as_ref().unwrap().starts_with("José é"), "{name:?}");
    assert_eq!(avatar_url.as_deref(), Some(picture));
}
