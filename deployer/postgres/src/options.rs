//! How a server is run.

use std::path::PathBuf;

/// How to run a server.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Where its files should be; [`place`](crate::place) decides where they are.
    pub dir: PathBuf,
    /// The port on 127.0.0.1; `None` takes a free one.
    pub port: Option<u16>,
    /// Password of the superuser `postgres`, who then needs it like every other role (SCRAM).
    /// `None` trusts everybody on this machine. Counts when the data directory is created.
    pub password: Option<String>,
    /// Statements that the superuser runs once in a data directory that is made now, each on one
    /// line. They are not logged, so they may hold passwords.
    pub first_sql: Vec<String>,
    /// Gives up safety after a power cut for speed. For tests only.
    pub fast_and_unsafe: bool,
    /// Accepts TLS with this certificate, next to connections without.
    pub tls: Option<Tls>,
    /// Further settings, as in `postgresql.conf`.
    pub settings: Vec<(String, String)>,
}

/// A server certificate.
#[derive(Debug, Clone)]
pub struct Tls {
    /// The chain, PEM.
    pub certificate: String,
    /// The private key, PEM.
    pub key: String,
}
