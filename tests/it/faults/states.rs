//! Stacks that are found in every state.

use deployer::{
    ErrorKind,
    plan::StackAction,
    progress::Progress,
    target::{Records, Stacks},
};
use miyabi_tests::{Emulator, ScriptedStacks, until};

use super::{Place, SOON, actions, approved, fail_held, failing, good, held, plan, text, writes};

#[tokio::test]
async fn fault_01_a_failed_first_creation_is_removed_and_made_again_by_one_command() {
    let place = Place::new(101).await;
    let error = place.deploy(&[("data", failing(1))]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Failed);
    let told = text(&error);
    assert!(
        told.contains(
            "The stack `data` was not created: Wait (AWS::CloudFormation::WaitCondition) failed."
        ),
        "{told}"
    );
    assert!(
        told.contains("WaitCondition timed out"),
        "the first cause in full: {told}"
    );

    let (plan, _) = place.deploy(&[("data", good(1))]).await.unwrap();
    assert_eq!(actions(&plan), [("data", StackAction::Update)]);
    let aws = place.open().await.unwrap();
    let data = aws.deployed().await.unwrap().stacks["data"].clone();
    assert!(
        data.complete && data.outputs["id"].contains("Topic"),
        "{data:?}"
    );
}

#[tokio::test]
async fn fault_02_a_stack_that_is_stuck_is_named_with_its_resource_and_never_deleted() {
    let place = Place::new(102).await;
    place.deploy(&[("data", good(1))]).await.unwrap();
    let id = "arn:aws:cloudformation:us-east-1:000000000102:stack/miyabi-sandbox-data/1";
    let scripted = ScriptedStacks::before(Emulator::shared().await, move |action, parameters| match action {
        "DescribeStacks" => Some(ScriptedStacks::stack(id, "miyabi-sandbox-data", "sandbox", "UPDATE_ROLLBACK_FAILED", "1 resource failed")),
        // The resource that failed is beyond the first page.
        "ListStackResources" if parameters.contains_key("NextToken") => Some((200, String::from(
            "<ListStackResourcesResponse xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\"><ListStackResourcesResult><StackResourceSummaries><member>\
             <LogicalResourceId>Log</LogicalResourceId><ResourceType>AWS::Logs::LogGroup</ResourceType>\
             <LastUpdatedTimestamp>2026-01-01T00:00:00.000Z</LastUpdatedTimestamp><ResourceStatus>UPDATE_FAILED</ResourceStatus><ResourceStatusReason>The limit of log groups is reached</ResourceStatusReason>\
             </member></StackResourceSummaries></ListStackResourcesResult></ListStackResourcesResponse>"
        ))),
        "ListStackResources" => Some((200, "<ListStackResourcesResponse xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\"><ListStackResourcesResult>\
             <StackResourceSummaries/><NextToken>more</NextToken></ListStackResourcesResult></ListStackResourcesResponse>".to_owned())),
        _ => None,
    })
    .await;
    let error = place
        .through(scripted.url())
        .deploy(&[("data", good(3))])
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Stuck);
    assert_eq!(error.kind().exit_code(), 4);
    let told = text(&error);
    assert!(
        told.contains("Log (AWS::Logs::LogGroup): The limit of log groups is reached"),
        "{told}"
    );
    assert!(
        told.contains("cargo xtask rollback --stage sandbox"),
        "{told}"
    );
    let changed = [
        "CreateStack",
        "UpdateStack",
        "DeleteStack",
        "CreateChangeSet",
    ];
    assert!(
        scripted
            .actions()
            .iter()
            .all(|action| !changed.contains(&action.as_str())),
        "{:?}",
        scripted.actions()
    );
}

#[tokio::test]
async fn fault_03_an_operation_that_goes_on_is_followed_to_its_end_before_anything_is_planned() {
    let place = Place::new(103).await;
    let emulator = Emulator::shared().await;
    let template = held().to_string();
    let parameters = [
        ("Action", "CreateStack"),
        ("StackName", "miyabi-sandbox-data"),
        ("TemplateBody", template.as_str()),
    ];
    emulator.cloudformation(&place.account, &parameters).await;

    let waiting = "Waiting for the operation in progress on data (CREATE_IN_PROGRESS)";
    let ends = async {
        until("the deploy waits for it", SOON, async || {
            place.told().contains(waiting).then_some(())
        })
        .await;
        fail_held(&place, "miyabi-sandbox-data").await;
    };
    let deploy = async { place.deploy(&[("data", good(1))]).await };
    let (deployed, ()) = tokio::join!(deploy, ends);
    let (plan, _) = deployed.unwrap();
    assert_eq!(
        actions(&plan),
        [("data", StackAction::Update)],
        "planned after it had failed"
    );
}

