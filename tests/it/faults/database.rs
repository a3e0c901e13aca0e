//! The database of a stage: snapshots, and a restore that stays.

use deployer::{
    ErrorKind,
    aws::Aws,
    database_origin::RestoreSource,
    plan::{self, DesiredStack, DesiredState, Plan, RiskKind},
    progress::Progress,
    restore::plan_from,
    target::{ManagedDatabase, Records, Target},
};
use miyabi_tests::{Emulator, Value, json};

use super::{Place, actions, text};

/// A stack with a database as `data` has it: without a name, its address an output.
fn data(class: &str) -> Value {
    json!({
        "Resources": {"Database": {"Type": "AWS::RDS::DBInstance", "DeletionPolicy": "Snapshot", "UpdateReplacePolicy": "Snapshot",
            "Properties": {"Engine": "postgres", "EngineVersion": "15", "DBInstanceClass": class, "AllocatedStorage": "20",
                "EnableCloudwatchLogsExports": ["postgresql"], "DBName": "miyabi", "MasterUsername": "miyabi_owner", "MasterUserPassword": "xxxxxxxx", "BackupRetentionPeriod": 7}}},
        "Outputs": {"id": {"Value": {"Fn::GetAtt": ["Database", "Endpoint.Address"]}}}
    })
}

/// A stack that takes the database's address, as the functions do.
fn api() -> Value {
    json!({
        "Parameters": {"DataId": {"Type": "String"}},
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "DataId"}}}}
    })
}

fn desired(class: &str) -> DesiredState {
    let from = plan::Parameter::Output {
        stack: "data".to_owned(),
        output: "id".to_owned(),
    };
    let stack = |name: &str, template, parameters| DesiredStack {
        name: name.to_owned(),
        template,
        parameters,
    };
    DesiredState {
        stage: "sandbox".to_owned(),
        stacks: vec![
            stack("data", data(class), [].into()),
            stack("api", api(), [("DataId".to_owned(), from)].into()),
        ],
        assets: Vec::new(),
        migrations: Vec::new(),
        site: Vec::new(),
    }
}

async fn restore(place: &Place, aws: &Aws, source: &RestoreSource) -> Plan {
    let mut plan = plan_from(
        desired("db.t3.small"),
        &aws.deployed().await.unwrap(),
        source,
    )
    .unwrap();
    plan.made_from.stage = Some(aws.id());
    place.apply(aws, &plan).await.unwrap();
    plan
}

#[tokio::test]
async fn a_restore_makes_a_new_instance_that_everybody_uses_and_no_later_deploy_undoes() {
    let place = Place::new(1410).await;
    let stacks = [("data", data("db.t3.small")), ("api", api())];
    place.deploy(&stacks).await.unwrap();
    let aws = place.open().await.unwrap();
    let before = aws.instance().await.unwrap();
    let address = aws.deployed().await.unwrap().stacks["data"].outputs["id"].clone();

    let made = aws
        .make_snapshot("before-friday", &Progress::silent())
        .await
        .unwrap();
    assert_eq!(made.name, "miyabi-sandbox-before-friday");
    assert_eq!(
        (made.status.as_str(), made.instance.as_str()),
        ("available", before.as_str())
    );
    let listed = aws.snapshots().await.unwrap();
    assert!(
        listed.iter().any(|snapshot| snapshot.name == made.name),
        "{listed:?}"
    );

    let source = aws.snapshot_to_restore(&made.name).await.unwrap();
    let plan = restore(&place, &aws, &source).await;
    assert_eq!(
        plan.risk_kinds(),
        [RiskKind::DataLoss],
        "the name of the stage is asked for"
    );
    let now = aws.instance().await.unwrap();
    assert_ne!(now, before, "a new instance");
    let deployed = aws.deployed().await.unwrap();
    let properties = &deployed.stacks["data"].template["Resources"]["Database"]["Properties"];
    assert_eq!(properties["DBSnapshotIdentifier"], made.name);
    assert_ne!(deployed.stacks["data"].outputs["id"], address);
    assert_eq!(
        deployed.stacks["api"].parameters["DataId"], deployed.stacks["data"].outputs["id"],
        "who used the old address uses the new one"
    );

    // Whoever deploys next knows nothing of it, and changes something else.
    let (plan, _) = place.deploy(&stacks).await.unwrap();
    assert!(plan.is_empty(), "{plan:?}");
    let (plan, _) = place
        .deploy(&[("data", data("db.t3.medium")), ("api", api())])
        .await
        .unwrap();
    assert_eq!(plan.risks, [], "{:?}", actions(&plan));
    assert_eq!(aws.instance().await.unwrap(), now);
}

