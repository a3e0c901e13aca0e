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

    pub(super) fn logs(&self) -> PathBuf {
        self.dir.join("logs")
    }

    pub(super) fn bucket(&self, name: &str) -> PathBuf {
        self.dir.join("buckets").join(name)
    }

    pub(super) fn database(&self) -> PathBuf {
        self.dir.join("postgres")
    }

    /// The number under that name, or the one that `choose` makes, from now on. Safe to call from
    /// the deployer and the supervisor at once.
    pub(super) fn number(&self, name: &str, choose: impl FnOnce(&BTreeMap<String, u32>) -> io::Result<u32>) -> io::Result<u32> {
        fs::create_dir_all(&self.dir)?;
        let guard = fs::File::create(self.dir.join("numbers.lock"))?;
        flock(&guard, FlockOperation::LockExclusive)?;
        let mut numbers: BTreeMap<String, u32> = read(&self.numbers())?.unwrap_or_default();
        if let Some(number) = numbers.get(name) {
            return Ok(*number);
        }
        let number = choose(&numbers)?;
        numbers.insert(name.to_owned(), number);
        write(&self.numbers(), &numbers)?;
        Ok(number)
    }

    /// The port of that name: the same at each start. `preferred` when it is free at the first
    /// time, else any.
    pub(super) fn port(&self, name: &str, preferred: u16) -> io::Result<u16> {
        let number = self.number(&format!("port/{name}"), |taken| {
            let free = |port: u16| {
                let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok()?;
                let port = listener.local_addr().ok()?.port();
                (!taken.values().any(|other| *other == u32::from(port))).then_some(port)
            };
            let port = free(preferred).or_else(|| (0..100).find_map(|_| free(0)));
            port.map(u32::from).ok_or_else(|| io::Error::other("no port of 127.0.0.1 is free"))
        })?;
        u16::try_from(number).map_err(io::Error::other)
    }
}

/// What a JSON file holds; `None` when there is none.
pub(super) fn read<T: DeserializeOwned>(path: &Path) -> io::Result<Option<T>> {
    match fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(io::Error::other),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes a JSON file that only its owner can read.
pub(super) fn write<T: Serialize>(path: &Path, value: &T) -> io::Result<()> {
    write_private(path, &serde_json::to_vec_pretty(value).map_err(io::Error::other)?)
}
