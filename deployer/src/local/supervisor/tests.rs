//! What the supervisor does by itself.

use std::{collections::BTreeMap, time::Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::*;
use crate::{
    progress::Progress,
    target::{Health, ResourceStatus},
};

/// Longer than anything here takes, on a busy machine.
const LONG: Duration = Duration::from_secs(60);

/// A supervisor that looks after a stage in that folder; nobody can call it.
async fn supervisor(folder: &std::path::Path) -> Arc<Supervisor> {
    let files = Files::new(folder.join("local"));
    // What is installed once for all tests.
    let downloads = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../.miyabi/cache");
    Arc::new(Supervisor {
        running: RunningStage::new("local", files.clone(), &downloads)
            .await
            .unwrap(),
        records: Records::load(&files).unwrap(),
        log: Log::open(&files.supervisor_log()).unwrap(),
        token: String::new(),
        problems: Mutex::default(),
        project: Project::new(folder),
        github: Mutex::default(),
        changing: tokio::sync::Mutex::default(),
        stop: Notify::new(),
    })
}

/// The process of the one resource, if it runs.
fn pid(status: &[ResourceStatus]) -> Option<i32> {
    let cache = status.first().filter(|one| one.health == Health::Ok)?;
    cache.detail.rsplit("pid ").next()?.parse().ok()
}

#[tokio::test]
async fn a_cache_that_was_killed_is_started_again_and_no_other_is_touched() {
    let folder = tempfile::tempdir().unwrap();
    let supervisor = supervisor(folder.path()).await;
    // Other tests want the preferred port at the same moment.
    for (name, port) in [("cache/one", 20_000), ("cache/two", 20_001)] {
        let port = port + u16::try_from(std::process::id() % 6_000 * 2).unwrap();
        supervisor.running.files().port(name, port).unwrap();
    }
    let cache = |name: &str| -> Value {
        json!({"Type": "AWS::ElastiCache::ServerlessCache", "Properties": {
            "Engine": "valkey", "ServerlessCacheName": name,
        }})
    };
    let template = json!({"Resources": {"Cache": cache("one"), "Other": cache("two")}});
    let update = super::super::stack::Update {
        running: &supervisor.running,
        records: &supervisor.records,
        progress: &Progress::silent(),
        stack: "data",
    };
    update.apply(&template, &BTreeMap::new()).await.unwrap();
    let before = supervisor.status().await;
    let killed = pid(&before).unwrap();
    kill_process(Pid::from_raw(killed).unwrap(), Signal::KILL).unwrap();

    let looking_after = tokio::spawn(supervisor.clone().look_after());
    let began = Instant::now();
    let after = loop {
        let status = supervisor.status().await;
        if pid(&status).is_some_and(|pid| pid != killed) {
            break status;
        }
        assert!(began.elapsed() < LONG, "{status:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert_eq!(pid(&after[1..]), pid(&before[1..]));
    looking_after.abort();
    supervisor.running.stop(LONG).await;
}
