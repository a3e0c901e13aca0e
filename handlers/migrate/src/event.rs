//! What the deployer asks and gets; see docs/ARCHITECTURE.md, "What functions say to each other".

use serde::{Deserialize, Serialize};

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// What to do.
    pub kind: Kind,
    /// With `apply`: note under this id what becomes of it, since nobody waits for the answer. With
    /// `status`: tell it.
    #[serde(default)]
    pub run: Option<String>,
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Say what was applied and what was not.
    Status,
    /// Run what is pending, and undo it.
    DryRun,
    /// Run what is pending, and let the runtime roles log in.
    Apply,
}

/// What is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// How it is now.
    Done(Done),
    /// Why it could not be done.
    Failed {
        /// What is wrong.
        error: Failure,
    },
}

/// How the schema is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Done {
    /// Migrations in the database: after `apply` all, else those before.
    pub applied: Vec<Migration>,
    /// Migrations that `apply` would run.
    pub pending: Vec<Migration>,
    /// Number of the last one that is applied; 0 when there is none.
    pub schema_version: i64,
    /// The run that was asked for, once it has begun.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<Run>,
}

/// An `apply` that nobody waited for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Run {
    /// `running`, `done` or `failed`.
    pub state: String,
    /// Why it failed: a [`Failure`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<serde_json::Value>,
    /// Whether anybody migrates at this moment.
    pub alive: bool,
}

/// One migration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Migration {
    /// Its number.
    pub version: i64,
    /// Its name, in words.
    pub description: String,
}

/// Why it could not be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// `unavailable`, `busy`, `edited`, `out_of_order`, `locked`, `failed` or `roles`.
    pub code: &'static str,
    /// A sentence for people.
    pub detail: String,
    /// The migration that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<i64>,
}

impl Failure {
    /// A failure that is about no single migration.
    pub(crate) fn new(code: &'static str, detail: impl Into<String>) -> Failure {
        Failure {
            code,
            detail: detail.into(),
            version: None,
        }
    }

    /// A failure of one migration.
    pub(crate) fn of(version: i64, code: &'static str, detail: impl Into<String>) -> Failure {
        Failure {
            version: Some(version),
            ..Failure::new(code, detail)
        }
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Failure {
        Failure::new(
            "unavailable",
            format!("The database did not do it: {error}."),
        )
    }
}
