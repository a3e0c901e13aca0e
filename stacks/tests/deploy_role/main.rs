//! What the role may do that deploys from GitHub, against what AWS asks of it.
//!
//! CloudFormation works with the rights of whoever deploys. What its handlers call is in
//! `cfn/schemas/permissions.json`, for every type; what of that this application never triggers is
//! in [`NEVER`], with the reason; on which resources the rest is asked for is in [`asked::asked`].

#![allow(clippy::unwrap_used)]

mod asked;
mod boundary;
mod plan_role;
mod policy;

use std::collections::{BTreeMap, BTreeSet};

use asked::{asked, never};
use policy::{Policy, matches};
use serde_json::Value as Json;
use stacks::{
    Assets, Stage,
    bootstrap::{GithubRepository, bootstrap},
    stage::Egress,
    synth,
};

/// The stage of a file with everything switched on that a stage on AWS can have.
fn everything(name: &str) -> Stage {
    let mut all = Stage::built_in(name).unwrap();
    let certificate = "arn:aws:acm:us-east-1:333333333333:certificate/a".to_owned();
    if all.account.is_some() {
        all.ops.grafana = true;
        all.network.egress = Egress::NatGateway;
        all.cache = true;
        all.site.domain = Some("www.example.com".to_owned());
        all.site.certificate = Some(certificate.clone());
        all.site.hosted_zone = Some("Z0123456789".to_owned());
        all.api.domain = Some("api.example.com".to_owned());
        all.api.certificate = Some(certificate);
        all.api.hosted_zone = Some("Z9876543210".to_owned());
    }
    all
}

/// The resources of a stage's bootstrap stack, with the role.
fn bootstrapped(stage: &str) -> Json {
    let github = GithubRepository {
        name: "owner/name".to_owned(),
        provider_exists: true,
    };
    let stack = bootstrap(&everything(stage), Some(&github)).unwrap();
    stack.template()["Resources"].clone()
}

/// The policies of the role that deploys a stage.
fn role(stage: &str) -> Policy {
    policy(stage, "DeployRole")
}

/// The policies of a role of the bootstrap stack, those of their own too.
fn policy(stage: &str, role: &str) -> Policy {
    let resources = bootstrapped(stage);
    let properties = &resources[role]["Properties"];
    let inline = properties["Policies"].as_array().unwrap().iter();
    let managed = properties["ManagedPolicyArns"]
        .as_array()
        .into_iter()
        .flatten();
    let managed = managed.map(|arn| &resources[arn["Ref"].as_str().unwrap()]["Properties"]);
    let policies = inline.chain(managed);
    Policy::of(policies.map(|policy| &policy["PolicyDocument"]))
}

/// Every resource type that a stage on AWS can have: those of the files, and what they may switch on.
fn types() -> BTreeSet<String> {
    let all = everything("prod");
    let built_in = ["dev", "staging", "prod"].map(|name| Stage::built_in(name).unwrap());
    let mut types = BTreeSet::new();
    for stage in built_in.iter().chain([&all]) {
        for stack in synth(stage, &Assets::placeholder()).unwrap().stacks() {
            for resource in stack.template()["Resources"].as_object().unwrap().values() {
                types.insert(resource["Type"].as_str().unwrap().to_owned());
            }
        }
    }
    types
}

/// Type -> handler -> the actions that it calls.
fn handlers() -> BTreeMap<String, BTreeMap<String, BTreeSet<String>>> {
    serde_json::from_str(include_str!("../../cfn/schemas/permissions.json")).unwrap()
}

/// Type -> the actions by which its handler reads a resource, as drift detection does.
fn read() -> BTreeMap<String, BTreeSet<String>> {
    let types = handlers().into_iter();
    types
        .filter_map(|(name, mut handlers)| Some((name, handlers.remove("read")?)))
        .collect()
}

/// Type -> the actions that its handlers call.
fn called() -> BTreeMap<String, BTreeSet<String>> {
    let types = handlers();
    let all = |handlers: BTreeMap<_, BTreeSet<String>>| handlers.into_values().flatten().collect();
    types
        .into_iter()
        .map(|(name, handlers)| (name, all(handlers)))
        .collect()
}

#[test]
fn the_role_may_do_what_the_handlers_of_every_type_do() {
    let (role, called) = (role("dev"), called());
    let mut refused = Vec::new();
    for resource_type in types() {
        for action in &called[&resource_type] {
            if never(&resource_type, action) {
                continue;
            }
            let resources = asked(&resource_type, action);
            if resources.is_empty() {
                refused.push(format!(
                    "{resource_type}: {action} on what? Say it in tests/deploy_role/asked.rs"
                ));
            }
            for resource in resources {
                if !role.allows(action, &resource) {
                    refused.push(format!("{resource_type}: {action} on {resource}"));
                }
            }
        }
    }
    assert!(
        refused.is_empty(),
        "The deploy role may not, though AWS's handlers do:\n{}",
        refused.join("\n")
    );
}

