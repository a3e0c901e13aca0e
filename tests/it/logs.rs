//! `cargo xtask logs`: what a person and a machine see of one request.

mod cloudwatch;
mod dev;

use std::{
    io::Write,
    process::Stdio,
    time::{Duration, Instant},
};

use miyabi_tests::{Browser, Checkout, Member, Method, Value, json, until};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout},
};

use crate::{live_stage::socket::connect, local_stage::address};

/// Objects, one a line.
fn objects(stdout: &str) -> Vec<Value> {
    let lines = stdout.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

/// A follower, and what it shows.
fn follow(checkout: &Checkout, arguments: &[&str]) -> (Child, Lines<BufReader<ChildStdout>>) {
    let arguments = [&["logs", "--stage", "local", "--follow"], arguments].concat();
    let mut child = checkout
        .command(&arguments)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    (child, lines)
}

/// The command on a terminal of its own, whose screen is stdout and whose keyboard is stdin.
pub(crate) fn terminal(checkout: &Checkout, arguments: &[&str]) -> tokio::process::Command {
    let command = checkout.command(arguments);
    let command = command.as_std();
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let quoted: Vec<String> = words
        .map(|word| format!("'{}'", word.to_string_lossy()))
        .collect();
    let mut script = tokio::process::Command::new("script");
    script.args([
        "--quiet",
        "--return",
        "--command",
        &quoted.join(" "),
        "/dev/null",
    ]);
    script.current_dir(checkout.dir()).stdout(Stdio::piped());
    script.env_remove("CI").kill_on_drop(true);
    script
}

/// What the command shows on a terminal of its own.
async fn on_a_terminal(checkout: &Checkout, arguments: &[&str]) -> String {
    let mut script = terminal(checkout, arguments);
    let output = script.stdin(Stdio::null()).output().await.unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test]
async fn a_stage_that_is_not_deployed_has_no_logs_to_follow_and_is_not_well() {
    let checkout = Checkout::new();
    for arguments in [&["logs"][..], &["logs", "--follow"]] {
        let arguments = [arguments, &["--stage", "local"]].concat();
        let refused = checkout.xtask(&arguments).await.expect(1);
        assert!(refused.stderr.contains("is not deployed"), "{refused:?}");
    }
    let status = ["status", "--stage", "local", "--json"];
    let status = checkout.xtask(&status).await.expect(0).json();
    assert_eq!(
        (&status["deployed"], &status["well"]),
        (&json!(false), &json!(false))
    );
}

/// One stage for all of it: it takes longer to deploy than to look at.
#[tokio::test]
async fn a_request_is_found_and_followed_in_every_log_of_the_stage() {
    let checkout = Checkout::new();
    let logs = async |arguments: &[&str]| {
        let arguments = [&["logs", "--stage", "local"], arguments].concat();
        checkout.xtask(&arguments).await
    };
    let nothing = logs(&["--request-id", "no-such-request"]).await.expect(1);
    assert!(
        nothing
            .stderr
            .contains("`cargo xtask deploy --stage local`"),
        "{nothing:?}"
    );

    let outputs = checkout.deploy().await;
    let site = Browser::new(address(&outputs["siteUrl"]));
    let (_follower, mut followed) = follow(&checkout, &["--since", "1s", "--json", "tasks"]);
    // The follower reads from its first look on; the deploy itself asked for tasks.
    let response = until(
        "a request is followed",
        Duration::from_secs(20),
        async || {
            let response = site.send(site.request(Method::GET, "/api/tasks")).await;
            response.problem(401, "unauthenticated");
            let line = tokio::time::timeout(Duration::from_secs(1), followed.next_line()).await;
            matches!(line, Ok(Ok(Some(_)))).then_some(response)
        },
    )
    .await;
    drop(response);
    let sent = Instant::now();
    let response = site.send(site.request(Method::GET, "/api/tasks")).await;
    let id = response.header("x-request-id").to_owned();
    loop {
        let line = tokio::time::timeout(Duration::from_secs(1), followed.next_line());
        let line = line.await.expect("within a second").unwrap().unwrap();
        if line.contains(&id) {
            break;
        }
    }
    println!("followed {:?} after the request was sent", sent.elapsed());

    let path = objects(
        &logs(&["--request-id", &id, "--json"])
            .await
            .expect(0)
            .stdout,
    );
    let sources: Vec<&Value> = path.iter().map(|line| &line["source"]).collect();
    assert!(sources.contains(&&Value::from("gateway")), "{path:?}");
    assert!(sources.contains(&&Value::from("tasks")), "{path:?}");
    assert!(
        path.iter().all(|line| line["request_id"] == *id),
        "{path:?}"
    );
    assert!(
        path.iter().any(|line| line["kind"] == "request"),
        "{path:?}"
    );

    // A sign-in that fails at GitHub: the reason is in the log of another function.
    let login = site
        .send(site.request(Method::GET, "/api/auth/login"))
        .await;
    let location = login.header("location");
    let (_, state) = location.split_once("state=").unwrap();
    let state = state.split('&').next().unwrap();
    let callback = format!("/api/auth/callback?code=made-up&state={state}");
    let failed = site.send(site.request(Method::GET, &callback)).await;
    let failed = failed.header("x-request-id").to_owned();
    let shown = logs(&["--request-id", &failed, "--pretty"])
        .await
        .expect(0)
        .stdout;
    for part in [
        "gateway",
        "GET /api/auth/callback",
        "github",
        "GitHub signs nobody in.",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }

    a_change_is_found_as_far_as_the_sockets(&checkout, &outputs).await;
    nothing_but_requests_is_shown_to_a_person(&checkout).await;
    dev::shows_the_same_lines(&checkout, &site).await;
    wrong_arguments_are_refused(&checkout).await;
    no_log_controls_the_terminal(&checkout).await;
}

/// One id for the request, its event in the outbox, and the sending of it to a connection.
async fn a_change_is_found_as_far_as_the_sockets(checkout: &Checkout, outputs: &Value) {
    let site = outputs["siteUrl"].as_str().unwrap();
    let member = Member::sign_in(address(&outputs["siteUrl"]), "alice").await;
    let url = outputs["webSocketUrl"].as_str().unwrap();
    let _socket = connect(&member, url, site).await;
    let task = json!({ "title": "Seen by a socket" });
    let created = member.ask(Method::POST, "/api/tasks", Some(task)).await;
    let id = created.header("x-request-id").to_owned();
    created.expect(201);
    let command = ["logs", "--stage", "local", "--request-id", &id, "--json"];
    let within = Duration::from_secs(10);
    until("the event is sent", within, async || {
        let path = checkout.xtask(&command).await;
        let path = objects(&path.stdout);
        let has = |source: &str, part: &str| {
            path.iter().any(|line| {
                line["source"] == source && line["text"].as_str().unwrap().contains(part)
            })
        };
        let is_whole = has("tasks", "/api/tasks")
            && has("gateway", "POST /api/tasks")
            && has("ws-broadcast", "\"delivered\":1");
        is_whole.then_some(())
    })
    .await;
}

async fn nothing_but_requests_is_shown_to_a_person(checkout: &Checkout) {
    let logs = async |arguments: &[&str]| {
        let arguments = [&["logs", "--stage", "local"], arguments].concat();
        checkout.xtask(&arguments).await.expect(0).stdout
    };
    let shown = logs(&["--pretty"]).await;
    assert!(shown.contains("GET /api/tasks"), "{shown}");
    assert!(
        !shown.contains("REPORT") && !shown.contains("metrics "),
        "{shown}"
    );
    assert!(
        !shown.contains("checkpoint") && !shown.contains("ready to accept"),
        "{shown}"
    );
    let all = logs(&["--pretty", "--all"]).await;
    for part in [
        "REPORT RequestId",
        "metrics latency",
        "database system is ready",
    ] {
        assert!(all.contains(part), "{part}: {all}");
    }
    let raw = logs(&["tasks"]).await;
    assert!(
        raw.contains(" tasks {\"") && raw.contains("\"_aws\""),
        "{raw}"
    );
    assert!(
        logs(&["gateway"])
            .await
            .lines()
            .all(|line| line.contains(" gateway {"))
    );
    assert!(
        logs(&["database"])
            .await
            .contains("database system is ready")
    );
    let failing = logs(&["--level", "error", "--json", "tasks"]).await;
    assert!(
        objects(&failing)
            .iter()
            .all(|line| line["level"] == "error"),
        "{failing}"
    );
}

async fn wrong_arguments_are_refused(checkout: &Checkout) {
    for (arguments, part) in [
        (&["taks"][..], "`tasks`"),
        (&["--since", "yesterday"], "neither an age nor a time"),
        (&["--since", "-5m"], "`-5m` is neither an age nor a time"),
        (&["--since", "2999-01-01T00:00:00Z"], "has not come yet"),
        (&["--level", "loud"], "`info`, `warn` or `error`"),
        (&["--request-id", "not an id"], "not the id of a request"),
    ] {
        let arguments = [&["logs", "--stage", "local"], arguments].concat();
        let refused = checkout.xtask(&arguments).await.expect(2);
        assert!(refused.stderr.contains(part), "{part}: {refused:?}");
    }
    let unknown = [
        "logs",
        "--stage",
        "local",
        "--request-id",
        "no-such-request",
    ];
    let unknown = checkout.xtask(&unknown).await.expect(1);
    // All lines were searched, so looking further back would not help.
    assert!(
        unknown.stderr.contains("begin with its first deploy"),
        "{unknown:?}"
    );
}

async fn no_log_controls_the_terminal(checkout: &Checkout) {
    let log = checkout
        .stage_dir()
        .join("logs/aws/lambda/miyabi-local-tasks.log");
    let mut log = std::fs::OpenOptions::new().append(true).open(log).unwrap();
    let nasty = "nasty \u{1b}]0;title\u{7}\u{1b}[2J\u{9b}31m";
    writeln!(log, "2026-11-27T05:00:00Z {nasty}").unwrap();
    let arguments = ["logs", "--stage", "local", "tasks", "--filter", "nasty"];
    let pretty = on_a_terminal(checkout, &arguments).await;
    let json = on_a_terminal(checkout, &[&arguments[..], &["--json"]].concat()).await;
    for shown in [pretty, json] {
        assert!(shown.contains("nasty"), "{shown:?}");
        // Colours are the command's own; nothing else begins with an escape.
        let mut own = shown.replace("\u{1b}[0m", "");
        for style in ["2", "36", "31;1", "33;1", "32", "33"] {
            own = own.replace(&format!("\u{1b}[{style}m"), "");
        }
        let control = |c: char| c.is_control() && !matches!(c, '\n' | '\r');
        assert!(!own.chars().any(control), "{own:?}");
    }
    let raw = checkout.xtask(&arguments).await.expect(0).stdout;
    assert!(
        raw.contains(nasty),
        "a pipe gets the line as it was written: {raw:?}"
    );
}
