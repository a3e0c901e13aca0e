//! What must hold for live updates in the templates of every stage.

#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};

use miyabi_catalog::FUNCTIONS;
use serde_json::Value as Json;
use stacks::{App, Assets, Stage, synth};

const STAGES: [&str; 5] = ["local", "sandbox", "dev", "staging", "prod"];

fn app(name: &str) -> App {
    synth(&Stage::built_in(name).unwrap(), &Assets::placeholder()).unwrap()
}

fn resources(stage: &str, stack: &str) -> serde_json::Map<String, Json> {
    let template = app(stage).stack(stack).unwrap().template();
    template["Resources"].as_object().unwrap().clone()
}

/// The name in a `Ref`.
fn reference(value: &Json) -> String {
    value["Ref"].as_str().unwrap().to_owned()
}

#[test]
fn every_route_key_of_the_catalogue_is_a_route_of_the_websocket_api_which_is_deployed_after_it() {
    let wanted: BTreeSet<&str> = FUNCTIONS
        .iter()
        .flat_map(|function| function.socket_routes)
        .copied()
        .collect();
    assert!(wanted.contains("$connect"));
    for stage in STAGES {
        let resources = resources(stage, "realtime");
        let routes: BTreeMap<&str, &str> = resources
            .iter()
            .filter(|(_, resource)| resource["Type"] == "AWS::ApiGatewayV2::Route")
            .map(|(id, resource)| {
                let key = resource["Properties"]["RouteKey"].as_str().unwrap();
                (key, id.as_str())
            })
            .collect();
        assert_eq!(
            routes.keys().copied().collect::<BTreeSet<_>>(),
            wanted,
            "stage {stage}"
        );
        // A stage that is made before its routes deploys nothing.
        let after: BTreeSet<&str> = resources["SocketStage"]["DependsOn"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Json::as_str)
            .collect();
        assert_eq!(after, routes.into_values().collect(), "stage {stage}");
    }
}

#[test]
fn who_invokes_another_function_knows_it_and_may() {
    let mut seen = 0;
    for (stage, stack) in STAGES
        .iter()
        .flat_map(|stage| ["api", "realtime"].map(|stack| (*stage, stack)))
    {
        let resources = resources(stage, stack);
        for (id, resource) in &resources {
            if resource["Type"] == "AWS::Lambda::Function" {
                seen += invoked(stage, id, &resources);
            }
        }
    }
    assert!(seen > 10, "the test looks at too little: {seen}");
}

/// Compares what one function may invoke with what its environment names; gives how many.
fn invoked(stage: &str, id: &str, resources: &serde_json::Map<String, Json>) -> usize {
    let properties = &resources[id]["Properties"];
    let name = properties["FunctionName"].as_str().unwrap();
    let name = name.strip_prefix(&format!("miyabi-{stage}-")).unwrap();
    let role = &resources[&id.replace("Function", "Role")];
    let statements = &role["Properties"]["Policies"][0]["PolicyDocument"]["Statement"];
    let may: BTreeSet<String> = statements
        .as_array()
        .unwrap()
        .iter()
        .filter(|statement| statement["Action"][0] == "lambda:InvokeFunction")
        .flat_map(|statement| statement["Resource"].as_array().unwrap())
        .map(reference)
        .collect();
    let environment = &properties["Environment"]["Variables"];
    let invokes = miyabi_catalog::function(name).unwrap().invokes;
    let known: BTreeSet<String> = invokes
        .iter()
        .map(|other| {
            let variable = format!("{}_FUNCTION", other.to_uppercase().replace('-', "_"));
            reference(&environment[variable])
        })
        .collect();
    assert_eq!(may, known, "{stage}: {id}");
    known.len()
}
