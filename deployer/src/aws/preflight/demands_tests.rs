//! What is read from templates; among them those of the stage `prod`.

use std::collections::BTreeMap;

use serde_json::json;

use super::*;
use crate::plan::{ResourceAction, ResourceChange};

fn stack(action: StackAction, template: Value, added: &[&str]) -> StackPlan {
    let change = |id: &&str| ResourceChange {
        logical_id: (*id).to_owned(),
        resource_type: String::new(),
        action: ResourceAction::Add,
        causes: Vec::new(),
        stateful: false,
        retention: None,
    };
    StackPlan {
        name: "api".to_owned(),
        action,
        after: Vec::new(),
        template,
        parameters: BTreeMap::new(),
        parameter_changes: Vec::new(),
        section_changes: Vec::new(),
        incomplete: false,
        resources: added.iter().map(change).collect(),
    }
}

fn names(demands: &Demands) -> Vec<&str> {
    demands
        .names
        .iter()
        .map(|name| name.name.as_str())
        .collect()
}

#[test]
fn only_literal_names_of_resources_that_are_created_are_looked_up() {
    let template = json!({"Resources": {
        "Old": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "old"}},
        "New": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "new"}},
        "Computed": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Fn::Sub": "x-${AWS::Region}"}}},
        "Other": {"Type": "AWS::SNS::Topic", "Properties": {"Name": "other"}}
    }});
    let created = stack(StackAction::Create, template.clone(), &[]);
    assert_eq!(names(&Demands::of(&[created])), ["old", "new"]);
    let updated = stack(StackAction::Update, template.clone(), &["New"]);
    assert_eq!(names(&Demands::of(&[updated])), ["new"]);
    let deleted = stack(StackAction::Delete, template, &[]);
    assert_eq!(Demands::of(&[deleted]), Demands::default());
}

#[test]
fn certificates_zones_and_hand_filled_secrets_are_found_where_they_are_used() {
    let template = json!({"Resources": {
        "Distribution": {"Type": "AWS::CloudFront::Distribution", "Properties": {"DistributionConfig": {
            "Aliases": ["tasks.example.com"], "ViewerCertificate": {"AcmCertificateArn": "arn:site"}}}},
        "Domain": {"Type": "AWS::ApiGatewayV2::DomainName", "Properties": {"DomainName": "api.example.com",
            "DomainNameConfigurations": [{"CertificateArn": "arn:api"}]}},
        "Record": {"Type": "AWS::Route53::RecordSet", "Properties": {"HostedZoneId": "Z1", "Name": "tasks.example.com"}},
        "Github": {"Type": "AWS::SecretsManager::Secret", "Properties": {"Name": "github"}},
        "Keys": {"Type": "AWS::SecretsManager::Secret", "Properties": {"Name": "keys", "GenerateSecretString": {}}}
    }});
    let demands = Demands::of(&[stack(StackAction::Update, template, &["Distribution"])]);
    let certificates: Vec<_> = demands
        .certificates
        .iter()
        .map(|demand| (demand.arn.as_str(), demand.region, demand.domains.join(" ")))
        .collect();
    assert_eq!(
        certificates,
        [
            (
                "arn:site",
                Some("us-east-1"),
                "tasks.example.com".to_owned()
            ),
            ("arn:api", None, "api.example.com".to_owned()),
        ]
    );
    assert!(demands.creates_distribution);
    assert_eq!(demands.records[0].zone, "Z1");
    assert_eq!(demands.secrets_by_hand, ["github"]);
}

/// The figure of `docs/deploying.md`: whoever changes what `prod` reserves sees it here.
#[test]
fn prod_reserves_and_provisions_what_its_documentation_says() {
    let stage = crate::stage::Stage::load("prod").unwrap();
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap();
    let project = crate::project::Project::new(root);
    let stacks: Vec<StackPlan> = crate::synth::templates(&project, &stage, &[])
        .unwrap()
        .into_iter()
        .map(|template| stack(StackAction::Create, template.json, &[]))
        .collect();
    let demands = Demands::of(&stacks);
    let reserved: u64 = demands
        .functions
        .iter()
        .filter_map(|function| function.reserved)
        .sum();
    let provisioned: u64 = demands
        .functions
        .iter()
        .map(|function| function.provisioned)
        .sum();
    assert_eq!((reserved, provisioned), (192, 3));
    assert!(demands.creates_distribution);
    assert_eq!(demands.secrets_by_hand, ["miyabi-prod-github"]);
}
