//! Tests of [`super`].

use serde_json::json;

use super::*;
use crate::{
    plan::{RiskKind, held},
    site::SiteFile,
};

struct Facts;

impl Schemas for Facts {
    fn create_only(&self, resource_type: &str) -> Vec<String> {
        match resource_type {
            "AWS::EC2::VPC" => vec!["CidrBlock".to_owned()],
            "AWS::RDS::DBInstance" => vec!["VpcId".to_owned()],
            _ => Vec::new(),
        }
    }

    fn conditional_create_only(&self, _: &str) -> Vec<String> {
        Vec::new()
    }
    fn custom_name(&self, _: &str) -> Option<String> {
        None
    }
    fn is_unordered(&self, _: &str, _: &[String]) -> bool {
        false
    }
}

/// Two stacks: a network and the data in it, with the function `migrate`.
fn desired_state(cidr: &str, code: &str, migrations: &[&str]) -> DesiredState {
    let network = json!({
        "Resources": {"Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": cidr}}},
        "Outputs": {"VpcId": {"Value": {"Ref": "Vpc"}}, "siteBucket": {"Value": "site"},
                    "siteUrl": {"Value": {"Fn::Sub": "https://${Vpc}"}}}
    });
    let data = json!({
        "Parameters": {"VpcId": {"Type": "String"}},
        "Resources": {
            "Db": {"Type": "AWS::RDS::DBInstance", "UpdateReplacePolicy": "Snapshot", "DeletionPolicy": "Snapshot",
                   "Properties": {"VpcId": {"Ref": "VpcId"}}},
            "Migrate": {"Type": "AWS::Lambda::Function",
                        "Properties": {"Code": {"S3Key": format!("functions/migrate/{code}.zip")}}}
        }
    });
    let output = Parameter::Output {
        stack: "network".to_owned(),
        output: "VpcId".to_owned(),
    };
    let stack = |name: &str, template, parameters| DesiredStack {
        name: name.to_owned(),
        template,
        parameters,
    };
    DesiredState {
        stage: "local".to_owned(),
        stacks: vec![
            stack("data", data, BTreeMap::from([("VpcId".to_owned(), output)])),
            stack("network", network, BTreeMap::new()),
        ],
        assets: Vec::new(),
        migrations: migrations
            .iter()
            .zip(1..)
            .map(|(content, version)| Migration {
                version,
                description: "a change".to_owned(),
                sha256: (*content).to_owned(),
            })
            .collect(),
        site: vec![file("<html>")],
    }
}

fn file(body: &str) -> SiteFile {
    SiteFile {
        key: "index.html".to_owned(),
        content_type: "text/html".to_owned(),
        cache_control: "no-cache".to_owned(),
        body: body.into(),
    }
}

