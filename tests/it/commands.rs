//! The command line as a machine sees it.

use std::{
    collections::BTreeMap,
    fs,
    path::PathBuf,
    time::{Duration, SystemTime},
};

use miyabi_tests::{Checkout, Ran};

#[tokio::test]
async fn with_json_every_answer_is_one_value_also_when_the_command_line_is_wrong() {
    let checkout = Checkout::new();
    let folder = checkout.dir().join("templates");
    let folder = folder.to_str().unwrap();
    let written = checkout
        .xtask(&["synth", "--stage", "dev", "--out", folder, "--json"])
        .await
        .expect(0)
        .json();
    assert_eq!(written["written"].as_array().unwrap().len(), 8, "{written}");
    let templates = checkout
        .xtask(&["synth", "--stage", "dev", "--json"])
        .await
        .expect(0)
        .json();
    assert!(templates["data"]["Resources"].is_object());
    let completions = checkout
        .xtask(&["completions", "bash", "--json"])
        .await
        .expect(0)
        .json();
    assert!(completions["script"].as_str().unwrap().contains("xtask"));
    let found = checkout.xtask(&["doctor", "--json"]).await.json();
    let names: Vec<&str> = found
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|finding| finding["name"].as_str())
        .collect();
    assert!(names.contains(&"PostgreSQL"), "{names:?}");

    let wrong = checkout.xtask(&["deploy", "--json"]).await.expect(2).json();
    assert_eq!(wrong["error"]["kind"], "usage");
    let message = wrong["error"]["message"].as_str().unwrap();
    assert!(message.contains("--stage"), "{message}");
    let unknown = checkout
        .xtask(&["plan", "--stage", "nowhere", "--offline", "--json"])
        .await
        .expect(2)
        .json();
    assert_eq!(unknown["error"]["exit_code"], 2, "{unknown}");
}

/// Runs a command whose stdout takes no byte, as on a full disk.
async fn with_full_stdout(checkout: &Checkout, arguments: &[&str]) -> Ran {
    let full = fs::OpenOptions::new().write(true).open("/dev/full");
    let mut command = checkout.command(arguments);
    let running = command.stdout(full.unwrap()).spawn().unwrap();
    running.wait_with_output().await.unwrap().into()
}

#[tokio::test]
async fn fault_44_output_that_cannot_be_written_is_a_failure() {
    let checkout = Checkout::new();
    for arguments in [
        &["synth", "--stage", "dev"][..],
        &["synth", "--stage", "dev", "--json"],
        &["completions", "bash"],
        &["help"],
        &["--version"],
        &["deploy", "--help", "--json"],
    ] {
        let ran = with_full_stdout(&checkout, arguments).await;
        assert_eq!(ran.code, 1, "{arguments:?}: {ran:?}");
    }
    let ran = with_full_stdout(&checkout, &["synth", "--stage", "dev"]).await;
    assert!(ran.stderr.contains("could not be written"), "{ran:?}");
}

#[tokio::test]
async fn fault_44_a_follower_ends_when_its_reader_is_gone() {
    let checkout = Checkout::new();
    let arguments = ["logs", "--stage", "local", "--follow"];
    let mut follower = checkout.command(&arguments).spawn().unwrap();
    // Nothing is ever written, so that only the closed pipe can end it.
    drop(follower.stdout.take());
    let ended = tokio::time::timeout(Duration::from_secs(20), follower.wait()).await;
    ended.expect("the follower ends").unwrap();
}

#[tokio::test]
async fn help_and_version_are_json_when_asked_for() {
    let checkout = Checkout::new();
    let help = checkout.xtask(&["deploy", "--help", "--json"]).await;
    let help = help.expect(0).json()["help"].as_str().unwrap().to_owned();
    assert!(help.contains("--stage <STAGE>"), "{help}");
    let version = checkout.xtask(&["--version", "--json"]).await.expect(0);
    assert_eq!(version.json()["version"], env!("CARGO_PKG_VERSION"));
}

