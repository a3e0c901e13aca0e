//! The environment of a cargo that another cargo's program starts.

use std::env;

/// Cargo, the one that runs us, with the environment that a shell would give it.
///
/// `cargo run` and `cargo test` set variables for the program that they start: its package, its
/// `OUT_DIR`, library paths. Build scripts (ring's) declare that they read such variables, so an
/// inner cargo that inherits them rebuilds those crates, and everything above them, at each change
/// of the caller. What reaches it is therefore a list of what a build or a test may read
/// ([`is_inherited`]), not everything but a list of known offenders.
pub fn cargo() -> std::process::Command {
    let mut cargo =
        std::process::Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .env_clear()
        .envs(env::vars_os().filter(|(name, _)| name.to_str().is_some_and(is_inherited)))
        // Queries are checked against the checked-in data, whatever database the shell has set.
        .env("SQLX_OFFLINE", "true");
    cargo
}

/// Whether an inner cargo inherits the variable.
fn is_inherited(name: &str) -> bool {
    INHERITED.contains(&name)
        || INHERITED_PREFIXES
            .iter()
            .any(|prefix| name.starts_with(prefix))
}

/// Variables of the person, the machine and the compiler, by name.
const INHERITED: [&str; 34] = [
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "PATH",
    "TERM",
    "TZ",
    "LANG",
    "LANGUAGE",
    "TMPDIR",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_RUNTIME_DIR",
    "SSH_AUTH_SOCK",
    "CI",
    "NO_COLOR",
    "RUSTC",
    "RUSTC_WRAPPER",
    "RUSTFLAGS",
    "RUSTDOCFLAGS",
    "RUST_LOG",
    "RUST_BACKTRACE",
    "RUST_TEST_THREADS",
    "CARGO_HOME",
    "CARGO_INCREMENTAL",
    "CARGO_TARGET_DIR",
    "CARGO_ENCODED_RUSTFLAGS",
    "SDKROOT",
    "MACOSX_DEPLOYMENT_TARGET",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "VALKEY_SERVER",
    "MINISTACK",
    "MICROBURST",
];

/// How the names of further such variables begin. None of cargo's own for a running program
/// (<https://doc.rust-lang.org/cargo/reference/environment-variables.html>) begins like that.
const INHERITED_PREFIXES: [&str; 29] = [
    "LC_",
    "RUSTUP_",
    "CARGO_BUILD_",
    "CARGO_HTTP_",
    "CARGO_NET_",
    "CARGO_PROFILE_",
    "CARGO_REGISTRIES_",
    "CARGO_REGISTRY_",
    "CARGO_SOURCE_",
    "CARGO_TARGET_",
    "CARGO_TERM_",
    "CC",
    "CXX",
    "AR_",
    "CFLAGS",
    "CXXFLAGS",
    "PKG_CONFIG",
    "SCCACHE_",
    "AWS_",
    "MIYABI_",
    "INSTA_",
    "PIP_",
    "PYTHON",
    "NODE_",
    "NPM_",
    "npm_",
    "http",
    "HTTP",
    "no_proxy",
];

#[cfg(test)]
#[path = "environment_tests.rs"]
mod tests;
