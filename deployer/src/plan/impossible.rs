//! Changes that CloudFormation cannot make: the update would end in a rollback, minutes later.
//!
//! Sources: "Custom-named resources" in the CloudFormation user guide (a resource with a name of its
//! own is not replaced: the new one would have the same name while the old one is there), and
//! "Update of resource type is not permitted", which UpdateStack answers.

use serde_json::Value;

use super::{
    ResourceAction, ResourceChange, StackAction, StackPlan, diff::resources, rules::Schemas,
};
use crate::Error;

/// Refuses the changes of these stacks that cannot be made, all at once.
pub(super) fn refuse(stacks: &[StackPlan], schemas: &dyn Schemas) -> Result<(), Error> {
    let updated = stacks
        .iter()
        .filter(|stack| stack.action == StackAction::Update);
    let reasons: Vec<String> = updated
        .flat_map(|stack| {
            stack
                .resources
                .iter()
                .filter_map(|change| reason(stack, change, schemas))
        })
        .collect();
    if reasons.is_empty() {
        return Ok(());
    }
    Err(Error::failed(
        "CloudFormation cannot make this change. Nothing was changed.",
        "Change these in stacks/src or in the stage file: give the resource another logical id or another name, or leave the property as it is.",
    )
    .because(reasons.join("\n")))
}

/// Why that change cannot be made.
fn reason(stack: &StackPlan, change: &ResourceChange, schemas: &dyn Schemas) -> Option<String> {
    let place = format!(
        "{} {} ({})",
        stack.name, change.logical_id, change.resource_type
    );
    if let Some(cause) = change.causes.iter().find(|cause| cause.property == "Type") {
        return Some(format!(
            "{place}: it was a {}, and the type of a resource does not change",
            cause.from.as_deref().unwrap_or("resource of another type")
        ));
    }
    if change.action != ResourceAction::Replace {
        return None;
    }
    let property = schemas.custom_name(&change.resource_type)?;
    let resource = resources(&stack.template)?.get(&change.logical_id)?;
    let name = resource.get("Properties")?.get(&property)?;
    let path = format!("Properties.{property}");
    let is_renamed = change
        .causes
        .iter()
        .any(|cause| cause.property == path || cause.property.starts_with(&format!("{path}.")));
    if is_renamed {
        return None;
    }
    let causes: Vec<&str> = change
        .causes
        .iter()
        .filter(|cause| cause.effect == ResourceAction::Replace)
        .map(|cause| cause.property.trim_start_matches("Properties."))
        .collect();
    let name = match name {
        Value::String(name) => name.clone(),
        other => other.to_string(),
    };
    Some(format!(
        "{place}: {} can only be set at creation, and a resource with a name of its own ({property} {name}) is not replaced",
        causes.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;
    use crate::plan::{diff::diff, rules::Vendored};

    fn planned(old: Value, new: Value) -> Result<(), String> {
        let template = |resource: Value| json!({"Resources": {"R": resource}});
        let (old, new) = (template(old), template(new));
        let stack = StackPlan {
            name: "data".to_owned(),
            action: StackAction::Update,
            after: Vec::new(),
            resources: diff(&old, &new, &BTreeMap::new(), &Vendored),
            template: new,
            parameters: BTreeMap::new(),
            parameter_changes: Vec::new(),
            section_changes: Vec::new(),
            incomplete: false,
        };
        refuse(&[stack], &Vendored).map_err(|error| error.causes().join("; "))
    }

    fn database(name: Option<&str>, owner: &str) -> Value {
        let mut database =
            json!({"Type": "AWS::RDS::DBInstance", "Properties": {"MasterUsername": owner}});
        if let Some(name) = name {
            database["Properties"]["DBInstanceIdentifier"] = json!(name);
        }
        database
    }

    #[test]
    fn fault_39_a_named_resource_is_not_replaced_and_a_type_does_not_change() {
        let refused = [
            planned(database(Some("a"), "x"), database(Some("a"), "y")),
            planned(
                json!({"Type": "AWS::S3::Bucket"}),
                json!({"Type": "AWS::SNS::Topic"}),
            ),
            planned(
                json!({"Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupName": "g", "GroupDescription": "a"}}),
                json!({"Type": "AWS::EC2::SecurityGroup", "Properties": {"GroupName": "g", "GroupDescription": "b"}}),
            ),
            planned(
                json!({"Type": "AWS::IAM::Role", "Properties": {"RoleName": {"Fn::Sub": "r-${AWS::Region}"}, "Path": "/a/"}}),
                json!({"Type": "AWS::IAM::Role", "Properties": {"RoleName": {"Fn::Sub": "r-${AWS::Region}"}, "Path": "/b/"}}),
            ),
        ];
        insta::assert_snapshot!(refused.map(Result::unwrap_err).join("\n"));
        let possible = [
            planned(database(None, "x"), database(None, "y")),
            planned(database(Some("a"), "x"), database(Some("b"), "y")),
            planned(database(Some("a"), "x"), database(Some("a"), "x")),
        ];
        assert_eq!(possible, [Ok(()), Ok(()), Ok(())]);
    }

    #[test]
    fn the_property_with_the_name_is_found_in_the_schemas() {
        let names = [
            ("AWS::RDS::DBInstance", Some("DBInstanceIdentifier")),
            (
                "AWS::ElastiCache::ServerlessCache",
                Some("ServerlessCacheName"),
            ),
            ("AWS::S3::Bucket", Some("BucketName")),
            ("AWS::IAM::Role", Some("RoleName")),
            ("AWS::SecretsManager::Secret", Some("Name")),
            ("AWS::EC2::SecurityGroup", Some("GroupName")),
            ("AWS::SQS::Queue", Some("QueueName")),
            ("AWS::Lambda::Function", Some("FunctionName")),
            ("AWS::Logs::LogGroup", Some("LogGroupName")),
            ("AWS::EC2::VPC", None),
            ("AWS::Route53::RecordSet", None),
            ("AWS::Lambda::Version", None),
            ("AWS::Lambda::Permission", None),
        ];
        for (kind, name) in names {
            assert_eq!(Vendored.custom_name(kind).as_deref(), name, "{kind}");
        }
    }
}
