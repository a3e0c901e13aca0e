//! Secrets of a stage through the command line: rotations that sign nobody out.

mod secrets_manager;

use std::{process::Stdio, time::Duration};

use miyabi_tests::{Browser, Checkout, Method, Ran, Token, Value, json, until};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::local_stage::{address, as_person, processes_of, sign_in};
use crate::logs::terminal;

/// The value of a secret of the stage, which only its owner can read.
fn secret(checkout: &Checkout, name: &str) -> Value {
    let file = std::fs::read_to_string(checkout.stage_dir().join("secrets.json")).unwrap();
    let secrets: Value = serde_json::from_str(&file).unwrap();
    let arn =
        format!("arn:aws:secretsmanager:us-east-1:000000000000:secret:miyabi-local-{name}-local0");
    serde_json::from_str(secrets[arn].as_str().unwrap()).unwrap()
}

/// Ends every environment of a function, so that the next requests start some that read their secrets.
/// One that was ended a moment ago may still be given a request, which then fails.
fn end_environments(checkout: &Checkout) {
    for process in processes_of(checkout.dir()) {
        let (pid, command) = process.split_once(' ').unwrap();
        if command.contains("/functions/") {
            let pid = rustix::process::Pid::from_raw(pid.parse().unwrap()).unwrap();
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
    }
}

async fn piped(checkout: &Checkout, arguments: &[&str], stdin: &str) -> Ran {
    let mut command = checkout.command(arguments);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    pipe.write_all(stdin.as_bytes()).await.unwrap();
    drop(pipe);
    child.wait_with_output().await.unwrap().into()
}

/// One stage for all of it: it takes longer to deploy than to rotate.
#[tokio::test]
async fn secrets_are_rotated_and_set_without_signing_anybody_out() {
    let checkout = Checkout::new();
    let outputs = checkout.deploy().await;
    let site = Browser::new(address(&outputs["siteUrl"]));
    let old = sign_in(&site, "alice").await;
    let status_of = async |token: &str| {
        let me = as_person(&site, token, Method::GET, "/api/auth/me");
        me.send().await.status.as_u16()
    };
    signing_keys(&checkout, &site, &old, &status_of).await;
    origin_secret(&checkout, &site, address(&outputs["siteUrl"]).port()).await;
    github(&checkout).await;
    psql(&checkout).await;
}

async fn signing_keys(
    checkout: &Checkout,
    site: &Browser,
    old: &str,
    status_of: &impl AsyncFn(&str) -> u16,
) {
    let rotate = [
        "secrets",
        "rotate",
        "signing-keys",
        "--stage",
        "local",
        "--json",
    ];
    let finish = [&rotate[..], &["--finish"]].concat();
    let nothing = checkout.xtask(&finish).await.expect(2).json();
    assert!(
        nothing["error"]["message"]
            .as_str()
            .unwrap()
            .contains("No rotation"),
        "{nothing}"
    );

    let before = secret(checkout, "jwt-keys");
    let rotated = checkout.xtask(&rotate).await.expect(0);
    let after = secret(checkout, "jwt-keys");
    assert_eq!(after["previous_key"], before["key"]);
    assert_eq!(after["previous_kid"], before["kid"]);
    for key in [&before["key"], &after["key"]] {
        let shown = format!("{}{}", rotated.stdout, rotated.stderr);
        assert!(!shown.contains(key.as_str().unwrap()), "a key was shown");
    }
    assert_eq!(rotated.json()["rotation"]["state"], "rotating");
    // Processes that read the keys before the rotation, and ones that start after it.
    assert_eq!(status_of(old).await, 200);
    end_environments(checkout);
    until(
        "a token of the old key is accepted",
        Duration::from_secs(20),
        async || (status_of(old).await == 200).then_some(()),
    )
    .await;
    let refreshed = async || {
        let csrf = site.cookie("__Host-csrf").unwrap();
        let refresh = site
            .request(Method::POST, "/api/auth/refresh")
            .header("x-csrf-token", csrf);
        let answer = site.send(refresh).await.expect(200);
        answer["access_token"].as_str().unwrap().to_owned()
    };
    let new = refreshed().await;
    assert_eq!(
        Token::parse(&new).header["kid"],
        after["kid"],
        "the new key signs"
    );

    let early = checkout.xtask(&finish).await.expect(3).json();
    assert!(
        early["error"]["hint"]
            .as_str()
            .unwrap()
            .contains("--finish --now"),
        "{early}"
    );
    let again = checkout.xtask(&rotate).await.expect(2).json();
    assert!(
        again["error"]["message"]
            .as_str()
            .unwrap()
            .contains("in progress"),
        "{again}"
    );

    let at_once = [&finish[..], &["--now"]].concat();
    let finished = checkout.xtask(&at_once).await.expect(0).json();
    // T6: 15 minutes and the leeway at the latest; here it is less.
    assert!(
        finished["refused_within_seconds"].as_u64().unwrap() <= 905,
        "{finished}"
    );
    let keys = secret(checkout, "jwt-keys");
    assert_eq!(keys, json!({"kid": after["kid"], "key": after["key"]}));
    end_environments(checkout);
    until(
        "the old key is refused",
        Duration::from_secs(20),
        async || (status_of(old).await == 401).then_some(()),
    )
    .await;
    assert_eq!(status_of(&new).await, 200);
    let new = refreshed().await;
    assert_eq!(status_of(&new).await, 200, "the session outlives both keys");
}

async fn origin_secret(checkout: &Checkout, site: &Browser, port: u16) {
    // The public origin is the site's own only for a request that shows an accepted origin secret.
    let is_believed = async || {
        let login = site
            .send(site.request(Method::GET, "/api/auth/login"))
            .await;
        let own = format!("127.0.0.1%3A{port}");
        login.header("location").contains(&own)
    };
    let is_believed_by_new_environments = async || {
        end_environments(checkout);
        until(
            "the site is believed",
            Duration::from_secs(20),
            async || is_believed().await.then_some(true),
        )
        .await
    };
    assert!(is_believed().await);
    let before = secret(checkout, "origin");
    let rotate = [
        "secrets",
        "rotate",
        "origin-secret",
        "--stage",
        "local",
        "--json",
    ];
    checkout.xtask(&rotate).await.expect(0);
    let after = secret(checkout, "origin");
    assert_eq!(after["previous"], before["value"]);
    assert!(
        is_believed().await,
        "processes that knew the old value alone believe the new one"
    );
    assert!(is_believed_by_new_environments().await);
    let finish = [&rotate[..], &["--finish"]].concat();
    checkout.xtask(&finish).await.expect(0);
    assert_eq!(secret(checkout, "origin"), json!({"value": after["value"]}));
    assert!(
        is_believed_by_new_environments().await,
        "the distribution sends the new value"
    );
}

async fn github(checkout: &Checkout) {
    let set = ["secrets", "set", "github", "--stage", "local", "--json"];
    let wrong = piped(checkout, &set, "canary-one-line\n").await.expect(2);
    assert!(!format!("{wrong:?}").contains("canary"), "{wrong:?}");
    let ran = piped(checkout, &set, "Iv1.canary-id\ncanary-secret\n")
        .await
        .expect(0);
    assert!(!format!("{ran:?}").contains("canary"), "{ran:?}");
    let expected = json!({"client_id": "Iv1.canary-id", "client_secret": "canary-secret"});
    assert_eq!(secret(checkout, "github"), expected);
    typed(checkout).await;
    let stand_in = r#"{"client_id": "stand-in", "client_secret": "stand-in"}"#;
    piped(checkout, &set, stand_in).await.expect(0);
    let log = std::fs::read_to_string(checkout.stage_dir().join("supervisor.log")).unwrap();
    assert!(!log.contains("canary"), "{log}");
}

/// On a terminal, the secret is not on the screen.
async fn typed(checkout: &Checkout) {
    let mut script = terminal(checkout, &["secrets", "set", "github", "--stage", "local"]);
    let mut person = script.stdin(Stdio::piped()).spawn().unwrap();
    let (mut keyboard, mut screen) = (person.stdin.take().unwrap(), person.stdout.take().unwrap());
    let mut seen = Vec::new();
    for (question, answer) in [
        ("Client id:", "typed-id\n"),
        ("(not shown):", "canary-typed\n"),
    ] {
        while !String::from_utf8_lossy(&seen).contains(question) {
            let read = screen.read_buf(&mut seen).await.unwrap();
            assert!(read > 0, "{}", String::from_utf8_lossy(&seen));
        }
        keyboard.write_all(answer.as_bytes()).await.unwrap();
    }
    screen.read_to_end(&mut seen).await.unwrap();
    let seen = String::from_utf8_lossy(&seen);
    assert!(
        seen.contains("typed-id") && !seen.contains("canary-typed"),
        "{seen}"
    );
    let expected = json!({"client_id": "typed-id", "client_secret": "canary-typed"});
    assert_eq!(secret(checkout, "github"), expected, "{seen}");
}

async fn psql(checkout: &Checkout) {
    let ask = "select current_user, count(*) > 0 from pg_tables where tablename = 'tasks'";
    let psql = [
        "database", "psql", "--stage", "local", "--", "-AtX", "-c", ask,
    ];
    let ran = checkout.xtask(&psql).await.expect(0);
    assert_eq!(ran.stdout.trim(), "miyabi_owner|t");
    let refused = checkout
        .xtask(&["database", "psql", "--stage", "prod"])
        .await
        .expect(2);
    assert!(refused.stderr.contains("docs/operating.md"), "{refused:?}");
}
