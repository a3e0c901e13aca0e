//! What is in service: when what was deployed does not answer, is not what was sent, or shall go
//! back to what it was.

use deployer::{
    lock::Holder,
    rollout::{self, Moved},
    target::Target,
};
use miyabi_tests::Emulator;

use super::{
    Place,
    application::{Application, apply, health},
    text,
};

async fn version(emulator: &Emulator, place: &Place) -> String {
    health(emulator, place).await.expect(200)["version"]
        .as_str()
        .unwrap()
        .to_owned()
}

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
            told.contains("does not answer as it should")
                && told.contains("The versions before are in service again: docs 2 -> 1."),
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
            .switch
            .iter()
            .map(|switch| switch.function.as_str())
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
        told.contains("does not answer as it should") && !told.contains("in service again"),
        "{told}"
    );
    Application::good(folder.path(), "one")
        .deploy(&place)
        .await
        .unwrap();
    assert_eq!(version(&emulator, &place).await, "one");
}

async fn roll_back(place: &Place) -> Result<Vec<Moved>, deployer::Error> {
    let aws = place.open().await?;
    let lease = aws.lock(&Holder::this_process("rollback")).await?;
    let moved = rollout::roll_back(&aws, &place.progress()).await;
    aws.unlock(lease).await?;
    moved
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
    assert_eq!(rollout::told(&moved), "docs 3 -> 2");
    assert_eq!(version(&emulator, &place).await, "two");
    let moved = roll_back(&place).await.unwrap();
    assert_eq!(rollout::told(&moved), "docs 2 -> 1");
    assert_eq!(version(&emulator, &place).await, "one");
    roll_back(&place).await.unwrap_err();

    let three = Application::good(folder.path(), "three");
    let (plan, _) = three.deploy(&place).await.unwrap();
    assert_eq!(plan.switch[0].version, "1", "{plan:?}");
    assert_eq!(version(&emulator, &place).await, "three");
    let (plan, _) = three.deploy(&place).await.unwrap();
    assert!(plan.is_empty(), "{plan:?}");
    let moved = roll_back(&place).await.unwrap();
    assert_eq!(
        rollout::told(&moved),
        "docs 3 -> 1",
        "a release that was left behind is not gone back to"
    );
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
    let lease = aws.lock(&Holder::this_process("deploy")).await.unwrap();
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
    let error = apply(&place, &aws, &plan).await.unwrap_err();
    aws.unlock(lease).await.unwrap();
    let told = text(&error);
    assert!(
        told.contains("The code in service of docs is not what was uploaded")
            && told.contains("docs 2 -> 1"),
        "{told}"
    );
    assert_eq!(version(&emulator, &place).await, "one");
}
