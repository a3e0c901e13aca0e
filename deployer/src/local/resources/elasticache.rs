//! Caches: a real Valkey or Redis each, which answers by TLS alone and in cluster mode alone, as
//! ElastiCache Serverless does. What it holds is kept in the directory of the stage, so that it
//! outlives a restart of the stage.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use async_trait::async_trait;
use serde_json::Value;
use valkey_server::{Identity, Options, Program, Server};

use super::{Made, Provider, PutRequest, Record, RunningStage};
use crate::{local::orphans::Orphans, mutex::lock, target::Health};

/// The port that is taken for a cache when it is free.
const PREFERRED_PORT: u16 = 8791;

pub(super) struct ServerlessCache;

/// A server that runs until this value is dropped.
#[derive(Debug)]
pub(in crate::local) struct Cache {
    server: Server,
    orphans: Orphans,
}

#[async_trait]
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
        match properties["Engine"].as_str() {
            Some("valkey" | "redis") => Vec::new(),
            _ => vec!["Engine is neither valkey nor redis.".to_owned()],
        }
    }

    async fn put(&self, running: &RunningStage, request: &PutRequest) -> Result<Made, String> {
        let name = request.name(running, "ServerlessCacheName");
        let known_port = lock(&running.caches)
            .get_mut(&name)
            .and_then(Cache::port_if_it_runs);
        let port = match known_port {
            Some(port) => port,
            None => {
                // One that has ended still has the port.
                let ended = lock(&running.caches).remove(&name);
                drop(ended);
                let cache = start(running, &name).await?;
                let port = cache.server.port();
                lock(&running.caches).insert(name.clone(), cache);
                port
            }
        };
        Ok(Made::new(&name)
            .with("Endpoint.Address", "127.0.0.1")
            .with("Endpoint.Port", port.to_string()))
    }

    async fn delete(&self, running: &RunningStage, record: &Record) -> Result<(), String> {
        let cache = lock(&running.caches).remove(&record.reference);
        drop(cache);
        // What is left of it is removed with the stage at the latest.
        let _ = fs::remove_dir_all(folder(running).join(&record.reference));
        Ok(())
    }

    async fn health(&self, running: &RunningStage, record: &Record) -> (Health, String) {
        let mut caches = lock(&running.caches);
        let cache = caches.get_mut(&record.reference);
        let found = cache.and_then(|cache| Some((cache.port_if_it_runs()?, cache.server.pid())));
        match found {
            Some((port, pid)) => (Health::Ok, format!("127.0.0.1:{port} by TLS, pid {pid}")),
            None => (Health::Missing, "it has ended".to_owned()),
        }
    }
}

impl Cache {
    /// Whether the process runs.
    pub(in crate::local) fn is_running(&mut self) -> bool {
        self.server.is_running()
    }

    fn port_if_it_runs(&mut self) -> Option<u16> {
        self.is_running().then(|| self.server.port())
    }
}

impl Drop for Cache {
    fn drop(&mut self) {
        // The process is killed when `server` is dropped.
        self.orphans.remove(self.server.pid());
    }
}

/// What the caches of the stage keep.
fn folder(running: &RunningStage) -> PathBuf {
    running.files().dir().join("caches")
}

/// The certificate of the caches; functions trust it alone.
fn identity(running: &RunningStage) -> Result<Identity, String> {
    Identity::in_dir(&folder(running).join("identity")).map_err(|error| error.to_string())
}

/// The variables that a function needs to verify a cache: for each `NAME_URL` that begins with
/// `rediss://127.0.0.1:`, a `NAME_CA_FILE`. On AWS the certificate is one that browsers trust.
pub(super) fn certificates(
    running: &RunningStage,
    environment: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, String> {
    let of_caches = environment
        .iter()
        .filter(|(_, value)| value.starts_with("rediss://127.0.0.1:"))
        .filter_map(|(name, _)| name.strip_suffix("_URL"));
    of_caches
        .map(|name| {
            let file = identity(running)?.certificate().display().to_string();
            Ok((format!("{name}_CA_FILE"), file))
        })
        .collect()
}

async fn start(running: &RunningStage, name: &str) -> Result<Cache, String> {
    let install = valkey_dir(running.cache());
    let program = tokio::task::spawn_blocking(move || Program::find(&install))
        .await
        .map_err(|error| error.to_string())?
        .map_err(|error| error.to_string())?;
    let port = running
        .files()
        .port(&format!("cache/{name}"), PREFERRED_PORT)
        .map_err(|error| format!("It has no port: {error}."))?;
    let options = Options {
        dir: folder(running).join(name),
        port,
        keep: true,
        max_memory: None,
    };
    let server = Server::start(&program, &identity(running)?, &options)
        .await
        .map_err(|error| error.to_string())?;
    running.orphans.add(server.pid());
    Ok(Cache {
        server,
        orphans: running.orphans.clone(),
    })
}

/// Where Valkey is installed, of a folder for downloads.
fn valkey_dir(cache: &Path) -> PathBuf {
    cache.join("valkey")
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpStream,
    };

    use super::*;
    use crate::local::files::Files;

    fn request() -> PutRequest {
        PutRequest {
            stack: "data".to_owned(),
            logical_id: "Cache".to_owned(),
            properties: json!({"Engine": "valkey", "ServerlessCacheName": "miyabi-test-cache"}),
            before: None,
        }
    }

    #[tokio::test]
    async fn a_cache_is_a_real_server_that_answers_by_tls_and_starts_again_on_its_port() {
        assert_eq!(ServerlessCache.refuse(&request().properties), [""; 0]);
        let dir = tempfile::tempdir().unwrap();
        let files = Files::new(dir.path().to_owned());
        let cache = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.miyabi/cache");
        let running = RunningStage::new("test", files, &cache).await.unwrap();
        let made = ServerlessCache.put(&running, &request()).await.unwrap();
        let port = made.attributes["Endpoint.Port"].as_str().unwrap();
        let again = ServerlessCache.put(&running, &request()).await.unwrap();
        assert_eq!(again, made);

        // Without TLS there is no answer.
        let address = format!("127.0.0.1:{port}");
        let mut plain = TcpStream::connect(&address).await.unwrap();
        plain.write_all(b"PING\r\n").await.unwrap();
        let mut response = Vec::new();
        let _ = plain.read_to_end(&mut response).await;
        assert!(!response.windows(4).any(|part| part == b"PONG"));

        // What a function needs to trust it, and only where it is called.
        let environment = |url: &str| [("VALKEY_URL".to_owned(), url.to_owned())].into();
        let given = certificates(&running, &environment(&format!("rediss://{address}"))).unwrap();
        let file = &given["VALKEY_CA_FILE"];
        assert!(
            fs::read_to_string(file)
                .unwrap()
                .contains("BEGIN CERTIFICATE")
        );
        for elsewhere in ["redis://127.0.0.1:1", "rediss://cache.amazonaws.com:6379"] {
            let given = certificates(&running, &environment(elsewhere));
            assert_eq!(given, Ok(BTreeMap::new()), "{elsewhere}");
        }

        // Ended, and put again: the same port.
        let pid = lock(&running.caches)["miyabi-test-cache"].server.pid();
        lock(&running.caches).clear();
        let restarted = ServerlessCache.put(&running, &request()).await.unwrap();
        assert_eq!(restarted, made);
        assert_ne!(lock(&running.caches)["miyabi-test-cache"].server.pid(), pid);
        lock(&running.caches).clear();
    }
}
