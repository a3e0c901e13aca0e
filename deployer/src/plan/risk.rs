//! What a person should look at before saying yes: lost data, more public access, wider security
//! groups, wider permissions. Only what is added to something deployed counts; a new stack is a
//! whole that is approved as one.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{ResourceAction, ResourceChange, Risk, RiskKind, diff::resources};

impl Risk {
    /// `data Database`, or `data` when the stack as a whole is meant.
    pub fn place(&self) -> String {
        format!("{} {}", self.stack, self.logical_id)
            .trim_end()
            .to_owned()
    }
}

/// The risks of one stack's changes, the worst first.
pub(crate) fn risks(
    stack: &str,
    old: &Value,
    new: &Value,
    changes: &[ResourceChange],
) -> Vec<Risk> {
    let nothing = Value::Null;
    let find = |template: &'_ Value, id: &str| {
        resources(template)
            .and_then(|all| all.get(id))
            .cloned()
            .unwrap_or_default()
    };
    let mut found = Vec::new();
    for change in changes {
        let mut add = |kind, detail: String| {
            found.push(Risk {
                kind,
                stack: stack.to_owned(),
                logical_id: change.logical_id.clone(),
                detail,
            });
        };
        if change.stateful
            && matches!(
                change.action,
                ResourceAction::Replace | ResourceAction::MayReplace | ResourceAction::Remove
            )
        {
            add(RiskKind::DataLoss, data_loss(change));
        }
        let (before, after) = (find(old, &change.logical_id), find(new, &change.logical_id));
        let before = before.get("Properties").unwrap_or(&nothing);
        let after = after.get("Properties").unwrap_or(&nothing);
        // What goes away opens nothing.
        if change.action == ResourceAction::Remove {
            continue;
        }
        for detail in new_public_access(&change.resource_type, before, after) {
            add(RiskKind::PublicAccess, detail);
        }
        for detail in new_network_rules(&change.resource_type, before, after) {
            add(RiskKind::Network, detail);
        }
        for detail in new_permissions(before, after) {
            add(RiskKind::Permissions, detail);
        }
    }
    found.sort_by_key(|risk| risk.kind);
    found
}

/// The loss in words.
pub(super) fn data_loss(change: &ResourceChange) -> String {
    let what = match change.action {
        ResourceAction::Remove => "is removed",
        ResourceAction::MayReplace => "may be replaced by an empty one",
        _ => "is replaced by an empty one",
    };
    let left = match change.retention {
        Some(super::Retention::Retained) => "the old one is kept outside the stack",
        Some(super::Retention::Snapshot) => "a snapshot is kept",
        _ => "nothing is kept",
    };
    format!("{} {what}; {left}", change.resource_type)
}

/// Settings that open something to the world and did not before.
fn new_public_access(resource_type: &str, before: &Value, after: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let newly = |path: &str, open: Value| {
        after.pointer(path) == Some(&open) && before.pointer(path) != Some(&open)
    };
    match resource_type {
        "AWS::RDS::DBInstance" if newly("/PubliclyAccessible", Value::Bool(true)) => {
            found.push("PubliclyAccessible becomes true".to_owned());
        }
        "AWS::Lambda::Url" if newly("/AuthType", "NONE".into()) => {
            found.push("a function URL without authentication".to_owned());
        }
        "AWS::S3::Bucket" => {
            for name in [
                "BlockPublicAcls",
                "BlockPublicPolicy",
                "IgnorePublicAcls",
                "RestrictPublicBuckets",
            ] {
                let path = format!("/PublicAccessBlockConfiguration/{name}");
                let blocked = |value: &Value| value.pointer(&path) == Some(&Value::Bool(true));
                if !blocked(after) && blocked(before) {
                    found.push(format!("{name} is no longer set"));
                }
            }
        }
        "AWS::Lambda::Permission" if newly("/Principal", "*".into()) => {
            found.push("anybody may invoke the function".to_owned());
        }
        _ => (),
    }
    found
}

/// Rules of security groups that were not there before.
fn new_network_rules(resource_type: &str, before: &Value, after: &Value) -> Vec<String> {
    match resource_type {
        "AWS::EC2::SecurityGroup" => ["SecurityGroupIngress", "SecurityGroupEgress"]
            .into_iter()
            .flat_map(|list| {
                let before = items(before.get(list));
                let added: Vec<String> = items(after.get(list))
                    .difference(&before)
                    .map(|rule| format!("{list} {rule}"))
                    .collect();
                added
            })
            .collect(),
        "AWS::EC2::SecurityGroupIngress" | "AWS::EC2::SecurityGroupEgress" if before != after => {
            vec![after.to_string()]
        }
        _ => Vec::new(),
    }
}

fn items(list: Option<&Value>) -> BTreeSet<String> {
    list.and_then(Value::as_array)
        .map(|items| items.iter().map(Value::to_string).collect())
        .unwrap_or_default()
}

/// What policies allow now and did not before, or deny no longer.
fn new_permissions(before: &Value, after: &Value) -> Vec<String> {
    let (mut old, mut new) = (BTreeSet::new(), BTreeSet::new());
    grants(before, &mut old);
    grants(after, &mut new);
    let allowed = new
        .difference(&old)
        .filter(|grant| grant.starts_with("Allow"));
    let undenied = old
        .difference(&new)
        .filter(|grant| grant.starts_with("Deny"));
    allowed
        .cloned()
        .chain(undenied.map(|grant| format!("no longer: {grant}")))
        .collect()
}

