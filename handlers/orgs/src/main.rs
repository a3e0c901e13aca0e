//! The orgs function.

use std::process::ExitCode;

fn main() -> ExitCode {
    miyabi_core::serve("orgs", miyabi_orgs::router())
}
