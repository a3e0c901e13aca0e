//! A real Valkey or Redis for the tests of the cache, which answers as ElastiCache Serverless does.

use std::sync::atomic::{AtomicU32, Ordering};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
};
use valkey_server::{Identity, Options, Program, Server};

use crate::{
    Stopped,
    binaries::{project, run_dir},
    functions::orphans,
};

/// A server that keeps nothing and runs until it is dropped.
#[derive(Debug)]
pub struct Valkey {
    server: Server,
    identity: Identity,
}

/// How a function reaches a cache.
#[derive(Debug, Clone)]
pub struct ValkeyAddress {
    /// For `VALKEY_URL`.
    pub url: String,
    /// For `VALKEY_CA_FILE`.
    pub ca_file: String,
}

impl Valkey {
    /// Starts the program that `VALKEY_SERVER` names, or the one of the PATH, or the one of the
    /// Python package, which is installed when it is missing.
    pub async fn start() -> Valkey {
        Valkey::start_with(0, None).await
    }

    /// The same on a given port: the return of a server that was gone, without its data.
    pub async fn start_on(port: u16) -> Valkey {
        Valkey::start_with(port, None).await
    }

    /// The same with so many bytes of memory.
    pub async fn start_small(max_memory: u64) -> Valkey {
        Valkey::start_with(0, Some(max_memory)).await
    }

    async fn start_with(port: u16, max_memory: Option<u64>) -> Valkey {
        static NUMBER: AtomicU32 = AtomicU32::new(1);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let program =
            tokio::task::spawn_blocking(|| Program::find(&project().join(".miyabi/cache/valkey")));
        let program = program.await.unwrap();
        let program = program.unwrap_or_else(|error| panic!("{error}"));
        // One for all: a server that comes back is trusted by who knew it.
        let identity = Identity::in_dir(&run_dir().join("valkey-identity")).unwrap();
        let options = Options {
            dir: run_dir().join(format!("valkey-{number}")),
            port,
            keep: false,
            max_memory,
        };
        let server = Server::start(&program, &identity, &options).await;
        let server = server.unwrap_or_else(|error| panic!("{error}"));
        orphans().add(server.pid());
        Valkey { server, identity }
    }

    /// How functions reach it.
    pub fn address(&self) -> ValkeyAddress {
        ValkeyAddress {
            url: format!("rediss://127.0.0.1:{}", self.port()),
            ca_file: self.identity.certificate().display().to_string(),
        }
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.server.port()
    }

    /// Stops the server until the value is dropped; connections are still taken.
    pub fn hang(&self) -> Stopped {
        Stopped::tree(self.server.pid())
    }

    /// Runs commands past TLS, one a line, and returns what it says: to look at what it holds.
    pub async fn ask(&self, commands: &str) -> String {
        let mut stream = UnixStream::connect(self.server.socket()).await.unwrap();
        let commands = format!("{}\r\nQUIT\r\n", commands.trim_end().replace('\n', "\r\n"));
        stream.write_all(commands.as_bytes()).await.unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).await.unwrap();
        response
    }

    /// The names of its keys.
    pub async fn keys(&self) -> Vec<String> {
        let response = self.ask("KEYS *").await;
        let keys = response.lines().filter(|line| line.starts_with('{'));
        keys.map(str::to_owned).collect()
    }
}

impl Drop for Valkey {
    fn drop(&mut self) {
        orphans().remove(self.server.pid());
    }
}
