//! The harness of the tests that need functions, database and local target together.
//!
//! ```no_run
//! # async fn example() {
//! use miyabi_tests::{App, json};
//!
//! let app = App::start().await;
//! let alice = app.sign_in("alice").await;
//! let created = alice.post("/api/tasks", json!({"title": "Water the maple"})).await;
//! assert_eq!(created.status, 201, "{created}");
//! # }
//! ```
//!
//! Everything is real: the functions' own binaries behind the local target's Runtime API, its
//! gateway in front, PostgreSQL, Valkey. Only GitHub is stood in for. Each [`App`] has a database
//! of its own, copied from a migrated template, and functions of its own, so that tests run side by
//! side. What must hold of every test: it waits for conditions with a deadline ([`until`]), and
//! it reads or changes rows as the role that would.

// A test's way to fail is to panic.
#![allow(clippy::unwrap_used)]

mod alone;
mod app;
mod arm64;
#[cfg(feature = "aws")]
mod aws_cli;
mod binaries;
mod browser;
#[cfg(feature = "aws")]
mod cbor;
mod checkout;
mod cluster;
mod connections;
mod dashboard;
mod dice;
#[cfg(feature = "aws")]
mod emulator;
mod environment;
mod event;
mod functions;
mod http;
mod in_process;
mod lambda_emulator;
mod member;
mod person;
mod proxy;
mod running;
mod scripted;
#[cfg(feature = "aws")]
mod scripted_stacks;
mod secrets;
mod stopped;
mod tokens;
mod tools;
mod valkey;

pub use ::http::Method;
pub use alone::start_alone;
pub use app::{App, Setup};
pub use arm64::{for_arm64, programs_for_arm64, programs_for_arm64_with_example};
pub use binaries::{binary, programs_with_example, project};
pub use browser::Browser;
#[cfg(feature = "aws")]
pub use cbor::{from_cbor, timestamp};
pub use checkout::{Checkout, Ran};
pub use cluster::{Database, OwnServer};
pub use connections::{Connections, Manner};
pub use dashboard::{browser, run_in_frontend};
pub use deployer::local::github;
pub use dice::Dice;
#[cfg(feature = "aws")]
pub use emulator::{Emulator, Faults};
pub use event::{http_event, socket_event};
pub use http::{RequestBuilder, Response};
pub use in_process::InProcess;
pub use lambda_emulator::LambdaEmulator;
pub use member::Member;
pub use miyabi_catalog::Limit;
pub use person::Person;
pub use proxy::Wire;
pub use running::Running;
pub use scripted::{Asked, Reply, Scripted};
#[cfg(feature = "aws")]
pub use scripted_stacks::ScriptedStacks;
pub use secrets::Secrets;
pub use serde_json::{Value, json};
pub use stopped::Stopped;
pub use tokens::{Token, sign_text};
pub use tools::{
    ToolOutput, expect_success, from_npm, from_pypi, node_modules, run_tool, run_tool_with,
};
pub use valkey::{Valkey, ValkeyAddress};

use std::{
    io::Write,
    time::{Duration, Instant},
};

/// Tells `cargo xtask test` that this machine cannot test something: it says why, and counts it as
/// skipped. The test ends with that.
pub fn skipped(what: &str, why: &str) {
    let why = why.replace('\n', " ");
    // Past libtest, which shows only what failed tests print; a line of its own wherever libtest is.
    let _ = writeln!(std::io::stdout(), "\nskipped: {what}: {why}");
}

/// Asks until the answer is `Some`, every 10 ms. Panics with `what` after `within`.
pub async fn until<T>(what: &str, within: Duration, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + within;
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < deadline, "not within {within:?}: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
