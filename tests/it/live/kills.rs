//! The dispatcher is killed while events flow: none is lost, and the order holds between two kills.

use std::{collections::BTreeSet, fs};

use miyabi_tests::{App, Connections, Dice, json, until};
use rustix::process::{Pid, Signal, kill_process};

use super::{LONG, connect, drain, write_events};

const EVENTS: u32 = 10_000;
const KILLS: u32 = 50;

/// The processes of `ws-broadcast` of this application, told by their database.
fn dispatchers(app: &App) -> Vec<Pid> {
    let database = format!("DATABASE_NAME={}\0", app.database().name);
    let port = format!("DATABASE_PORT={}\0", app.database().port);
    let role = "DATABASE_USER=miyabi_ws_broadcast\0";
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let name = fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
        if name.trim_end() != "ws-broadcast" {
            continue;
        }
        let pid = entry.file_name().to_string_lossy().parse::<i32>();
        let environment = fs::read(entry.path().join("environ")).unwrap_or_default();
        let environment = String::from_utf8_lossy(&environment);
        let is_one = [database.as_str(), port.as_str(), role]
            .iter()
            .all(|variable| environment.contains(variable));
        if let (Ok(pid), true) = (pid, is_one) {
            found.extend(Pid::from_raw(pid));
        }
    }
    found
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn ten_thousand_events_survive_fifty_kills_of_the_dispatcher() {
    let connections = Connections::start().await;
    let app = App::with(connections.setup()).await;
    let alice = app.sign_in("alice").await;
    let mallory = app.sign_in("mallory").await;
    let organization = alice.organization_id();
    let ids = ["a", "b", "c"];
    for id in ids {
        connect(&app, &alice, id).await;
    }
    connect(&app, &mallory, "mallory").await;
    drain(&app, &organization).await;
    let begin = app.rows("select max(last_seq) from outbox_sequences").await;
    let begin: i64 = begin[0].trim_matches(['(', ')']).parse().unwrap();

    let mut dice = Dice::new(41);
    let mut killed = 0;
    for round in 0.. {
        if round < KILLS {
            write_events(&app, &organization, EVENTS / KILLS).await;
        } else if killed >= KILLS {
            break;
        }
        let posts = || ids.iter().map(|id| connections.attempts(id)).sum::<usize>();
        // Two batches to three connections are six posts; a repeated one comes on top.
        let fatal = posts() + usize::try_from(dice.throw(7)).unwrap();
        let event = json!({"kind": "drain", "organization_id": organization});
        let invocation = app.invoke("ws-broadcast", &event);
        let kill = until("a post to be killed at", LONG, async || {
            (posts() >= fatal).then_some(())
        });
        tokio::select! {
            // What it was, an error or an end, is not what this is about.
            _ = invocation => {}
            () = kill => {
                for pid in dispatchers(&app) {
                    kill_process(pid, Signal::KILL).unwrap();
                    killed += 1;
                }
            }
        }
    }
    until("all events are delivered", LONG, async || {
        // The environment that waits may be one that was killed: then this is an error.
        let event = json!({"kind": "drain", "organization_id": organization});
        let summary = app.invoke("ws-broadcast", &event).await;
        // The lock of a killed process is held until PostgreSQL sees that it is gone.
        summary
            .is_ok_and(|summary| summary["left"] == 0)
            .then_some(())
    })
    .await;

    let expected: BTreeSet<i64> = (begin + 1..=begin + i64::from(EVENTS)).collect();
    for id in ids {
        let seqs = connections.seqs(id);
        let seen: BTreeSet<i64> = seqs.iter().copied().filter(|seq| *seq > begin).collect();
        assert_eq!(seen, expected, "{id} lost events");
        // What is repeated is repeated from where the killed one began: never more often than it was
        // killed, and otherwise strictly increasing.
        let steps_back = seqs.windows(2).filter(|pair| pair[1] <= pair[0]).count();
        assert!(
            steps_back <= usize::try_from(killed).unwrap(),
            "{steps_back}"
        );
    }
    assert!(connections.messages("mallory").is_empty());
}
