//! What somebody else does between the plan and the change.

use deployer::ErrorKind;
use miyabi_tests::{Emulator, ScriptedStacks, Value, json};

use super::{Place, good, text};

/// A stack with data, so that it is changed by a change set.
fn data(value: &str) -> Value {
    json!({"Resources": {"Data": {"Type": "AWS::S3::Bucket", "Properties": {"Tags": [{"Key": "k", "Value": value}]},
        "DeletionPolicy": "Delete", "UpdateReplacePolicy": "Delete"}}})
}

const BUSY: &str = "Stack:arn:aws:cloudformation:us-east-1:1:stack/x/1 is in UPDATE_IN_PROGRESS state and can not be updated.";

#[tokio::test]
async fn fault_35_an_update_of_somebody_else_is_not_taken_for_ours() {
    let place = Place::new(135).await;
    place.deploy(&[("data", good(1))]).await.unwrap();
    // The other's update, too, ends well.
    place.deploy(&[("data", good(3))]).await.unwrap();
    let scripted = ScriptedStacks::before(Emulator::shared().await, |action, _| {
        (action == "UpdateStack").then(|| ScriptedStacks::refusal(400, "ValidationError", BUSY))
    })
    .await;
    let error = place
        .through(scripted.url())
        .deploy(&[("data", good(5))])
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy);
    assert!(
        text(&error).contains("Somebody else changes the stack `data`"),
        "{}",
        text(&error)
    );
}

#[tokio::test]
async fn fault_35_a_change_set_that_became_obsolete_is_no_success_and_is_removed() {
    let refusals = [
        (
            "InvalidChangeSetStatus",
            "ChangeSet [x] cannot be executed in its current execution status of [OBSOLETE]",
        ),
        ("ValidationError", BUSY),
    ];
    let place = Place::new(235).await;
    place.deploy(&[("data", data("1"))]).await.unwrap();
    place.deploy(&[("data", data("2"))]).await.unwrap();
    for (code, message) in refusals {
        let scripted = ScriptedStacks::before(Emulator::shared().await, move |action, _| {
            (action == "ExecuteChangeSet").then(|| ScriptedStacks::refusal(400, code, message))
        })
        .await;
        let error = place
            .through(scripted.url())
            .deploy(&[("data", data("3"))])
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Busy);
        assert!(
            text(&error).contains("ours was not begun"),
            "{}",
            text(&error)
        );
        assert_eq!(removed(&scripted), 1, "{:?}", scripted.actions());
    }
}

fn removed(scripted: &ScriptedStacks) -> usize {
    let actions = scripted.actions();
    actions
        .iter()
        .filter(|one| *one == "DeleteChangeSet")
        .count()
}

#[tokio::test]
async fn fault_35_a_change_set_that_may_not_be_executed_is_removed() {
    let place = Place::new(335).await;
    place.deploy(&[("data", data("1"))]).await.unwrap();
    let scripted = ScriptedStacks::before(Emulator::shared().await, |action, _| {
        (action == "ExecuteChangeSet").then(|| ScriptedStacks::refusal(403, "AccessDenied", "no"))
    })
    .await;
    place
        .through(scripted.url())
        .deploy(&[("data", data("2"))])
        .await
        .unwrap_err();
    assert_eq!(removed(&scripted), 1, "{:?}", scripted.actions());
}
