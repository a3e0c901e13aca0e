//! What identities may do now and could not before.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::template::{Statement, equal, statements};

/// Policies of AWS that hand out an account, or all permissions in it.
const ADMINISTRATORS: &[&str] = &[
    "policy/AdministratorAccess",
    "policy/IAMFullAccess",
    "policy/PowerUserAccess",
];

/// What a change of a resource's properties allows beyond what it allowed, one line each.
pub(super) fn widened(resource_type: &str, before: &Value, after: &Value) -> Vec<String> {
    let (old, new) = (grants(before), grants(after));
    let allowed = new
        .iter()
        .filter(|grant| grant.allows && !old.iter().any(|old| old.covers(grant)))
        .map(Grant::line);
    let no_longer_denied = old
        .iter()
        .filter(|grant| !grant.allows && !new.iter().any(|new| new.covers(grant)))
        .map(|grant| format!("no longer: {}", grant.line()));
    let mut found: Vec<String> = allowed.chain(no_longer_denied).collect();
    found.extend(boundary(before, after));
    found.extend(attachments(before, after));
    found.extend(invocations(resource_type, before, after));
    found
}

/// What a new resource of a new stack allows without a bound: everything, to anybody, or all of a
/// policy that does.
pub(super) fn unbounded(after: &Value) -> Vec<String> {
    let all = grants(after);
    let everything = all.iter().filter(|grant| {
        let action = grant.action.as_str().unwrap_or_default();
        grant.allows
            && grant.names_actions
            && (action == "*" || action == "*:*" || action == "iam:*")
            && grant.resource.as_str() == Some("*")
            && grant.principal.is_null()
    });
    let administrators = new_items(&Value::Null, after, "ManagedPolicyArns")
        .into_iter()
        .filter(|arn| ADMINISTRATORS.iter().any(|name| arn.contains(name)))
        .map(|arn| format!("Allow all of the policy {arn}"));
    everything.map(Grant::line).chain(administrators).collect()
}

/// A removed or exchanged permissions boundary.
fn boundary(before: &Value, after: &Value) -> Option<String> {
    let old = before.get("PermissionsBoundary")?;
    let new = after.get("PermissionsBoundary").unwrap_or(&Value::Null);
    let same = equal(old, new, &[], &|_| false);
    (!same).then(|| match new {
        Value::Null => format!("the permissions boundary {} is removed", short(old)),
        new => format!(
            "the permissions boundary {} becomes {}",
            short(old),
            short(new)
        ),
    })
}

/// Managed policies, and identities that a policy is attached to.
fn attachments(before: &Value, after: &Value) -> Vec<String> {
    let policies = new_items(before, after, "ManagedPolicyArns")
        .into_iter()
        .map(|policy| format!("Allow all of the policy {policy}"));
    let identities = ["Roles", "Users", "Groups"].into_iter().flat_map(|list| {
        new_items(before, after, list)
            .into_iter()
            .map(move |name| format!("{list}: {name} has the policy, too"))
    });
    // A policy that is new is listed by what it allows.
    let is_policy = before.get("PolicyDocument").is_some();
    policies.chain(identities.filter(|_| is_policy)).collect()
}

/// Who may invoke a function now: a permission is a policy of one statement.
fn invocations(resource_type: &str, before: &Value, after: &Value) -> Option<String> {
    if resource_type != "AWS::Lambda::Permission" || equal(before, after, &[], &|_| false) {
        return None;
    }
    let part = |name: &str| after.get(name).map(short);
    let from = part("SourceArn").or_else(|| part("SourceAccount"));
    Some(format!(
        "{} may call {} of {}{}",
        part("Principal").unwrap_or_default(),
        part("Action").unwrap_or_default(),
        part("FunctionName").unwrap_or_default(),
        from.map_or(", from any account".to_owned(), |from| format!(
            " from {from}"
        ))
    ))
}

/// The items of a list that it did not have.
fn new_items(before: &Value, after: &Value, list: &str) -> Vec<String> {
    let items = |value: &Value| -> Vec<Value> {
        let items = value.get(list).and_then(Value::as_array);
        items.into_iter().flatten().cloned().collect()
    };
    let old = items(before);
    let known = |item: &Value| old.iter().any(|old| equal(old, item, &[], &|_| false));
    items(after)
        .iter()
        .filter(|item| !known(item))
        .map(short)
        .collect()
}

/// One action on one resource for one principal, under all conditions of its statement.
#[derive(Debug, Clone)]
struct Grant {
    allows: bool,
    /// False: every action but this one.
    names_actions: bool,
    action: Value,
    /// False: every resource but this one.
    names_resources: bool,
    resource: Value,
    principal: Value,
    conditions: BTreeMap<String, Value>,
}

