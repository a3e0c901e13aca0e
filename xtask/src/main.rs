//! The command line: `cargo xtask help`. One file a command under `commands/`; its doc comment is
//! its help. It is thin: what is done is in the library `deployer`.

mod approval;
mod arm64;
mod checks;
mod chromium;
mod commands;
mod context;
mod offline_queries;
mod process;
mod running;
mod show;
mod sql;
mod tools;
mod ui;
mod with_aws;

use std::{env, process::ExitCode};

use clap::Parser;

fn main() -> ExitCode {
    let code = match commands::Cli::try_parse() {
        Ok(cli) => running::run(cli),
        Err(refusal) => running::refuse(&refusal, env::args().any(|word| word == "--json")),
    };
    ExitCode::from(code)
}

#[cfg(test)]
mod document_tests;
#[cfg(test)]
mod help_tests;
#[cfg(test)]
mod hint_tests;
#[cfg(test)]
mod workflow_tests;
