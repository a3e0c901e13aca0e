//! The migrations are built into the function: a new one must make it build again, and a file that
//! could never run ends the build.

use std::{fs, io, process::ExitCode};

use miyabi_migration_files::{parse_name, runs_without_transaction};

/// Relative to this crate, where cargo runs it.
const FOLDER: &str = "../../migrations";

fn main() -> ExitCode {
    println!("cargo:rerun-if-changed={FOLDER}");
    match check() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("cargo::error={error}");
            ExitCode::FAILURE
        }
    }
}

fn check() -> io::Result<()> {
    for entry in fs::read_dir(FOLDER)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if parse_name(&name).map_err(io::Error::other)?.is_some() {
            let text = fs::read_to_string(entry.path())?;
            runs_without_transaction(&text)
                .map_err(|refusal| io::Error::other(format!("migrations/{name}: {refusal}")))?;
        }
    }
    Ok(())
}
