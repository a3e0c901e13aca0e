//! The command line: `cargo xtask help`. One file a command under `commands/`; its doc comment is
//! its help. It is thin: what is done is in the library `deployer`.

mod approval;
mod arm64;
mod checks;
mod commands;
mod context;
mod offline_queries;
mod process;
mod running;
mod show;
mod sql;
mod tools;
mod ui;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let cli = commands::Cli::parse();
    ExitCode::from(running::run(cli))
}

#[cfg(test)]
mod help_tests;
