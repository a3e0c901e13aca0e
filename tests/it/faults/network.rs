//! Answers that are late, refused or lost.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use deployer::{
    ErrorKind,
    target::{Records, Stacks},
};
use miyabi_tests::{Emulator, Faults, ScriptedStacks, json};

use super::{Place, good, plan, text};

#[tokio::test]
async fn fault_06_five_throttled_answers_of_each_operation_are_borne() {
    let place = Place::new(106).await;
    let faults = Faults::before(Emulator::shared().await).await;
    let operations = [
        ("sts", "GetCallerIdentity"),
        ("s3", "GetObject"),
        ("s3", "PutObject"),
        ("s3", "HeadBucket"),
        ("cloudformation", "DescribeStacks"),
        ("cloudformation", "CreateStack"),
        ("cloudformation", "GetTemplate"),
        ("cloudformation", "UpdateStack"),
        ("cloudformation", "CreateChangeSet"),
        ("cloudformation", "DescribeChangeSet"),
        ("cloudformation", "ExecuteChangeSet"),
        ("cloudformation", "DeleteStack"),
    ];
    let rules = operations.map(|(service, operation)| {
        let error = match service {
            "s3" => json!({"code": "SlowDown", "status": 503}),
            _ => json!({"code": "Throttling", "status": 400}),
        };
        json!({"service": service, "operation": operation, "times": 5, "error": error})
    });
    faults.add(json!(rules)).await;
    let through = place.through(faults.url());
    let bucket = |days: u32| {
        json!({"Resources": {"Data": {"Type": "AWS::S3::Bucket", "Properties": {"Tags": [{"Key": "days", "Value": days.to_string()}]},
            "DeletionPolicy": "Delete", "UpdateReplacePolicy": "Delete"}}})
    };
    let began = Instant::now();
    through.deploy(&[("data", good(1))]).await.unwrap();
    through
        .deploy(&[("data", good(3)), ("api", bucket(1))])
        .await
        .unwrap();
    through
        .deploy(&[("data", good(3)), ("api", bucket(2))])
        .await
        .unwrap();
    let aws = through.open().await.unwrap();
    aws.delete_stack("data", &through.progress()).await.unwrap();
    // Twelve operations, five refusals each: well under thirty seconds for one, on a busy machine.
    assert!(
        began.elapsed() < Duration::from_secs(12 * 30),
        "{:?}",
        began.elapsed()
    );
    for (_, operation) in operations {
        let fired = faults.fired(operation).await;
        assert_eq!(fired, 5, "{operation} was throttled {fired} times");
    }
}

#[tokio::test]
async fn fault_07_events_that_can_never_be_read_do_not_fail_a_deploy() {
    let place = Place::new(107).await;
    let faults = Faults::before(Emulator::shared().await).await;
    let rule = |operation| json!({"service": "cloudformation", "operation": operation, "error": {"code": "Throttling", "status": 400}});
    faults
        .add(json!([rule("DescribeEvents"), rule("DescribeStackEvents")]))
        .await;
    place
        .through(faults.url())
        .deploy(&[("data", good(1))])
        .await
        .unwrap();
    assert!(faults.fired("DescribeEvents").await > 0);
}

#[tokio::test]
async fn fault_08_a_last_look_that_is_throttled_again_and_again_is_no_failure() {
    let place = Place::new(108).await;
    let (mut created, mut refused) = (false, 0);
    let scripted = ScriptedStacks::before(Emulator::shared().await, move |action, _| {
        created |= action == "CreateStack";
        let last_looks = created && action == "DescribeStacks";
        if !last_looks || refused == 20 {
            return None;
        }
        refused += 1;
        Some(ScriptedStacks::refusal(400, "Throttling", "Rate exceeded"))
    })
    .await;
    place
        .through(scripted.url())
        .deploy(&[("data", good(1))])
        .await
        .unwrap();
    let looks = scripted
        .actions()
        .iter()
        .filter(|action| *action == "DescribeStacks")
        .count();
    assert!(looks > 20, "more tries than one request has: {looks}");
}

