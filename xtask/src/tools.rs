//! Tools of the tests, installed under `.miyabi/tools`: from PyPI linters, a stand-in for AWS and
//! the AWS CLI, with the versions of `xtask/tools/requirements.txt`; from npm the linters and the
//! TypeScript client of the OpenAPI document, with the lockfile of `xtask/tools/openapi`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use deployer::{Error, progress::Progress, project::Project};

use crate::process::Tool;

/// The installed tools.
#[derive(Debug, Clone)]
pub(crate) struct Tools {
    venv: PathBuf,
}

impl Tools {
    /// Installs them unless these versions are installed already.
    pub(crate) async fn installed(project: &Project, progress: &Progress) -> Result<Tools, Error> {
        let tools = Tools::from_pypi(project, progress).await?;
        from_npm(project, progress).await?;
        Ok(tools)
    }

    async fn from_pypi(project: &Project, progress: &Progress) -> Result<Tools, Error> {
        let lock = project.root().join("xtask/tools/requirements.txt");
        let hint = "Python 3 with venv is needed: `sudo apt-get install python3-venv`. See also `cargo xtask doctor`";
        let wanted = fs::read_to_string(&lock).map_err(|cause| {
            Error::failed("The list of tools cannot be read.", hint).because(cause)
        })?;
        let venv = project.miyabi().join("tools/venv");
        let stamp = venv.join("miyabi-requirements.txt");
        let tools = Tools { venv };
        if fs::read_to_string(&stamp).is_ok_and(|there| there == wanted) {
            return Ok(tools);
        }
        let step = progress.step(
            "tools",
            "Installing linters, ministack, schemathesis and the AWS CLI",
        );
        let path = |path: &Path| path.display().to_string();
        Tool::new("python3", &["-m", "venv", "--clear", &path(&tools.venv)])
            .run_well(hint)
            .await?;
        let pip = tools.program("pip");
        let arguments = [
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-deps",
            "-r",
            &path(&lock),
        ];
        Tool::new(pip, &arguments)
            .run_well("Check that the package registry of Python is reachable, then run the same command again.")
            .await?;
        fs::write(&stamp, wanted)
            .map_err(|cause| Error::failed("The tools cannot be kept.", hint).because(cause))?;
        step.done("");
        Ok(tools)
    }

    /// A program of the environment.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.venv.join("bin").join(name)
    }
}

/// Installs the packages of `xtask/tools/openapi` under `.miyabi/tools/openapi`. None of them needs
/// its install script.
async fn from_npm(project: &Project, progress: &Progress) -> Result<(), Error> {
    let hint = "Node 20 or newer with npm is needed. See also `cargo xtask doctor`";
    let from = project.root().join("xtask/tools/openapi");
    let to = project.miyabi().join("tools/openapi");
    let stamp = to.join("installed-lock.json");
    let cannot = |what: &str, cause: std::io::Error| {
        Error::failed(format!("The tools from npm cannot be {what}."), hint).because(cause)
    };
    let wanted = fs::read_to_string(from.join("package-lock.json"))
        .map_err(|cause| cannot("read", cause))?;
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    let step = progress.step("tools", "Installing the linters of the OpenAPI document");
    fs::create_dir_all(&to).map_err(|cause| cannot("kept", cause))?;
    for file in ["package.json", "package-lock.json"] {
        fs::copy(from.join(file), to.join(file)).map_err(|cause| cannot("kept", cause))?;
    }
    let arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
    Tool::new("npm", &arguments)
        .within(&to)
        .run_well(
            "Check that the package registry of npm is reachable, then run the same command again.",
        )
        .await?;
    fs::write(&stamp, wanted).map_err(|cause| cannot("kept", cause))?;
    step.done("");
    Ok(())
}
