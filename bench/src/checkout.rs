//! A copy of the checkout on another path, with a target directory of its own: what is deployed,
//! changed and built there touches nothing of the developer's. It stays, so that only the first
//! measurement compiles everything.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{Context, Error};

/// The copy.
pub(crate) struct Checkout {
    dir: PathBuf,
    /// Variables for cargo, beyond the checkout's own configuration.
    variables: &'static [(&'static str, &'static str)],
}

/// A command that has ended well.
pub(crate) struct Ran {
    /// The answer of `--json`.
    pub(crate) answer: Value,
    /// What it told people.
    pub(crate) talk: String,
    /// From start to end.
    pub(crate) took: Duration,
}

impl Checkout {
    /// Brings the copy up to date with the checkout's tracked and new files.
    pub(crate) fn new(context: &Context) -> Result<Checkout, Error> {
        Checkout::of(context, "checkout", &[])
    }

    /// Another copy, whose builds for this machine are optimized as those for AWS: where the speed of
    /// the stage `local` is that of what runs on it.
    pub(crate) fn optimized(context: &Context) -> Result<Checkout, Error> {
        let variables = &[("CARGO_PROFILE_DEV_OPT_LEVEL", "2")];
        Checkout::of(context, "optimized", variables)
    }

    fn of(
        context: &Context,
        name: &str,
        variables: &'static [(&'static str, &'static str)],
    ) -> Result<Checkout, Error> {
        let project = context.project();
        let dir = project.join("target/miyabi-bench").join(name);
        let listed = Command::new("git")
            .args([
                "ls-files",
                "-z",
                "--cached",
                "--others",
                "--exclude-standard",
            ])
            .current_dir(project)
            .output()?;
        if !listed.status.success() {
            return Err(Error::other(
                "`git ls-files` failed: measure in a git checkout.",
            ));
        }
        for name in String::from_utf8_lossy(&listed.stdout)
            .split('\0')
            .filter(|name| !name.is_empty())
        {
            copy(&project.join(name), &dir.join(name))?;
        }
        Ok(Checkout { dir, variables })
    }

    /// Its root.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Runs `cargo xtask ARGUMENTS --json` there; an error when it ends with anything but 0.
    pub(crate) fn xtask(&self, arguments: &[&str]) -> Result<Ran, Error> {
        let began = Instant::now();
        let output = self.command(arguments).output()?;
        let took = began.elapsed();
        let (stdout, talk) = texts(&output);
        if !output.status.success() {
            return Err(Error::other(format!(
                "`cargo xtask {}` failed: {talk}",
                arguments.join(" ")
            )));
        }
        let answer = serde_json::Deserializer::from_str(&stdout)
            .into_iter::<Value>()
            .last();
        Ok(Ran {
            answer: answer.and_then(Result::ok).unwrap_or_default(),
            talk,
            took,
        })
    }

    /// The same, not started yet: typed at a shell, so that what cargo itself takes is measured too.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("cargo");
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(is_set_by_cargo) {
                command.env_remove(name);
            }
        }
        command
            .arg("xtask")
            .args(arguments)
            .arg("--json")
            .current_dir(&self.dir)
            .env("CARGO_TARGET_DIR", self.dir.join("target"))
            .envs(self.variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }
}

/// Whether a shell would not have the variable: cargo sets it for the program that it runs.
fn is_set_by_cargo(name: &str) -> bool {
    name == "CARGO"
        || name == "LD_LIBRARY_PATH"
        || name.starts_with("CARGO_") && name != "CARGO_HOME"
}

/// What it said on stdout and on stderr.
pub(crate) fn texts(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

/// Only what differs, so that cargo sees what changed and nothing else.
fn copy(from: &Path, to: &Path) -> Result<(), Error> {
    let Ok(content) = fs::read(from) else {
        // Listed, and removed since.
        let _ = fs::remove_file(to);
        return Ok(());
    };
    if fs::read(to).is_ok_and(|there| there == content) {
        return Ok(());
    }
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(to, content)?;
    fs::set_permissions(
        to,
        fs::Permissions::from_mode(fs::metadata(from)?.permissions().mode()),
    )?;
    Ok(())
}
