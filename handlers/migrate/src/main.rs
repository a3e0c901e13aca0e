//! The migrate function.

use std::process::ExitCode;

fn main() -> ExitCode {
    miyabi_core::serve_invocations("migrate", miyabi_migrate::handle)
}
