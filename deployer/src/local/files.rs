//! Where the stage keeps what it keeps, and the small files of which each is written whole or not
//! at all.

use std::{
    collections::BTreeMap,
    fs, io,
    net::{Ipv4Addr, TcpListener},
    path::{Path, PathBuf},
};

use rustix::fs::{FlockOperation, flock};
use serde::{Serialize, de::DeserializeOwned};

use crate::state::write_private;

/// The folder of a stage on this machine.
#[derive(Debug, Clone)]
pub(super) struct Files {
    dir: PathBuf,
}

impl Files {
    pub(super) fn new(dir: PathBuf) -> Files {
        Files { dir }
    }

    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// What is deployed.
    pub(super) fn state(&self) -> PathBuf {
        self.dir.join("state.json")
    }

    /// Held by whoever deploys.
    pub(super) fn lock(&self) -> PathBuf {
        self.dir.join("lock")
    }

    /// Held by the supervisor as long as it lives.
    pub(super) fn supervisor_lock(&self) -> PathBuf {
        self.dir.join("supervisor.lock")
    }

    /// How to reach the supervisor.
    pub(super) fn supervisor(&self) -> PathBuf {
        self.dir.join("supervisor.json")
    }

    /// What the supervisor itself has to say.
    pub(super) fn supervisor_log(&self) -> PathBuf {
        self.dir.join("supervisor.log")
    }

    /// Values of the secrets, by ARN.
    pub(super) fn secrets(&self) -> PathBuf {
        self.dir.join("secrets.json")
    }

    /// Ports and numbers that were given out once and stay.
    pub(super) fn numbers(&self) -> PathBuf {
        self.dir.join("numbers.json")
    }

    /// States and changes of the alarms.
    pub(super) fn alarms(&self) -> PathBuf {
        self.dir.join("alarms.json")
    }

    /// What is recorded of every resource.
    pub(super) fn records(&self) -> PathBuf {
        self.dir.join("resources.json")
    }

    /// The log of a log group: `logs/aws/lambda/miyabi-local-tasks.log`.
    pub(super) fn log(&self, group: &str) -> PathBuf {
        let group = group.trim_start_matches('/').replace("..", "_");
        self.dir.join("logs").join(format!("{group}.log"))
    }

    /// The messages of a queue.
    pub(super) fn queue(&self, name: &str) -> PathBuf {
        self.dir.join("queues").join(name)
    }

    pub(super) fn bucket(&self, name: &str) -> PathBuf {
        self.dir.join("buckets").join(name)
    }

    /// The files of a database server, or at least where [`postgres_server::place`] begins.
    pub(super) fn database(&self, id: &str) -> PathBuf {
        self.dir.join("databases").join(id)
    }

    /// The port of that name: the same at each start. `preferred` when it is free at the first
    /// time, else any.
    pub(super) fn port(&self, name: &str, preferred: u16) -> io::Result<u16> {
        let number = self.number(&format!("port/{name}"), |before, taken| match before {
            Some(port) => Ok(port),
            None => free_port(preferred, taken).map(u64::from),
        })?;
        u16::try_from(number).map_err(io::Error::other)
    }

    /// Lets another port be chosen under that name.
    pub(super) fn forget_port(&self, name: &str) -> io::Result<()> {
        self.change_numbers(|numbers| {
            numbers.remove(&format!("port/{name}"));
            Ok(())
        })
    }

    /// The next number under that name, from 1.
    pub(super) fn next(&self, name: &str) -> io::Result<u64> {
        self.number(&format!("next/{name}"), |before, _| {
            Ok(before.unwrap_or(0) + 1)
        })
    }

    /// The number under that name after `choose` has seen the one before and all others. Safe to
    /// call from the deployer and the supervisor at once.
    fn number(
        &self,
        name: &str,
        choose: impl FnOnce(Option<u64>, &Numbers) -> io::Result<u64>,
    ) -> io::Result<u64> {
        self.change_numbers(|numbers| {
            let number = choose(numbers.get(name).copied(), numbers)?;
            numbers.insert(name.to_owned(), number);
            Ok(number)
        })
    }

    fn change_numbers<T>(
        &self,
        change: impl FnOnce(&mut Numbers) -> io::Result<T>,
    ) -> io::Result<T> {
        fs::create_dir_all(&self.dir)?;
        let guard = fs::File::create(self.dir.join("numbers.lock"))?;
        flock(&guard, FlockOperation::LockExclusive)?;
        let before: Numbers = read(&self.numbers())?.unwrap_or_default();
        let mut numbers = before.clone();
        let changed = change(&mut numbers);
        if numbers != before {
            write(&self.numbers(), &numbers)?;
        }
        changed
    }
}

/// What was given out once, by name.
type Numbers = BTreeMap<String, u64>;

/// Set to `any` by tests, whose stages would all want the preferred ports at the same moment.
const PORTS: &str = "MIYABI_PORTS";
/// Where other ports are taken from: below those that systems give to outgoing connections, one of
/// which could have the port by the time that it is listened on.
const OTHER_PORTS: std::ops::Range<u16> = 20_000..32_000;

fn free_port(preferred: u16, taken: &Numbers) -> io::Result<u16> {
    let is_free = |port: &u16| {
        !taken.values().any(|other| *other == u64::from(*port))
            && TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok()
    };
    let wants_any = std::env::var_os(PORTS).is_some_and(|ports| ports == "any");
    let preferred = (!wants_any).then_some(preferred);
    let others = std::iter::repeat_with(|| {
        let random =
            uuid::Uuid::new_v4().as_u128() % u128::from(OTHER_PORTS.end - OTHER_PORTS.start);
        OTHER_PORTS.start + u16::try_from(random).unwrap_or_default()
    });
    preferred
        .into_iter()
        .chain(others.take(1000))
        .find(is_free)
        .ok_or_else(|| io::Error::other("no port of 127.0.0.1 is free"))
}

/// What a JSON file holds; `None` when there is none.
pub(super) fn read<T: DeserializeOwned>(path: &Path) -> io::Result<Option<T>> {
    match fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(io::Error::other),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes a JSON file that only its owner can read.
pub(super) fn write<T: Serialize>(path: &Path, value: &T) -> io::Result<()> {
    write_private(
        path,
        &serde_json::to_vec_pretty(value).map_err(io::Error::other)?,
    )
}
