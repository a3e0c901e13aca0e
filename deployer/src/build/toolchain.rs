//! What is needed to compile for Lambda, and what to do when it is missing.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::Command,
};

use super::{
    Architecture,
    linker::{self, Linker},
};
use crate::{Error, project::Project};

/// The newest glibc symbol version that `provided.al2023` has.
pub(super) const NEWEST_GLIBC_MINOR: u32 = 34;

/// Flags that keep this machine's paths out of the binaries, so that the same source gives the same
/// bytes on any path: for `RUSTFLAGS`.
pub fn flags_without_paths(project: &Project) -> String {
    let cargo_home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::home_dir().map(|home| home.join(".cargo")))
        .unwrap_or_default();
    format!(
        "--remap-path-prefix={}=/miyabi --remap-path-prefix={}=/cargo",
        project.root().display(),
        cargo_home.display()
    )
}

/// What compiles for an architecture.
pub(super) struct Toolchain {
    architecture: Architecture,
    /// Another compiler than the default one.
    rustc: Option<PathBuf>,
    /// `None`: this machine's own.
    linker: Option<Linker>,
}

impl Toolchain {
    /// What this machine has for `architecture`; an error with the exact commands when it lacks
    /// something.
    pub(super) fn find(architecture: Architecture) -> Result<Toolchain, Error> {
        let Some(rustc) = rustc_with(architecture.triple()) else {
            return Err(missing(architecture, "Rust's standard library for it"));
        };
        let linker = if Architecture::host() == Some(architecture) {
            None
        } else {
            let path = std::env::var_os("PATH").unwrap_or_default();
            let Some(linker) = linker::find(architecture, &path) else {
                let what = format!("a linker, `{}-gcc` or `zig`,", linker::gcc(architecture));
                return Err(missing(architecture, &what));
            };
            Some(linker)
        };
        Ok(Toolchain {
            architecture,
            rustc,
            linker,
        })
    }

    /// Variables with which cargo uses it. Programs that it needs are written into `folder`.
    pub(super) fn environment(&self, folder: &Path) -> Result<Vec<(String, OsString)>, Error> {
        let mut variables = Vec::new();
        if let Some(rustc) = &self.rustc {
            variables.push(("RUSTC".to_owned(), rustc.clone().into_os_string()));
            // Debian's compiler is older than the one the workspace asks for.
            variables.push((
                "CARGO_RESOLVER_INCOMPATIBLE_RUST_VERSIONS".to_owned(),
                "allow".into(),
            ));
        }
        if let Some(linker) = &self.linker {
            let of_linker = linker.environment(self.architecture, folder);
            variables.extend(of_linker.map_err(|cause| {
                Error::failed(
                    format!(
                        "The files for zig cannot be written to {}.",
                        folder.display()
                    ),
                    "Make room on the disk, then run the same command again.",
                )
                .because(cause)
            })?);
        }
        Ok(variables)
    }
}

/// A compiler that has the standard library of `triple`: `Some(None)` is the default one.
fn rustc_with(triple: &str) -> Option<Option<PathBuf>> {
    let has = |rustc: &Path| {
        let output = Command::new(rustc)
            .args(["--print", "target-libdir", "--target", triple])
            .output()
            .ok()?;
        let folder = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim());
        let mut files = std::fs::read_dir(folder).ok()?;
        files
            .any(|file| {
                file.is_ok_and(|file| file.file_name().to_string_lossy().starts_with("libstd-"))
            })
            .then_some(())
    };
    if has(Path::new("rustc")).is_some() {
        return Some(None);
    }
    let debian = PathBuf::from("/usr/bin/rustc");
    has(&debian).map(|()| Some(debian))
}

fn missing(architecture: Architecture, what: &str) -> Error {
    let path = std::env::var_os("PATH").unwrap_or_default();
    Error::failed(
        format!(
            "This machine cannot compile for {}: {what} is missing.",
            architecture.as_str()
        ),
        hint(
            architecture,
            cfg!(target_os = "macos"),
            linker::on(&path, "rustup").is_some(),
        ),
    )
}

