//! Tests of [`super`].

use deployer::{
    migrations::Migration,
    plan::{
        AliasReset, MadeFrom, MigrationPlan, ParameterChange, Risk, RiskKind, SitePlan, StackPlan,
    },
};

use super::*;

fn change(logical_id: &str, resource_type: &str, action: ResourceAction) -> ResourceChange {
    ResourceChange {
        logical_id: logical_id.to_owned(),
        resource_type: resource_type.to_owned(),
        action,
        causes: Vec::new(),
        stateful: false,
        retention: None,
    }
}

fn stack(name: &str, action: StackAction, resources: Vec<ResourceChange>) -> StackPlan {
    StackPlan {
        name: name.to_owned(),
        action,
        after: Vec::new(),
        template: Value::Null,
        parameters: BTreeMap::new(),
        parameter_changes: Vec::new(),
        section_changes: Vec::new(),
        incomplete: false,
        resources,
    }
}

/// Something of everything.
pub(crate) fn plan() -> Plan {
    let subnets = (0..2)
        .map(|n| {
            change(
                &format!("Subnet{n}"),
                "AWS::EC2::Subnet",
                ResourceAction::Add,
            )
        })
        .collect();
    let mut database = change("Db", "AWS::RDS::DBInstance", ResourceAction::Replace);
    database.stateful = true;
    database.retention = Some(Retention::Snapshot);
    database.causes = vec![Cause {
        property: "Properties.DBSubnetGroupName".to_owned(),
        from: None,
        to: None,
        effect: ResourceAction::Replace,
        through: Some("Group".to_owned()),
    }];
    let mut code = change("Tasks", "AWS::Lambda::Function", ResourceAction::Change);
    code.causes = vec![
        Cause {
            property: "Properties.Code.S3Key".to_owned(),
            from: Some("functions/tasks/aa.zip".to_owned()),
            to: Some("functions/tasks/bb.zip".to_owned()),
            effect: ResourceAction::Change,
            through: None,
        },
        Cause {
            property: "Properties.Environment.Variables.DATABASE_HOST".to_owned(),
            from: Some("db-1".to_owned()),
            to: None,
            effect: ResourceAction::Change,
            through: Some("DataDatabaseHost".to_owned()),
        },
    ];
    let mut data = stack("data", StackAction::Update, vec![database, code]);
    data.parameter_changes = vec![ParameterChange {
        name: "NetworkVpcId".to_owned(),
        from: Some("vpc-1".to_owned()),
        to: None,
        certain: false,
    }];
    Plan {
        stage: "local".to_owned(),
        made_from: MadeFrom::default(),
        stacks: vec![
            stack("network", StackAction::Create, subnets),
            data,
            stack("site", StackAction::None, Vec::new()),
        ],
        assets: Vec::new(),
        alias_resets: vec![AliasReset {
            stack: "api".to_owned(),
            function: "tasks".to_owned(),
            version: "7".to_owned(),
        }],
        migrations: MigrationPlan {
            run: true,
            known: true,
            after: "data".to_owned(),
            pending: vec![Migration {
                version: 7,
                description: "add labels".to_owned(),
                sha256: "ab".to_owned(),
            }],
        },
        site: SitePlan {
            put: true,
            sha256: "cd".to_owned(),
            files: Vec::new(),
        },
        cost: None,
        risks: vec![Risk {
            kind: RiskKind::DataLoss,
            stack: "data".to_owned(),
            logical_id: "Db".to_owned(),
            detail: "AWS::RDS::DBInstance is replaced by an empty one; a snapshot is kept"
                .to_owned(),
        }],
    }
}

#[test]
fn a_plan_reads_from_what_is_created_to_what_needs_a_look() {
    insta::assert_snapshot!(text(&plan(), false, Paint::new(false)));
}

#[test]
fn a_plan_as_json_has_no_templates() {
    let value = json(&plan());
    assert_eq!(value["stacks"][1]["resources"][0]["action"], "replace");
    assert_eq!(value["empty"], false);
    assert!(value["stacks"][0].get("template").is_none());
}
