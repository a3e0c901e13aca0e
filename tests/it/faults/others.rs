//! What somebody else does between the plan and the change.

use std::sync::{Arc, Mutex};

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

/// One event of an operation in XML.
fn event(id: &str, at: time::OffsetDateTime, status: &str, reason: &str) -> String {
    let at = at
        .format(&time::format_description::well_known::Rfc3339)
        .unwrap();
    format!(
        "<member><EventId>{id}-{status}</EventId><LogicalResourceId>{id}</LogicalResourceId><PhysicalResourceId>{id}</PhysicalResourceId>\
         <ResourceType>AWS::SNS::Topic</ResourceType><Timestamp>{at}</Timestamp><ResourceStatus>{status}</ResourceStatus>\
         <ResourceStatusReason>{reason}</ResourceStatusReason></member>"
    )
}

fn events(members: &str, next: Option<&str>) -> (u16, String) {
    let next = next.map_or(String::new(), |next| {
        format!("<NextToken>{next}</NextToken>")
    });
    let text = format!(
        "<DescribeEventsResponse xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\"><DescribeEventsResult>\
         <OperationEvents>{members}</OperationEvents>{next}</DescribeEventsResult></DescribeEventsResponse>"
    );
    (200, text)
}

#[tokio::test]
async fn fault_36_a_first_cause_that_a_large_rollback_pushed_off_the_first_page_is_told() {
    let place = Place::new(136).await;
    place.deploy(&[("data", good(1))]).await.unwrap();
    let tokens: Arc<Mutex<Vec<String>>> = Arc::default();
    let asked = tokens.clone();
    let scripted = ScriptedStacks::before(Emulator::shared().await, move |action, parameters| {
        if action != "DescribeEvents" {
            return None;
        }
        let token = parameters.get("NextToken").cloned().unwrap_or_default();
        asked.lock().unwrap().push(token.clone());
        let now = time::OffsetDateTime::now_utc();
        let before = now - time::Duration::days(1);
        Some(match token.as_str() {
            "" => events(&event("Late", now, "DELETE_COMPLETE", ""), Some("2")),
            "2" => {
                let cause = event(
                    "Widget",
                    now,
                    "CREATE_FAILED",
                    "No more widgets may be made",
                );
                let older = event("Widget", before, "UPDATE_FAILED", "Long ago");
                events(&(cause + &older), Some("3"))
            }
            _ => events("", None),
        })
    })
    .await;
    let error = place
        .through(scripted.url())
        .deploy(&[("data", super::failing(1))])
        .await
        .unwrap_err();
    let told = text(&error);
    assert!(
        told.contains("Widget (AWS::SNS::Topic): No more widgets may be made"),
        "{told}"
    );
    assert!(!told.contains("Long ago"), "{told}");
    let tokens = tokens.lock().unwrap();
    assert!(
        !tokens.contains(&"3".to_owned()),
        "nothing older than the operation is read: {tokens:?}"
    );
}

#[tokio::test]
async fn fault_36_what_validation_found_in_earlier_change_sets_is_not_told() {
    let place = Place::new(236).await;
    place.deploy(&[("data", data("1"))]).await.unwrap();
    let found = |reason: &str| {
        format!(
            "<member><EventId>{reason}</EventId><LogicalResourceId>Data</LogicalResourceId><ValidationStatus>FAILED</ValidationStatus>\
             <ValidationStatusReason>{reason}</ValidationStatusReason></member>"
        )
    };
    let scripted = ScriptedStacks::before(Emulator::shared().await, move |action, parameters| match action {
        "DescribeChangeSet" => Some((200,
            "<DescribeChangeSetResponse xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\"><DescribeChangeSetResult>\
             <Status>FAILED</Status><StatusReason>It did not pass validation</StatusReason>\
             </DescribeChangeSetResult></DescribeChangeSetResponse>".to_owned())),
        "DescribeEvents" => Some(match (parameters.contains_key("ChangeSetName"), parameters.contains_key("NextToken")) {
            (true, false) => events(&found("The tag is wrong"), Some("2")),
            (true, true) => events(&found("So is the name"), None),
            (false, _) => events(&found("Mended last week"), None),
        }),
        _ => None,
    })
    .await;
    let error = place
        .through(scripted.url())
        .deploy(&[("data", data("2"))])
        .await
        .unwrap_err();
    let told = text(&error);
    assert!(
        told.contains("Data: The tag is wrong") && told.contains("Data: So is the name"),
        "{told}"
    );
    assert!(!told.contains("Mended last week"), "{told}");
    assert_eq!(removed(&scripted), 1, "{:?}", scripted.actions());
}