#[tokio::test]
async fn fault_04_the_stub_of_a_change_set_that_nobody_executed_is_cleaned_away() {
    let place = Place::new(104).await;
    let template = good(1).to_string();
    let parameters = [
        ("Action", "CreateChangeSet"),
        ("StackName", "miyabi-sandbox-data"),
        ("ChangeSetName", "abandoned"),
        ("ChangeSetType", "CREATE"),
        ("TemplateBody", template.as_str()),
    ];
    Emulator::shared()
        .await
        .cloudformation(&place.account, &parameters)
        .await;
    let aws = place.open().await.unwrap();
    assert!(
        !aws.deployed().await.unwrap().stacks["data"].complete,
        "the stub is there"
    );
    place.deploy(&[("data", good(1))]).await.unwrap();
    let aws = place.open().await.unwrap();
    assert!(aws.deployed().await.unwrap().stacks["data"].complete);
}

#[tokio::test]
async fn fault_05_what_is_half_deleted_is_not_created_anew() {
    let place = Place::new(105).await;
    place.deploy(&[("data", good(1))]).await.unwrap();
    let scripted = ScriptedStacks::before(Emulator::shared().await, |action, _| {
        let id = "arn:aws:cloudformation:us-east-1:000000000105:stack/miyabi-sandbox-data/1";
        (action == "DescribeStacks").then(|| {
            ScriptedStacks::stack(
                id,
                "miyabi-sandbox-data",
                "sandbox",
                "DELETE_FAILED",
                "The bucket is not empty",
            )
        })
    })
    .await;
    let error = place
        .through(scripted.url())
        .deploy(&[("data", good(1))])
        .await
        .unwrap_err();
    let told = text(&error);
    assert!(
        told.contains("is half deleted") && told.contains("The bucket is not empty"),
        "{told}"
    );
    assert!(
        !scripted
            .actions()
            .iter()
            .any(|action| action == "CreateStack" || action == "DeleteStack")
    );
}

#[tokio::test]
async fn fault_14_after_a_stack_that_fails_the_next_is_not_touched_and_a_rerun_goes_on_there() {
    let place = Place::new(114).await;
    let mut second = failing(1);
    second["Parameters"] = super::json!({"NetworkId": {"Type": "String"}});
    let mut third = good(1);
    third["Parameters"] = super::json!({"DataId": {"Type": "String"}});
    let stacks = [
        ("network", good(1)),
        ("data", second.clone()),
        ("api", third),
    ];
    let error = place.deploy(&stacks).await.unwrap_err();
    assert!(
        text(&error).contains("The stack `data` was not created"),
        "{}",
        text(&error)
    );
    assert!(
        place.told().contains("Not touched: api."),
        "{}",
        place.told()
    );
    let aws = place.open().await.unwrap();
    let there = aws.deployed().await.unwrap().stacks;
    assert!(there["network"].complete && !there["data"].complete && !there.contains_key("api"));

    for part in ["Handle", "Wait"] {
        second["Resources"].as_object_mut().unwrap().remove(part);
    }
    let (plan, _) = place
        .deploy(&[stacks[0].clone(), ("data", second), stacks[2].clone()])
        .await
        .unwrap();
    assert_eq!(
        actions(&plan),
        [
            ("network", StackAction::None),
            ("data", StackAction::Update),
            ("api", StackAction::Create)
        ]
    );
}

#[tokio::test]
async fn fault_22_nothing_to_change_is_a_success_without_a_write() {
    let place = Place::new(122).await;
    let stacks = [("data", good(1))];
    place.deploy(&stacks).await.unwrap();
    let aws = place.open().await.unwrap();
    let (plan, unchanged) = place.deploy_with(&aws, &stacks).await.unwrap();
    assert!(plan.is_empty());
    assert_eq!(writes(&aws), Vec::<String>::new());

    // Even when the plan says to update a stack that needs no update.
    let applied = place
        .change(&aws, async |deployment| {
            let mut forced = self::plan(&aws, &stacks).await?;
            forced.stacks[0].action = StackAction::Update;
            deployment.apply(&approved(&forced)).await
        })
        .await
        .unwrap();
    assert_eq!(applied.outputs, unchanged.outputs);
    let executed = "CloudFormation.ExecuteChangeSet".to_owned();
    assert!(!writes(&aws).contains(&executed), "{:?}", writes(&aws));
}

