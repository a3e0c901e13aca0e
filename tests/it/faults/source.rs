//! What a release is made of, and that the same source makes the same release.

use std::{fs, path::Path, process::Command};

use deployer::{build, project::Project, source::Source, target::Records};
use miyabi_tests::Checkout;

use super::Place;

/// Runs a program there; panics when it fails.
fn run(folder: &Path, program: &str, arguments: &[&str], variables: &[(&str, &str)]) {
    let mut command = match program {
        "cargo" => build::cargo(),
        other => Command::new(other),
    };
    let output = command
        .args(arguments)
        .envs(variables.iter().copied())
        .current_dir(folder)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {said}");
}

fn git(folder: &Path, arguments: &[&str]) {
    let who = ["-c", "user.name=a", "-c", "user.email=a@example.org"];
    run(folder, "git", &[&who[..], arguments].concat(), &[]);
}

#[test]
fn fault_29_changes_that_no_commit_has_the_lockfile_and_the_compiler_are_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let project = Project::new(folder.path());
    let read = || Source::read(&project);
    assert_eq!((read().commit, read().dirty), (None, None), "no repository");

    git(folder.path(), &["init", "--quiet"]);
    fs::write(folder.path().join("Cargo.lock"), "one").unwrap();
    fs::write(folder.path().join(".gitignore"), "/target\n").unwrap();
    assert_eq!(read().commit, None, "no commit");
    git(folder.path(), &["add", "."]);
    git(folder.path(), &["commit", "--quiet", "--message", "One"]);
    let clean = read();
    assert_eq!(clean.commit.as_ref().map(String::len), Some(40));
    assert_eq!(clean.dirty, Some(false));
    assert!(
        clean
            .rustc
            .as_ref()
            .is_some_and(|rustc| rustc.starts_with("rustc 1.")),
        "{clean:?}"
    );
    fs::write(folder.path().join("target"), "what is ignored").unwrap();
    assert_eq!(read().dirty, Some(false));

    fs::write(folder.path().join("new"), "not added").unwrap();
    assert_eq!(read().dirty, Some(true));
    fs::remove_file(folder.path().join("new")).unwrap();
    fs::write(folder.path().join("Cargo.lock"), "two").unwrap();
    let changed = read();
    assert_eq!(changed.dirty, Some(true));
    assert_eq!(changed.commit, clean.commit);
    assert_ne!(changed.lockfile, clean.lockfile);
}

#[tokio::test]
async fn fault_29_what_was_deployed_is_recorded_in_the_asset_bucket() {
    let place = Place::new(129).await;
    let aws = place.open().await.unwrap();
    assert_eq!(aws.source().await.unwrap(), None);
    let source = Source::read(&super::project());
    place
        .change(&aws, async |_| aws.record_source(&source).await)
        .await
        .unwrap();
    let anywhere_else = place.open().await.unwrap();
    assert_eq!(anywhere_else.source().await.unwrap(), Some(source));
}

#[tokio::test]
async fn fault_29_a_tree_that_no_commit_describes_is_refused_for_production_before_anything() {
    let checkout = Checkout::new();
    // Nobody listens there, so whatever goes on fails at the first call.
    let deploy = [
        "deploy",
        "--stage",
        "prod",
        "--yes",
        "--endpoint-url",
        "http://127.0.0.1:1",
    ];
    git(checkout.dir(), &["init", "--quiet"]);
    fs::write(checkout.dir().join("new"), "").unwrap();
    let refused = checkout.xtask(&deploy).await.expect(2);
    assert!(
        refused
            .stderr
            .contains("not a git repository with a commit"),
        "{refused:?}"
    );
    git(checkout.dir(), &["add", "."]);
    git(checkout.dir(), &["commit", "--quiet", "--message", "One"]);
    fs::write(checkout.dir().join("new"), "changed").unwrap();
    let refused = checkout.xtask(&deploy).await.expect(2);
    assert!(
        refused.stderr.contains("has changes that no commit has"),
        "{refused:?}"
    );
    git(
        checkout.dir(),
        &["commit", "--quiet", "--all", "--message", "Two"],
    );
    let clean = checkout.xtask(&deploy).await.expect(1);
    assert!(
        clean
            .stderr
            .contains("AWS cannot be asked whose credentials these are"),
        "{clean:?}"
    );
}

/// A program of its own, with what tells where it was compiled: the place of a panic and `file!()`.
/// All functions are built twice by `cargo xtask bench equality`.
#[test]
fn fault_30_two_builds_of_one_source_on_two_paths_are_byte_equal() {
    let workspace = fs::read_to_string(super::project().root().join("Cargo.toml")).unwrap();
    let profile = workspace.split("[profile.release]").nth(1).unwrap();
    let profile = profile.split("\n[").next().unwrap();
    let built = ["one", "another/path"].map(|path| {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join(path);
        fs::create_dir_all(root.join("src")).unwrap();
        let manifest = format!(
            "[package]\nname = \"equal\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n[profile.release]{profile}"
        );
        fs::write(root.join("Cargo.toml"), manifest).unwrap();
        fs::write(
            root.join("src/main.rs"),
            "fn main() {\n    let number: u8 = file!().parse().expect(\"a number\");\n    println!(\"{number}\");\n}\n",
        )
        .unwrap();
        let flags = build::flags_without_paths(&Project::new(&root));
        let target = root.join("target");
        let variables = [
            ("RUSTFLAGS", flags.as_str()),
            ("CARGO_TARGET_DIR", target.to_str().unwrap()),
        ];
        run(&root, "cargo", &["build", "--release", "--quiet", "--offline"], &variables);
        let binary = fs::read(target.join("release/equal")).unwrap();
        let here = folder.path().to_str().unwrap().as_bytes();
        assert!(
            !binary.windows(here.len()).any(|window| window == here),
            "the path is in the binary"
        );
        binary
    });
    assert!(built[0] == built[1], "the same source gave other bytes");
}
