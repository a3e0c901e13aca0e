//! The auth function.

use std::process::ExitCode;

fn main() -> ExitCode {
    miyabi_core::serve("auth", miyabi_auth::router())
}
