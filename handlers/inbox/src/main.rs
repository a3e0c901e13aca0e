//! The inbox function.

use std::process::ExitCode;

fn main() -> ExitCode {
    miyabi_core::serve("inbox", miyabi_inbox::router())
}
