//! What is in service: when what was deployed does not answer, is not what was sent, or shall go
//! back to what it was.

use std::collections::BTreeSet;

use deployer::{plan::ResourceAction, release, target::Releases};
use miyabi_tests::{Emulator, ScriptedStacks};

use super::{
    Place,
    application::{Application, roll_back, smoke_test, version},
    approved, text,
};

#[tokio::test]
async fn fault_31_when_what_was_switched_does_not_answer_the_aliases_go_back_and_a_rerun_tries_again()
 {
    let emulator = Emulator::start().await;
    let place = Place::of_its_own(&emulator).await;
    let folder = tempfile::tempdir().unwrap();
    let (one, broken) = (
        Application::good(folder.path(), "one"),
        Application::broken(folder.path()),
    );
    one.deploy(&place).await.unwrap();
    assert_eq!(version(&emulator, &place).await, "one");

    // Twice: the second run finds the stacks as they should be, and applies again all the same.
    for _ in 0..2 {
        let error = broken.deploy(&place).await.unwrap_err();
        let told = text(&error);
        assert!(
            told.contains("Smoke test failed")
                && told.contains("The previous versions are in service again: docs 2 -> 1."),
            "{told}"
        );
        assert_eq!(error.kind().exit_code(), 1);
        assert_eq!(
            version(&emulator, &place).await,
            "one",
            "the old code answers"
        );
        let aws = place.open().await.unwrap();
        let plan = broken.plan(&place, &aws).await.unwrap();
        assert!(!plan.is_empty(), "the next plan knows: {plan:?}");
        let switched: Vec<&str> = plan
            .alias_resets
            .iter()
            .map(|reset| reset.function.as_str())
            .collect();
        assert_eq!(switched, ["docs"]);
    }

    let two = Application::good(folder.path(), "two");
    two.deploy(&place).await.unwrap();
    assert_eq!(version(&emulator, &place).await, "two");
    let (plan, _) = two.deploy(&place).await.unwrap();
    assert!(plan.is_empty(), "{plan:?}");
}

#[tokio::test]
async fn fault_31_a_first_deploy_that_does_not_answer_has_nothing_to_go_back_to_and_says_no_more() {
    let emulator = Emulator::start().await;
    let place = Place::of_its_own(&emulator).await;
    let folder = tempfile::tempdir().unwrap();
    let error = Application::broken(folder.path())
        .deploy(&place)
        .await
        .unwrap_err();
    let told = text(&error);
    assert!(
        told.contains("Smoke test failed") && !told.contains("in service again"),
        "{told}"
    );
    Application::good(folder.path(), "one")
        .deploy(&place)
        .await
        .unwrap();
    assert_eq!(version(&emulator, &place).await, "one");
}

#[tokio::test]
async fn rollback_puts_the_release_before_into_service_and_the_next_deploy_the_newest() {
    let emulator = Emulator::start().await;
    let place = Place::of_its_own(&emulator).await;
    let folder = tempfile::tempdir().unwrap();
    let error = roll_back(&place).await.unwrap_err();
    assert!(
        text(&error).contains("no earlier release"),
        "{}",
        text(&error)
    );
    for version in ["one", "two", "three"] {
        let application = Application::good(folder.path(), version);
        application.deploy(&place).await.unwrap();
    }
    let moved = roll_back(&place).await.unwrap();
    assert_eq!(release::describe(&moved), "docs 3 -> 2");
    assert_eq!(version(&emulator, &place).await, "two");
    let moved = roll_back(&place).await.unwrap();
    assert_eq!(release::describe(&moved), "docs 2 -> 1");
    assert_eq!(version(&emulator, &place).await, "one");
    roll_back(&place).await.unwrap_err();

    let three = Application::good(folder.path(), "three");
    let (plan, _) = three.deploy(&place).await.unwrap();
    assert_eq!(plan.alias_resets[0].version, "1", "{plan:?}");
    assert_eq!(version(&emulator, &place).await, "three");
    let (plan, _) = three.deploy(&place).await.unwrap();
    assert!(plan.is_empty(), "{plan:?}");
    let moved = roll_back(&place).await.unwrap();
    assert_eq!(
        release::describe(&moved),
        "docs 3 -> 1",
        "a release that was left behind is not gone back to"
    );
}

