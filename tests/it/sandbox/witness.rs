//! The AWS CLI, which we did not write, sees what `status` and `outputs` say.

use std::collections::{BTreeMap, BTreeSet};

use miyabi_tests::{Emulator, Value};

const ACCOUNT: &str = "000000000000";

/// Compares all stacks, resources and aliases of the stage `sandbox`.
pub(super) async fn agrees(emulator: &Emulator, status: &Value, outputs: &Value) {
    let told = stacks(emulator, outputs).await;
    let resources = resources(emulator, &told).await;
    let ours: BTreeSet<Resource> = status["resources"]
        .as_array()
        .unwrap()
        .iter()
        .map(|resource| {
            let text = |name: &str| resource[name].as_str().unwrap().to_owned();
            assert_eq!(resource["health"], "ok", "{resource}");
            Resource {
                stack: text("stack"),
                logical_id: text("logical_id"),
                resource_type: text("resource_type"),
                physical_id: text("physical_id"),
            }
        })
        .collect();
    assert_eq!(ours, resources);
    aliases(emulator, &resources).await;
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Resource {
    stack: String,
    logical_id: String,
    resource_type: String,
    physical_id: String,
}

/// The short names of the stacks: all are complete, and their public outputs are what we say.
async fn stacks(emulator: &Emulator, outputs: &Value) -> Vec<String> {
    let answer = emulator
        .aws_cli(ACCOUNT, &["cloudformation", "describe-stacks"])
        .await;
    let mut names = Vec::new();
    let mut values: BTreeMap<&str, &Value> = BTreeMap::new();
    for stack in answer["Stacks"].as_array().unwrap() {
        let name = stack["StackName"].as_str().unwrap();
        assert!(
            ["CREATE_COMPLETE", "UPDATE_COMPLETE"]
                .contains(&stack["StackStatus"].as_str().unwrap()),
            "{stack}"
        );
        let short = name.strip_prefix("miyabi-sandbox-").unwrap();
        // It is no part of what a deploy makes.
        if short == "bootstrap" {
            continue;
        }
        names.push(short.to_owned());
        for output in stack["Outputs"].as_array().into_iter().flatten() {
            values.insert(
                output["OutputKey"].as_str().unwrap(),
                &output["OutputValue"],
            );
        }
    }
    let outputs = outputs.as_object().unwrap();
    assert!(!outputs.is_empty());
    for (name, value) in outputs {
        assert_eq!(
            values.get(name.as_str()),
            Some(&value),
            "{name} of {values:?}"
        );
    }
    names
}

async fn resources(emulator: &Emulator, stacks: &[String]) -> BTreeSet<Resource> {
    let mut found = BTreeSet::new();
    for stack in stacks {
        let name = format!("miyabi-sandbox-{stack}");
        let list = [
            "cloudformation",
            "list-stack-resources",
            "--stack-name",
            &name,
        ];
        let answer = emulator.aws_cli(ACCOUNT, &list).await;
        for resource in answer["StackResourceSummaries"].as_array().unwrap() {
            let text = |name: &str| resource[name].as_str().unwrap().to_owned();
            assert!(text("ResourceStatus").ends_with("_COMPLETE"), "{resource}");
            found.insert(Resource {
                stack: stack.clone(),
                logical_id: text("LogicalResourceId"),
                resource_type: text("ResourceType"),
                physical_id: text("PhysicalResourceId"),
            });
        }
    }
    found
}

/// Each function's alias points to the version that the stack has.
async fn aliases(emulator: &Emulator, resources: &BTreeSet<Resource>) {
    let versions: Vec<&Resource> = resources
        .iter()
        .filter(|resource| resource.resource_type == "AWS::Lambda::Version")
        .collect();
    assert_eq!(versions.len(), miyabi_catalog::FUNCTIONS.len());
    for version in versions {
        // arn:aws:lambda:us-east-1:000000000000:function:miyabi-sandbox-tasks:1
        let mut parts = version.physical_id.rsplit(':');
        let (number, function) = (parts.next().unwrap(), parts.next().unwrap());
        let get = [
            "lambda",
            "get-alias",
            "--name",
            "live",
            "--function-name",
            function,
        ];
        let alias = emulator.aws_cli(ACCOUNT, &get).await;
        assert_eq!(alias["FunctionVersion"], number, "{alias} of {version:?}");
    }
}