/// One line for each effect, action and resource of every policy statement at any depth.
fn grants(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| grants(item, found)),
        Value::Object(object) => {
            let effect = object.get("Effect").and_then(Value::as_str);
            if let (Some(effect @ ("Allow" | "Deny")), Some(action)) = (
                effect,
                object.get("Action").or_else(|| object.get("NotAction")),
            ) {
                let who = object
                    .get("Principal")
                    .map(|who| format!(" to {}", short(who)));
                let when = object
                    .get("Condition")
                    .map(|when| format!(" if {}", short(when)));
                for action in each(action) {
                    for resource in each(object.get("Resource").unwrap_or(&Value::Null)) {
                        let on = if resource.is_null() {
                            String::new()
                        } else {
                            format!(" on {}", short(resource))
                        };
                        found.insert(format!(
                            "{effect} {}{on}{}{}",
                            short(action),
                            who.as_deref().unwrap_or_default(),
                            when.as_deref().unwrap_or_default()
                        ));
                    }
                }
                return;
            }
            if let Some(managed) = object.get("ManagedPolicyArns") {
                for policy in each(managed) {
                    found.insert(format!("Allow all of the policy {}", short(policy)));
                }
            }
            object.values().for_each(|inner| grants(inner, found));
        }
        _ => (),
    }
}

fn each(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        one => vec![one],
    }
}

/// A string as it is, anything else as JSON.
fn short(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::plan::rules::Schemas;

    struct NoFacts;
    impl Schemas for NoFacts {
        fn create_only(&self, resource_type: &str) -> Vec<String> {
            if resource_type == "AWS::RDS::DBInstance" {
                vec!["Name".to_owned()]
            } else {
                Vec::new()
            }
        }
        fn conditional_create_only(&self, _: &str) -> Vec<String> {
            Vec::new()
        }
    }

    fn told(old: Value, new: Value) -> String {
        let (old, new) = (json!({"Resources": old}), json!({"Resources": new}));
        let changes = crate::plan::diff::diff(&old, &new, &Default::default(), &NoFacts);
        risks("data", &old, &new, &changes)
            .iter()
            .map(|risk| format!("{:?} {}: {}\n", risk.kind, risk.logical_id, risk.detail))
            .collect()
    }

    fn role(actions: Value, resource: &str) -> Value {
        json!({"Role": {"Type": "AWS::IAM::Role", "Properties": {"Policies": [{"PolicyDocument": {
            "Statement": [{"Effect": "Allow", "Action": actions, "Resource": resource}]}}]}}})
    }

    #[test]
    fn a_policy_that_allows_more_is_told_and_one_that_allows_less_is_not() {
        let narrow = role(json!(["rds-db:connect"]), "arn:db");
        let wide = role(json!(["rds-db:connect", "s3:GetObject"]), "arn:db");
        insta::assert_snapshot!(told(narrow.clone(), wide.clone()), @"Permissions Role: Allow s3:GetObject on arn:db");
        assert_eq!(told(wide, narrow.clone()), "");
        insta::assert_snapshot!(told(narrow, role(json!("rds-db:connect"), "*")), @"Permissions Role: Allow rds-db:connect on *");
    }

    #[test]
    fn a_lifted_denial_is_told() {
        let with = |effect: &str| {
            json!({"P": {"Type": "AWS::S3::BucketPolicy", "Properties": {"PolicyDocument": {"Statement": [
                {"Effect": effect, "Action": "s3:*", "Resource": "b", "Principal": "*"}]}}}})
        };
        insta::assert_snapshot!(told(with("Deny"), with("Allow")), @"
        Permissions P: Allow s3:* on b to *
        Permissions P: no longer: Deny s3:* on b to *
        ");
    }

    #[test]
    fn lost_data_and_opened_doors_are_told_worst_first() {
        let old = json!({
            "Group": {"Type": "AWS::EC2::SecurityGroup", "Properties": {"SecurityGroupIngress": []}},
            "Site": {"Type": "AWS::S3::Bucket", "Properties": {"PublicAccessBlockConfiguration": {"BlockPublicAcls": true}}},
            "Db": {"Type": "AWS::RDS::DBInstance", "UpdateReplacePolicy": "Snapshot", "Properties": {"Name": "a"}},
            "Secret": {"Type": "AWS::SecretsManager::Secret"}
        });
        let new = json!({
            "Group": {"Type": "AWS::EC2::SecurityGroup", "Properties": {"SecurityGroupIngress": [{"CidrIp": "0.0.0.0/0", "FromPort": 5432}]}},
            "Site": {"Type": "AWS::S3::Bucket"},
            "Db": {"Type": "AWS::RDS::DBInstance", "UpdateReplacePolicy": "Snapshot", "Properties": {"Name": "b", "PubliclyAccessible": true}}
        });
        insta::assert_snapshot!(told(old, new), @r#"
        DataLoss Db: AWS::RDS::DBInstance is replaced by an empty one; a snapshot is kept
        DataLoss Secret: AWS::SecretsManager::Secret is removed; nothing is kept
        PublicAccess Site: BlockPublicAcls is no longer set
        PublicAccess Db: PubliclyAccessible becomes true
        Network Group: SecurityGroupIngress {"CidrIp":"0.0.0.0/0","FromPort":5432}
        "#);
    }
}
