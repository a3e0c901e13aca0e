//! What security groups let through now, and security groups that were swapped.

use serde_json::Value;

use super::exposure::{EVERYBODY, short};
use crate::template::equal;

/// Lists of security groups by type: what stands before what they are attached to.
const GROUP_LISTS: &[&str] = &[
    "/VPCSecurityGroups",
    "/VpcConfig/SecurityGroupIds",
    "/SecurityGroupIds",
    "/SecurityGroups",
    "/VpcSecurityGroupIds",
];

/// What security groups let through now, and groups that were swapped.
pub(super) fn network(resource_type: &str, before: &Value, after: &Value) -> Vec<String> {
    let mut found: Vec<String> = match resource_type {
        "AWS::EC2::SecurityGroup" => ["SecurityGroupIngress", "SecurityGroupEgress"]
            .into_iter()
            .flat_map(|list| new_rules(list, before, after))
            .collect(),
        "AWS::EC2::SecurityGroupIngress" | "AWS::EC2::SecurityGroupEgress"
            if !equal(before, after, &[], &|_| false) =>
        {
            vec![after.to_string()]
        }
        _ => Vec::new(),
    };
    if before.is_null() {
        return found;
    }
    for path in GROUP_LISTS {
        let groups = |value: &Value| value.pointer(path).cloned().unwrap_or_default();
        let (old, new) = (groups(before), groups(after));
        if !equal(&old, &new, &[], &|path| path.is_empty()) {
            let name = path.trim_start_matches('/').replace('/', ".");
            found.push(format!("{name} {} becomes {}", short(&old), short(&new)));
        }
    }
    found
}

/// Rules of a new stack that let everybody in.
pub(super) fn open_rules(resource_type: &str, after: &Value) -> Vec<String> {
    let rules = match resource_type {
        "AWS::EC2::SecurityGroup" => new_rules("SecurityGroupIngress", &Value::Null, after),
        "AWS::EC2::SecurityGroupIngress" => vec![after.to_string()],
        _ => Vec::new(),
    };
    let open = |rule: &String| {
        EVERYBODY
            .iter()
            .any(|all| rule.contains(&format!("\"{all}\"")))
    };
    rules.into_iter().filter(open).collect()
}

/// Rules that a list did not have. A description lets nothing through.
fn new_rules(list: &str, before: &Value, after: &Value) -> Vec<String> {
    let rules = |value: &Value| -> Vec<Value> {
        let rules = value.get(list).and_then(Value::as_array);
        let bare = rules.into_iter().flatten().map(|rule| {
            let mut rule = rule.clone();
            if let Some(rule) = rule.as_object_mut() {
                rule.remove("Description");
            }
            rule
        });
        bare.collect()
    };
    let old = rules(before);
    let known = |rule: &Value| old.iter().any(|old| equal(old, rule, &[], &|_| false));
    let mut found: Vec<String> = rules(after)
        .iter()
        .filter(|rule| !known(rule))
        .map(|rule| format!("{list} {rule}"))
        .collect();
    // No list of what goes out is AWS's own rule: everything.
    let restricted = |value: &Value| value.get(list).is_some();
    if list == "SecurityGroupEgress" && restricted(before) && !restricted(after) {
        found.push("SecurityGroupEgress: everything may go out".to_owned());
    }
    found
}