/// The commands that install a compiler and a linker.
fn hint(architecture: Architecture, is_mac: bool, has_rustup: bool) -> &'static str {
    match (architecture, is_mac, has_rustup) {
        (Architecture::Arm64, true, _) => {
            "On macOS: `rustup target add aarch64-unknown-linux-gnu && brew install zig`"
        }
        (Architecture::X86_64, true, _) => {
            "On macOS: `rustup target add x86_64-unknown-linux-gnu && brew install zig`"
        }
        (Architecture::Arm64, false, true) => {
            "With rustup: `rustup target add aarch64-unknown-linux-gnu && sudo apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross`; \
             on Debian also without it: `sudo sh xtask/tools/install-arm64.sh`; \
             any `zig` on the PATH does in place of the linker. \
             Or build for this machine's architecture: `cargo xtask build --stage dev --arch x86_64`"
        }
        (Architecture::Arm64, false, false) => {
            "On Debian: `sudo sh xtask/tools/install-arm64.sh`. Or build for this machine's architecture: `cargo xtask build --stage dev --arch x86_64`"
        }
        (Architecture::X86_64, false, _) => {
            "`rustup target add x86_64-unknown-linux-gnu && sudo apt-get install gcc-x86-64-linux-gnu`"
        }
    }
}

/// Refuses a binary that asks for a newer C library than Lambda has: it would fail at its start,
/// there, with a message that nobody sees.
pub(super) fn assert_glibc(function: &str, executable: &Path) -> Result<(), Error> {
    let bytes = std::fs::read(executable).map_err(|cause| {
        Error::failed(
            format!(
                "The binary of `{function}`, {}, cannot be read.",
                executable.display()
            ),
            "Run the same command again.",
        )
        .because(cause)
    })?;
    match newest_glibc_minor(&bytes) {
        Some(minor) if minor > NEWEST_GLIBC_MINOR => Err(Error::failed(
            format!(
                "The binary of `{function}` needs glibc 2.{minor}; `provided.al2023` has 2.{NEWEST_GLIBC_MINOR}."
            ),
            "Build on a system with an older C library (Debian 12 or Amazon Linux 2023), or in CI.",
        )),
        _ => Ok(()),
    }
}

/// The highest `n` of the symbol versions `GLIBC_2.n` in a binary.
fn newest_glibc_minor(bytes: &[u8]) -> Option<u32> {
    const PREFIX: &[u8] = b"GLIBC_2.";
    bytes
        .windows(PREFIX.len())
        .enumerate()
        .filter(|(_, window)| *window == PREFIX)
        .filter_map(|(at, _)| {
            let digits = bytes[at + PREFIX.len()..]
                .iter()
                .take_while(|byte| byte.is_ascii_digit());
            let digits: Vec<u8> = digits.copied().collect();
            String::from_utf8(digits).ok()?.parse().ok()
        })
        .max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_symbol_version_is_found() {
        assert_eq!(
            newest_glibc_minor(b"\0GLIBC_2.2.5\0GLIBC_2.34\0GLIBC_2.17\0"),
            Some(34)
        );
        assert_eq!(newest_glibc_minor(b"static"), None);
    }

    #[test]
    fn a_mac_needs_a_linker_for_its_own_processor_too_and_learns_how_to_get_one() {
        for (processor, architecture) in [
            ("aarch64", Architecture::Arm64),
            ("x86_64", Architecture::X86_64),
        ] {
            assert_eq!(
                Architecture::native(true, processor),
                Some(architecture),
                "Linux"
            );
            assert_eq!(Architecture::native(false, processor), None, "macOS");
            let hint = hint(architecture, true, true);
            assert!(hint.contains("brew install zig"), "{hint}");
            assert!(hint.contains(architecture.triple()), "{hint}");
            assert!(!hint.contains("apt-get"), "{hint}");
        }
    }

    #[test]
    fn a_binary_that_needs_a_newer_libc_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tasks");
        std::fs::write(&path, b"\0GLIBC_2.39\0").unwrap();
        let error = assert_glibc("tasks", &path).unwrap_err();
        assert_eq!(
            error.message(),
            "The binary of `tasks` needs glibc 2.39; `provided.al2023` has 2.34."
        );
        std::fs::write(&path, b"\0GLIBC_2.34\0").unwrap();
        assert_glibc("tasks", &path).unwrap();
    }
}