#[tokio::test]
async fn fault_21_lost_answers_make_nothing_twice() {
    let place = Place::new(121).await;
    let faults = Faults::before(Emulator::shared().await).await;
    let lost = |operation| json!({"service": "cloudformation", "operation": operation, "times": 1, "response": {"abort_bytes": 0}});
    faults
        .add(json!(
            [
                "CreateStack",
                "UpdateStack",
                "CreateChangeSet",
                "ExecuteChangeSet",
                "DeleteStack"
            ]
            .map(lost)
        ))
        .await;
    let through = place.through(faults.url());
    let bucket = |value: &str| {
        json!({"Resources": {"Data": {"Type": "AWS::S3::Bucket", "Properties": {"Tags": [{"Key": "k", "Value": value}]},
            "DeletionPolicy": "Delete", "UpdateReplacePolicy": "Delete"}}})
    };
    through
        .deploy(&[("data", bucket("1")), ("api", good(1))])
        .await
        .unwrap();
    through
        .deploy(&[("data", bucket("2")), ("api", good(3))])
        .await
        .unwrap();
    for operation in [
        "CreateStack",
        "UpdateStack",
        "CreateChangeSet",
        "ExecuteChangeSet",
    ] {
        assert_eq!(faults.fired(operation).await, 1, "{operation}");
    }
    let sets = Emulator::shared()
        .await
        .cloudformation(
            &place.account,
            &[
                ("Action", "ListChangeSets"),
                ("StackName", "miyabi-sandbox-data"),
            ],
        )
        .await
        .text();
    assert!(
        sets.matches("<ChangeSetName>").count() <= 1,
        "one change set: {sets}"
    );
    let aws = through.open().await.unwrap();
    aws.delete_stack("data", &through.progress()).await.unwrap();
    assert_eq!(faults.fired("DeleteStack").await, 1);
}

#[tokio::test]
async fn fault_21_a_record_whose_answer_was_lost_is_written_all_the_same() {
    let place = Place::new(321).await;
    let scripted = ScriptedStacks::before(Emulator::shared().await, |_, _| None).await;
    let aws = place.through(scripted.url()).open().await.unwrap();
    let record = format!("PUT /{}/state.json", place.bucket());
    // The first on the condition that there is none, the second that it is the one that was read.
    for number in 1..=2 {
        scripted.lose_answer_to(&record);
        let applied = BTreeMap::from([(number, "ab".to_owned())]);
        aws.record_migrations(&applied).await.unwrap();
        let deployed = place.open().await.unwrap().deployed().await.unwrap();
        assert_eq!(deployed.migrations, applied);
    }
    let sent = scripted.requests();
    let sent = sent.iter().filter(|request| **request == record).count();
    assert_eq!(sent, 4, "each of them twice");
}

#[tokio::test]
async fn fault_32_a_slow_answer_is_waited_for() {
    let place = Place::new(132).await;
    let faults = Faults::before(Emulator::shared().await).await;
    faults
        .add(json!([{"service": "cloudformation", "operation": "CreateStack", "times": 1, "latency": 5000}]))
        .await;
    place
        .through(faults.url())
        .deploy(&[("data", good(1))])
        .await
        .unwrap();
    assert_eq!(faults.fired("CreateStack").await, 1);
}

#[tokio::test]
async fn fault_33_a_refused_action_is_named_and_nothing_is_half_done() {
    let place = Place::new(133).await;
    let faults = Faults::before(Emulator::shared().await).await;
    let rule = |code: &str, status: u16| json!([{"service": "cloudformation", "operation": "CreateStack", "error": {"code": code, "status": status}}]);
    faults.add(rule("AccessDenied", 403)).await;
    let through = place.through(faults.url());
    let error = through.deploy(&[("data", good(1))]).await.unwrap_err();
    assert!(
        text(&error).contains("may not do `cloudformation:CreateStack`"),
        "{}",
        text(&error)
    );
    faults.clear().await;
    faults.add(rule("LimitExceededException", 400)).await;
    let error = through.deploy(&[("data", good(1))]).await.unwrap_err();
    assert!(
        text(&error).contains("A limit of the account is reached (cloudformation:CreateStack)"),
        "{}",
        text(&error)
    );
    let aws = place.open().await.unwrap();
    assert!(aws.deployed().await.unwrap().stacks.is_empty());
    // The lease went back: the next one need not wait.
    let planned = place.change(&aws, async |_| plan(&aws, &[("data", good(1))]).await);
    assert!(planned.await.is_ok());
}

#[tokio::test]
async fn fault_34_a_wrong_clock_is_called_a_wrong_clock() {
    let place = Place::new(134).await;
    let faults = Faults::before(Emulator::shared().await).await;
    faults
        .add(json!([{"service": "sts", "error": {"code": "RequestTimeTooSkewed", "status": 403}}]))
        .await;
    let error = place.through(faults.url()).open().await.unwrap_err();
    assert!(
        text(&error).contains("The clock of this machine is wrong"),
        "{}",
        text(&error)
    );
    assert_eq!(error.kind(), ErrorKind::Failed);
}