/// Every grant of every policy in a value.
fn grants(value: &Value) -> Vec<Grant> {
    statements(value).iter().flat_map(of_statement).collect()
}

fn of_statement(statement: &Statement) -> Vec<Grant> {
    let names_actions = statement.part("Action").is_some();
    let actions = statement.values(if names_actions { "Action" } else { "NotAction" });
    let names_resources = statement.part("NotResource").is_none();
    let resources = statement.values(if names_resources {
        "Resource"
    } else {
        "NotResource"
    });
    let nothing = Value::Null;
    let resources = if resources.is_empty() {
        vec![&nothing]
    } else {
        resources
    };
    let mut found = Vec::new();
    for action in actions {
        for resource in &resources {
            for principal in principals(statement) {
                found.push(Grant {
                    allows: statement.allows(),
                    names_actions,
                    action: action.clone(),
                    names_resources,
                    resource: (*resource).clone(),
                    principal,
                    conditions: conditions(statement),
                });
            }
        }
    }
    found
}

/// Each principal as `{kind: who}`; null where the statement names none.
fn principals(statement: &Statement) -> Vec<Value> {
    let of = |name: &str| {
        statement
            .part(name)
            .map(|part| (name.to_owned(), part.clone()))
    };
    let Some((name, part)) = of("Principal").or_else(|| of("NotPrincipal")) else {
        return vec![Value::Null];
    };
    let Some(kinds) = part.as_object().filter(|_| name == "Principal") else {
        return vec![serde_json::json!({name: part})];
    };
    let each = kinds.iter().flat_map(|(kind, who)| {
        let who = who.as_array().cloned().unwrap_or_else(|| vec![who.clone()]);
        who.into_iter()
            .map(move |who| serde_json::json!({kind: who}))
    });
    each.collect()
}

fn conditions(statement: &Statement) -> BTreeMap<String, Value> {
    let condition = statement.part("Condition").and_then(Value::as_object);
    condition
        .into_iter()
        .flatten()
        .map(|(operator, keys)| (operator.clone(), keys.clone()))
        .collect()
}

impl Grant {
    /// Whether whatever `other` allows or denies, this one does, too.
    fn covers(&self, other: &Grant) -> bool {
        let action = self.names_actions == other.names_actions
            && (same_action(&self.action, &other.action)
                || self.names_actions && matches(&lower(&self.action), &lower(&other.action)));
        let resource = self.names_resources == other.names_resources
            && (self.resource == other.resource
                || self.names_resources && matches(&self.resource, &other.resource));
        let principal = self.principal == other.principal
            || self.principal["AWS"] == "*" && other.principal.get("NotPrincipal").is_none();
        // Each condition narrows: one that the other lacks makes this one the narrower.
        let conditions = self
            .conditions
            .iter()
            .all(|(operator, keys)| other.conditions.get(operator) == Some(keys));
        self.allows == other.allows && action && resource && principal && conditions
    }

    fn line(&self) -> String {
        let effect = if self.allows { "Allow" } else { "Deny" };
        let but = |named: bool| if named { "" } else { "everything but " };
        let on = match &self.resource {
            Value::Null => String::new(),
            resource => format!(" on {}{}", but(self.names_resources), short(resource)),
        };
        let to = match &self.principal {
            Value::Null => String::new(),
            principal => match principal
                .as_object()
                .and_then(|kinds| kinds.values().next())
            {
                Some(who) => format!(" to {}", short(who)),
                None => String::new(),
            },
        };
        let when = match self.conditions.is_empty() {
            true => String::new(),
            false => format!(" if {}", serde_json::json!(self.conditions)),
        };
        let action = format!("{}{}", but(self.names_actions), short(&self.action));
        format!("{effect} {action}{on}{to}{when}")
    }
}

/// Upper and lower case of actions mean nothing.
fn same_action(a: &Value, b: &Value) -> bool {
    lower(a) == lower(b)
}

fn lower(action: &Value) -> Value {
    match action {
        Value::String(name) => Value::String(name.to_lowercase()),
        other => other.clone(),
    }
}

/// Whether a pattern of IAM with `*` and `?` matches a text; two patterns by their text.
fn matches(pattern: &Value, text: &Value) -> bool {
    match (pattern.as_str(), text.as_str()) {
        (Some("*"), _) => true,
        (Some(pattern), Some(text)) => glob(pattern.as_bytes(), text.as_bytes()),
        _ => false,
    }
}

fn glob(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => {
            glob(rest, text)
                || text
                    .split_first()
                    .is_some_and(|(_, text)| glob(pattern, text))
        }
        (Some((b'?', rest)), Some((_, text))) => glob(rest, text),
        (Some((first, rest)), Some((other, text))) => first == other && glob(rest, text),
        _ => false,
    }
}

/// A string as it is, anything else as JSON.
fn short(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}
