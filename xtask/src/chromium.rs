//! The browser of the dashboard's tests. As root on Debian it is installed when it is missing; nobody
//! else's machine is changed.

use deployer::Error;

use crate::{
    arm64::{may_install, on_path},
    checks::{self, Check, Outcome},
    context::Context,
    process::Tool,
};

/// The script that installs it from Debian's packages.
const INSTALL: &str = "xtask/tools/install-chromium.sh";
/// Its names, as tests/src/dashboard.rs looks for it.
const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// Runs the script when no browser is installed and this machine lets us; `None` when it was not run.
/// A test that then finds none fails with the command.
pub(crate) async fn install(context: &Context) -> Result<Option<Outcome>, Error> {
    let is_named = std::env::var_os("CHROMIUM").is_some();
    if is_named || NAMES.into_iter().any(|name| on_path(name).is_some()) || !may_install() {
        return Ok(None);
    }
    let check = Check {
        name: "chromium",
        title: "Installing Chromium",
        tool: Tool::new("sh", &[INSTALL]).within(context.project.root()),
    };
    Ok(Some(checks::run(context, check).await?.0))
}
