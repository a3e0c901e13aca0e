//! What the local target cannot do, of all templates at once, before anything is started.

use serde_json::Value;

use super::resources::provider;
use crate::{
    Error,
    plan::{StackAction, StackPlan},
};

/// Refuses templates with a resource type or a property that no provider has.
pub(super) fn check(stacks: &[StackPlan]) -> Result<(), Error> {
    let mut refused = Vec::new();
    for stack in stacks
        .iter()
        .filter(|stack| stack.action != StackAction::Delete)
    {
        for (logical_id, resource) in stack.template["Resources"]
            .as_object()
            .into_iter()
            .flatten()
        {
            for why in resource_refused(resource) {
                refused.push(format!("{} {logical_id}: {why}", stack.name));
            }
        }
    }
    refused.extend(too_many_routes(stacks));
    if refused.is_empty() {
        return Ok(());
    }
    let things = if refused.len() == 1 {
        "thing"
    } else {
        "things"
    };
    Err(Error::failed(
        format!("The templates have {} {things} that the local target does not have.", refused.len()),
        "Leave them out of the stage `local` in stacks/src, or give the local target a provider: deployer/src/local/resources.",
    )
    .because(refused.join("\n")))
}

/// An API takes so many routes
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html>).
const ROUTES: usize = 300;

/// Routes of all stacks; none here has two HTTP APIs, whose route keys alone have a blank.
fn too_many_routes(stacks: &[StackPlan]) -> Option<String> {
    let of_http = |resource: &&Value| {
        let key = resource["Properties"]["RouteKey"].as_str();
        key.is_some_and(|key| key.contains(' '))
    };
    let count = stacks
        .iter()
        .filter(|stack| stack.action != StackAction::Delete)
        .flat_map(|stack| stack.template["Resources"].as_object())
        .flat_map(|resources| resources.values())
        .filter(|resource| resource["Type"] == "AWS::ApiGatewayV2::Route")
        .filter(of_http)
        .count();
    (count > ROUTES).then(|| format!("There are {count} routes, and an HTTP API takes {ROUTES}."))
}

fn resource_refused(resource: &Value) -> Vec<String> {
    let resource_type = resource["Type"].as_str().unwrap_or_default();
    let Some(provider) = provider(resource_type) else {
        return vec![format!("the type {resource_type}")];
    };
    let properties = &resource["Properties"];
    let known = provider.properties();
    let mut refused: Vec<String> = properties
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, _)| !known.contains(&name.as_str()))
        .map(|(name, _)| format!("the property {name} of {resource_type}"))
        .collect();
    refused.extend(provider.refuse(properties));
    refused
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;

    fn stack(name: &str, resources: Value) -> StackPlan {
        StackPlan {
            name: name.to_owned(),
            action: StackAction::Create,
            after: Vec::new(),
            template: json!({"Resources": resources}),
            parameters: BTreeMap::new(),
            parameter_changes: Vec::new(),
            section_changes: Vec::new(),
            incomplete: false,
            resources: Vec::new(),
        }
    }

    #[test]
    fn more_routes_than_an_http_api_takes_are_refused() {
        let routes = |count: usize| {
            let route = |number: usize| {
                let key = format!("GET /{number}");
                let properties = json!({"ApiId": "a", "RouteKey": key, "Target": "integrations/i"});
                let resource =
                    json!({"Type": "AWS::ApiGatewayV2::Route", "Properties": properties});
                (format!("Route{number}"), resource)
            };
            let routes: serde_json::Map<_, _> = (0..count).map(route).collect();
            [stack("api", Value::Object(routes))]
        };
        assert!(check(&routes(300)).is_ok());
        let error = check(&routes(301)).unwrap_err();
        assert_eq!(
            error.causes(),
            ["There are 301 routes, and an HTTP API takes 300."]
        );
    }

    #[test]
    fn everything_unsupported_is_told_at_once() {
        let stacks = [
            stack(
                "data",
                json!({
                    "Topic": {"Type": "AWS::SNS::Topic", "Properties": {}},
                    "Log": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "x", "KmsKeyId": "y"}},
                }),
            ),
            stack(
                "api",
                json!({"Api": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"ProtocolType": "MQTT"}}}),
            ),
        ];
        let error = check(&stacks).unwrap_err();
        assert_eq!(
            error.message(),
            "The templates have 3 things that the local target does not have."
        );
        insta::assert_snapshot!(error.causes()[0], @r"
        data Topic: the type AWS::SNS::Topic
        data Log: the property KmsKeyId of AWS::Logs::LogGroup
        api Api: ProtocolType MQTT is neither HTTP nor WEBSOCKET.
        ");
    }
}
