//! What nobody reports by himself: databases and queues are looked at every few seconds.
//!
//! The names are those of RDS and SQS. A database that does not answer reports nothing, as an instance
//! that was stopped: alarms see data points that are missing.

use std::{
    collections::BTreeMap,
    fs,
    net::Ipv4Addr,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{Metric, Metrics};
use crate::local::running_stage::RunningStage;

/// How long a database may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);
/// PostgreSQL's `SSLRequest`, which each server answers with one byte before anybody logs in
/// (<https://www.postgresql.org/docs/15/protocol-message-formats.html>).
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];
/// Linux counts the time of processes in these, on every architecture that Rust has there
/// (`man 5 proc_pid_stat`, `USER_HZ`).
const TICKS_PER_SECOND: f64 = 100.0;

/// Looks, and remembers what the next look is compared with.
#[derive(Debug, Default)]
pub(in crate::local) struct Sampler {
    /// When each database was looked at, and the time that its processes had used by then.
    cpu: BTreeMap<String, (Instant, u64)>,
}

/// A database server that is to run.
struct Database {
    id: String,
    pid: u32,
    port: u16,
    dir: PathBuf,
}

impl Sampler {
    /// Records how everything is now.
    pub(in crate::local) async fn look(&mut self, running: &RunningStage) {
        for (name, messages) in running.queues.counts() {
            let dimension = [("QueueName", name.as_str())];
            let metric = Metric::new("AWS/SQS", "ApproximateNumberOfMessagesVisible", dimension);
            running.metrics.record(metric, as_float(messages as u64));
        }
        for database in databases(running) {
            if answers(database.port).await {
                self.database(&running.metrics, &database);
            } else {
                self.cpu.remove(&database.id);
            }
        }
    }

    fn database(&mut self, metrics: &Metrics, database: &Database) {
        let record = |name: &str, value: Option<f64>| {
            if let Some(value) = value {
                let dimension = [("DBInstanceIdentifier", database.id.as_str())];
                metrics.record(Metric::new("AWS/RDS", name, dimension), value);
            }
        };
        let processes = processes(database.pid);
        let clients = processes.iter().filter(|pid| is_client(**pid)).count();
        record("DatabaseConnections", Some(as_float(clients as u64)));
        record("FreeStorageSpace", free_storage(&database.dir));
        record("FreeableMemory", free_memory());
        record("CPUUtilization", self.cpu(database, &processes));
    }

    /// Percent of all cores since the look before; `None` at the first one.
    fn cpu(&mut self, database: &Database, processes: &[u32]) -> Option<f64> {
        let now = Instant::now();
        let used: u64 = processes.iter().filter_map(|pid| ticks(*pid)).sum();
        let before = self.cpu.insert(database.id.clone(), (now, used));
        let (at, before) = before?;
        let cores =
            std::thread::available_parallelism().map_or(1.0, |cores| as_float(cores.get() as u64));
        let seconds = as_float(used.saturating_sub(before)) / TICKS_PER_SECOND;
        let passed = now.duration_since(at).as_secs_f64();
        (passed > 0.0).then(|| (100.0 * seconds / passed / cores).min(100.0))
    }
}

fn databases(running: &RunningStage) -> Vec<Database> {
    let mut servers = crate::mutex::lock(&running.databases);
    let mut found = Vec::new();
    for (id, server) in servers.iter_mut() {
        if server.is_running() {
            found.push(Database {
                id: id.clone(),
                pid: server.pid(),
                port: server.port(),
                dir: server.dir().to_owned(),
            });
        }
    }
    found
}

/// Whether a server answers there: one that hangs takes connections and says nothing.
async fn answers(port: u16) -> bool {
    let asked = async {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
        stream.write_all(&SSL_REQUEST).await?;
        stream.read_u8().await
    };
    let answer = tokio::time::timeout(ANSWER_WITHIN, asked).await;
    matches!(answer, Ok(Ok(_)))
}

/// The server and the processes that it started; the server alone where there is no `/proc`.
fn processes(server: u32) -> Vec<u32> {
    let children = fs::read_to_string(format!("/proc/{server}/task/{server}/children"));
    let children = children.unwrap_or_default();
    let children = children
        .split_whitespace()
        .filter_map(|pid| pid.parse().ok());
    std::iter::once(server).chain(children).collect()
}

/// Whether a process of PostgreSQL serves a client: its title names the address and port.
fn is_client(pid: u32) -> bool {
    let title = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&title).contains("127.0.0.1(")
}

/// The time that a process used, with that of its children that ended.
fn ticks(pid: u32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name before it may have blanks and brackets.
    let (_, fields) = text.rsplit_once(") ")?;
    let fields: Vec<&str> = fields.split(' ').collect();
    let times = fields.get(11..15)?.iter();
    times.map(|time| time.parse::<u64>().ok()).sum()
}

fn free_storage(dir: &Path) -> Option<f64> {
    let disk = rustix::fs::statvfs(dir).ok()?;
    Some(as_float(disk.f_bavail.saturating_mul(disk.f_frsize)))
}

fn free_memory() -> Option<f64> {
    let text = fs::read_to_string("/proc/meminfo").ok()?;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(as_float(kilobytes.saturating_mul(1024)))
}

fn as_float(value: u64) -> f64 {
    value as f64
}
