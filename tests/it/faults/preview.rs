//! What CloudFormation is asked about a plan.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use deployer::{
    ErrorKind,
    plan::{Plan, ResourceAction, RiskKind, StackPlan},
    target::{Preview, Records},
};
use miyabi_tests::{Emulator, ScriptedStacks, Value, json};

use super::{Place, approved, good, plan, text};

/// An answer about a change set.
fn change_set(body: &str) -> (u16, String) {
    let text = format!(
        "<DescribeChangeSetResponse xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\"><DescribeChangeSetResult>{body}\
         </DescribeChangeSetResult></DescribeChangeSetResponse>"
    );
    (200, text)
}

#[tokio::test]
async fn change_sets_of_a_plan_are_made_at_once_under_names_of_their_own_and_removed() {
    let place = Place::new(501).await;
    let stacks = |number| [("api", good(number)), ("data", good(number))];
    place.deploy(&stacks(1)).await.unwrap();

    let names: Arc<Mutex<Vec<String>>> = Arc::default();
    let seen = names.clone();
    let scripted = ScriptedStacks::before(Emulator::shared().await, move |action, parameters| {
        let mut seen = seen.lock().unwrap();
        if action == "CreateChangeSet" {
            seen.push(parameters["ChangeSetName"].clone());
        }
        // None is ready before all are asked for: one after the other would wait for ever.
        (action == "DescribeChangeSet" && seen.len() < 4)
            .then(|| change_set("<Status>CREATE_IN_PROGRESS</Status>"))
    })
    .await;
    let through = place.through(scripted.url());
    let (first, second) = (through.open().await.unwrap(), through.open().await.unwrap());
    let wanted = plan(&first, &stacks(2)).await.unwrap();
    let progress = through.progress();
    let both = async {
        tokio::join!(
            first.preview_changes(wanted.clone(), |_| true, &progress),
            second.preview_changes(wanted.clone(), |_| true, &progress)
        )
    };
    let (one, other) = tokio::time::timeout(Duration::from_secs(120), both)
        .await
        .expect("they are asked for at the same time");
    let (previewed, stacks) = one.unwrap();
    assert_eq!(stacks, ["api", "data"]);
    assert_eq!(previewed, wanted, "the emulator says what the schemas say");
    assert_eq!(other.unwrap().1, ["api", "data"]);

    let names = names.lock().unwrap().clone();
    let distinct: BTreeSet<&String> = names.iter().collect();
    assert_eq!((names.len(), distinct.len()), (4, 4), "{names:?}");
    let actions = scripted.actions();
    let count = |name: &str| actions.iter().filter(|action| *action == name).count();
    assert_eq!(
        (count("DeleteChangeSet"), count("ExecuteChangeSet")),
        (4, 0),
        "{actions:?}"
    );
}

#[tokio::test]
async fn what_only_cloudformation_knows_is_in_the_plan_and_what_it_refuses_ends_it() {
    let place = Place::new(502).await;
    place.deploy(&[("data", good(1))]).await.unwrap();
    let emulator = Emulator::shared().await;
    let preview = async |body: &'static str| {
        let scripted = ScriptedStacks::before(emulator, move |action, _| {
            (action == "DescribeChangeSet").then(|| change_set(body))
        })
        .await;
        let through = place.through(scripted.url());
        let aws = through.open().await.unwrap();
        let wanted = plan(&aws, &[("data", good(2))]).await.unwrap();
        aws.preview_changes(wanted, |_| true, &through.progress())
            .await
    };
    let replaced = "<Status>CREATE_COMPLETE</Status><Changes><member><Type>Resource</Type><ResourceChange><Action>Modify</Action>\
        <LogicalResourceId>Topic</LogicalResourceId><ResourceType>AWS::SNS::Topic</ResourceType><Replacement>True</Replacement>\
        <Details><member><Target><Attribute>Properties</Attribute><Name>DisplayName</Name><RequiresRecreation>Always</RequiresRecreation>\
        </Target></member></Details></ResourceChange></member></Changes>";
    let (previewed, _) = preview(replaced).await.unwrap();
    let topic = &previewed.stacks[0].resources[0];
    assert_eq!(
        (topic.action, topic.causes[0].effect),
        (ResourceAction::Replace, ResourceAction::Replace),
        "{topic:?}"
    );

    let refused =
        "<Status>FAILED</Status><StatusReason>Properties validation failed</StatusReason>";
    let error = preview(refused).await.unwrap_err();
    let told = text(&error);
    assert!(
        told.contains("CloudFormation refuses the change of the stack `data`")
            && told.contains("Properties validation failed"),
        "{told}"
    );
}

/// A bucket that holds data, with a tag that is changed in place as far as the schemas know.
fn files(number: u32) -> Value {
    json!({"Resources": {"Files": {
        "Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain",
        "Properties": {"Tags": [{"Key": "number", "Value": number.to_string()}]}
    }}})
}

#[tokio::test]
async fn fault_27_a_replacement_that_only_cloudformation_knows_can_be_approved_and_is_done_then() {
    let place = Place::new(503).await;
    let stacks = |number| [("data", files(number)), ("api", good(number))];
    place.deploy(&stacks(1)).await.unwrap();

    let scripted = ScriptedStacks::before(Emulator::shared().await, |action, _| {
        (action == "DescribeChangeSet").then(|| {
            change_set(
                "<Status>CREATE_COMPLETE</Status><Changes><member><Type>Resource</Type><ResourceChange>\
                 <Action>Modify</Action><LogicalResourceId>Files</LogicalResourceId>\
                 <ResourceType>AWS::S3::Bucket</ResourceType><Replacement>True</Replacement>\
                 </ResourceChange></member></Changes>",
            )
        })
    })
    .await;
    let through = place.through(scripted.url());
    let aws = through.open().await.unwrap();
    let by_schemas = plan(&aws, &stacks(2)).await.unwrap();
    assert_eq!(by_schemas.risks, []);
    let apply = async |plan: &Plan| {
        let applied = through.change(&aws, async |deployment| {
            deployment.apply(&approved(plan)).await
        });
        applied.await
    };
    let error = apply(&by_schemas).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ApprovalNeeded, "{}", text(&error));

    // As `deploy` asks: about what the schemas leave in doubt, before a person is asked.
    let doubtful = |stack: &StackPlan| !stack.is_plain();
    let by_schemas = plan(&aws, &stacks(2)).await.unwrap();
    let previewed = aws
        .preview_changes(by_schemas, doubtful, &through.progress())
        .await;
    let (previewed, asked) = previewed.unwrap();
    assert_eq!(asked, ["data"]);
    assert_eq!(previewed.risk_kinds(), [RiskKind::DataLoss]);
    apply(&previewed).await.unwrap();
    let there = aws.deployed().await.unwrap();
    assert_eq!(there.stacks["data"].template, files(2));
}
