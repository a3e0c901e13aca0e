//! `prices.yml`: what a refresh reports becomes a branch and an issue.

use std::{
    fs,
    sync::{Arc, Mutex},
};

use miyabi_tests::{Reply, Scripted, Value, expect_success, json};

use super::{Runner, script_of};

/// Runs the steps of `prices.yml` on what a refresh reported, and in front of a GitHub that has these
/// branches and issues; returns its requests and the bodies that it got.
async fn proposed(branches: Value, issues: Value) -> (Vec<String>, Vec<Value>) {
    let runner = Runner::new();
    let checkout = runner.file("checkout");
    let table = checkout.join("deployer/prices");
    fs::create_dir_all(&table).unwrap();
    fs::write(table.join("us-east-1.json"), "[\n]\n").unwrap();
    runner.reports(&json!({ "changes": [
        { "region": "us-east-1", "service": "AWSLambda", "key": "requests", "before": "0.2", "after": "0.25" }
    ]}));
    let refresh = script_of("prices.yml", "refresh", "Refresh");
    expect_success(runner.run(&refresh, &checkout, "").await);
    assert_eq!(runner.read("outputs"), "changed=true\n");
    let written: Arc<Mutex<Vec<Value>>> = Arc::default();
    let writes = written.clone();
    let github = Scripted::start(move |asked| {
        if let Ok(body) = serde_json::from_slice(&asked.body) {
            writes.lock().unwrap().push(body);
        }
        Reply::json(&match asked.what.rsplit('/').next().unwrap() {
            "prices" if asked.what.contains("matching-refs") => branches.clone(),
            "issues" if asked.what.starts_with("GET ") => issues.clone(),
            "trees" => json!({ "sha": "the tree" }),
            "commits" => json!({ "sha": "the commit" }),
            _ => json!({ "tree": { "sha": "the tree before" } }),
        })
    })
    .await;
    let propose = "Propose the prices, or update the proposal from before";
    let propose = script_of("prices.yml", "propose", propose);
    let ran = runner
        .run(&propose, runner.temp.path(), &github.origin())
        .await;
    expect_success(ran);
    let written = written.lock().unwrap().clone();
    (github.asked(), written)
}

#[tokio::test]
async fn changed_prices_are_proposed_on_a_branch_and_in_an_issue() {
    // Another branch and another issue are neither.
    let other = json!([{ "ref": "refs/heads/prices-of-others" }]);
    let issue = json!([{ "number": 1, "title": "Drift" }]);
    let (asked, written) = proposed(other, issue).await;
    insta::assert_snapshot!(asked.join("\n"), @r"
    GET /repos/example/miyabi/git/commits/0123abcd
    POST /repos/example/miyabi/git/trees
    POST /repos/example/miyabi/git/commits
    GET /repos/example/miyabi/git/matching-refs/heads/prices
    POST /repos/example/miyabi/git/refs
    GET /repos/example/miyabi/issues
    POST /repos/example/miyabi/issues
    ");
    let file = json!({"path": "deployer/prices/us-east-1.json", "mode": "100644", "type": "blob", "content": "[\n]\n"});
    assert_eq!(
        written[0],
        json!({"base_tree": "the tree before", "tree": [file]})
    );
    assert_eq!(written[1]["tree"], "the tree");
    assert_eq!(written[1]["parents"], json!(["0123abcd"]));
    assert_eq!(
        written[2],
        json!({"ref": "refs/heads/prices", "sha": "the commit", "force": true})
    );
    insta::assert_snapshot!(written[3]["body"].as_str().unwrap(), @r"
    AWS has other prices than deployer/prices:

    - us-east-1 AWSLambda requests: 0.2 -> 0.25

    The snapshots of `cost` change with them: CONTRIBUTING.md.

    The pull request: https://github.example/example/miyabi/compare/prices?expand=1
    ");
}

#[tokio::test]
async fn the_next_proposal_of_prices_replaces_the_one_before() {
    let branch = json!([{ "ref": "refs/heads/prices" }]);
    let issue = json!([{ "number": 1, "title": "Drift" }, { "number": 7, "title": "Refresh the prices of AWS" }]);
    let (asked, _) = proposed(branch, issue).await;
    for written in [
        "PATCH /repos/example/miyabi/git/refs/heads/prices",
        "PATCH /repos/example/miyabi/issues/7",
    ] {
        assert!(asked.iter().any(|asked| asked == written), "{asked:?}");
    }
}

#[tokio::test]
async fn unchanged_prices_are_not_proposed() {
    let runner = Runner::new();
    let table = runner.file("deployer/prices");
    fs::create_dir_all(&table).unwrap();
    fs::write(table.join("us-east-1.json"), "[]").unwrap();
    runner.reports(&json!({ "changes": [] }));
    let refresh = script_of("prices.yml", "refresh", "Refresh");
    expect_success(runner.run(&refresh, runner.temp.path(), "").await);
    assert_eq!(runner.read("outputs"), "changed=false\n");
}
