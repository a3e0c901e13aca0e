//! What must hold for the templates of every stage, whatever they are.

#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};

use miyabi_catalog::FUNCTIONS;
use serde_json::Value as Json;
use stacks::{App, Assets, Stage, synth};

const STAGES: [&str; 5] = ["local", "sandbox", "dev", "staging", "prod"];

fn app(name: &str) -> App {
    synth(&Stage::built_in(name).unwrap(), &Assets::placeholder()).unwrap()
}

/// Every resource of every stack of every stage: (stage, stack, logical id, resource).
fn resources() -> Vec<(String, String, String, Json)> {
    let mut all = Vec::new();
    for stage in STAGES {
        for stack in app(stage).stacks() {
            for (id, resource) in stack.template()["Resources"].as_object().unwrap() {
                all.push((
                    stage.to_owned(),
                    stack.name().to_owned(),
                    id.clone(),
                    resource.clone(),
                ));
            }
        }
    }
    all
}

#[test]
fn every_route_of_the_catalogue_is_a_route_of_the_api_and_nothing_else_is() {
    let wanted: BTreeSet<String> = FUNCTIONS
        .iter()
        .flat_map(|function| function.routes)
        .map(|route| format!("{} {}", route.method.as_str(), route.path))
        .collect();
    for stage in STAGES {
        let template = app(stage).stack("api").unwrap().template();
        let made: BTreeSet<String> = template["Resources"]
            .as_object()
            .unwrap()
            .values()
            .filter(|resource| resource["Type"] == "AWS::ApiGatewayV2::Route")
            .map(|resource| {
                resource["Properties"]["RouteKey"]
                    .as_str()
                    .unwrap()
                    .to_owned()
            })
            .collect();
        assert_eq!(made, wanted, "stage {stage}");
    }
}

#[test]
fn a_permission_names_its_resource_unless_aws_lets_it_not() {
    // AWS lets none of these name a resource.
    let nameless = [
        "ec2:CreateNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:DeleteNetworkInterface",
        "ec2:AssignPrivateIpAddresses",
        "ec2:UnassignPrivateIpAddresses",
    ];
    let mut seen = 0;
    for (stage, stack, id, resource) in resources() {
        if resource["Type"] != "AWS::IAM::Role" {
            continue;
        }
        for policy in resource["Properties"]["Policies"]
            .as_array()
            .into_iter()
            .flatten()
        {
            for statement in policy["PolicyDocument"]["Statement"].as_array().unwrap() {
                seen += 1;
                let actions: Vec<&str> = statement["Action"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|a| a.as_str().unwrap())
                    .collect();
                assert!(
                    actions.iter().all(|action| !action.contains('*')),
                    "{stage}.{stack}.{id}: {actions:?}"
                );
                let star = statement["Resource"]
                    .as_array()
                    .unwrap()
                    .contains(&Json::from("*"));
                assert!(
                    !star || actions.iter().all(|action| nameless.contains(action)),
                    "{stage}.{stack}.{id} allows {actions:?} on everything"
                );
            }
        }
    }
    assert!(seen > 50, "the test looks at too little: {seen}");
}

#[test]
fn a_function_may_read_exactly_the_secrets_in_its_environment() {
    for (stage, stack, id, resource) in resources() {
        if resource["Type"] != "AWS::Lambda::Function" {
            continue;
        }
        let role = id.replace("Function", "Role");
        let template = app(&stage).stack(&stack).unwrap().template();
        let statements = &template["Resources"][&role]["Properties"]["Policies"][0]["PolicyDocument"]
            ["Statement"];
        let may: BTreeSet<String> = statements
            .as_array()
            .unwrap()
            .iter()
            .filter(|statement| statement["Action"][0] == "secretsmanager:GetSecretValue")
            .flat_map(|statement| statement["Resource"].as_array().unwrap())
            .map(reference)
            .collect();
        let environment = &resource["Properties"]["Environment"]["Variables"];
        let mut given: BTreeSet<String> = environment
            .as_object()
            .unwrap()
            .iter()
            .filter(|(name, _)| name.ends_with("_SECRET"))
            .map(|(_, value)| reference(value))
            .collect();
        if let Some(text) = environment["DATABASE_ROLE_SECRETS"]["Fn::Sub"].as_str() {
            given.extend(
                text.split("${")
                    .skip(1)
                    .map(|part| part.split('}').next().unwrap().to_owned()),
            );
        }
        assert_eq!(may, given, "{stage}.{stack}.{id}");
    }
}

/// The name in a `Ref` or `Fn::GetAtt`.
fn reference(value: &Json) -> String {
    match (&value["Ref"], &value["Fn::GetAtt"]) {
        (Json::String(name), _) => name.clone(),
        (_, Json::Array(parts)) => format!(
            "{}.{}",
            parts[0].as_str().unwrap(),
            parts[1].as_str().unwrap()
        ),
        _ => panic!("{value} is neither Ref nor GetAtt"),
    }
}

