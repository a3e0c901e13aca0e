//! The functions' binaries, built once for a run of the tests, and where a run keeps its files.

use std::{
    env, fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use miyabi_catalog::FUNCTIONS;

/// The checkout.
pub fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Cargo's target directory, in which the test binary is: `target/debug/deps/it-0123456789abcdef`.
pub(crate) fn target_dir() -> PathBuf {
    let binary = env::current_exe().unwrap();
    binary.ancestors().nth(3).unwrap().to_owned()
}

/// What this run of the tests keeps: `cluster` and the logs of each application.
pub(crate) fn run_dir() -> PathBuf {
    postgres_server::place(&target_dir().join("miyabi-tests"))
        .join(format!("run-{}", std::process::id()))
}

/// The program of a function: to start it without an application around it.
pub fn binary(function: &str) -> PathBuf {
    binaries().join(function)
}

/// A directory of programs for [`crate::Setup::programs`] in which one function is an example of
/// `miyabi-core`: one that does what no function does.
pub fn programs_with_example(function: &str, example: &str) -> PathBuf {
    let program = match env::var_os("MIYABI_FUNCTIONS_DIR") {
        Some(dir) => PathBuf::from(dir).join("examples").join(example),
        None => {
            let built = cargo_build(&["--package", "miyabi-core", "--example", example]);
            built.unwrap_or_else(|error| panic!("{error}"));
            target_dir().join("debug/examples").join(example)
        }
    };
    folder_with(function, &program, binary)
}

/// A directory with `program` as `function`, and with the usual programs of the others.
pub(crate) fn folder_with(
    function: &str,
    program: &Path,
    usual: impl Fn(&str) -> PathBuf,
) -> PathBuf {
    static NUMBER: AtomicU32 = AtomicU32::new(1);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let folder = run_dir().join(format!("programs-{number}"));
    fs::create_dir_all(&folder).unwrap();
    for other in FUNCTIONS {
        let program = if other.name == function {
            program.to_owned()
        } else {
            usual(other.name)
        };
        symlink(program, folder.join(other.name)).unwrap();
    }
    folder
}

/// A directory with a binary for each function, named after it. Cargo builds them first, so that no
/// test passes because of yesterday's code, unless `MIYABI_FUNCTIONS_DIR` names a directory.
pub(crate) fn binaries() -> &'static Path {
    // A failure is kept, too: a hundred tests need not try again.
    static BINARIES: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let binaries = BINARIES.get_or_init(|| match env::var_os("MIYABI_FUNCTIONS_DIR") {
        Some(dir) => Ok(PathBuf::from(dir)),
        None => build_all(),
    });
    binaries.as_ref().unwrap_or_else(|error| panic!("{error}"))
}

fn build_all() -> Result<PathBuf, String> {
    let names = FUNCTIONS.iter().flat_map(|function| {
        let package = format!("miyabi-{}", function.name);
        [
            "--package".to_owned(),
            package,
            "--bin".to_owned(),
            function.name.to_owned(),
        ]
    });
    let names: Vec<String> = names.collect();
    cargo_build(&names.iter().map(String::as_str).collect::<Vec<_>>())?;
    Ok(target_dir().join("debug"))
}

/// Builds for this machine, into the target directory of the tests.
pub(crate) fn cargo_build(what: &[&str]) -> Result<(), String> {
    let status = deployer::build::cargo()
        .args(["build", "--quiet"])
        .args(what)
        .current_dir(project())
        .env("CARGO_TARGET_DIR", target_dir())
        .status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(format!(
            "`cargo build {}` failed; see above.",
            what.join(" ")
        )),
        Err(error) => Err(format!("cargo does not run: {error}")),
    }
}
