//! `cargo xtask completions`: a script for a shell.

use clap::{Args, CommandFactory};
use clap_complete::Shell;
use deployer::Error;
use serde_json::json;

use super::Cli;
use crate::context::Context;

/// Writes the completions of a shell to stdout.
///
/// For a shell function or alias named `xtask` that runs `cargo xtask`.
#[derive(Args)]
pub(crate) struct Completions {
    /// The shell.
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(self, context: &Context) -> Result<u8, Error> {
        let mut text = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "xtask", &mut text);
        let script = String::from_utf8_lossy(&text);
        let value = json!({"shell": self.shell.to_string(), "script": script});
        context.ui.answer(&value, &script);
        Ok(0)
    }
}
