//! The activity function.

use std::process::ExitCode;

fn main() -> ExitCode {
    miyabi_core::serve("activity", miyabi_activity::router())
}
