//! How a command speaks with the supervisor: a connection to 127.0.0.1 for each call, a line of
//! JSON there, lines of JSON back, of which the last is the result.
//!
//! The port and the token, without which nothing is answered, are in a file that only its owner can
//! read.

use std::{collections::BTreeMap, io, net::Ipv4Addr, time::Duration};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

use super::files::{self, Files};
use crate::{
    Error,
    progress::{Event, Progress},
};

/// How to reach a supervisor: the content of `supervisor.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Address {
    pub(super) pid: u32,
    pub(super) port: u16,
    pub(super) token: String,
    /// Which program it is; another one replaces it.
    pub(super) fingerprint: String,
}

/// What a supervisor is asked.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Call {
    /// Are you there? [`Problems`], of resources that could not be put at its start.
    Hello,
    /// Tries these resources again; [`Problems`] that are left.
    Retry,
    /// Creates or updates a stack; the recorded stack.
    Apply {
        /// Short name.
        stack: String,
        /// As JSON.
        template: Value,
        /// All of the template's.
        parameters: BTreeMap<String, String>,
    },
    /// Deletes a stack.
    Delete {
        /// Short name.
        stack: String,
    },
    /// Records what was migrated.
    RecordMigrations {
        /// Version -> SHA-256.
        applied: BTreeMap<i64, String>,
    },
    /// Records what the deploy was made of.
    RecordSource {
        /// The commit and what goes with it.
        source: crate::source::Source,
    },
    /// Records that the last deploy failed, or that it did not.
    RecordFailedDeploy {
        /// The failure.
        failed: Option<crate::source::FailedDeploy>,
    },
    /// Records which site is in its bucket.
    RecordSite {
        /// Over the files.
        sha256: String,
    },
    /// Invokes a function; an [`InvokeOutput`].
    Invoke {
        /// Physical name or ARN.
        function: String,
        /// In base64.
        payload: String,
    },
    /// Gives a secret a value that no template makes.
    PutSecret {
        /// Its name.
        name: String,
        /// What `GetSecretValue` gives.
        value: String,
    },
    /// Every resource and how it is.
    Status,
    /// Every alarm and how it is.
    Alarms,
    /// The changes of the alarms, the newest first.
    AlarmChanges,
    /// Stops the databases, or starts them again.
    RunDatabases {
        /// False: they are stopped, and nothing but this call or a deploy starts them.
        run: bool,
    },
    /// Ends everything that runs, in order.
    Stop,
}

/// A line to the supervisor.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Request {
    pub(super) token: String,
    pub(super) call: Call,
}

/// A line from the supervisor.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Line {
    /// Something happened; more lines follow.
    Event(Event),
    /// The result.
    Done(Value),
    /// Why there is none.
    Failed(Failure),
}

/// An error on its way.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Failure {
    message: String,
    hint: String,
    causes: Vec<String>,
}

/// Resources that could not be put when the supervisor started: stack and logical id -> why.
pub(super) type Problems = BTreeMap<String, String>;

/// What an invoked function returned.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct InvokeOutput {
    pub(super) function_error: Option<String>,
    /// In base64.
    pub(super) payload: String,
    pub(super) executed_version: String,
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Failure {
        Failure {
            message: error.message().to_owned(),
            hint: error.hint().to_owned(),
            causes: error.causes(),
        }
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Error {
        let error = Error::failed(failure.message, failure.hint);
        match failure.causes.is_empty() {
            true => error,
            false => error.because(failure.causes.join("\n")),
        }
    }
}

/// The longest that a supervisor may take to say hello. It does nothing else that long at once.
const HELLO_WITHIN: Duration = Duration::from_secs(5);

/// A supervisor that runs.
#[derive(Debug, Clone)]
pub(super) struct Client {
    pub(super) address: Address,
}

impl Client {
    /// The supervisor of that stage; `None` when none runs, or it does not answer.
    pub(super) async fn find(files: &Files) -> Option<(Client, Problems)> {
        let address = files::read::<Address>(&files.supervisor()).ok().flatten()?;
        let client = Client { address };
        let silent = Progress::silent();
        let hello = client.call::<Problems>(Call::Hello, &silent);
        let problems = tokio::time::timeout(HELLO_WITHIN, hello).await.ok()?.ok()?;
        Some((client, problems))
    }

    /// Asks, reports what happens meanwhile, and gives the result.
    pub(super) async fn call<T: DeserializeOwned>(
        &self,
        call: Call,
        progress: &Progress,
    ) -> Result<T, Error> {
        let gone = |cause: io::Error| {
            Error::failed(
                "The supervisor of the stage, which runs in the background, is gone.",
                "Run the same command again: `cargo xtask deploy --stage local` starts it, and it continues where it stopped.",
            )
            .because(cause)
        };
        let request = Request {
            token: self.address.token.clone(),
            call,
        };
        let mut text = serde_json::to_string(&request).map_err(|cause| gone(cause.into()))?;
        text.push('\n');
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.address.port)).await;
        let mut stream = BufReader::new(stream.map_err(gone)?);
        stream.write_all(text.as_bytes()).await.map_err(gone)?;
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).await.map_err(gone)?;
            match serde_json::from_str(&line).map_err(|cause| gone(cause.into()))? {
                Line::Event(event) => progress.report(event),
                Line::Failed(failure) => return Err(failure.into()),
                Line::Done(value) => {
                    return serde_json::from_value(value).map_err(|cause| gone(cause.into()));
                }
            }
        }
    }
}
