//! Linkers for another architecture than this machine's: zig, which brings every C library with it
//! and links against the one of the runtime whatever this system has, or the cross compiler of the
//! distribution.

use std::{
    ffi::{OsStr, OsString},
    fs, io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use super::{Architecture, toolchain::NEWEST_GLIBC_MINOR};

/// A C compiler that links for an architecture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Linker {
    /// zig, at that path.
    Zig(PathBuf),
    /// GCC, by the prefix of its programs: `aarch64-linux-gnu`.
    Gcc(&'static str),
}

/// Prefix of the programs of a distribution's cross compiler.
pub(super) const fn gcc(architecture: Architecture) -> &'static str {
    match architecture {
        Architecture::Arm64 => "aarch64-linux-gnu",
        Architecture::X86_64 => "x86_64-linux-gnu",
    }
}

/// The first linker on that `PATH`: zig, then GCC.
pub(super) fn find(architecture: Architecture, path: &OsStr) -> Option<Linker> {
    if let Some(zig) = on(path, "zig") {
        return Some(Linker::Zig(zig));
    }
    let tools = gcc(architecture);
    on(path, &format!("{tools}-gcc")).map(|_| Linker::Gcc(tools))
}

/// The program of that name on a `PATH`.
pub(super) fn on(path: &OsStr, program: &str) -> Option<PathBuf> {
    std::env::split_paths(path)
        .map(|folder| folder.join(program))
        .find(|path| path.is_file())
}

impl Linker {
    /// Variables with which cargo, and the C compiler that build scripts call, use it. What zig needs
    /// is written into `folder`.
    pub(super) fn environment(
        &self,
        architecture: Architecture,
        folder: &Path,
    ) -> io::Result<Vec<(String, OsString)>> {
        let (compiler, archiver): (OsString, OsString) = match self {
            Linker::Gcc(tools) => (format!("{tools}-gcc").into(), format!("{tools}-ar").into()),
            Linker::Zig(zig) => {
                fs::create_dir_all(folder)?;
                let name = architecture.as_str();
                let (compiler, archiver) =
                    (folder.join(format!("zig-cc-{name}")), folder.join("zig-ar"));
                write(&compiler, &zig_cc(zig, architecture))?;
                write(
                    &archiver,
                    &format!("#!/bin/sh\nexec {} ar \"$@\"\n", quoted(zig)),
                )?;
                (compiler.into(), archiver.into())
            }
        };
        let triple = architecture.triple().replace('-', "_");
        Ok(vec![
            (
                format!("CARGO_TARGET_{}_LINKER", triple.to_uppercase()),
                compiler.clone(),
            ),
            (format!("CC_{triple}"), compiler),
            (format!("AR_{triple}"), archiver),
        ])
    }
}

/// A C compiler that is zig for the runtime's C library. zig has its own names of targets and no
/// libgcc: those of rustc and of build scripts are taken out or replaced.
fn zig_cc(zig: &Path, architecture: Architecture) -> String {
    let machine = match architecture {
        Architecture::Arm64 => "aarch64",
        Architecture::X86_64 => "x86_64",
    };
    format!(
        r#"#!/bin/sh
# Made by the build of the functions for Lambda.
left=$#
while [ "$left" -gt 0 ]; do
  argument=$1
  shift
  left=$((left - 1))
  case $argument in
    --target=*) ;;
    -lgcc_s | -lgcc_eh) set -- "$@" -lunwind ;;
    -lgcc) ;;
    *) set -- "$@" "$argument" ;;
  esac
done
exec {} cc -target {machine}-linux-gnu.2.{NEWEST_GLIBC_MINOR} "$@"
"#,
        quoted(zig)
    )
}

fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}

/// Writes a program, when it is not there already: cargo would link again.
fn write(path: &Path, text: &str) -> io::Result<()> {
    if fs::read_to_string(path).is_ok_and(|there| there == text) {
        return Ok(());
    }
    fs::write(path, text)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// A folder with programs that write down what they are called with.
    fn programs(names: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            let path = folder.path().join(name);
            write(&path, "#!/bin/sh\necho \"$@\"\n").unwrap();
        }
        folder
    }

    #[test]
    fn zig_is_taken_before_the_cross_compiler_and_nothing_is_made_up() {
        let both = programs(&["zig", "aarch64-linux-gnu-gcc"]);
        let found = find(Architecture::Arm64, both.path().as_os_str());
        assert_eq!(found, Some(Linker::Zig(both.path().join("zig"))));
        let gcc = programs(&["aarch64-linux-gnu-gcc"]);
        let found = |architecture| find(architecture, gcc.path().as_os_str());
        assert_eq!(
            found(Architecture::Arm64),
            Some(Linker::Gcc("aarch64-linux-gnu"))
        );
        assert_eq!(found(Architecture::X86_64), None);
        assert_eq!(find(Architecture::Arm64, OsStr::new("")), None);
    }

    #[test]
    fn zig_links_for_the_runtimes_c_library_whatever_rustc_says() {
        let programs = programs(&["zig"]);
        let folder = tempfile::tempdir().unwrap();
        let linker = Linker::Zig(programs.path().join("zig"));
        let variables = linker
            .environment(Architecture::Arm64, folder.path())
            .unwrap();
        let names: Vec<&str> = variables.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(
            names,
            [
                "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER",
                "CC_aarch64_unknown_linux_gnu",
                "AR_aarch64_unknown_linux_gnu"
            ]
        );
        let said = |program: &OsStr, arguments: &[&str]| {
            let output = Command::new(program).args(arguments).output().unwrap();
            String::from_utf8(output.stdout).unwrap()
        };
        let arguments = [
            "--target=aarch64-unknown-linux-gnu",
            "a b.o",
            "-lgcc_s",
            "-lc",
        ];
        assert_eq!(
            said(&variables[0].1, &arguments),
            "cc -target aarch64-linux-gnu.2.34 a b.o -lunwind -lc\n"
        );
        assert_eq!(said(&variables[2].1, &["cr", "x.a"]), "ar cr x.a\n");
    }
}
