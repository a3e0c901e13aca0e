//! What was changed or deleted by hand.

use std::{collections::BTreeMap, time::Duration};

use deployer::{
    Error, ErrorKind,
    approval::{ApprovalKind, Approvals, Approved},
    aws::Aws,
    plan::{Plan, RiskKind},
    planning,
    release::{Rollout, Version},
    stage::Stage,
    target::{Observe, Records, Releases},
};
use miyabi_tests::{Emulator, ScriptedStacks, Value, json};

use super::{Place, good, plan, text};

/// What somebody set by hand; it may be a secret, so nothing may say it.
const CANARY: &str = "canary-by-hand";
const WITHIN: Duration = Duration::from_secs(60);

/// The ARN of the topic of `data`.
async fn topic(aws: &Aws) -> String {
    aws.deployed().await.unwrap().stacks["data"].outputs["id"].clone()
}

/// The plan with these approvals, as the command asks for it.
fn approve(plan: Plan, given: Approvals) -> Result<Approved<Plan>, Error> {
    let command = "cargo xtask deploy --stage sandbox";
    plan.approve(&given)
        .map_err(|refused| refused.error(command))
}

/// A call of SNS past the deployer.
async fn by_hand(place: &Place, parameters: &[(&str, &str)]) {
    let answer = Emulator::shared()
        .await
        .query(&place.account, "sns", parameters)
        .await;
    assert_eq!(answer.status, 200, "{answer}");
}

#[tokio::test]
async fn fault_26_what_was_changed_or_deleted_by_hand_is_told_without_its_value() {
    let place = Place::new(126).await;
    place.deploy(&[("data", good(1))]).await.unwrap();
    let aws = place.open().await.unwrap();
    let clean = aws.drift(None, WITHIN).await.unwrap();
    assert!(clean.is_clean(), "{clean:?}");

    let arn = topic(&aws).await;
    let change = [
        ("Action", "SetTopicAttributes"),
        ("TopicArn", arn.as_str()),
        ("AttributeName", "DisplayName"),
        ("AttributeValue", CANARY),
    ];
    by_hand(&place, &change).await;
    let changed = aws.drift(None, WITHIN).await.unwrap();
    assert_eq!(
        changed.lines(),
        ["data Topic (AWS::SNS::Topic) was changed by hand: DisplayName changed"]
    );
    assert!(!json!(changed).to_string().contains(CANARY), "{changed:?}");
    let others = aws.drift(Some(&["api".to_owned()]), WITHIN).await.unwrap();
    assert!(others.is_clean(), "{others:?}");

    by_hand(
        &place,
        &[("Action", "DeleteTopic"), ("TopicArn", arn.as_str())],
    )
    .await;
    let deleted = aws.drift(None, WITHIN).await.unwrap();
    assert_eq!(
        deleted.lines(),
        ["data Topic (AWS::SNS::Topic) was deleted by hand"]
    );
}

#[tokio::test]
async fn fault_26_a_deploy_of_a_protected_stage_does_not_go_over_what_was_done_by_hand() {
    let place = Place::new(226).await;
    place.deploy(&[("data", good(1))]).await.unwrap();
    let aws = place.open().await.unwrap();
    let arn = topic(&aws).await;
    by_hand(
        &place,
        &[("Action", "DeleteTopic"), ("TopicArn", arn.as_str())],
    )
    .await;
    let wanted = plan(&aws, &[("data", good(2))]).await.unwrap();
    let refused = async |stage: &Stage| {
        let mut plan = wanted.clone();
        let progress = place.progress();
        let added = planning::add_drift(&aws, stage, &mut plan, &progress);
        added.await.unwrap();
        approve(plan, Approvals::apply())
    };
    refused(&place.stage()).await.unwrap();

    let mut protected = place.stage().settings().clone();
    protected.database.deletion_protection = true;
    let error = refused(&Stage::new(protected)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ApprovalNeeded);
    let told = text(&error);
    assert!(told.contains("data Topic: was deleted by hand"), "{told}");
    assert!(
        told.contains("`cargo xtask deploy --stage sandbox --yes --allow-drift`"),
        "{told}"
    );
}