#[tokio::test]
async fn what_cannot_be_restored_is_refused_before_anything_changes() {
    let place = Place::new(1411).await;
    place
        .deploy(&[("data", data("db.t3.small")), ("api", api())])
        .await
        .unwrap();
    let aws = place.open().await.unwrap();
    let error = aws
        .snapshot_to_restore("miyabi-sandbox-none")
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage);
    assert!(
        text(&error).contains("`miyabi-sandbox-none` does not exist"),
        "{}",
        text(&error)
    );
    let future = time::OffsetDateTime::now_utc() + time::Duration::days(1);
    let error = aws.moment_to_restore(Some(future)).await.unwrap_err();
    assert!(
        text(&error).contains("The latest moment that can be restored is"),
        "{}",
        text(&error)
    );
    let status = aws.database_status().await.unwrap();
    let source = aws.moment_to_restore(None).await.unwrap();
    let RestoreSource::PointInTime { instance, at } = &source else {
        panic!("{source:?}");
    };
    assert_eq!(*instance, status.instance);
    assert!(at.ends_with('Z'), "{at}");
    assert_eq!(
        (status.engine.as_str(), status.storage),
        ("postgres 15", 20)
    );

    let none = Place::new(1412).await;
    let error = none.open().await.unwrap().instance().await.unwrap_err();
    assert!(
        text(&error).contains("has no database at RDS"),
        "{}",
        text(&error)
    );
}

/// `destroy --unprotect` of a stage whose stacks succeeded.
#[tokio::test]
async fn a_protected_stage_is_destroyed_by_one_command_and_leaves_a_named_snapshot() {
    use deployer::{approval::Approvals, target::Upkeep};

    let place = Place::new(1413).await;
    let emulator = Emulator::shared().await;
    let mut template = data("db.t3.small");
    template["Resources"]["Files"] = json!({"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "fault-1413",
        "VersioningConfiguration": {"Status": "Enabled"}}});
    place.deploy(&[("data", template)]).await.unwrap();
    let aws = place.open().await.unwrap();
    let instance = aws.instance().await.unwrap();
    for body in ["one", "two"] {
        emulator
            .put_object(&place.account, "fault-1413", "file", body)
            .await
            .expect(200);
    }
    let protect = [
        ("Action", "ModifyDBInstance"),
        ("Version", "2014-10-31"),
        ("DBInstanceIdentifier", instance.as_str()),
        ("DeletionProtection", "true"),
    ];
    assert_eq!(
        emulator.query(&place.account, "rds", &protect).await.status,
        200
    );
    let protect = [
        ("Action", "UpdateTerminationProtection"),
        ("StackName", "miyabi-sandbox-data"),
        ("EnableTerminationProtection", "true"),
    ];
    assert_eq!(
        emulator
            .cloudformation(&place.account, &protect)
            .await
            .status,
        200
    );
    let target = "Logs_20140328.DescribeLogGroups";
    let prefix = json!({"logGroupNamePrefix": "/aws/rds/"});
    let groups = emulator
        .call(&place.account, "logs", target, prefix)
        .await
        .expect(200);
    let group = &groups["logGroups"][0];
    assert_eq!(
        group["logGroupName"],
        format!("/aws/rds/instance/{instance}/postgresql")
    );
    let days = place.stage().settings().functions.log_retention_days;
    assert_eq!(
        group["retentionInDays"], days,
        "RDS makes it without expiry"
    );

    let progress = place.progress();
    let done = place.change(&aws, async |_| aws.unprotect(&progress).await);
    let done = done.await.unwrap();
    let expected = [
        "termination protection of data".to_owned(),
        format!("deletion protection of {instance}"),
        "objects of fault-1413".to_owned(),
    ];
    assert_eq!(done, expected);
    place
        .change(&aws, async |deployment| {
            let removal = deployment.plan_removal().await?;
            let approved = removal
                .approve(&Approvals::default().typed("sandbox"))
                .unwrap();
            deployment.destroy(&approved, true).await
        })
        .await
        .unwrap();
    assert!(aws.deployed().await.unwrap().stacks.is_empty());
    let told = place.told();
    assert!(
        told.contains("of the database is kept") && told.contains(&instance),
        "{told}"
    );
    let target = "Logs_20140328.DescribeLogGroups";
    let groups = emulator
        .call(
            &place.account,
            "logs",
            target,
            json!({"logGroupNamePrefix": "/aws/rds/"}),
        )
        .await;
    assert_eq!(groups.expect(200)["logGroups"], json!([]));
}

#[tokio::test]
async fn the_stacks_of_a_protected_stage_have_termination_protection_and_others_have_none() {
    let place = Place::new(1414).await;
    place.deploy(&[("data", super::good(1))]).await.unwrap();
    let is_protected = async || {
        let describe = [
            ("Action", "DescribeStacks"),
            ("StackName", "miyabi-sandbox-data"),
        ];
        let answer = Emulator::shared()
            .await
            .cloudformation(&place.account, &describe)
            .await;
        answer.text().contains("<EnableTerminationProtection>true<")
    };
    assert!(!is_protected().await);
    let protected = place.protected();
    protected.deploy(&[("data", super::good(2))]).await.unwrap();
    assert!(is_protected().await);
    // The deployer itself, with an approved plan or a typed name, may delete it.
    let aws = protected.open().await.unwrap();
    let progress = Progress::silent();
    let deleted = protected.change(&aws, async |_| {
        deployer::target::Stacks::delete_stack(&aws, "data", &progress).await
    });
    deleted.await.unwrap();
}
