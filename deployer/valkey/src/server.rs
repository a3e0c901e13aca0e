//! A running server.

use std::{
    fs,
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
    process::{Child, Command},
};

use crate::{Error, Identity, Program, front::Front};

const START_WITHIN: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(10);
const RESPOND_WITHIN: Duration = Duration::from_secs(1);

/// How to run a server.
#[derive(Debug, Clone)]
pub struct Options {
    /// Its directory. Slots, data and log are there, and stay.
    pub dir: PathBuf,
    /// The port of 127.0.0.1 that answers by TLS; 0 for a free one.
    pub port: u16,
    /// Whether data outlives the process.
    pub keep: bool,
    /// Bytes of memory; beyond it, keys that have a time to live are evicted, the least recently
    /// used first, as on ElastiCache Serverless. `None`: unlimited.
    pub max_memory: Option<u64>,
}

/// A server that runs until this value is dropped.
#[derive(Debug)]
pub struct Server {
    front: Front,
    process: Child,
    pid: u32,
    sockets: TempDir,
}

impl Server {
    /// Starts the program, assigns it all slots, and returns when it takes writes. That takes two
    /// seconds: a node of a cluster waits that long after its start.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] when the port is taken, [`Error::NotStarted`], [`Error::Certificate`].
    pub async fn start(
        program: &Program,
        identity: &Identity,
        options: &Options,
    ) -> Result<Server, Error> {
        let acceptor = identity.acceptor()?;
        let (listener, port) = Front::bind(options.port)
            .await
            .map_err(|source| Error::Io {
                doing: format!("listen on port {} of 127.0.0.1", options.port),
                source,
            })?;
        fs::create_dir_all(&options.dir).map_err(Error::io("create", &options.dir))?;
        let sockets = socket_dir()?;
        let socket = socket_in(&sockets);
        let process = spawn(program, options, &socket, port)?;
        let mut server = Server {
            pid: process.id().unwrap_or_default(),
            process,
            front: Front::start(listener, port, acceptor, socket.clone()),
            sockets,
        };
        let begun = Instant::now();
        while begun.elapsed() < START_WITHIN && server.is_running() {
            if is_ready(&socket).await {
                return Ok(server);
            }
            tokio::time::sleep(POLL).await;
        }
        Err(Error::NotStarted {
            program: program.path.clone(),
            why: last_line(&log_file(&options.dir)),
        })
    }

    /// The port of 127.0.0.1 that answers by TLS.
    pub fn port(&self) -> u16 {
        self.front.port()
    }

    /// The Unix socket of the server itself, which only this user can reach: to look at what it
    /// holds.
    pub fn socket(&self) -> PathBuf {
        socket_in(&self.sockets)
    }

    /// Id of the process.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Whether the process runs. It is killed when this value is dropped.
    pub fn is_running(&mut self) -> bool {
        matches!(self.process.try_wait(), Ok(None))
    }
}

/// A directory for the socket that only this user can enter. Not the server's own: a socket's path
/// has 104 to 108 bytes at most.
fn socket_dir() -> Result<TempDir, Error> {
    let made = tempfile::Builder::new().prefix("valkey-").tempdir();
    made.map_err(Error::io("create a directory in", &std::env::temp_dir()))
}

fn socket_in(dir: &TempDir) -> PathBuf {
    dir.path().join("valkey.sock")
}

fn log_file(dir: &Path) -> PathBuf {
    dir.join("server.log")
}

fn spawn(program: &Program, options: &Options, socket: &Path, port: u16) -> Result<Child, Error> {
    let log = log_file(&options.dir);
    let out = fs::File::create(&log).map_err(Error::io("write", &log))?;
    let err = out.try_clone().map_err(Error::io("write", &log))?;
    let bus = free_port().map_err(|source| Error::Io {
        doing: "find a free port".to_owned(),
        source,
    })?;
    let flag = |on: bool| if on { "yes" } else { "no" }.to_owned();
    let settings = [
        ("--port", "0".to_owned()),
        ("--unixsocket", socket.display().to_string()),
        ("--unixsocketperm", "700".to_owned()),
        ("--bind", "127.0.0.1".to_owned()),
        ("--save", String::new()),
        ("--appendonly", flag(options.keep)),
        ("--maxmemory", options.max_memory.unwrap_or(0).to_string()),
        ("--maxmemory-policy", "volatile-lru".to_owned()),
        ("--cluster-enabled", flag(true)),
        ("--cluster-port", bus.to_string()),
        // Clients come to the address that the map of the slots names.
        ("--cluster-announce-ip", "127.0.0.1".to_owned()),
        ("--cluster-announce-port", port.to_string()),
    ];
    let mut command = Command::new(&program.path);
    for (name, value) in settings {
        command.arg(name).arg(value);
    }
    command
        .current_dir(&options.dir)
        .stdin(Stdio::null())
        .stdout(out)
        .stderr(err)
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .map_err(Error::io("start", &program.path))
}

fn free_port() -> std::io::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}

/// Whether it takes writes. Assigns the slots, which a server that was started before has already.
async fn is_ready(socket: &Path) -> bool {
    let asked = async {
        let mut stream = UnixStream::connect(socket).await?;
        ask(&mut stream, "CLUSTER ADDSLOTSRANGE 0 16383").await?;
        let state = ask(&mut stream, "CLUSTER INFO").await?;
        Ok::<_, std::io::Error>(state.contains("cluster_state:ok"))
    };
    let answered = tokio::time::timeout(RESPOND_WITHIN, asked).await;
    answered.is_ok_and(|answer| answer.unwrap_or(false))
}

async fn ask(stream: &mut UnixStream, command: &str) -> std::io::Result<String> {
    stream
        .write_all(format!("{command}\r\n").as_bytes())
        .await?;
    let mut response = vec![0; 4096];
    let length = stream.read(&mut response).await?;
    response.truncate(length);
    Ok(String::from_utf8_lossy(&response).into_owned())
}

fn last_line(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let last = text.lines().rev().find(|line| !line.trim().is_empty());
    last.unwrap_or("it wrote nothing").to_owned()
}