#[test]
fn what_holds_data_outlives_its_stack() {
    let stateful = [
        "AWS::RDS::DBInstance",
        "AWS::S3::Bucket",
        "AWS::SecretsManager::Secret",
    ];
    for (stage, stack, id, resource) in resources() {
        if !stateful.contains(&resource["Type"].as_str().unwrap()) {
            continue;
        }
        for key in ["DeletionPolicy", "UpdateReplacePolicy"] {
            let policy = resource[key].as_str().unwrap_or("nothing");
            assert!(
                ["Retain", "Snapshot"].contains(&policy),
                "{stage}.{stack}.{id}: {key} is {policy}"
            );
        }
    }
}

#[test]
fn no_template_holds_a_secret() {
    for stage in STAGES {
        for stack in app(stage).stacks() {
            let template = stack.template();
            for key in ["MasterUserPassword", "SecretString"] {
                assert!(
                    !has_key(&template, key),
                    "{stage}.{} has {key}",
                    stack.name()
                );
            }
            for parameter in template["Parameters"]
                .as_object()
                .into_iter()
                .flatten()
                .map(|(name, _)| name)
            {
                let name = parameter.to_lowercase();
                // An output that names a secret gives its ARN.
                assert!(
                    !name.contains("password") && !name.contains("token"),
                    "{stage}: {parameter}"
                );
            }
        }
    }
}

fn has_key(value: &Json, key: &str) -> bool {
    match value {
        Json::Object(object) => object
            .iter()
            .any(|(name, value)| name == key || has_key(value, key)),
        Json::Array(items) => items.iter().any(|item| has_key(item, key)),
        _ => false,
    }
}

#[test]
fn stacks_come_in_the_order_of_what_they_take_from_each_other() {
    let order = |stage: &str| -> Vec<Vec<String>> {
        let app = app(stage);
        let levels = app.levels().unwrap();
        levels
            .iter()
            .map(|level| level.iter().map(|stack| stack.name().to_owned()).collect())
            .collect()
    };
    let prod: [&[&str]; 5] = [
        &["network", "gateway"],
        &["data", "cache", "site"],
        &["migrate", "ops"],
        &["realtime"],
        &["api"],
    ];
    assert_eq!(order("prod"), prod);
    let sandbox: [&[&str]; 4] = [
        &["gateway", "data"],
        &["migrate", "site", "ops"],
        &["realtime"],
        &["api"],
    ];
    assert_eq!(order("sandbox"), sandbox);
}

#[test]
fn each_function_is_given_what_it_is_promised() {
    let mut names: BTreeMap<String, BTreeMap<String, Vec<String>>> = BTreeMap::new();
    for (stage, _, id, resource) in resources() {
        if resource["Type"] == "AWS::Lambda::Function" {
            let keys = resource["Properties"]["Environment"]["Variables"]
                .as_object()
                .unwrap()
                .keys()
                .cloned()
                .collect();
            names.entry(stage).or_default().insert(id, keys);
        }
    }
    insta::assert_json_snapshot!(names);
}

#[test]
fn names_fit_into_what_aws_takes() {
    for (stage, stack, id, resource) in resources() {
        for key in [
            "FunctionName",
            "DBInstanceIdentifier",
            "ServerlessCacheName",
        ] {
            let length = resource["Properties"][key]
                .as_str()
                .unwrap_or_default()
                .len();
            assert!(
                length <= 40,
                "{stage}.{stack}.{id}: {key} has {length} characters"
            );
        }
    }
}

/// Lambda needs the network interface actions, and a function's own code does not.
#[test]
fn the_code_of_a_function_in_the_vpc_is_denied_the_network_interfaces_of_lambda() {
    let mut seen = 0;
    for (stage, stack, id, resource) in resources() {
        if resource["Type"] != "AWS::IAM::Role" {
            continue;
        }
        let statements =
            resource["Properties"]["Policies"][0]["PolicyDocument"]["Statement"].clone();
        let of = |effect: &str| {
            let all = statements.as_array().into_iter().flatten();
            all.filter(|statement| statement["Effect"] == effect)
                .find(|statement| statement["Action"][0] == "ec2:CreateNetworkInterface")
                .cloned()
        };
        let Some(allowed) = of("Allow") else { continue };
        let denied = of("Deny").unwrap();
        assert_eq!(
            (&denied["Action"], &denied["Resource"]),
            (&allowed["Action"], &allowed["Resource"])
        );
        let function = &denied["Condition"]["ArnEquals"]["lambda:SourceFunctionArn"]["Fn::Sub"];
        let template = app(&stage).stack(&stack).unwrap().template();
        let function_id = id.replace("Role", "Function");
        let name = &template["Resources"][function_id]["Properties"]["FunctionName"];
        let expected = format!(":function:{}", name.as_str().unwrap());
        assert!(
            function.as_str().unwrap().ends_with(&expected),
            "{stage}.{stack}.{id}: {function}"
        );
        seen += 1;
    }
    assert!(seen > 15, "the test looks at too little: {seen}");
}

#[test]
fn values_between_stacks_are_parameters_and_never_exports() {
    for name in STAGES {
        for stack in app(name).stacks() {
            let template = stack.template().to_string();
            for word in ["\"Export\"", "Fn::ImportValue"] {
                assert!(!template.contains(word), "{name} {}: {word}", stack.name());
            }
        }
    }
}
