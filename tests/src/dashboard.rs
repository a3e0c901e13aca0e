//! The dashboard's own tests, run by Node: the packages that a deploy installs, and a real browser.

use std::{env, path::PathBuf};

use crate::{binaries::project, tools::ToolOutput, tools::run_tool_with};

/// Names of a browser that the tests run in, in the order in which they are looked for.
const BROWSERS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// The folder of the dashboard.
fn frontend() -> PathBuf {
    project().join("frontend")
}

/// The browser that `CHROMIUM` names, else the first one of the PATH. Panics when there is none.
pub fn browser() -> PathBuf {
    if let Some(named) = env::var_os("CHROMIUM") {
        return PathBuf::from(named);
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = env::split_paths(&path).collect();
    BROWSERS
        .iter()
        .flat_map(|name| folders.iter().map(move |folder| folder.join(name)))
        .find(|program| program.is_file())
        .unwrap_or_else(|| {
            panic!("no Chromium; on Debian: `sudo sh xtask/tools/install-chromium.sh`, elsewhere name one in CHROMIUM")
        })
}

/// Runs a program of the dashboard's packages in its folder. A deploy of the checkout, or
/// `cargo xtask test dashboard`, installs them.
pub async fn run_in_frontend(
    program: &str,
    arguments: &[&str],
    variables: &[(&str, &str)],
) -> ToolOutput {
    let program = frontend().join("node_modules/.bin").join(program);
    run_tool_with(&program, arguments, &frontend(), variables).await
}
