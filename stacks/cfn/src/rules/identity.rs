//! Names as identities: what cannot be replaced because of its name, and names that are used twice.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::{Findings, Template};
use crate::{Schema, schema};

/// The types of this kit whose resources hold data.
const HOLDS_DATA: &[&str] = &[
    "AWS::ElastiCache::ServerlessCache",
    "AWS::RDS::DBInstance",
    "AWS::S3::Bucket",
    "AWS::SecretsManager::Secret",
];

/// A custom name is fine when nothing but the name itself could cause a replacement, and unavoidable
/// when the schema requires it.
pub(super) fn custom_names(template: &Template<'_>, findings: &mut Findings) {
    for (id, resource_type, properties) in template.resources() {
        let Some(schema) = schema(resource_type).filter(|_| HOLDS_DATA.contains(&resource_type))
        else {
            continue;
        };
        let Some(name) = name_property(schema).filter(|name| properties.get(name).is_some()) else {
            continue;
        };
        let required = schema.json["required"].as_array();
        if required.is_some_and(|required| required.contains(&name.into())) {
            continue;
        }
        let others = schema
            .create_only
            .iter()
            .filter(|other| !other.starts_with(name));
        let others: Vec<&str> = others.map(String::as_str).collect();
        if !others.is_empty() {
            findings.add(
                id,
                &format!("Properties.{name}"),
                format!(
                    "It holds data and has a custom name: CloudFormation could not replace it when {} changes. Leave the name out.",
                    others.join(" or ")
                ),
            );
        }
    }
}

/// The property that is the physical id and that a template may set.
fn name_property(schema: &Schema) -> Option<&str> {
    let [name] = schema.primary_identifier.as_slice() else {
        return None;
    };
    let is_set = schema.create_only.contains(name) && !schema.read_only.contains(name);
    is_set.then_some(name.as_str())
}

/// Two resources of a type whose identity is the same text. References to others make an identity
/// unknown, except where they are equal (two routes of one API).
pub(super) fn same_names(template: &Template<'_>, findings: &mut Findings) {
    let mut seen: BTreeMap<(&str, String), &str> = BTreeMap::new();
    for (id, resource_type, properties) in template.resources() {
        let Some(identity) = identity(resource_type, properties) else {
            continue;
        };
        if let Some(first) = seen.insert((resource_type, identity.clone()), id) {
            findings.add(
                id,
                "Properties",
                format!("It is the same {resource_type} as `{first}`: {identity}."),
            );
        }
    }
}

fn identity(resource_type: &str, properties: &Json) -> Option<String> {
    let keys: Vec<&str> = match resource_type {
        "AWS::ApiGatewayV2::Route" => vec!["ApiId", "RouteKey"],
        "AWS::ApiGatewayV2::Stage" => vec!["ApiId", "StageName"],
        "AWS::CodeDeploy::DeploymentGroup" => vec!["ApplicationName", "DeploymentGroupName"],
        "AWS::IAM::ManagedPolicy" => vec!["ManagedPolicyName"],
        "AWS::Lambda::Alias" => vec!["FunctionName", "Name"],
        "AWS::Route53::RecordSet" => vec!["HostedZoneId", "Name", "Type"],
        "AWS::SQS::Queue" => vec!["QueueName"],
        "AWS::SecretsManager::Secret" => vec!["Name"],
        "AWS::SNS::Topic" => vec!["TopicName"],
        _ => vec![name_property(schema(resource_type)?)?],
    };
    let values: Option<Vec<String>> = keys
        .iter()
        .map(|key| properties.get(*key).map(ToString::to_string))
        .collect();
    Some(values?.join(" "))
}
