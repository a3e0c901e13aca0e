//! The stage `local` with `cache: true`, by the command, on a machine without Valkey and Redis: the
//! stage brings its own, which answers as ElastiCache Serverless does, by TLS and in cluster mode.

use std::{
    env, fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    time::Duration,
};

use miyabi_tests::{Browser, Checkout, Method, Ran, until};

use crate::local_stage::{address, as_person, sign_in};

/// The PATH of this machine without a server of that kind: a directory of links to its programs.
fn path_without_valkey(checkout: &Checkout) -> PathBuf {
    let programs = checkout.dir().join("programs");
    fs::create_dir(&programs).unwrap();
    for dir in env::split_paths(&env::var_os("PATH").unwrap()) {
        for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
            let name = entry.file_name();
            // The first one on the PATH counts.
            if name != "valkey-server" && name != "redis-server" {
                let _ = symlink(entry.path(), programs.join(name));
            }
        }
    }
    programs
}

/// Whether a file below the directory has the text.
fn holds(dir: &Path, text: &str) -> bool {
    fs::read_dir(dir)
        .into_iter()
        .flatten()
        .flatten()
        .any(|entry| {
            let path = entry.path();
            if path.is_dir() {
                return holds(&path, text);
            }
            let content = fs::read(&path).unwrap_or_default();
            content
                .windows(text.len())
                .any(|part| part == text.as_bytes())
        })
}

#[tokio::test]
async fn a_stage_with_a_cache_brings_its_own_and_a_signed_in_request_is_200() {
    let checkout = Checkout::new();
    let real = Path::new(env!("CARGO_MANIFEST_DIR")).join("../stacks/stages/local.yaml");
    let stage = fs::read_to_string(real).unwrap();
    checkout.write_stage("local", &format!("{stage}\ncache: true\n"));
    let path = path_without_valkey(&checkout);
    let xtask = async |arguments: &[&str]| -> Ran {
        let mut command = checkout.command(arguments);
        command.env("PATH", &path).env_remove("VALKEY_SERVER");
        command.output().await.unwrap().into()
    };
    let deploy = ["deploy", "--stage", "local", "--empty", "--yes", "--json"];
    let outputs = xtask(&deploy).await.expect(0).json()["outputs"].clone();

    let site = Browser::new(address(&outputs["siteUrl"]));
    let token = sign_in(&site, "alice").await;
    let tasks = async || as_person(&site, &token, Method::GET, "/api/tasks").await;
    tasks().await.expect(200);
    let status = xtask(&["status", "--stage", "local", "--json"]).await;
    let status = status.expect(0).stdout;
    assert!(status.contains("by TLS, pid"), "{status}");
    let installed = checkout.dir().join(".miyabi/cache/valkey");
    assert!(installed.is_dir(), "the PATH has a Valkey or Redis left");

    // The functions use it: a withdrawal is written there.
    let csrf = site.cookie("__Host-csrf").unwrap();
    let sign_out = site
        .request(Method::POST, "/api/auth/logout")
        .header("x-csrf-token", csrf);
    assert_eq!(site.send(sign_out).await.status, 204);
    tasks().await.problem(401, "unauthenticated");
    let caches = checkout.stage_dir().join("caches");
    until(
        "the cache keeps the withdrawal",
        Duration::from_secs(10),
        async || holds(&caches, "{miyabi:local}:withdrawn:").then_some(()),
    )
    .await;

    let again = xtask(&deploy).await.expect(0).json();
    assert_eq!(again["result"], "unchanged", "{again}");
}
