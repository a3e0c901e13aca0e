//! What a target is given and what it returns.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::{
    drift::{DriftKind, Drifted},
    logs::LogSource,
};

/// Whether an upload was needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Uploaded {
    /// It was not there, or not with the right content.
    Sent,
    /// It was there.
    AlreadyThere,
}

/// The answer of a function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation {
    /// `Some` when the function failed: `Unhandled`, or a timeout.
    pub function_error: Option<String>,
    /// What it gave back, JSON.
    pub payload: Vec<u8>,
    /// The version that answered.
    pub executed_version: String,
}

/// Pauses between looks at an operation that runs elsewhere.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Waited {
    /// How many looks followed a pause.
    pub looks: usize,
    /// Sum of the pauses, in seconds.
    pub seconds: f64,
}

/// How a resource is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceStatus {
    /// Stack.
    pub stack: String,
    /// Logical id.
    pub logical_id: String,
    /// `AWS::Lambda::Function`
    pub resource_type: String,
    /// Physical id (`Ref`).
    pub physical_id: String,
    /// How it is.
    pub health: Health,
    /// More for people: address, pid, version, or why it is not well.
    pub detail: String,
}

impl ResourceStatus {
    /// What it is when somebody deleted it.
    pub(crate) fn deleted_by_hand(self) -> Drifted {
        Drifted {
            stack: self.stack,
            logical_id: self.logical_id,
            resource_type: self.resource_type,
            kind: DriftKind::Deleted,
            properties: Vec::new(),
        }
    }
}

/// How a resource is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// It does its work.
    Ok,
    /// It is there and does not work.
    Failing,
    /// It is not there, although it was deployed.
    Missing,
    /// It cannot be told.
    Unknown,
}

/// Which log lines to read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogQuery {
    /// From these; empty: from all that the stage has.
    pub sources: Vec<LogSource>,
    /// Not older than this; `None`: all that is kept.
    pub since: Option<SystemTime>,
    /// The reader wants only lines that contain this id, checked by
    /// [`crate::logs::assert_request_id`]. A target may return others as well.
    pub request_id: Option<String>,
    /// Continue with new lines.
    pub follow: bool,
}

/// A line of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// Which log.
    pub source: LogSource,
    /// When it was written.
    pub at: SystemTime,
    /// The line as it was written, without its end. One of PostgreSQL, or of AWS, can have several
    /// lines.
    pub text: String,
}
