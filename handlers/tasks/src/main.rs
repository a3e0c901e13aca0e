//! The tasks function.

use std::process::ExitCode;

fn main() -> ExitCode {
    miyabi_core::serve("tasks", miyabi_tasks::router())
}
