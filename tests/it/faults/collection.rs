//! Collection of what deploys leave behind: only what nothing uses, also when something comes into use
//! at that moment.

use std::time::Duration;

use deployer::{
    aws::{Aws, SPARED_FOR},
    collection::Collection,
    lease::LeaseHolder,
    target::Leases,
};
use miyabi_tests::{Emulator, Method, ScriptedStacks, json};

use super::{
    Place,
    application::{Application, version},
};

const VERSIONS: &str = "/2015-03-31/functions/miyabi-sandbox-docs/versions";

async fn collect(aws: &Aws, dry_run: bool, spare: Duration) -> Collection {
    let lease = aws.lease(&LeaseHolder::this_process("gc")).await.unwrap();
    let progress = deployer::progress::Progress::silent();
    let collected = aws.collect_older(dry_run, spare, &progress).await.unwrap();
    lease.release().await.unwrap();
    collected
}

fn versions(collection: &Collection) -> Vec<(&str, u64)> {
    let versions = collection.versions.iter();
    versions
        .map(|version| (version.function.as_str(), version.version))
        .collect()
}

fn keys(collection: &Collection) -> Vec<&str> {
    collection
        .objects
        .iter()
        .map(|object| object.key.as_str())
        .collect()
}

/// Twelve good releases: ten are kept for rollbacks. Each deploy collects the versions that it makes
/// garbage, and leaves assets that are young.
async fn twelve_releases(place: &Place, folder: &std::path::Path) -> Vec<String> {
    let mut keys = Vec::new();
    for number in 1..=12 {
        let application = Application::good(folder, &number.to_string());
        keys.push(application.docs.asset.key.clone());
        application.deploy(place).await.unwrap();
    }
    keys
}

/// Takes the oldest releases out of the stage's record, as if more had followed.
async fn forget_releases(emulator: &Emulator, place: &Place, count: usize) {
    let (account, bucket) = (&place.account, place.bucket());
    let record = emulator.get_object(account, &bucket, "state.json").await;
    let mut record = record.json();
    let releases = record["rollout"]["releases"].as_array_mut().unwrap();
    releases.drain(..count);
    emulator
        .put_object(account, &bucket, "state.json", &record.to_string())
        .await;
}

#[tokio::test]
async fn what_no_release_can_go_back_to_is_collected_and_everything_else_stays() {
    let emulator = Emulator::start().await;
    let place = Place::of_its_own(&emulator).await;
    let folder = tempfile::tempdir().unwrap();
    let all = twelve_releases(&place, folder.path()).await;
    let aws = place.open().await.unwrap();

    let spared = collect(&aws, true, SPARED_FOR).await;
    assert_eq!(keys(&spared), [""; 0], "uploaded a moment ago");
    let planned = collect(&aws, true, Duration::ZERO).await;
    assert_eq!(versions(&planned), [], "the deploys collected them");
    for (number, is_kept) in [(1, false), (2, false), (3, true)] {
        let name = format!("miyabi-sandbox-docs:{number}");
        let found = emulator.has_version(&place.account, &name).await;
        assert_eq!(found, is_kept, "{name}");
    }
    let mut expected = vec![all[0].as_str(), all[1].as_str()];
    expected.sort_unstable();
    assert_eq!(keys(&planned), expected);
    assert!(planned.bytes() > 0);
    let there = emulator
        .get_object(&place.account, &place.bucket(), &all[0])
        .await;
    assert_eq!(there.status, 200, "a dry run");

    let collected = collect(&aws, false, Duration::ZERO).await;
    assert_eq!(collected, planned);
    let again = collect(&aws, false, Duration::ZERO).await;
    assert!(again.is_empty(), "{again:?}");
    for (number, key) in all.iter().enumerate() {
        let status = emulator
            .get_object(&place.account, &place.bucket(), key)
            .await
            .status;
        assert_eq!(status == 200, number >= 2, "{number}: {status}");
    }
    // The oldest release that is remembered still can be gone back to.
    let record = emulator
        .get_object(&place.account, &place.bucket(), "state.json")
        .await
        .json();
    assert_eq!(record["rollout"]["releases"][0]["docs"]["number"], "3");
    emulator
        .function(&place.account, "miyabi-sandbox-docs:3")
        .await;
    let nine = Application::good(folder.path(), "9");
    nine.deploy(&place).await.unwrap();
    assert_eq!(version(&emulator, &place).await, "9");
}

#[tokio::test]
async fn a_version_that_comes_into_use_while_it_is_collected_is_kept_and_reported() {
    let emulator = Emulator::start().await;
    let place = Place::of_its_own(&emulator).await;
    let folder = tempfile::tempdir().unwrap();
    twelve_releases(&place, folder.path()).await;
    forget_releases(&emulator, &place, 2).await;
    let scripted = ScriptedStacks::before(&emulator, |_, _| None).await;
    let (url, account) = (emulator.url(), place.account.clone());
    // Somebody moves the alias right after the versions were listed.
    scripted.meanwhile(format!("GET {VERSIONS}"), async move {
        let client = miyabi_tests::Browser::new(url.trim_start_matches("http://").parse().unwrap());
        let request = client
            .request(Method::PUT, "/2015-03-31/functions/miyabi-sandbox-docs/aliases/live")
            .header("authorization", format!("AWS4-HMAC-SHA256 Credential={account}/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=0"))
            .json(json!({"FunctionVersion": "3"}));
        client.send(request).await.expect(200);
    });
    let aws = place.through(scripted.url()).open().await.unwrap();
    let collected = collect(&aws, false, Duration::ZERO).await;
    assert_eq!(versions(&collected), [("miyabi-sandbox-docs", 4)]);
    assert_eq!(collected.kept, ["miyabi-sandbox-docs 3"]);
    assert_eq!(version(&emulator, &place).await, "3", "it serves");
}

#[tokio::test]
async fn change_sets_of_a_plan_that_was_stopped_are_removed_when_they_are_old() {
    let place = Place::new(1404).await;
    place.deploy(&[("data", super::good(1))]).await.unwrap();
    let emulator = Emulator::shared().await;
    for name in ["miyabi-plan-stopped", "of-somebody-else"] {
        let template = super::good(2).to_string();
        let parameters = [
            ("Action", "CreateChangeSet"),
            ("StackName", "miyabi-sandbox-data"),
            ("ChangeSetName", name),
            ("ChangeSetType", "UPDATE"),
            ("TemplateBody", template.as_str()),
        ];
        emulator.cloudformation(&place.account, &parameters).await;
    }
    let aws = place.open().await.unwrap();
    let young = collect(&aws, false, SPARED_FOR).await;
    assert_eq!(young.change_sets, [""; 0], "its plan may go on");
    // Times have whole seconds.
    let collected = miyabi_tests::until(
        "the change set is old",
        Duration::from_secs(10),
        async || {
            let collected = collect(&aws, false, Duration::ZERO).await;
            (!collected.change_sets.is_empty()).then_some(collected)
        },
    )
    .await;
    assert_eq!(collected.change_sets, ["data/miyabi-plan-stopped"]);
    let list = [
        ("Action", "ListChangeSets"),
        ("StackName", "miyabi-sandbox-data"),
    ];
    let left = emulator.cloudformation(&place.account, &list).await.text();
    assert!(
        left.contains("of-somebody-else") && !left.contains("miyabi-plan-stopped"),
        "{left}"
    );
}
