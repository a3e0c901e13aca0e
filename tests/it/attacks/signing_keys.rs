//! The keys that sign: weak ones, and ones that are exchanged.

use std::{process::Stdio, time::Duration};

use miyabi_catalog::FUNCTIONS;
use miyabi_tests::{App, Method, Reply, Scripted, Secrets, Setup, Token, binary, json, until};
use tokio::process::Command;

/// Starts a function as Lambda does, and waits for it to end by itself.
async fn start(function: &str, secrets: &Secrets, runtime_api: &Scripted) -> (Option<i32>, String) {
    let child = Command::new(binary(function))
        .env_clear()
        .env("MIYABI_STAGE", "local")
        .env("DATABASE_HOST", "127.0.0.1")
        .env("DATABASE_PORT", "9")
        .env("DATABASE_NAME", "none")
        .env("DATABASE_USER", format!("miyabi_{function}"))
        .env("DATABASE_AUTH", "iam")
        .env("DATABASE_TLS", "disable")
        .env("JWT_KEYS_SECRET", secrets.signing_keys_arn())
        .env("RATE_LIMITS", Setup::default().limits())
        .env(
            "GITHUB_FUNCTION",
            "arn:aws:lambda:us-east-1:000000000000:function:github:live",
        )
        .env(
            "WS_BROADCAST_FUNCTION",
            "arn:aws:lambda:us-east-1:000000000000:function:ws-broadcast:live",
        )
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test")
        .env("AWS_ENDPOINT_URL", secrets.origin())
        .env("AWS_LAMBDA_RUNTIME_API", runtime_api.address().to_string())
        .env("AWS_LAMBDA_FUNCTION_NAME", function)
        .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(20), child.wait_with_output()).await;
    let output = ended
        .unwrap_or_else(|_| panic!("{function} runs with a weak key"))
        .unwrap();
    let log = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    (output.status.code(), log.into_owned())
}

#[tokio::test]
async fn attack_04_a_weak_or_default_key_stops_the_start() {
    let secrets = Secrets::start().await;
    // Nobody calls: a function must find out by itself.
    let runtime_api = Scripted::start(|_| Reply::Silence).await;
    for key in [
        "short",
        "0123456789012345678901234567890",
        "changeme-changeme-changeme-changeme",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    ] {
        secrets.set_signing_keys(&json!({"kid": "weak", "key": key}));
        for function in FUNCTIONS.iter().filter(|function| function.reads_jwt_keys) {
            let (code, log) = start(function.name, &secrets, &runtime_api).await;
            assert_eq!(code, Some(1), "{}: {log}", function.name);
            assert!(
                log.contains("signing key `weak`"),
                "{}: {log}",
                function.name
            );
            assert!(!log.contains(key), "{}: {log}", function.name);
        }
    }
    // A weak previous key signs as well as a weak current one.
    let (kid, key) = Secrets::usual_signing_keys();
    secrets.set_signing_keys(
        &json!({"kid": kid, "key": key, "previous_kid": "weak", "previous_key": "short"}),
    );
    let (code, log) = start("auth", &secrets, &runtime_api).await;
    assert_eq!(code, Some(1), "{log}");
}

const NEXT: &str = "q7Yb2kXw9LmN4vRt6ZsHc3PfGd8JaEu5";