#[tokio::test]
async fn invoke_refuses_what_it_can_see_to_be_wrong_with_a_hint_for_that_stage() {
    let checkout = Checkout::new();
    // No endpoint answers there: each of these is refused before anything is called.
    let at = ["--endpoint-url", "http://127.0.0.1:1", "--json"];
    let refused = async |arguments: &[&str]| {
        let arguments = [arguments, &at].concat();
        checkout.xtask(&arguments).await.expect(2).json()["error"].clone()
    };
    let route = ["--route", "GET /api/tasks"];
    let invoke = ["invoke", "tasks", "--stage", "sandbox"];
    let error = refused(&[&invoke[..], &route, &["--as", "alice"]].concat()).await;
    let hint = error["hint"].as_str().unwrap();
    assert!(
        hint.contains("--header") && !hint.contains("local"),
        "{error}"
    );
    let error = refused(&[&invoke[..], &["--route", "PUT /nowhere"]].concat()).await;
    assert!(
        error["message"].as_str().unwrap().contains("no route"),
        "{error}"
    );
    let error = refused(&[&invoke[..], &route, &["--header", "nonsense"]].concat()).await;
    assert!(
        error["message"].as_str().unwrap().contains("header"),
        "{error}"
    );
    let error = refused(&[&invoke[..], &["--event", "/nowhere.json"]].concat()).await;
    assert!(
        error["message"].as_str().unwrap().contains("/nowhere.json"),
        "{error}"
    );
    let error = refused(&["logs", "taks", "--stage", "sandbox"]).await;
    assert!(
        error["hint"].as_str().unwrap().contains("`tasks`"),
        "{error}"
    );
}

/// The compiled crates with their times: what a build that compiles nothing leaves as it is.
fn compiled(crate_name: &str) -> BTreeMap<PathBuf, SystemTime> {
    let prefix = format!("lib{crate_name}-");
    let program = std::env::current_exe().unwrap();
    let entries = fs::read_dir(program.parent().unwrap()).unwrap().flatten();
    let found = entries
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(&prefix))
        .map(|entry| (entry.path(), entry.metadata().unwrap().modified().unwrap()))
        .collect::<BTreeMap<_, _>>();
    assert!(!found.is_empty(), "{crate_name} is not compiled here");
    found
}

#[tokio::test]
async fn an_inner_build_compiles_nothing_again_whatever_cargo_has_set_for_its_caller() {
    let checkout = Checkout::new();
    let build = ["build", "--stage", "local", "--json"];
    checkout.xtask(&build).await.expect(0);
    let before = (compiled("ring"), compiled("miyabi_core"));
    // As `cargo run` sets them for a package with a build script.
    let mut again = checkout.command(&build);
    again
        .env("OUT_DIR", checkout.dir().join("out"))
        .env("CARGO_PKG_NAME", "another")
        .env("CARGO_MANIFEST_DIR", checkout.dir())
        .env("CARGO_MANIFEST_LINKS", "another");
    Ran::from(again.output().await.unwrap()).expect(0);
    assert_eq!((compiled("ring"), compiled("miyabi_core")), before);
}

#[tokio::test]
async fn cost_answers_without_an_account_and_its_exit_code_follows_the_budget() {
    let checkout = Checkout::new();
    let cost = async |arguments: &[&str]| checkout.xtask(&[&["cost"], arguments].concat()).await;
    let prod = ["--stage", "prod", "--requests", "1M", "--json"];
    let estimate = cost(&prod).await.expect(0).json();
    assert_eq!(estimate["traffic"]["requests"], 1_000_000, "{estimate}");
    assert!(
        estimate["lines"].as_array().unwrap().len() > 40,
        "{estimate}"
    );
    cost(&["--stage", "prod", "--check"]).await.expect(0);
    let over = cost(&["--stage", "prod", "--requests", "1G", "--check", "--json"]).await;
    assert!(over.expect(1).json()["over_budget"].is_string());
    let scales = cost(&["--stage", "prod", "--scale", "--json"])
        .await
        .expect(0)
        .json();
    assert_eq!(scales["scales"][2]["document"], "2250");
    let pair = cost(&["--compare", "prod", "staging", "--json"])
        .await
        .expect(0)
        .json();
    assert_eq!(pair["stages"][1]["stage"], "staging");
    // `local` costs nothing at AWS, and no budget is needed to say so.
    let local = cost(&["--stage", "local", "--check"]).await.expect(0);
    assert!(local.stdout.contains("costs nothing"), "{local:?}");

    for (arguments, message) in [
        (
            &["--stage", "prod", "--requests", "1X"][..],
            "`1X` is not a number",
        ),
        (
            &["--stage", "prod", "--users", "-3"],
            "`-3` is not a number of requests or users: it is negative",
        ),
        (
            &["--stage", "prod", "--requests", "--check"],
            "`--check` is not a number of requests or users: only digits",
        ),
        (&["--stage", "sandbox", "--check"], "has no budget"),
        (&["--compare", "prod", "prd"], "There is no stage `prd`"),
        (&[], "--stage"),
    ] {
        let refused = cost(arguments).await.expect(2);
        assert!(
            refused.stderr.contains(message),
            "{arguments:?}: {refused:?}"
        );
    }
}