#[test]
fn what_is_said_never_to_happen_is_called_by_some_handler() {
    let (types, called) = (types(), called());
    for (type_pattern, action_pattern, why) in asked::NEVER {
        let some = types.iter().any(|name| {
            matches(type_pattern, name)
                && called[name]
                    .iter()
                    .any(|action| matches(action_pattern, action))
        });
        assert!(
            some,
            "{type_pattern} {action_pattern} ({why}) is out of date"
        );
    }
}

#[test]
fn the_role_cannot_read_the_password_of_the_database() {
    let secret = asked::arn("secretsmanager", "secret:rds!db-0123-abcdef");
    assert!(!role("prod").allows("secretsmanager:GetSecretValue", &secret));
    assert!(!role("prod").allows("secretsmanager:PutResourcePolicy", &secret));
}

#[test]
fn the_role_cannot_change_itself() {
    let role = role("dev");
    let itself = "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/miyabi-dev-deploy";
    for action in [
        "iam:PutRolePolicy",
        "iam:AttachRolePolicy",
        "iam:UpdateAssumeRolePolicy",
        "iam:PassRole",
    ] {
        assert!(!role.allows(action, itself), "{action}");
    }
}

/// All inline policies of a role together: 10,240 characters, white space not counted.
/// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
#[test]
fn the_policies_are_as_small_as_iam_asks() {
    for role in ["DeployRole", "PlanRole"] {
        let policies = &bootstrapped("staging")[role]["Properties"]["Policies"];
        let documents: String = policies
            .as_array()
            .unwrap()
            .iter()
            .map(|policy| resolved(&policy["PolicyDocument"]).to_string())
            .collect();
        assert!(
            documents.len() < 10_240,
            "{role}: {} characters",
            documents.len()
        );
    }
    // A managed policy: 6,144.
    let boundary = &bootstrapped("staging")["Boundary"]["Properties"]["PolicyDocument"];
    assert!(resolved(boundary).to_string().len() < 6_144, "{boundary}");
}

/// With the longest that the pseudo parameters can be.
fn resolved(value: &Json) -> Json {
    match value {
        Json::Object(object) if object.contains_key("Ref") => "ap-southeast-1".into(),
        Json::Object(object) => match object.get("Fn::Sub") {
            Some(text) => text
                .as_str()
                .unwrap()
                .replace("${AWS::Partition}", "aws-us-gov")
                .replace("${AWS::Region}", "ap-southeast-1")
                .replace("${AWS::AccountId}", "123456789012")
                .replace("${AWS::URLSuffix}", "amazonaws.com.cn")
                .into(),
            None => object
                .iter()
                .map(|(key, value)| (key.clone(), resolved(value)))
                .collect(),
        },
        Json::Array(items) => items.iter().map(resolved).collect(),
        other => other.clone(),
    }
}

/// Another stage's distributions, APIs and networks carry its tag, and zones are named.
#[test]
fn the_role_cannot_touch_what_another_stage_has() {
    let role = role("dev");
    let own = |statement: &Json, key: &str| {
        let tag =
            &statement["Condition"]["StringEqualsIfExists"][format!("aws:{key}/miyabi:stage")];
        assert_eq!(tag, "dev", "{statement}");
    };
    let distribution = "arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:distribution/E1";
    let api = "arn:${AWS::Partition}:apigateway:${AWS::Region}::/apis/a1b2c3d4e5";
    for (action, resource) in [
        ("cloudfront:UpdateDistribution", distribution),
        ("cloudfront:DeleteDistribution", distribution),
        ("cloudfront:CreateInvalidation", distribution),
        ("cloudfront:TagResource", distribution),
        ("apigateway:DELETE", api),
        ("apigateway:PATCH", api),
        ("apigateway:TagResource", api),
        ("ec2:DeleteVpc", "*"),
        ("ec2:AuthorizeSecurityGroupIngress", "*"),
        ("ec2:CreateTags", "*"),
    ] {
        let statements = role.allowing(action, resource);
        assert!(!statements.is_empty(), "{action}");
        for statement in statements {
            own(statement, "ResourceTag");
            own(statement, "RequestTag");
        }
    }
    let change = "route53:ChangeResourceRecordSets";
    let zone = |id: &str| format!("arn:${{AWS::Partition}}:route53:::hostedzone/{id}");
    assert!(role.allows(change, &zone("Z0123456789")) && role.allows(change, &zone("Z9876543210")));
    assert!(!role.allows(change, &zone("Z0000000000")) && !role.allows(change, "*"));
    // The same of the file, which names no zone.
    let github = GithubRepository {
        name: "owner/name".to_owned(),
        provider_exists: true,
    };
    let plain = bootstrap(&Stage::built_in("dev").unwrap(), Some(&github)).unwrap();
    assert!(!plain.template().to_string().contains("route53"));
}
