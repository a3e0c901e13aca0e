//! A stage of one's own, through the command line: for tests of the deployer as people use it.

use std::{
    env, fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Output, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use serde_json::Value;

use crate::binaries::{cargo_build, project, target_dir};

/// A directory that looks like the checkout to `cargo xtask`, with what is deployed kept apart from
/// the developer's own. It lies inside the checkout, so that cargo finds the real workspace upwards.
#[derive(Debug)]
pub struct Checkout {
    dir: PathBuf,
}

/// A command that has ended.
#[derive(Debug)]
pub struct Ran {
    /// Exit code; -1 when a signal ended it.
    pub code: i32,
    /// What it gave.
    pub stdout: String,
    /// What it told people.
    pub stderr: String,
}

impl Ran {
    /// The answer of `--json`: the one value on stdout.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("not one JSON value ({error}): {self:?}"))
    }

    /// Panics unless it ended with that exit code.
    #[track_caller]
    pub fn expect(self, code: i32) -> Ran {
        assert_eq!(
            self.code, code,
            "stdout:\n{}\nstderr:\n{}",
            self.stdout, self.stderr
        );
        self
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Ran {
        Ran {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Checkout {
    /// With nothing deployed.
    pub fn new() -> Checkout {
        static NUMBER: AtomicU32 = AtomicU32::new(1);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        // Not in `run_dir`, which can be outside of the checkout.
        let dir = target_dir().join(format!(
            "miyabi-tests/run-{}/checkout-{number}",
            std::process::id()
        ));
        // Without a manifest here, cargo continues upwards and finds the one workspace.
        let stays_out = [
            "Cargo.toml",
            "Cargo.lock",
            ".cargo",
            ".git",
            ".miyabi",
            "target",
        ];
        link_all(project(), &dir, &stays_out);
        Checkout { dir }
    }

    /// Its root.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// What the stage `local` keeps.
    pub fn stage_dir(&self) -> PathBuf {
        self.dir.join(".miyabi/local")
    }

    /// Writes `stacks/stages/NAME.yaml`, as a person edits it; the real one stays as it is.
    pub fn write_stage(&self, name: &str, yaml: &str) {
        let stacks = self.dir.join("stacks");
        if stacks.is_symlink() {
            fs::remove_file(&stacks).unwrap();
            link_all(&project().join("stacks"), &stacks, &["stages"]);
            link_all(
                &project().join("stacks/stages"),
                &stacks.join("stages"),
                &[],
            );
        }
        let file = stacks.join(format!("stages/{name}.yaml"));
        // Written through the link, it would change the real one.
        if file.is_symlink() {
            fs::remove_file(&file).unwrap();
        }
        fs::write(file, yaml).unwrap();
    }

    /// `cargo xtask ARGUMENTS`, to be started or changed before that.
    pub fn command(&self, arguments: &[&str]) -> tokio::process::Command {
        let mut command = tokio::process::Command::new(xtask());
        command
            .args(arguments)
            .current_dir(&self.dir)
            .env("CARGO_TARGET_DIR", target_dir())
            .env("MIYABI_PORTS", "any")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        // What the person's shell says about AWS is not for tests.
        for name in [
            "AWS_ENDPOINT_URL",
            "AWS_ACCESS_KEY_ID",
            "AWS_SECRET_ACCESS_KEY",
            "AWS_SESSION_TOKEN",
            "AWS_PROFILE",
            "MIYABI_DATABASE_URL",
        ] {
            command.env_remove(name);
        }
        if let Ok(dir) = env::var("MIYABI_POSTGRES") {
            command.env("MIYABI_POSTGRES", dir);
        }
        command
    }

    /// Runs `cargo xtask ARGUMENTS` to its end.
    pub async fn xtask(&self, arguments: &[&str]) -> Ran {
        self.command(arguments).output().await.unwrap().into()
    }

    /// Deploys the stage `local`; gives its outputs.
    pub async fn deploy(&self) -> Value {
        let ran = self
            .xtask(&["deploy", "--stage", "local", "--empty", "--yes", "--json"])
            .await
            .expect(0);
        ran.json()["outputs"].clone()
    }
}

impl Default for Checkout {
    fn default() -> Checkout {
        Checkout::new()
    }
}

/// Nothing of a stage outlives its test, whether that failed or not.
impl Drop for Checkout {
    fn drop(&mut self) {
        let mut destroy: std::process::Command = self
            .command(&["destroy", "--stage", "local", "--yes", "--confirm", "local"])
            .into_std();
        let _ = destroy.output();
    }
}

/// Makes a directory with a link to each entry of another one, but for some.
fn link_all(from: &Path, to: &Path, stays_out: &[&str]) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().to_string_lossy().into_owned();
        if !stays_out.contains(&name.as_str()) {
            symlink(entry.path(), to.join(name)).unwrap();
        }
    }
}

/// The command line itself, built first like the functions, unless `MIYABI_XTASK` names one.
fn xtask() -> &'static Path {
    static XTASK: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let xtask = XTASK.get_or_init(|| {
        if let Some(named) = env::var_os("MIYABI_XTASK") {
            return Ok(PathBuf::from(named));
        }
        // From the whole workspace, so that it is compiled with what the tests themselves are.
        let mut what = vec!["--workspace", "--bin", "xtask"];
        if cfg!(feature = "aws") {
            what.extend(["--features", "xtask/aws"]);
        }
        cargo_build(&what)?;
        Ok(target_dir().join("debug/xtask"))
    });
    xtask.as_ref().unwrap_or_else(|error| panic!("{error}"))
}