#[tokio::test]
async fn fault_27_what_cloudformation_would_replace_beyond_the_plan_ends_the_deploy_before_it_begins()
 {
    let place = Place::new(127).await;
    let bucket = |name: &str| {
        super::json!({"Resources": {"Data": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": name},
            "DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}}})
    };
    place
        .deploy(&[("data", bucket("fault-27-one"))])
        .await
        .unwrap();
    let scripted = ScriptedStacks::before(Emulator::shared().await, |action, _| {
        let answer = "<DescribeChangeSetResponse xmlns=\"http://cloudformation.amazonaws.com/doc/2010-05-15/\"><DescribeChangeSetResult>\
            <Status>CREATE_COMPLETE</Status><Changes><member><Type>Resource</Type><ResourceChange><Action>Modify</Action>\
            <LogicalResourceId>Data</LogicalResourceId><ResourceType>AWS::S3::Bucket</ResourceType><Replacement>True</Replacement>\
            </ResourceChange></member></Changes></DescribeChangeSetResult></DescribeChangeSetResponse>";
        (action == "DescribeChangeSet").then(|| (200, answer.to_owned()))
    })
    .await;
    let through = place.through(scripted.url());
    let aws = through.open().await.unwrap();
    let applied = through.change(&aws, async |deployment| {
        let mut plan = plan(&aws, &[("data", bucket("fault-27-two"))]).await?;
        assert_eq!(plan.risks.len(), 1, "the plan itself knows: {plan:?}");
        // A plan that does not know.
        plan.stacks[0].resources[0].action = deployer::plan::ResourceAction::Change;
        deployment.apply(&approved(&plan)).await
    });
    let error = applied.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ApprovalNeeded);
    assert!(
        text(&error).contains("Data (AWS::S3::Bucket), which holds data, would be replaced"),
        "{}",
        text(&error)
    );
    let actions = scripted.actions();
    assert!(
        !actions.contains(&"ExecuteChangeSet".to_owned()),
        "{actions:?}"
    );
    assert!(
        actions.contains(&"DeleteChangeSet".to_owned()),
        "{actions:?}"
    );
}

#[tokio::test]
async fn what_a_person_sees_while_a_stack_is_made_is_each_of_its_resources() {
    let place = Place::new(199).await;
    place.deploy(&[("data", good(1))]).await.unwrap();
    assert!(
        place
            .told()
            .contains("data: created Topic (AWS::SNS::Topic)"),
        "{}",
        place.told()
    );
    let aws = place.open().await.unwrap();
    aws.delete_stack("data", &Progress::silent()).await.unwrap();
    assert!(aws.deployed().await.unwrap().stacks.is_empty());
}

#[tokio::test]
async fn fault_25_a_migration_that_was_applied_and_is_gone_is_refused_before_any_write() {
    let place = Place::new(125).await;
    let aws = place.open().await.unwrap();
    aws.record_migrations(&std::collections::BTreeMap::from([(1, "ab".to_owned())]))
        .await
        .unwrap();
    let error = place
        .deploy_with(&aws, &[("data", good(1))])
        .await
        .unwrap_err();
    assert!(
        text(&error).contains("The migration 1 was applied and its file is gone."),
        "{}",
        text(&error)
    );
    assert_eq!(writes(&aws), Vec::<String>::new());
}

/// A process that is killed leaves what a dropped future leaves: requests that were sent, and a lease
/// that nobody renews.
#[tokio::test]
async fn fault_11_a_deploy_that_is_cut_off_at_any_point_is_healed_by_the_next() {
    let place = Place::new(111).await;
    let emulator = Emulator::shared().await;
    let stacks = |number: u32| {
        let mut api = good(number);
        api["Parameters"] = super::json!({"NetworkId": {"Type": "String"}});
        [("network", good(number)), ("api", api)]
    };
    for round in 0..40_u64 {
        let number = u32::try_from(round).unwrap();
        let point = std::time::Duration::from_millis(7 + round * 13);
        let cut = tokio::time::timeout(point, place.deploy(&stacks(number))).await;
        if cut.is_err() {
            let lease = emulator
                .get_object(&place.account, &place.bucket(), "lease.json")
                .await;
            if lease.status == 200 {
                // This process lives on, so its lease is made to look like a dead one's.
                let mut dead = lease.json();
                dead["holder"]["pid"] = super::json!(i32::MAX);
                emulator
                    .put_object(
                        &place.account,
                        &place.bucket(),
                        "lease.json",
                        &dead.to_string(),
                    )
                    .await;
            }
        }
        place
            .deploy(&stacks(number))
            .await
            .unwrap_or_else(|error| panic!("after {point:?}: {}", text(&error)));
        let aws = place.open().await.unwrap();
        let (plan, _) = place.deploy_with(&aws, &stacks(number)).await.unwrap();
        assert!(
            plan.is_empty(),
            "after {point:?} one rerun was not enough: {plan:?}"
        );
    }
}
