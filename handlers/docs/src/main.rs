//! The docs function.

use std::process::ExitCode;

fn main() -> ExitCode {
    miyabi_core::serve("docs", miyabi_docs::router())
}