/// What would be deployed after applying `wish`.
fn deployed(desired: &DesiredState) -> Deployed {
    let stack = |wanted: &DesiredStack| DeployedStack {
        template: wanted.template.clone(),
        parameters: wanted
            .parameters
            .keys()
            .map(|name| (name.clone(), "vpc-1".to_owned()))
            .collect(),
        outputs: match wanted.name.as_str() {
            "network" => [
                ("VpcId", "vpc-1"),
                ("siteBucket", "site"),
                ("siteUrl", "https://vpc-1"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
            _ => BTreeMap::new(),
        },
        complete: true,
    };
    let mut deployed = Deployed {
        stacks: desired
            .stacks
            .iter()
            .map(|wanted| (wanted.name.clone(), stack(wanted)))
            .collect(),
        migrations: desired
            .migrations
            .iter()
            .map(|file| (file.version, file.sha256.clone()))
            .collect(),
        ..Deployed::default()
    };
    deployed.site = Some(held(&desired.site, &desired.stage, &deployed));
    deployed
}

/// The plan without templates, parameters and assets.
fn told(plan: &Plan) -> String {
    let mut text = String::new();
    for stack in &plan.stacks {
        text += &format!(
            "{} {} after {:?}\n",
            stack.action.as_str(),
            stack.name,
            stack.after
        );
        for change in &stack.resources {
            text += &format!("  {} {}\n", change.action.as_str(), change.logical_id);
        }
    }
    let versions: Vec<_> = plan
        .migrations
        .pending
        .iter()
        .map(|file| file.version)
        .collect();
    text += &format!(
        "migrate run={} known={} pending={versions:?}\nsite put={}\n",
        plan.migrations.run, plan.migrations.known, plan.site.put
    );
    for risk in &plan.risks {
        text += &format!("risk {:?} {}\n", risk.kind, risk.logical_id);
    }
    text
}

#[test]
fn a_first_deploy_creates_everything_and_cannot_know_the_migrations() {
    let plan = make(
        desired_state("10.0.0.0/16", "a", &["m1"]),
        &Deployed::default(),
        &Facts,
    )
    .unwrap();
    insta::assert_snapshot!(told(&plan), @r#"
    create network after []
      add Vpc
    create data after ["network"]
      add Db
      add Migrate
    migrate run=true known=false pending=[1]
    site put=true
    "#);
}

#[test]
fn a_second_deploy_of_the_same_does_nothing() {
    let desired = desired_state("10.0.0.0/16", "a", &["m1"]);
    let plan = make(desired.clone(), &deployed(&desired), &Facts).unwrap();
    assert!(plan.is_empty(), "{}", told(&plan));
}

#[test]
fn a_stack_that_was_deleted_by_hand_is_not_one_that_was_never_deployed() {
    let desired = desired_state("10.0.0.0/16", "a", &["m1"]);
    let mut deployed = deployed(&desired);
    deployed.stacks.remove("data");
    let plan = make(desired, &deployed, &Facts).unwrap();
    let risks: Vec<_> = plan
        .risks
        .iter()
        .map(|risk| (risk.kind, risk.place()))
        .collect();
    assert_eq!(risks, [(RiskKind::DeletedOutOfBand, "data".to_owned())]);
}

#[test]
fn new_code_and_a_new_migration_touch_only_the_stack_that_has_them() {
    let before = deployed(&desired_state("10.0.0.0/16", "a", &["m1"]));
    let plan = make(
        desired_state("10.0.0.0/16", "b", &["m1", "m2"]),
        &before,
        &Facts,
    )
    .unwrap();
    insta::assert_snapshot!(told(&plan), @r#"
    none network after []
    update data after ["network"]
      change Migrate
    migrate run=true known=true pending=[2]
    site put=false
    "#);
}

#[test]
fn a_replaced_network_replaces_the_database_of_another_stack_and_that_is_a_risk() {
    let before = deployed(&desired_state("10.0.0.0/16", "a", &["m1"]));
    let plan = make(desired_state("10.1.0.0/16", "a", &["m1"]), &before, &Facts).unwrap();
    insta::assert_snapshot!(told(&plan), @r#"
    update network after []
      replace Vpc
    update data after ["network"]
      replace Db
    migrate run=true known=false pending=[1]
    site put=true
    risk DataLoss Db
    "#);
    assert_eq!(plan.risk_kinds(), [RiskKind::DataLoss]);
}

#[test]
fn the_site_is_put_again_when_its_files_or_its_addresses_are_others() {
    let desired = desired_state("10.0.0.0/16", "a", &["m1"]);
    let before = deployed(&desired);
    let put = |desired: &DesiredState, before: &Deployed| {
        make(desired.clone(), before, &Facts).unwrap().site.put
    };
    assert!(!put(&desired, &before));

    let mut others = desired.clone();
    others.site = vec![file("<html lang=en>")];
    assert!(put(&others, &before));

    // A deploy was cut off after the address moved and before the files were put.
    let mut moved = before;
    let network = moved.stacks.get_mut("network").unwrap();
    network
        .outputs
        .insert("siteUrl".to_owned(), "https://vpc-2".to_owned());
    assert!(put(&desired, &moved));
}

#[test]
fn an_update_that_did_not_complete_is_done_again() {
    let desired = desired_state("10.0.0.0/16", "a", &["m1"]);
    let mut before = deployed(&desired);
    before.stacks.get_mut("data").unwrap().complete = false;
    let plan = make(desired, &before, &Facts).unwrap();
    let actions: Vec<_> = plan.stacks.iter().map(|stack| stack.action).collect();
    assert_eq!(actions, [StackAction::None, StackAction::Update]);
}

#[test]
fn a_stack_that_is_no_longer_wanted_is_deleted_after_its_users() {
    let all = desired_state("10.0.0.0/16", "a", &["m1"]);
    let before = deployed(&all);
    let none = DesiredState {
        stacks: Vec::new(),
        ..all
    };
    insta::assert_snapshot!(told(&make(none, &before, &Facts).unwrap()), @r#"
    delete data after []
      remove Migrate
      remove Db
    delete network after ["data"]
      remove Vpc
    migrate run=false known=false pending=[]
    site put=false
    risk DataLoss Db
    "#);
}

#[test]
fn an_edited_migration_is_refused_before_anything_else() {
    let before = deployed(&desired_state("10.0.0.0/16", "a", &["m1"]));
    let error = make(
        desired_state("10.0.0.0/16", "a", &["edited"]),
        &before,
        &Facts,
    )
    .unwrap_err();
    assert!(error.message().contains("has changed since"), "{error}");
}

#[test]
fn a_plan_is_the_same_after_a_round_trip_through_a_file() {
    let before = deployed(&desired_state("10.0.0.0/16", "a", &["m1"]));
    let mut plan = make(
        desired_state("10.1.0.0/16", "b", &["m1", "m2"]),
        &before,
        &Facts,
    )
    .unwrap();
    let text = serde_json::to_string(&plan).unwrap();
    // A file holds the hash of the site, not its contents.
    plan.site.files.clear();
    assert_eq!(serde_json::from_str::<Plan>(&text).unwrap(), plan);
}
