//! Tools of the tests that come from PyPI: linters, a stand-in for AWS and the AWS CLI, in a virtual
//! environment under `.miyabi/tools`, with the versions of `xtask/tools/requirements.txt`.

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
    /// Installs them when they are not there in the wanted versions.
    pub(crate) async fn installed(project: &Project, progress: &Progress) -> Result<Tools, Error> {
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
            "Installing cfn-lint, squawk, ministack and the AWS CLI",
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
