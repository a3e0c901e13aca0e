//! What goes wrong around the stage `local`, through the command line: it says so, and the same
//! command, run again, repairs it.

mod disk;
mod kills;

use std::{fs, net::TcpListener, os::unix::fs::symlink, time::Duration};

use miyabi_tests::{Browser, Checkout, Method, Ran, Value, json, until};
use rustix::process::{Pid, Signal, kill_process};

use crate::local_stage::{address, as_person, processes_of, sign_in};

const DEPLOY: &[&str] = &["deploy", "--stage", "local", "--empty", "--yes", "--json"];
const DESTROY: &[&str] = &["destroy", "--stage", "local", "--yes", "--confirm", "local"];
/// Longer than anything here takes, on a busy machine.
const LONG: Duration = Duration::from_secs(120);

/// A checkout that shares the built functions with the others: 300 MB.
fn checkout() -> Checkout {
    let checkout = Checkout::new();
    let artifacts = checkout.dir().parent().unwrap().join("artifacts");
    fs::create_dir_all(&artifacts).unwrap();
    fs::create_dir_all(checkout.dir().join(".miyabi")).unwrap();
    symlink(artifacts, checkout.dir().join(".miyabi/artifacts")).unwrap();
    checkout
}

/// How to reach the supervisor, as the commands find it.
fn supervisor(checkout: &Checkout) -> Option<Value> {
    let text = fs::read_to_string(checkout.stage_dir().join("supervisor.json")).ok()?;
    text.parse().ok()
}

/// `kill -9` of a process of ours; gone already is fine.
fn kill(pid: u64) {
    let pid = Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    let _ = kill_process(pid, Signal::KILL);
}

async fn nothing_runs(checkout: &Checkout) {
    until("no process of the stage is left", LONG, async || {
        processes_of(checkout.dir()).is_empty().then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_killed_supervisor_leaves_no_orphan_and_the_next_deploy_takes_over_the_data() {
    let checkout = checkout();
    let outputs = checkout.deploy().await;
    let site = Browser::new(address(&outputs["siteUrl"]));
    let token = sign_in(&site, "alice").await;
    let task = as_person(&site, &token, Method::POST, "/api/tasks")
        .json(json!({"title": "Water the maple"}))
        .await
        .expect(201);
    kill(supervisor(&checkout).unwrap()["pid"].as_u64().unwrap());
    nothing_runs(&checkout).await;

    // Its file is still there, with a process id and a port that are nobody's or somebody else's.
    assert!(supervisor(&checkout).is_some());
    let status = checkout
        .xtask(&["status", "--stage", "local", "--json"])
        .await;
    assert_eq!(status.expect(1).json()["well"], false);
    let invoked = [
        "invoke",
        "docs",
        "--stage",
        "local",
        "--route",
        "GET /api/health",
        "--json",
    ];
    let error = checkout.xtask(&invoked).await.expect(1).json()["error"].clone();
    assert_eq!(error["message"], "The stage `local` does not run.");
    assert_eq!(
        error["hint"],
        "Start it: `cargo xtask deploy --stage local`"
    );

    // Meanwhile somebody took the port of the API.
    let api = address(&outputs["apiUrl"]);
    let taken = TcpListener::bind(api).unwrap();
    let error = checkout.xtask(DEPLOY).await.expect(1).json()["error"].clone();
    assert_eq!(
        error["message"],
        "Not everything that is deployed of `local` could be started."
    );
    let cause = error["causes"][0].as_str().unwrap();
    assert!(
        cause.contains(&format!("The port {} of 127.0.0.1", api.port())),
        "{cause}"
    );
    drop(taken);

    let again = checkout.xtask(DEPLOY).await.expect(0).json();
    assert_eq!(
        (&again["result"], &again["outputs"]),
        (&json!("unchanged"), &outputs)
    );
    let path = format!("/api/tasks/{}", task["id"].as_str().unwrap());
    let found = as_person(&site, &token, Method::GET, &path)
        .await
        .expect(200);
    assert_eq!(found["title"], "Water the maple");
}

#[tokio::test]
async fn a_database_that_was_killed_is_started_again() {
    let checkout = checkout();
    let outputs = checkout.deploy().await;
    let pid = |status: &Value| {
        let resources = status["resources"].as_array().unwrap();
        let database = resources
            .iter()
            .find(|one| one["resource_type"] == "AWS::RDS::DBInstance");
        let detail = database.unwrap()["detail"].as_str().unwrap().to_owned();
        detail
            .rsplit("pid ")
            .next()
            .and_then(|pid| pid.parse::<u64>().ok())
    };
    let status = ["status", "--stage", "local", "--json"];
    let killed = pid(&checkout.xtask(&status).await.expect(0).json()).unwrap();
    kill(killed);
    until("another database runs", LONG, async || {
        let ran: Ran = checkout.xtask(&status).await;
        (ran.code == 0 && pid(&ran.json()) != Some(killed)).then_some(())
    })
    .await;
    let site = Browser::new(address(&outputs["siteUrl"]));
    sign_in(&site, "alice").await;
}

#[tokio::test]
async fn the_second_of_two_deploys_is_told_who_has_the_stage() {
    let checkout = checkout();
    let first = checkout.command(DEPLOY).spawn().unwrap();
    let lock = checkout.stage_dir().join("lock");
    until("the first deploy has the stage", LONG, async || {
        fs::metadata(&lock)
            .is_ok_and(|lock| lock.len() > 0)
            .then_some(())
    })
    .await;
    let error = checkout.xtask(DEPLOY).await.expect(75).json()["error"].clone();
    let message = error["message"].as_str().unwrap();
    let holder = format!("process {}", first.id().unwrap());
    assert!(
        message.starts_with("The stage `local` is busy: `deploy`"),
        "{message}"
    );
    assert!(message.contains(&holder), "{message}");
    let first: Ran = first.wait_with_output().await.unwrap().into();
    first.expect(0);
}

#[tokio::test]
async fn without_postgresql_the_deploy_says_what_to_do_and_goes_on_later() {
    let checkout = checkout();
    let mut command = checkout.command(DEPLOY);
    command.env("MIYABI_POSTGRES", checkout.dir().join("docs"));
    let failed: Ran = command.output().await.unwrap().into();
    let error = failed.expect(1).json()["error"].clone();
    assert_eq!(
        error["message"],
        "Database (AWS::RDS::DBInstance) of the stack `data` failed."
    );
    let cause = error["causes"][0].as_str().unwrap();
    assert!(
        cause.contains("holds no usable PostgreSQL: it has no `postgres`"),
        "{cause}"
    );
    // The supervisor, which looked there, goes with the stage.
    checkout.xtask(DESTROY).await.expect(0);
    nothing_runs(&checkout).await;
    checkout.deploy().await;
}
