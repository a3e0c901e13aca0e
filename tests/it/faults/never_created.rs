//! A stack that was never created successfully and holds a protected database, in each state in which
//! it can be found.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use deployer::{
    ErrorKind,
    plan::{Plan, ResourceAction, RiskKind},
    target::{Preview, Records},
};
use miyabi_tests::{Checkout, Emulator, Ran, ScriptedStacks, json, until};

use super::{Place, good, plan, text};

const NAME: &str = "miyabi-sandbox-data";

fn id(place: &Place) -> String {
    format!(
        "arn:aws:cloudformation:us-east-1:{}:stack/{NAME}/never",
        place.account
    )
}

fn instance(place: &Place) -> String {
    format!("fault-38-{}", place.account.trim_start_matches('0'))
}

/// A database with deletion protection, in no stack that the emulator knows by the stage's name.
async fn protected_database(place: &Place) {
    let emulator = Emulator::shared().await;
    let database = instance(place);
    let template = json!({"Resources": {"Database": {"Type": "AWS::RDS::DBInstance",
        "DeletionPolicy": "Retain", "Properties": {"DBInstanceIdentifier": database, "Engine": "postgres",
        "DBInstanceClass": "db.t3.small", "AllocatedStorage": "20", "MasterUsername": "x", "MasterUserPassword": "xxxxxxxx"}}}});
    let create = [
        ("Action", "CreateStack"),
        ("StackName", "elsewhere"),
        ("TemplateBody", &template.to_string()),
    ];
    emulator.cloudformation(&place.account, &create).await;
    set_protection(place, "true").await;
    assert!(is_protected(place).await, "the database of the test");
}

async fn set_protection(place: &Place, on: &str) {
    let emulator = Emulator::shared().await;
    until(
        "the database takes changes",
        Duration::from_secs(20),
        async || {
            let modify = [
                ("Action", "ModifyDBInstance"),
                ("Version", "2014-10-31"),
                ("DBInstanceIdentifier", &instance(place)),
                ("DeletionProtection", on),
                ("ApplyImmediately", "true"),
            ];
            let answer = emulator.query(&place.account, "rds", &modify).await;
            (answer.status == 200).then_some(())
        },
    )
    .await;
}

async fn is_protected(place: &Place) -> bool {
    let describe = [
        ("Action", "DescribeDBInstances"),
        ("Version", "2014-10-31"),
        ("DBInstanceIdentifier", &instance(place)),
    ];
    let answer = Emulator::shared()
        .await
        .query(&place.account, "rds", &describe)
        .await;
    answer
        .text()
        .contains("<DeletionProtection>true</DeletionProtection>")
}

/// The stack in that status, with those statuses in its history, until it is deleted; then the
/// emulator answers.
async fn scripted(
    place: &Place,
    status: &'static str,
    history: &'static [&'static str],
) -> ScriptedStacks {
    let (id, database) = (id(place), instance(place));
    let is_deleted = Arc::new(AtomicBool::new(false));
    ScriptedStacks::before(Emulator::shared().await, move |action, parameters| {
        let name = parameters.get("StackName").map(String::as_str);
        let by_id = name == Some(&id);
        if name.is_some_and(|name| name.ends_with("-bootstrap")) {
            return None;
        }
        let deleted = is_deleted.load(Ordering::SeqCst);
        match action {
            "DescribeStacks" if deleted && !by_id => None,
            "DescribeStacks" => {
                let status = if deleted { "DELETE_COMPLETE" } else { status };
                Some(ScriptedStacks::stack(&id, NAME, "sandbox", status, "the database is protected"))
            }
            "DescribeStackEvents" if by_id => Some((200, events(&id, history))),
            "ListStackResources" if by_id => Some((200, format!(
                "<ListStackResourcesResponse xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\"><ListStackResourcesResult><StackResourceSummaries><member>\
                 <LogicalResourceId>Database</LogicalResourceId><PhysicalResourceId>{database}</PhysicalResourceId><ResourceType>AWS::RDS::DBInstance</ResourceType>\
                 <LastUpdatedTimestamp>2026-01-01T00:00:00.000Z</LastUpdatedTimestamp><ResourceStatus>DELETE_FAILED</ResourceStatus>\
                 </member></StackResourceSummaries></ListStackResourcesResult></ListStackResourcesResponse>"
            ))),
            // Read of a stack that may have succeeded.
            "GetTemplate" if name == Some(NAME) => Some((200, "<GetTemplateResponse xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\">\
                <GetTemplateResult><TemplateBody>{\"Resources\":{}}</TemplateBody></GetTemplateResult></GetTemplateResponse>".to_owned())),
            "DeleteStack" => {
                is_deleted.store(true, Ordering::SeqCst);
                Some((200, "<DeleteStackResponse xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\"/>".to_owned()))
            }
            _ => None,
        }
    })
    .await
}

