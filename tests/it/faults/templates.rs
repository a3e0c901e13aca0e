//! A stack that somebody updated past the deployer, in YAML.

use deployer::{
    plan::{ResourceAction, RiskKind},
    target::Records,
};
use miyabi_tests::{Emulator, Value, json};

use super::{Place, good, plan, text};

/// The stack `data` as somebody wrote it by hand: the topic, and a bucket of theirs.
const BY_HAND: &str = "\u{feff}AWSTemplateFormatVersion: 2010-09-09
Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      DisplayName: !Join [' ', [number, '1']]
  AddedByHand:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: !Sub '${AWS::StackName}-by-hand'
Outputs:
  id:
    Value: !Ref Topic
";

async fn update_by_hand(place: &Place, template: &str) {
    let update = [
        ("Action", "UpdateStack"),
        ("StackName", "miyabi-sandbox-data"),
        ("TemplateBody", template),
    ];
    let response = Emulator::shared()
        .await
        .cloudformation(&place.account, &update)
        .await;
    assert_eq!(response.status, 200, "{response}");
}

#[tokio::test]
async fn fault_40_a_stack_that_was_updated_by_hand_in_yaml_is_read_and_what_they_added_is_not_deleted_unasked()
 {
    let place = Place::new(540).await;
    place.deploy(&[("data", good(1))]).await.unwrap();
    update_by_hand(&place, BY_HAND).await;

    let aws = place.open().await.unwrap();
    let there = aws.deployed().await.unwrap().stacks["data"]
        .template
        .clone();
    assert_eq!(
        there["Resources"]["AddedByHand"]["Properties"],
        json!({"BucketName": {"Fn::Sub": "${AWS::StackName}-by-hand"}})
    );
    let planned = plan(&aws, &[("data", good(1))]).await.unwrap();
    let changes: Vec<_> = planned.stacks[0]
        .resources
        .iter()
        .map(|change| (change.logical_id.as_str(), change.action, change.stateful))
        .collect();
    assert_eq!(changes, [("AddedByHand", ResourceAction::Remove, true)]);
    assert_eq!(planned.risk_kinds(), [RiskKind::DataLoss]);

    // The same in the deployer's own spelling is nothing to do.
    let mut theirs = good(1);
    theirs["Resources"]["AddedByHand"] = there["Resources"]["AddedByHand"].clone();
    theirs["AWSTemplateFormatVersion"] = json!("2010-09-09");
    let planned = plan(&aws, &[("data", theirs)]).await.unwrap();
    assert!(planned.is_empty(), "{planned:?}");
}

#[tokio::test]
async fn fault_40_a_deployed_template_that_cannot_be_read_is_an_error_and_never_an_empty_one() {
    let place = Place::new(541).await;
    place.deploy(&[("data", good(1))]).await.unwrap();
    // An emulator takes what CloudFormation does not.
    let twice = BY_HAND.replace(
        "Outputs:",
        "  AddedByHand:\n    Type: AWS::SQS::Queue\nOutputs:",
    );
    update_by_hand(&place, &twice).await;
    let aws = place.open().await.unwrap();
    let error = text(&plan(&aws, &[("data", good(1))]).await.unwrap_err());
    assert!(
        error.contains("template of the stack `data` cannot be read. Nothing was changed.")
            && error.contains("line 11: duplicate key `AddedByHand`"),
        "{error}"
    );
}

/// A role with a name of its own; its path can only be set at creation.
fn role(path: &str) -> Value {
    json!({"Resources": {"Role": {"Type": "AWS::IAM::Role", "Properties": {
        "RoleName": "miyabi-fault-39", "Path": path,
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
        ]}
    }}}})
}

#[tokio::test]
async fn fault_39_a_replacement_of_a_named_resource_is_refused_in_the_plan_with_the_reason() {
    let place = Place::new(542).await;
    place.deploy(&[("api", role("/a/"))]).await.unwrap();
    let aws = place.open().await.unwrap();
    let error = plan(&aws, &[("api", role("/b/"))]).await.unwrap_err();
    let told = text(&error);
    assert!(
        told.contains("CloudFormation cannot make this change. Nothing was changed.")
            && told.contains("api Role (AWS::IAM::Role): Path can only be set at creation")
            && told.contains("RoleName miyabi-fault-39"),
        "{told}"
    );
}
