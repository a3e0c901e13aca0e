//! Caches: a real Valkey or Redis of the machine, on a port each. What it holds is kept in the
//! folder of the stage, so that a token that was revoked stays revoked when the stage starts anew.

use std::{
    env, fs,
    net::Ipv4Addr,
    path::PathBuf,
    process::Stdio,
    time::{Duration, Instant},
};

use futures_util::future::{BoxFuture, FutureExt};
use serde_json::Value;
use tokio::{net::TcpStream, process::Child, process::Command};

use super::{Made, Provider, Record, Wish, World};
use crate::{
    local::{orphans::Orphans, world::lock},
    target::Health,
};

/// The port that is taken for a cache when it is free.
const PREFERRED_PORT: u16 = 8791;
const START_WITHIN: Duration = Duration::from_secs(30);

pub(super) struct ServerlessCache;

/// A server that runs until this value is dropped.
#[derive(Debug)]
pub(in crate::local) struct Server {
    process: Child,
    pid: u32,
    port: u16,
    orphans: Orphans,
}

impl Provider for ServerlessCache {
    fn properties(&self) -> &'static [&'static str] {
        &[
            "Description",
            "Engine",
            "MajorEngineVersion",
            "SecurityGroupIds",
            "ServerlessCacheName",
            "SubnetIds",
            "Tags",
        ]
    }

    fn refuse(&self, properties: &Value) -> Vec<String> {
        let mut refused = Vec::new();
        if !matches!(properties["Engine"].as_str(), Some("valkey" | "redis")) {
            refused.push("Engine is neither valkey nor redis.".to_owned());
        }
        if program().is_none() {
            refused.push(
                "there is no Valkey or Redis on this machine: install `valkey-server` or `redis-server`, set VALKEY_SERVER to one, \
                 or leave `cache: false` in the stage file."
                    .to_owned(),
            );
        }
        refused
    }

    fn put<'a>(&'a self, world: &'a World, wish: &'a Wish) -> BoxFuture<'a, Result<Made, String>> {
        async move {
            let name = wish.text("ServerlessCacheName").to_owned();
            let running = lock(&world.caches)
                .get_mut(&name)
                .and_then(Server::port_if_it_runs);
            let port = match running {
                Some(port) => port,
                None => {
                    let server = start(world, &name).await?;
                    let port = server.port;
                    lock(&world.caches).insert(name.clone(), server);
                    port
                }
            };
            Ok(Made::new(&name)
                .with("Endpoint.Address", "127.0.0.1")
                .with("Endpoint.Port", port.to_string()))
        }
        .boxed()
    }

    fn delete<'a>(
        &'a self,
        world: &'a World,
        record: &'a Record,
    ) -> BoxFuture<'a, Result<(), String>> {
        async move {
            let server = lock(&world.caches).remove(&record.reference);
            drop(server);
            // What is left of it is removed with the stage at the latest.
            let _ = fs::remove_dir_all(folder(world, &record.reference));
            Ok(())
        }
        .boxed()
    }

    fn health<'a>(
        &'a self,
        world: &'a World,
        record: &'a Record,
    ) -> BoxFuture<'a, (Health, String)> {
        let mut caches = lock(&world.caches);
        let server = caches.get_mut(&record.reference);
        let port = server.and_then(Server::port_if_it_runs);
        async move {
            match port {
                Some(port) => (Health::Ok, format!("127.0.0.1:{port}")),
                None => (Health::Missing, "it has ended".to_owned()),
            }
        }
        .boxed()
    }
}

impl Server {
    fn port_if_it_runs(&mut self) -> Option<u16> {
        matches!(self.process.try_wait(), Ok(None)).then_some(self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The process is killed when `process` is dropped.
        self.orphans.remove(self.pid);
    }
}

fn folder(world: &World, name: &str) -> PathBuf {
    world.files().dir().join("caches").join(name)
}

async fn start(world: &World, name: &str) -> Result<Server, String> {
    let program =
        program().ok_or_else(|| "There is no Valkey or Redis on this machine.".to_owned())?;
    let failed = |error: std::io::Error| format!("{} does not start: {error}.", program.display());
    let port = world
        .files()
        .port(&format!("cache/{name}"), PREFERRED_PORT)
        .map_err(failed)?;
    let folder = folder(world, name);
    fs::create_dir_all(&folder).map_err(failed)?;
    let log = fs::File::create(folder.join("server.log")).map_err(failed)?;
    let process = Command::new(&program)
        .args([
            "--port",
            &port.to_string(),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--appendonly",
            "yes",
        ])
        .current_dir(&folder)
        .stdin(Stdio::null())
        .stdout(log.try_clone().map_err(failed)?)
        .stderr(log)
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(failed)?;
    let pid = process.id().unwrap_or_default();
    world.orphans.add(pid);
    let mut server = Server {
        process,
        pid,
        port,
        orphans: world.orphans.clone(),
    };
    let begun = Instant::now();
    while begun.elapsed() < START_WITHIN {
        let connected = TcpStream::connect((Ipv4Addr::LOCALHOST, port))
            .await
            .is_ok();
        // Looked at after the connection: another program may have the port, and ours have ended.
        if server.port_if_it_runs().is_none() {
            break;
        }
        if connected {
            return Ok(server);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let said = fs::read_to_string(folder.join("server.log")).unwrap_or_default();
    let last = said
        .lines()
        .rev()
        .find(|line| !line.trim().is_empty())
        .unwrap_or("it said nothing");
    Err(format!(
        "{} takes no connections on port {port}: {last}",
        program.display()
    ))
}

/// The program that `VALKEY_SERVER` names, or else one of the PATH.
fn program() -> Option<PathBuf> {
    if let Some(path) = env::var_os("VALKEY_SERVER") {
        return Some(PathBuf::from(path)).filter(|program| program.is_file());
    }
    let path = env::var_os("PATH")?;
    ["valkey-server", "redis-server"]
        .iter()
        .flat_map(|name| env::split_paths(&path).map(move |dir| dir.join(name)))
        .find(|program| program.is_file())
}