fn events(id: &str, history: &[&str]) -> String {
    let members: String = history
        .iter()
        .enumerate()
        .map(|(number, status)| {
            format!(
                "<member><StackId>{id}</StackId><EventId>{number}</EventId><StackName>{NAME}</StackName><LogicalResourceId>{NAME}</LogicalResourceId>\
                 <PhysicalResourceId>{id}</PhysicalResourceId><ResourceType>AWS::CloudFormation::Stack</ResourceType>\
                 <Timestamp>2026-01-01T00:00:00.000Z</Timestamp><ResourceStatus>{status}</ResourceStatus></member>"
            )
        })
        .collect();
    format!(
        "<DescribeStackEventsResponse xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\"><DescribeStackEventsResult><StackEvents>{members}</StackEvents>\
         </DescribeStackEventsResult></DescribeStackEventsResponse>"
    )
}

fn removals(plan: &Plan) -> Vec<&str> {
    plan.stacks[0]
        .resources
        .iter()
        .filter(|change| change.action == ResourceAction::Remove)
        .map(|change| change.logical_id.as_str())
        .collect()
}

async fn is_cleaned_up(row: u32, status: &'static str, history: &'static [&'static str]) {
    let place = Place::new(row).await;
    protected_database(&place).await;
    let scripted = scripted(&place, status, history).await;
    let through = place.through(scripted.url());
    let aws = through.open().await.unwrap();
    let unapproved = plan(&aws, &[("data", good(1))]).await.unwrap();
    let error = through.apply(&aws, &unapproved).await.unwrap_err();
    assert_eq!(
        error.kind(),
        ErrorKind::ApprovalNeeded,
        "{status}: {}",
        text(&error)
    );
    assert!(
        text(&error).contains("--confirm sandbox"),
        "{}",
        text(&error)
    );
    assert!(
        is_protected(&place).await,
        "{status}: nothing happens without the plan"
    );

    let progress = through.progress();
    let (planned, _) = aws
        .preview_changes(unapproved, |_| false, &progress)
        .await
        .unwrap();
    assert_eq!(removals(&planned), ["Database"], "{status}");
    let risk = &planned.risks[0];
    assert_eq!(
        risk.kind,
        RiskKind::DataLoss,
        "the name of the stage is asked for"
    );
    assert!(risk.detail.contains(status), "{}", risk.detail);
    through.apply(&aws, &planned).await.unwrap();
    assert!(!is_protected(&place).await, "{status}");
    let changes: Vec<String> = scripted
        .actions()
        .into_iter()
        .filter(|action| {
            ["ModifyDBInstance", "DeleteStack", "CreateStack"].contains(&action.as_str())
        })
        .collect();
    assert_eq!(
        changes,
        ["ModifyDBInstance", "DeleteStack", "CreateStack"],
        "{status}"
    );
}

#[tokio::test]
async fn fault_38_a_stack_that_was_never_created_is_cleaned_up_by_one_deploy_in_each_state() {
    let failed: &[&str] = &[
        "ROLLBACK_FAILED",
        "ROLLBACK_IN_PROGRESS",
        "CREATE_IN_PROGRESS",
    ];
    is_cleaned_up(1381, "CREATE_FAILED", failed).await;
    is_cleaned_up(1382, "ROLLBACK_COMPLETE", failed).await;
    is_cleaned_up(1383, "ROLLBACK_FAILED", failed).await;
    let half_deleted: &[&str] = &[
        "DELETE_FAILED",
        "DELETE_IN_PROGRESS",
        "ROLLBACK_FAILED",
        "CREATE_IN_PROGRESS",
    ];
    is_cleaned_up(1384, "DELETE_FAILED", half_deleted).await;
}

/// As a person types it, with the approvals that the first attempt names.
#[tokio::test]
async fn fault_38_one_command_cleans_it_up_after_the_typed_name() {
    let place = Place::new(1388).await;
    protected_database(&place).await;
    let history: &[&str] = &[
        "ROLLBACK_FAILED",
        "ROLLBACK_IN_PROGRESS",
        "CREATE_IN_PROGRESS",
    ];
    let scripted = scripted(&place, "ROLLBACK_FAILED", history).await;
    let checkout = Checkout::new();
    let url = scripted.url();
    let deploy = async |approvals: &[&str]| -> Ran {
        let typed = ["deploy", "--stage", "sandbox", "--only", "data"];
        let mut command = checkout.command(&[&typed[..], approvals].concat());
        command
            .env("AWS_ENDPOINT_URL", &url)
            .env("AWS_ACCESS_KEY_ID", &place.account)
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env(
                "MIYABI_DATABASE_URL",
                "postgres://miyabi_owner:secret@127.0.0.1:1/miyabi",
            );
        command.output().await.unwrap().into()
    };
    let refused = deploy(&["--yes"]).await.expect(3);
    assert!(refused.stderr.contains("--confirm sandbox"), "{refused:?}");
    assert!(is_protected(&place).await);
    assert!(!scripted.actions().contains(&"DeleteStack".to_owned()));

    deploy(&["--yes", "--confirm", "sandbox"]).await.expect(0);
    assert!(!is_protected(&place).await);
    let stacks = place.open().await.unwrap().deployed().await.unwrap().stacks;
    assert!(stacks["data"].complete, "{stacks:?}");
}

#[tokio::test]
async fn fault_38_a_stack_that_succeeded_once_or_may_have_keeps_its_database() {
    let histories: [&'static [&'static str]; 2] = [
        &["DELETE_FAILED", "CREATE_COMPLETE", "CREATE_IN_PROGRESS"],
        // Older events are gone.
        &["DELETE_FAILED", "DELETE_IN_PROGRESS"],
    ];
    for (number, history) in histories.into_iter().enumerate() {
        let place = Place::new(1385 + u32::try_from(number).unwrap()).await;
        protected_database(&place).await;
        let scripted = scripted(&place, "DELETE_FAILED", history).await;
        let error = place
            .through(scripted.url())
            .deploy(&[("data", good(1))])
            .await
            .unwrap_err();
        assert!(text(&error).contains("is half deleted"), "{}", text(&error));
        assert!(is_protected(&place).await, "{history:?}");
        let changes = ["ModifyDBInstance", "DeleteStack", "CreateStack"];
        let actions = scripted.actions();
        assert!(
            !actions
                .iter()
                .any(|action| changes.contains(&action.as_str())),
            "{actions:?}"
        );
    }
}

#[tokio::test]
async fn a_stack_in_a_status_that_nobody_knows_is_an_error_and_is_left_alone() {
    let place = Place::new(1387).await;
    let scripted = scripted(&place, "PAUSED_IN_SPACE", &[]).await;
    let error = place
        .through(scripted.url())
        .deploy(&[("data", good(1))])
        .await
        .unwrap_err();
    let told = text(&error);
    assert!(told.contains("PAUSED_IN_SPACE"), "{told}");
    assert!(
        told.contains("Nothing is done to a stack whose state is unknown"),
        "{told}"
    );
}
