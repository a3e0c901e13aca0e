//! Caches: a real Valkey or Redis of the machine, on a port each. What it holds is kept in the
//! folder of the stage, so that a token that was revoked stays revoked when the stage starts anew.

mod program;

use std::{
    fs,
    net::Ipv4Addr,
    path::PathBuf,
    process::Stdio,
    time::{Duration, Instant},
};

use futures_util::future::{BoxFuture, FutureExt};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    process::{Child, Command},
};

pub(in crate::local) use program::program;

use super::{Made, Provider, Record, Wish, World};
use crate::{local::orphans::Orphans, mutex::lock, target::Health};

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
        refused.extend(program().err());
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
        let running = server.and_then(|server| Some((server.port_if_it_runs()?, server.pid)));
        async move {
            match running {
                Some((port, pid)) => (Health::Ok, format!("127.0.0.1:{port}, pid {pid}")),
                None => (Health::Missing, "it has ended".to_owned()),
            }
        }
        .boxed()
    }
}

impl Server {
    /// Whether the process runs.
    pub(in crate::local) fn is_running(&mut self) -> bool {
        matches!(self.process.try_wait(), Ok(None))
    }

    fn port_if_it_runs(&mut self) -> Option<u16> {
        self.is_running().then_some(self.port)
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
    let program = program()?;
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
        let ready = is_ready(port).await;
        // Looked at after the answer: another program may have the port, and ours have ended.
        if server.port_if_it_runs().is_none() {
            break;
        }
        if ready {
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
        "{} is not ready on port {port}: {last}",
        program.display()
    ))
}

/// Whether it answers. It takes connections before, while it still reads what it had.
async fn is_ready(port: u16) -> bool {
    let asked = async {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
        stream.write_all(b"PING\r\n").await?;
        let mut answer = [0; 7];
        stream.read_exact(&mut answer).await?;
        Ok::<_, std::io::Error>(&answer == b"+PONG\r\n")
    };
    let answered = tokio::time::timeout(Duration::from_secs(1), asked).await;
    answered.is_ok_and(|answer| answer.unwrap_or(false))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::local::files::Files;

    fn wish() -> Wish {
        Wish {
            stack: "data".to_owned(),
            logical_id: "Cache".to_owned(),
            properties: json!({"Engine": "valkey", "ServerlessCacheName": "miyabi-test-cache"}),
            before: None,
        }
    }

    async fn says(port: &Value, command: &str) -> String {
        let port: u16 = port.as_str().unwrap().parse().unwrap();
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))
            .await
            .unwrap();
        stream
            .write_all(format!("{command}\r\n").as_bytes())
            .await
            .unwrap();
        let mut answer = [0; 64];
        let length = stream.read(&mut answer).await.unwrap();
        String::from_utf8_lossy(&answer[..length]).into_owned()
    }

    /// With a server on the machine (`cargo xtask test` brings one) the whole life of a cache;
    /// without one, the refusal that says what to do.
    #[tokio::test]
    async fn a_cache_is_a_real_server_that_keeps_what_it_has() {
        let refused = ServerlessCache.refuse(&wish().properties);
        if let Err(why) = program() {
            assert_eq!(refused, [why]);
            return;
        }
        assert_eq!(refused, [""; 0]);
        let dir = tempfile::tempdir().unwrap();
        let files = Files::new(dir.path().to_owned());
        let world = World::new("test", files, dir.path()).await.unwrap();
        let made = ServerlessCache.put(&world, &wish()).await.unwrap();
        let port = &made.attributes["Endpoint.Port"];
        assert_eq!(says(port, "SET a 1").await, "+OK\r\n");
        let again = ServerlessCache.put(&world, &wish()).await.unwrap();
        assert_eq!(again, made);

        // Killed, and put again: the same port, and what it had.
        lock(&world.caches).clear();
        let restarted = ServerlessCache.put(&world, &wish()).await.unwrap();
        assert_eq!(restarted, made);
        assert_eq!(says(port, "GET a").await, "$1\r\n1\r\n");
        lock(&world.caches).clear();
    }
}
