//! Prints the OpenAPI document.

use std::{
    io::{self, Write},
    process::ExitCode,
};

fn main() -> ExitCode {
    let text = match miyabi_openapi::document() {
        Ok(document) => document.to_string(),
        Err(error) => {
            // Nobody can be told when even that fails.
            let _ = writeln!(io::stderr(), "{error}");
            return ExitCode::FAILURE;
        }
    };
    match io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
