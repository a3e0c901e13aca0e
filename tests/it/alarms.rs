//! The alarms of a stage through the command line: on this machine with a real failure, and as
//! CloudWatch answers.

mod cloudwatch;

use std::time::{Duration, Instant};

use miyabi_tests::{Checkout, Member, Value, until};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout},
};

use crate::local_stage::address;

/// What an alarm of this machine takes to be raised, and to end.
const WITHIN: Duration = Duration::from_secs(60);

async fn alarms(checkout: &Checkout) -> (i32, Value) {
    let ran = checkout
        .xtask(&["alarms", "--stage", "local", "--json"])
        .await;
    (ran.code, ran.json())
}

fn state<'a>(alarms: &'a Value, name: &str) -> &'a str {
    let mut all = alarms["alarms"].as_array().unwrap().iter();
    let alarm = all.find(|alarm| alarm["name"] == name).unwrap();
    alarm["state"].as_str().unwrap()
}

/// Waits until the alarm on the database is in that state; returns the exit code of the command.
async fn database_is(checkout: &Checkout, expected: &str) -> i32 {
    until(&format!("the alarm is {expected}"), WITHIN, async || {
        let (code, alarms) = alarms(checkout).await;
        (state(&alarms, "database-connections") == expected).then_some(code)
    })
    .await
}

/// A person who watches an alarm.
struct Watch {
    _child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Watch {
    /// Returns when the alarms of now were shown.
    async fn start(checkout: &Checkout, alarm: &str) -> Watch {
        let command = ["alarms", alarm, "--stage", "local", "--watch", "--json"];
        let mut child = checkout.command(&command).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut watch = Watch {
            _child: child,
            lines,
        };
        let shown = watch.next().await;
        assert_eq!(shown["alarms"][0]["state"], "OK", "{shown}");
        watch
    }

    async fn next(&mut self) -> Value {
        let line = tokio::time::timeout(WITHIN, self.lines.next_line()).await;
        let line = line.expect("the next line").unwrap().unwrap();
        serde_json::from_str(&line).unwrap()
    }

    /// The next line is this change.
    async fn sees(&mut self, from: &str, to: &str) {
        let change = self.next().await;
        assert_eq!(
            (&change["from"], &change["alarm"]["state"]),
            (&Value::from(from), &Value::from(to)),
            "{change}"
        );
    }
}

#[tokio::test]
async fn stopping_the_database_raises_an_alarm_and_starting_it_ends_it() {
    let checkout = Checkout::new();
    let outputs = checkout.deploy().await;
    database_is(&checkout, "OK").await;
    let (_, quiet) = alarms(&checkout).await;
    let mut all = quiet["alarms"].as_array().unwrap().iter();
    let database = all.find(|alarm| alarm["name"] == "database-connections");
    let database = database.unwrap();
    assert_eq!(database["threshold"], 90.0);
    assert!(database["current"].is_number(), "{database}");
    assert!(database["runbook"].as_str().unwrap().contains("status"));

    let mut watched = Watch::start(&checkout, "database-connections").await;
    let command = |action| ["database", action, "--stage", "local"];
    checkout.xtask(&command("stop")).await.expect(0);
    let stopped = Instant::now();
    assert_eq!(database_is(&checkout, "ALARM").await, 1);
    assert!(stopped.elapsed() < WITHIN);
    let status = checkout.xtask(&["status", "--stage", "local"]).await;
    assert!(
        status.stdout.contains("raised: database-connections"),
        "{}",
        status.stdout
    );
    assert!(
        status
            .stdout
            .contains("\ncost        0.00 USD, it runs on this machine"),
        "{}",
        status.stdout
    );
    watched.sees("OK", "ALARM").await;
    let shown = checkout
        .xtask(&["alarms", "--stage", "local"])
        .await
        .expect(1);
    assert!(shown.stdout.contains("runbook: "), "{}", shown.stdout);

    checkout.xtask(&command("start")).await.expect(0);
    database_is(&checkout, "OK").await;
    watched.sees("ALARM", "OK").await;
    // Functions that failed meanwhile have alarms too, which end.
    until("no alarm is raised", WITHIN, async || {
        (alarms(&checkout).await.0 == 0).then_some(())
    })
    .await;
    let named = ["alarms", "database-connections", "--stage", "local"];
    let history = [&named[..], &["--history", "--json"]].concat();
    let history = checkout.xtask(&history).await.expect(0).json();
    let states: Vec<&str> = history["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| change["to"].as_str().unwrap())
        .collect();
    assert!(states.starts_with(&["OK", "ALARM", "OK"]), "{history}");

    // Also beside one that exists, and when nothing of it is in the history.
    let unknown = ["alarms", "latency-p98", "latency-p99", "--stage", "local"];
    for more in [&[][..], &["--history"]] {
        let refused = checkout.xtask(&[&unknown[..], more].concat()).await;
        let refused = refused.expect(2);
        assert!(
            refused.stderr.contains("no alarm `latency-p98`"),
            "{refused:?}"
        );
    }
    trail_without_a_partition_raises_an_alarm(&checkout, &outputs).await;
}

/// As if the first partition had ended before anybody made another: rows land in the default one.
async fn trail_without_a_partition_raises_an_alarm(checkout: &Checkout, outputs: &Value) {
    let sql = "alter table audit_log detach partition audit.first";
    let psql = ["database", "psql", "--stage", "local", "--", "-c", sql];
    checkout.xtask(&psql).await.expect(0);
    Member::sign_in(address(&outputs["siteUrl"]), "alice").await;
    // The next sweep, and the next evaluation.
    let within = Duration::from_secs(60) + WITHIN;
    let raised = until("the alarm is raised", within, async || {
        let (_, alarms) = alarms(checkout).await;
        let is_raised = state(&alarms, "audit-default-partition") == "ALARM";
        is_raised.then_some(alarms)
    });
    let raised = raised.await;
    let mut all = raised["alarms"].as_array().unwrap().iter();
    let alarm = all.find(|alarm| alarm["name"] == "audit-default-partition");
    let runbook = alarm.unwrap()["runbook"].as_str().unwrap();
    assert!(runbook.contains("--filter partitions"), "{runbook}");
}

/// A server that was stopped by a signal still takes connections: the kernel does.
#[tokio::test]
async fn a_database_that_hangs_is_one_that_does_not_answer() {
    use rustix::process::{Pid, Signal, kill_process};

    let checkout = Checkout::new();
    checkout.deploy().await;
    database_is(&checkout, "OK").await;
    let status = ["status", "--stage", "local", "--json"];
    let status = checkout.xtask(&status).await.json();
    let mut resources = status["resources"].as_array().unwrap().iter();
    let database = resources.find(|one| one["resource_type"] == "AWS::RDS::DBInstance");
    let detail = database.unwrap()["detail"].as_str().unwrap();
    let (_, pid) = detail.rsplit_once("pid ").unwrap();
    let pid = Pid::from_raw(pid.parse().unwrap()).unwrap();
    kill_process(pid, Signal::STOP).unwrap();
    assert_eq!(database_is(&checkout, "ALARM").await, 1);
    kill_process(pid, Signal::CONT).unwrap();
    database_is(&checkout, "OK").await;
}
