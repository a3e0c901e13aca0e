//! The functions for arm64 as Lambda gets them: release profile, zipped. On a machine of another
//! architecture they run under QEMU's user mode, which emulates the processor and hands system calls
//! to this machine's kernel: sockets, files and processes are the real ones.

use std::{env, fs, os::unix::fs::PermissionsExt, path::PathBuf, sync::OnceLock};

use deployer::{
    build::{Architecture, BuildFor, BuiltFunction, build},
    progress::Progress,
    project::Project,
};
use tokio::sync::OnceCell;

use crate::binaries::{project, run_dir};

/// Names of QEMU's user mode for arm64, as distributions call it.
const EMULATORS: [&str; 2] = ["qemu-aarch64-static", "qemu-aarch64"];

/// Where Debian's cross packages put the loader and C library of arm64.
const CROSS_LIBRARIES: &str = "/usr/aarch64-linux-gnu";

/// Every function, built for arm64 once for a run of the tests. Minutes when nothing was built
/// before.
pub async fn for_arm64() -> &'static [BuiltFunction] {
    // A failure is kept, too: the next test need not try again.
    static BUILT: OnceCell<Result<Vec<BuiltFunction>, String>> = OnceCell::const_new();
    let built = BUILT
        .get_or_init(|| async {
            let what_for = BuildFor::Lambda(Architecture::Arm64);
            build(&Project::new(project()), what_for, &Progress::silent())
                .await
                .map_err(|error| format!("{error:?}"))
        })
        .await;
    built.as_ref().unwrap_or_else(|error| panic!("{error}"))
}

/// A directory with a program for each function that runs its arm64 `bootstrap` on this machine:
/// for [`crate::Setup::programs`].
pub async fn programs_for_arm64() -> PathBuf {
    static PROGRAMS: OnceLock<PathBuf> = OnceLock::new();
    let built = for_arm64().await;
    PROGRAMS
        .get_or_init(|| {
            let folder = run_dir().join("arm64");
            fs::create_dir_all(&folder).unwrap();
            let emulator = emulator();
            for function in built {
                let program = folder.join(&function.asset.function);
                let bootstrap = function.bootstrap.display();
                // The shell becomes the emulator, so that who ends the program ends the function.
                fs::write(
                    &program,
                    format!("#!/bin/sh\nexec {emulator}'{bootstrap}'\n"),
                )
                .unwrap();
                fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
            }
            folder
        })
        .clone()
}

/// The beginning of a command that runs an arm64 program; empty on arm64.
fn emulator() -> String {
    if Architecture::host() == Some(Architecture::Arm64) {
        return String::new();
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let emulator = env::split_paths(&path)
        .flat_map(|folder| EMULATORS.map(|name| folder.join(name)))
        .find(|program| program.is_file())
        .unwrap_or_else(|| {
            panic!("No QEMU for arm64 programs: `sudo sh xtask/tools/install-arm64.sh`")
        });
    // Debian's multiarch libraries are found at their own paths, without a prefix.
    let prefix = if fs::exists(CROSS_LIBRARIES).unwrap() {
        format!("-L {CROSS_LIBRARIES} ")
    } else {
        String::new()
    };
    format!("'{}' {prefix}", emulator.display())
}