#[tokio::test]
async fn fault_26_a_stack_that_was_deleted_by_hand_is_not_one_that_was_never_deployed() {
    let place = Place::new(326).await;
    let mut api = good(1);
    api["Resources"]["Topic"]["Properties"]["Code"] =
        json!({"S3Key": format!("functions/tasks/{}.zip", "ab".repeat(32))});
    let stacks = [("api", api), ("data", good(1))];
    place.deploy(&stacks[..1]).await.unwrap();
    let aws = place.open().await.unwrap();
    let version = Version {
        number: "1".to_owned(),
        code: "ab".repeat(32),
    };
    let rollout = Rollout {
        releases: vec![BTreeMap::from([("tasks".to_owned(), version)])],
        ..Rollout::default()
    };
    aws.record_rollout(&rollout).await.unwrap();
    let parameters = [
        ("Action", "DeleteStack"),
        ("StackName", "miyabi-sandbox-api"),
    ];
    let emulator = Emulator::shared().await;
    emulator.cloudformation(&place.account, &parameters).await;
    miyabi_tests::until("the stack is gone", WITHIN, async || {
        let aws = place.open().await.unwrap();
        let there = aws.deployed().await.unwrap().stacks;
        (!there.contains_key("api")).then_some(())
    })
    .await;

    let aws = place.open().await.unwrap();
    let plan = plan(&aws, &stacks).await.unwrap();
    let risks: Vec<_> = plan
        .risks
        .iter()
        .map(|risk| (risk.kind, risk.place()))
        .collect();
    assert_eq!(risks, [(RiskKind::DeletedOutOfBand, "api".to_owned())]);
    let error = approve(plan.clone(), Approvals::apply()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ApprovalNeeded);
    let given = Approvals::apply().and(ApprovalKind::Drift);
    assert!(approve(plan, given).is_ok(), "`--allow-drift` approves it");
    let told = text(&error);
    assert!(
        told.contains(
            "api: it was deployed (its function `tasks` answered) and has been deleted since"
        ),
        "{told}"
    );
}

#[tokio::test]
async fn fault_26_secrets_that_outlived_a_stack_are_named_before_it_is_made_anew() {
    let place = Place::new(526).await;
    let emulator = Emulator::shared().await;
    let mut api = good(1);
    api["Resources"]["Keys"] = json!({"Type": "AWS::SecretsManager::Secret", "DeletionPolicy": "Retain",
        "Properties": {"Name": "miyabi-sandbox-keys", "GenerateSecretString": {}}});
    let stacks = [("api", api)];
    place.deploy(&stacks).await.unwrap();
    let parameters = [
        ("Action", "DeleteStack"),
        ("StackName", "miyabi-sandbox-api"),
    ];
    emulator.cloudformation(&place.account, &parameters).await;
    miyabi_tests::until("the stack is gone", WITHIN, async || {
        let there = place.open().await.unwrap().deployed().await.unwrap().stacks;
        (!there.contains_key("api")).then_some(())
    })
    .await;

    let aws = place.open().await.unwrap();
    let error = place.deploy_with(&aws, &stacks).await.unwrap_err();
    let told = text(&error);
    let delete = "`aws secretsmanager delete-secret --force-delete-without-recovery --region us-east-1 --secret-id miyabi-sandbox-keys`";
    assert!(
        told.contains("api Keys (AWS::SecretsManager::Secret)") && told.contains(delete),
        "{told}"
    );
    assert_eq!(super::writes(&aws), Vec::<String>::new());

    let deleted = json!({"SecretId": "miyabi-sandbox-keys", "ForceDeleteWithoutRecovery": true});
    let target = "secretsmanager.DeleteSecret";
    emulator
        .call(&place.account, "secretsmanager", target, deleted)
        .await;
    place.deploy(&stacks).await.unwrap();
}

/// An answer of CloudFormation about drift.
fn answer(action: &str, body: &str) -> (u16, String) {
    let text = format!(
        "<{action}Response xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\"><{action}Result>{body}</{action}Result></{action}Response>"
    );
    (200, text)
}

