//! Building the functions: one `cargo build` for all, and what comes out kept by its content.
//!
//! - `local` runs what the dev profile makes for this machine; the asset is the `bootstrap` file.
//! - `sandbox`, an emulator on this machine, gets the same in zips.
//! - An AWS stage gets zips of the release profile for its architecture, byte-equal for the same
//!   source on any path.

mod artifacts;
mod cargo;
mod linker;
mod site;
mod toolchain;

use std::{collections::BTreeMap, path::PathBuf};

pub(crate) use artifacts::hex;
pub use cargo::cargo;
pub use site::{SITE_NOT_SOURCES, build_site};
pub use toolchain::flags_without_paths;

use serde::{Deserialize, Serialize};

use crate::{Error, asset::Asset, progress::Progress, project::Project};

/// What a build is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BuildFor {
    /// This machine, dev profile.
    Local,
    /// An emulator of Lambda on this machine: dev profile, zips.
    Emulator,
    /// Lambda, release profile.
    Lambda(Architecture),
}

/// An architecture of Lambda.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Architecture {
    /// Graviton.
    #[serde(rename = "arm64")]
    Arm64,
    /// x86_64.
    #[serde(rename = "x86_64")]
    X86_64,
}

impl Architecture {
    /// Lambda's name of it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Architecture::Arm64 => "arm64",
            Architecture::X86_64 => "x86_64",
        }
    }

    /// Rust's name of the target.
    pub const fn triple(self) -> &'static str {
        match self {
            Architecture::Arm64 => "aarch64-unknown-linux-gnu",
            Architecture::X86_64 => "x86_64-unknown-linux-gnu",
        }
    }

    /// The architecture whose Lambda programs this machine links and runs by itself. None on macOS,
    /// whatever its processor: its linker writes no programs for Linux.
    pub fn host() -> Option<Architecture> {
        let is_linux = cfg!(all(target_os = "linux", target_env = "gnu"));
        Architecture::native(is_linux, std::env::consts::ARCH)
    }

    fn native(is_linux: bool, processor: &str) -> Option<Architecture> {
        match processor {
            "aarch64" if is_linux => Some(Architecture::Arm64),
            "x86_64" if is_linux => Some(Architecture::X86_64),
            _ => None,
        }
    }
}

/// A built function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BuiltFunction {
    /// The asset that templates refer to.
    #[serde(flatten)]
    pub asset: Asset,
    /// The `bootstrap` itself, also when the asset is its zip.
    pub bootstrap: PathBuf,
    /// False when an artifact of the same content was there before.
    pub changed: bool,
}

/// Builds every function of the catalogue, in the order of their names. Needs no network when the
/// crates are in cargo's cache.
pub async fn build(
    project: &Project,
    what_for: BuildFor,
    progress: &Progress,
) -> Result<Vec<BuiltFunction>, Error> {
    let step = progress.step("build", title(what_for));
    let executables = cargo::build(project, what_for, &step).await?;
    let mut index = artifacts::Index::load(project);
    let mut built = Vec::new();
    for (function, executable) in executables {
        if let BuildFor::Lambda(_) = what_for {
            toolchain::assert_glibc(&function, &executable)?;
        }
        built.push(artifacts::keep(
            project,
            &mut index,
            &function,
            &executable,
            what_for,
        )?);
    }
    index.save(project)?;
    let changed = built.iter().filter(|function| function.changed).count();
    step.done(match changed {
        0 => format!("{} functions, none changed", built.len()),
        _ => format!("{} functions, {changed} changed", built.len()),
    });
    Ok(built)
}

/// Builds the examples of a package of the workspace as [`build`] builds the functions, and returns
/// the executable of each by name. Nothing of it is kept or deployed: it is for tests of what a
/// profile does.
///
/// # Errors
///
/// As [`build`].
pub async fn build_examples(
    project: &Project,
    what_for: BuildFor,
    package: &str,
    progress: &Progress,
) -> Result<BTreeMap<String, PathBuf>, Error> {
    let step = progress.step("build", format!("Building the examples of {package}"));
    let executables = cargo::build_examples(project, what_for, package, &step).await?;
    step.done(format!("{} programs", executables.len()));
    Ok(executables)
}

/// Whether this machine can compile for `architecture`: the compiler's standard library and a linker
/// are there. The error says what is missing and has the command that installs it as its hint.
pub fn can_compile_for(architecture: Architecture) -> Result<(), Error> {
    toolchain::Toolchain::find(architecture).map(|_| ())
}

fn title(what_for: BuildFor) -> String {
    match what_for {
        BuildFor::Local | BuildFor::Emulator => "Building the functions".to_owned(),
        BuildFor::Lambda(architecture) => {
            format!(
                "Building the functions for Lambda, {}",
                architecture.as_str()
            )
        }
    }
}