#[tokio::test]
async fn fault_26_an_alias_that_was_moved_by_hand_is_in_the_plan_and_set_back() {
    let emulator = Emulator::start().await;
    let place = Place::of_its_own(&emulator).await;
    let folder = tempfile::tempdir().unwrap();
    for version in ["one", "two"] {
        let application = Application::good(folder.path(), version);
        application.deploy(&place).await.unwrap();
    }
    // Past the deployer's record: only Lambda knows.
    let by_hand = release::AliasMove {
        function: "docs".to_owned(),
        from: "2".to_owned(),
        to: "1".to_owned(),
    };
    let aws = place.open().await.unwrap();
    aws.put_in_service(&[by_hand]).await.unwrap();
    assert_eq!(version(&emulator, &place).await, "one");

    let two = Application::good(folder.path(), "two");
    let aws = place.open().await.unwrap();
    let plan = two.plan(&place, &aws).await.unwrap();
    assert!(!plan.is_empty());
    assert_eq!(plan.alias_resets[0].version, "1", "{plan:?}");
    two.deploy(&place).await.unwrap();
    assert_eq!(version(&emulator, &place).await, "two");
    let (plan, _) = two.deploy(&place).await.unwrap();
    assert!(plan.is_empty(), "{plan:?}");
}

#[tokio::test]
async fn fault_19_code_that_was_swapped_after_its_upload_is_noticed_and_does_not_stay_in_service() {
    let emulator = Emulator::start().await;
    let place = Place::of_its_own(&emulator).await;
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (
        Application::good(folder.path(), "one"),
        Application::good(folder.path(), "two"),
    );
    one.deploy(&place).await.unwrap();
    let aws = place.open().await.unwrap();
    let mut plan = two.plan(&place, &aws).await.unwrap();
    // What lies under the key of `two` when CloudFormation reads it is not what was sent.
    plan.assets.clear();
    let other = Application::good(folder.path(), "of somebody else");
    let swapped = std::fs::read(&other.docs.asset.path).unwrap();
    emulator
        .put_object(
            &place.account,
            &place.bucket(),
            &two.docs.asset.key,
            swapped,
        )
        .await;
    let stage = place.stage();
    let applied = place.change(&aws, async |deployment| {
        deployment
            .deploy(&approved(&plan), &smoke_test(&stage))
            .await
    });
    let error = applied.await.unwrap_err();
    let told = text(&error);
    assert!(
        told.contains("The code in service of docs is not the uploaded code")
            && told.contains("docs 2 -> 1"),
        "{told}"
    );
    assert_eq!(version(&emulator, &place).await, "one");
}

#[tokio::test]
async fn a_changed_handler_is_live_and_nothing_but_it_and_its_alias_was_changed() {
    let emulator = Emulator::start().await;
    let place = Place::of_its_own(&emulator).await;
    let folder = tempfile::tempdir().unwrap();
    let one = Application::good(folder.path(), "one");
    one.deploy(&place).await.unwrap();

    let proxy = ScriptedStacks::before(&emulator, |_, _| None).await;
    let (plan, _) = one.deploy(&place.through(proxy.url())).await.unwrap();
    assert!(plan.is_empty(), "{plan:?}");
    let requests = proxy.requests();
    // One stack; who asks, the lease and its return, and the look at the bucket are counted in, and
    // where the alias of each of two functions stands, which is read at each plan.
    assert!(requests.len() <= 5 + 4 + 3, "{requests:?}");
    assert!(
        !requests
            .iter()
            .any(|request| request.starts_with("PUT") && !request.contains("lease.json")),
        "{requests:?}"
    );

    let two = Application::good(folder.path(), "two");
    let (plan, _) = two.deploy(&place).await.unwrap();
    assert_eq!(version(&emulator, &place).await, "two");
    // The emulator reports every resource of a stack as updated; the plan is what AWS goes by.
    let changed: Vec<(&str, ResourceAction)> = plan.stacks[0]
        .resources
        .iter()
        .map(|change| (change.logical_id.as_str(), change.action))
        .collect();
    let version = |of: &Application| format!("DocsVersion{}", &of.docs.asset.sha256[..12]);
    let expected = [
        ("DocsAlias", ResourceAction::Change),
        ("DocsFunction", ResourceAction::Change),
        (&version(&two), ResourceAction::Add),
        (&version(&one), ResourceAction::Remove),
    ];
    assert_eq!(
        changed.iter().collect::<BTreeSet<_>>(),
        expected.iter().collect(),
    );
    let aws = place.open().await.unwrap();
    let in_service = aws.in_service().await.unwrap();
    assert_eq!(in_service["docs"].version.number, "2");
    assert_eq!(in_service["tasks"].version.number, "1");
}
