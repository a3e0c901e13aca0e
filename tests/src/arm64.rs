//! The functions for arm64 as Lambda gets them: release profile, zipped. On a machine of another
//! architecture they run under QEMU's user mode, which emulates the processor and hands system calls
//! to this machine's kernel: sockets, files and processes are the real ones.

use std::{
    env, fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use deployer::{
    build::{Architecture, BuildFor, BuiltFunction, build, build_examples},
    progress::Progress,
    project::Project,
};
use tokio::sync::OnceCell;

use crate::binaries::{folder_with, project, run_dir};

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
            for function in built {
                let program = folder.join(&function.asset.function);
                write_program(&program, &function.bootstrap);
            }
            folder
        })
        .clone()
}

/// The same with an example of `miyabi-core` as one of the functions.
pub async fn programs_for_arm64_with_example(function: &str, example: &str) -> PathBuf {
    let usual = programs_for_arm64().await;
    let what_for = BuildFor::Lambda(Architecture::Arm64);
    let project = Project::new(project());
    let examples = build_examples(&project, what_for, "miyabi-core", &Progress::silent()).await;
    let examples = examples.unwrap_or_else(|error| panic!("{error:?}"));
    let program = run_dir().join(format!("arm64-{example}"));
    write_program(&program, &examples[example]);
    folder_with(function, &program, |other| usual.join(other))
}

/// A script that runs a program for arm64. The shell becomes the emulator, so that who ends the
/// script ends the program.
fn write_program(script: &Path, program: &Path) {
    let (emulator, program) = (emulator(), program.display());
    fs::write(script, format!("#!/bin/sh\nexec {emulator}'{program}'\n")).unwrap();
    fs::set_permissions(script, fs::Permissions::from_mode(0o755)).unwrap();
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