/// A detection in that state.
fn detection(status: &str) -> (u16, String) {
    let body = format!(
        "<StackId>1</StackId><StackDriftDetectionId>1</StackDriftDetectionId><DetectionStatus>{status}</DetectionStatus>\
         <DetectionStatusReason>Failed to detect drift on resources [Log].</DetectionStatusReason>\
         <Timestamp>2026-01-01T00:00:00.000Z</Timestamp>"
    );
    answer("DescribeStackDriftDetectionStatus", &body)
}

#[tokio::test]
async fn fault_26_what_cannot_be_examined_is_unknown_and_never_clean() {
    let place = Place::new(426).await;
    place.deploy(&[("data", good(1))]).await.unwrap();
    let emulator = Emulator::shared().await;

    let endless = ScriptedStacks::before(emulator, |action, _| {
        (action == "DescribeStackDriftDetectionStatus").then(|| detection("DETECTION_IN_PROGRESS"))
    })
    .await;
    let aws = place.through(endless.url()).open().await.unwrap();
    let drift = aws.drift(None, Duration::from_secs(1)).await.unwrap();
    let told = json!(drift).to_string();
    assert!(
        !drift.is_clean() && told.contains("the detection did not end in time"),
        "{told}"
    );

    // Failed for one resource; another one differs in every way there is.
    let partly = ScriptedStacks::before(emulator, |action, _| {
        let difference = |path: &str, kind: &str| {
            format!(
                "<member><PropertyPath>{path}</PropertyPath><ExpectedValue>1</ExpectedValue><ActualValue>{CANARY}</ActualValue>\
                 <DifferenceType>{kind}</DifferenceType></member>"
            )
        };
        let differences = [
            difference("/Environment/Variables/TOKEN", "ADD"),
            difference("/MemorySize", "NOT_EQUAL"),
            difference("/Tags/0", "REMOVE"),
        ];
        let body = format!(
            "<StackResourceDrifts><member><StackId>1</StackId><LogicalResourceId>Tasks</LogicalResourceId>\
             <ResourceType>AWS::Lambda::Function</ResourceType><StackResourceDriftStatus>MODIFIED</StackResourceDriftStatus>\
             <ActualProperties>{{\"Environment\": \"{CANARY}\"}}</ActualProperties>\
             <PropertyDifferences>{}</PropertyDifferences><Timestamp>2026-01-01T00:00:00.000Z</Timestamp>\
             </member></StackResourceDrifts>",
            differences.concat()
        );
        match action {
            "DescribeStackDriftDetectionStatus" => Some(detection("DETECTION_FAILED")),
            "DescribeStackResourceDrifts" => Some(answer(action, &body)),
            _ => None,
        }
    })
    .await;
    let aws = place.through(partly.url()).open().await.unwrap();
    let drift: Value = json!(aws.drift(None, WITHIN).await.unwrap());
    assert_eq!(
        drift,
        json!({
            "resources": [{
                "stack": "data",
                "logical_id": "Tasks",
                "resource_type": "AWS::Lambda::Function",
                "kind": "changed",
                "properties": [
                    {"property": "Environment.Variables.TOKEN", "kind": "added"},
                    {"property": "MemorySize", "kind": "changed"},
                    {"property": "Tags.0", "kind": "removed"},
                ],
            }],
            "unknown": ["The stack `data`: Failed to detect drift on resources [Log]."],
            "noise": [],
        })
    );

    let forbidden = ScriptedStacks::before(emulator, |action, _| {
        (action == "DetectStackDrift")
            .then(|| ScriptedStacks::refusal(403, "AccessDenied", "not authorized"))
    })
    .await;
    let aws = place.through(forbidden.url()).open().await.unwrap();
    let drift = aws.drift(None, WITHIN).await.unwrap();
    assert_eq!(
        drift.unknown,
        [
            "The stack `data` cannot be examined: cloudformation:DetectStackDrift: not authorized (AccessDenied)"
        ]
    );
}