/// T6: while the keys are exchanged, functions that know the new one and functions that do not
/// serve the same people, and nobody is refused.
#[tokio::test]
async fn attack_08_t6_a_rotation_of_the_keys_refuses_nobody() {
    let secrets = Secrets::start().await;
    let before = App::with(secrets.setup()).await;
    let mut alice = before.sign_in("alice").await;
    let (old_kid, old_key) = Secrets::usual_signing_keys();
    let old_token = alice.token.clone();
    assert_eq!(Token::parse(&old_token).header["kid"], json!(old_kid));

    secrets.set_signing_keys(&json!({
        "kid": "next", "key": NEXT, "previous_kid": old_kid, "previous_key": old_key,
    }));
    // Environments that start now know both keys; those of `before` read the old one just now.
    let after = App::on(before.database().clone(), secrets.setup()).await;
    let refresh = async |app: &App, refresh: &str, csrf: &str| {
        let response = app
            .request(Method::POST, "/api/auth/refresh")
            .header("origin", app.origin())
            .header("cookie", format!("__Secure-rt={refresh}"))
            .header("x-csrf-token", csrf)
            .send()
            .await;
        let token = response.expect(200)["access_token"]
            .as_str()
            .unwrap()
            .to_owned();
        let cookie = response.set_cookie("__Secure-rt").unwrap();
        let next = cookie["__Secure-rt=".len()..]
            .split(';')
            .next()
            .unwrap()
            .to_owned();
        (token, next)
    };
    let csrf = alice.browser.cookie("__Host-csrf").unwrap();
    let parent = alice.browser.cookie("__Secure-rt").unwrap();
    // The child is derived with the new key, and found by who does not know that key yet.
    let (new_token, child) = refresh(&after, &parent, &csrf).await;
    assert_eq!(Token::parse(&new_token).header["kid"], json!("next"));
    assert_eq!(refresh(&before, &parent, &csrf).await.1, child);
    assert_eq!(refresh(&after, &parent, &csrf).await.1, child);
    for app in [&before, &after] {
        for token in [&old_token, &new_token] {
            for route in ["/api/auth/me", "/api/activity"] {
                let request = app.request(Method::GET, route).bearer(token);
                assert_eq!(request.send().await.status, 200, "{route}");
            }
        }
    }
    alice.browser.set_cookie("__Secure-rt", &child);
    alice.refresh().await;

    // A quarter of an hour later every token of the old key has expired, and the key goes.
    secrets.set_signing_keys(&json!({"kid": "next", "key": NEXT}));
    let later = App::on(before.database().clone(), secrets.setup()).await;
    let fresh = before.forge(&old_token, |token| token.header["kid"] = json!(old_kid));
    for token in [&old_token, &fresh] {
        let request = later.request(Method::GET, "/api/auth/me").bearer(token);
        request.send().await.problem(401, "unauthenticated");
    }
    let of_new_key = later
        .request(Method::GET, "/api/auth/me")
        .bearer(&new_token);
    assert_eq!(of_new_key.send().await.status, 200);
    let expired = before.forge(&old_token, |token| {
        let now = time::OffsetDateTime::now_utc().unix_timestamp();
        token.claims["iat"] = json!(now - 906);
        token.claims["exp"] = json!(now - 6);
    });
    let request = before.request(Method::GET, "/api/auth/me").bearer(&expired);
    request.send().await.problem(401, "unauthenticated");
}

/// Key ids that somebody made up do not keep a function from finding the real new one for long.
#[tokio::test]
async fn attack_03_made_up_key_ids_do_not_hide_a_new_key() {
    let secrets = Secrets::start().await;
    let app = App::with(secrets.setup()).await;
    let alice = app.sign_in("alice").await;
    alice.get("/api/auth/me").await.expect(200);
    let made_up = app.forge(&alice.token, |token| token.header["kid"] = json!("made-up"));
    let request = app.request(Method::GET, "/api/auth/me").bearer(&made_up);
    request.send().await.problem(401, "unauthenticated");
    let (kid, key) = Secrets::usual_signing_keys();
    secrets.set_signing_keys(
        &json!({"kid": "next", "key": NEXT, "previous_kid": kid, "previous_key": key}),
    );
    let mut token = Token::parse(&alice.token);
    token.header["kid"] = json!("next");
    let token = token.sign(NEXT.as_bytes());
    until(
        "the new key is known",
        Duration::from_secs(10),
        async || {
            let request = app.request(Method::GET, "/api/auth/me").bearer(&token);
            (request.send().await.status == 200).then_some(())
        },
    )
    .await;
}
