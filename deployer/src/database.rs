//! What is known of a stage's database and its snapshots, as values.

use serde::Serialize;

/// A database instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DatabaseStatus {
    /// `DBInstanceIdentifier`.
    pub instance: String,
    /// RDS's word: `available`, `modifying`, `backing-up` ..
    pub status: String,
    /// Engine and version: `postgres 15.17`.
    pub engine: String,
    /// `db.t3.small`
    pub class: String,
    /// GiB.
    pub storage: i32,
    /// Whether there is a standby in another zone.
    pub multi_az: bool,
    /// Whether RDS refuses to delete it.
    pub deletion_protection: bool,
    /// Days that automatic backups are kept; 0: there are none, and no point in time to restore.
    pub backup_days: i32,
    /// The latest moment that can be restored, RFC 3339, UTC.
    pub latest_restorable: Option<String>,
    /// Changes and maintenance that wait for the maintenance window, one line each.
    pub pending: Vec<String>,
}

/// A snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Snapshot {
    /// Its name.
    pub name: String,
    /// Instance that it was made from.
    pub instance: String,
    /// `manual` (kept until somebody deletes it) or `automated` (kept for the backup days).
    pub kind: String,
    /// `available`, `creating` ..
    pub status: String,
    /// When it was made, RFC 3339, UTC; `None`: it is being made.
    pub made: Option<String>,
    /// GiB.
    pub storage: i32,
}

/// A login to a database. Without `Debug`, since it holds the password.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseLogin {
    /// `127.0.0.1`
    pub host: String,
    /// The port.
    pub port: u16,
    /// Name of the database.
    pub database: String,
    /// The role.
    pub user: String,
    /// Its password.
    pub password: String,
}
