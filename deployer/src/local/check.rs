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
            resources: Vec::new(),
        }
    }

    #[test]
    fn everything_unsupported_is_told_at_once() {
        let stacks = [
            stack(
                "data",
                json!({
                    "Queue": {"Type": "AWS::SQS::Queue", "Properties": {}},
                    "Log": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "x", "KmsKeyId": "y"}},
                }),
            ),
            stack(
                "api",
                json!({"Api": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"ProtocolType": "WEBSOCKET"}}}),
            ),
        ];
        let error = check(&stacks).unwrap_err();
        assert_eq!(
            error.message(),
            "The templates have 3 things that the local target does not have."
        );
        insta::assert_snapshot!(error.causes()[0], @r"
        data Queue: the type AWS::SQS::Queue
        data Log: the property KmsKeyId of AWS::Logs::LogGroup
        api Api: ProtocolType WEBSOCKET is not HTTP.
        ");
    }
}
