//! What the tests for arm64 need of this machine: a compiler for arm64, and QEMU's user mode, which
//! runs what it compiles. As root on Debian they are installed; nobody else's machine is changed.

use std::{env, path::PathBuf};

use deployer::{
    Error,
    build::{self, Architecture},
};

use crate::{
    checks::{self, Check, Outcome},
    context::Context,
    process::Tool,
};

/// The script that installs both from Debian's packages.
pub(crate) const INSTALL: &str = "xtask/tools/install-arm64.sh";

/// Why no installation would help.
pub(crate) fn impossible() -> Option<&'static str> {
    let is_linux = cfg!(target_os = "linux");
    (!is_linux).then_some("QEMU's user mode, which runs programs for arm64 Linux, needs Linux.")
}

/// Runs the script when something is missing and this machine lets us; `None` when it was not run.
pub(crate) async fn install(context: &Context) -> Result<Option<Outcome>, Error> {
    if ready().is_ok() || !may_install() {
        return Ok(None);
    }
    let check = Check {
        name: "arm64 packages",
        title: "Installing a compiler and an emulator for arm64",
        tool: Tool::new("sh", &[INSTALL]).within(context.project.root()),
    };
    Ok(Some(checks::run(context, check).await?.0))
}

/// An error with the commands when something is missing.
pub(crate) fn ready() -> Result<(), Error> {
    build::can_compile_for(Architecture::Arm64)?;
    if Architecture::host() == Some(Architecture::Arm64) || emulator().is_some() {
        return Ok(());
    }
    Err(Error::failed(
        "This machine cannot run programs for arm64: QEMU's user mode is missing.",
        "On Debian or Ubuntu: `sudo apt-get install qemu-user-static`, or everything for arm64: `sudo sh xtask/tools/install-arm64.sh`",
    ))
}

/// QEMU for programs of arm64, under either of the names that distributions give it.
pub(crate) fn emulator() -> Option<PathBuf> {
    ["qemu-aarch64-static", "qemu-aarch64"]
        .into_iter()
        .find_map(on_path)
}

/// Packages are installed as root only, and only where the script knows how.
pub(crate) fn may_install() -> bool {
    rustix::process::geteuid().is_root() && on_path("apt-get").is_some()
}

/// A program of the PATH.
pub(crate) fn on_path(program: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?)
        .map(|folder| folder.join(program))
        .find(|path| path.is_file())
}
