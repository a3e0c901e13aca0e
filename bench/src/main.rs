//! Measurements of Miyabi, side by side in one run: `cargo xtask bench` builds what is measured and
//! runs this.
//!
//! Absolute times say something about a machine; what is compared here is measured in turn, one of
//! each, so that a busy moment hits both. Each measurement is bounded in how often it does what it
//! does. One line of JSON for each finding goes to stdout, talk goes to stderr.

// One large struct of context and plain functions read better here than a trait with one method.
mod catch_up;
mod checkout;
mod context;
mod dashboard;
mod database;
mod deploy;
mod emulator;
mod error;
mod finding;
mod http;
mod list;
mod live;
mod local;
mod process;
mod queries;
mod revocation;
mod runtime;
mod sample;
mod secrets;
mod start;
mod statements;
mod subject;
mod synth;
mod zips;

pub(crate) use context::Context;
pub(crate) use error::Error;

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::Parser;
use context::Options;
use finding::Finding;

type Bench = fn(&Context) -> Result<Vec<Finding>, Error>;

/// The measurements, in the order in which they run.
const BENCHES: [(&str, Bench); 12] = [
    ("start", start::run),
    ("list", list::run),
    ("catch-up", catch_up::run),
    ("queries", queries::run),
    ("revocation", revocation::run),
    ("synth", synth::run),
    ("local", local::run),
    ("live", live::run),
    ("dashboard", dashboard::run),
    ("deploy", deploy::run),
    ("zips", zips::run),
    ("equality", zips::twice),
];

fn main() -> ExitCode {
    let options = Options::parse();
    let wanted = options.names.clone();
    let context = match Context::new(options) {
        Ok(context) => context,
        Err(error) => {
            say(&error.to_string());
            return ExitCode::FAILURE;
        }
    };
    let mut failed = false;
    for (name, bench) in BENCHES {
        if !wanted.is_empty() && !wanted.iter().any(|wanted| wanted == name) {
            continue;
        }
        say(&format!("measuring {name} .."));
        match bench(&context) {
            Ok(findings) => findings.iter().for_each(report),
            Err(error) => {
                failed = true;
                report(&Finding::absent(name, name, error));
            }
        }
    }
    if failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

fn report(finding: &Finding) {
    let line = serde_json::to_string(finding).unwrap_or_default();
    // Whoever reads it may have gone.
    let _ = writeln!(io::stdout(), "{line}");
}

fn say(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}
