//! A real Valkey or Redis for the tests of revocation in a cache.

use std::{
    env,
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::Stopped;

/// A server that keeps nothing and runs until it is dropped.
#[derive(Debug)]
pub struct Valkey {
    keeper: Child,
    port: u16,
}

impl Valkey {
    /// Starts the program that `VALKEY_SERVER` names, or else `valkey-server` or `redis-server` of
    /// the PATH. Panics when there is none: a test of the cache without a cache proves nothing.
    pub fn start() -> Valkey {
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        Valkey::start_on(port)
    }

    /// The same on a given port: the return of a server that was gone.
    pub fn start_on(port: u16) -> Valkey {
        let program = program().expect(
            "There is no Valkey or Redis on this machine. Run the tests with `cargo xtask test`, which installs one, \
             or set VALKEY_SERVER to a `valkey-server` or `redis-server`.",
        );
        // `read` returns when this process ends, however it ends, or drops its side of the pipe.
        let keeper = Command::new("/bin/sh")
            .args(["-c", "\"$@\" & read _; kill $!; wait", "sh"])
            .arg(&program)
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
            .args(["--save", "", "--appendonly", "no"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let valkey = Valkey { keeper, port };
        let deadline = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            assert!(
                Instant::now() < deadline,
                "{} takes no connections",
                program.display()
            );
            thread::sleep(Duration::from_millis(10));
        }
        valkey
    }

    /// For `VALKEY_URL`.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Stops the server until the value is dropped; the kernel keeps taking connections.
    pub fn hang(&self) -> Stopped {
        Stopped::tree(self.keeper.id())
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Valkey {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

fn program() -> Option<PathBuf> {
    if let Some(path) = env::var_os("VALKEY_SERVER") {
        return Some(PathBuf::from(path));
    }
    let path = env::var_os("PATH")?;
    ["valkey-server", "redis-server"]
        .iter()
        .flat_map(|name| env::split_paths(&path).map(move |dir| dir.join(name)))
        .find(|program| program.is_file())
}
