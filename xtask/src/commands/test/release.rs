//! The functions as Lambda gets them, for the tests: the release profile, on this machine.

use std::{
    fs, io,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use deployer::{
    Error,
    build::{self, Architecture, BuildFor},
};

use crate::context::Context;

/// The tests that send the functions what nobody who wrote them had in mind.
pub(super) const TESTS: [&str; 4] = [
    "attacks::",
    "odd_events::",
    "lambda_emulator::",
    "invocations::",
];

/// Builds the functions, and the examples that the tests run beside them, and returns a directory
/// with all of them for `MIYABI_FUNCTIONS_DIR`. `None`: this machine does not run programs for
/// Lambda.
pub(super) async fn programs(context: &Context) -> Result<Option<PathBuf>, Error> {
    let Some(host) = Architecture::host() else {
        return Ok(None);
    };
    let (project, what_for) = (&context.project, BuildFor::Lambda(host));
    let progress = context.ui.progress();
    let functions = context
        .interrupt
        .or(build::build(project, what_for, &progress))
        .await?;
    let examples = build::build_examples(project, what_for, "miyabi-core", &progress);
    let examples = context.interrupt.or(examples).await?;
    // The tests know the profile by the name of the directory.
    let folder = project.miyabi().join("tests/release");
    let functions = functions
        .into_iter()
        .map(|function| (function.asset.function, function.bootstrap));
    link(&folder, functions)
        .and_then(|()| link(&folder.join("examples"), examples))
        .map_err(|cause| {
            Error::failed(
                format!("The functions cannot be linked in {}.", folder.display()),
                "Make room on the disk, then run the same command again.",
            )
            .because(cause)
        })?;
    Ok(Some(folder))
}

/// A directory with exactly these programs, by name.
fn link(folder: &Path, programs: impl IntoIterator<Item = (String, PathBuf)>) -> io::Result<()> {
    if fs::exists(folder)? {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    for (name, program) in programs {
        symlink(program, folder.join(name))?;
    }
    Ok(())
}
