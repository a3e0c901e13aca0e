//! IAM policies, whose spelling means nothing: one action or a list of one, the order of actions,
//! resources, principals and statements, upper and lower case of actions, a document as an object or
//! as JSON text. Source: "Grammar of the IAM JSON policy language" in the IAM user guide.

use serde_json::{Map, Value, json};

use super::canonical::{self as form, none_unordered, plain_object};

/// Whether an object is a policy document.
pub(super) fn is_document(object: &Map<String, Value>) -> bool {
    let one = |statement: &Value| statement.get("Effect").is_some();
    match object.get("Statement") {
        Some(Value::Array(statements)) => !statements.is_empty() && statements.iter().any(one),
        Some(statement) => one(statement),
        None => false,
    }
}

/// The policy document that a text is, when it is one.
pub(super) fn in_text(text: &str) -> Option<Value> {
    if !text.trim_start().starts_with('{') || !text.contains("Statement") {
        return None;
    }
    let document: Value = serde_json::from_str(text).ok()?;
    is_document(document.as_object()?).then_some(document)
}

/// The one spelling of a document.
pub(super) fn canonical(document: &Map<String, Value>) -> Value {
    let mut rest = document.clone();
    let statement = rest.remove("Statement").unwrap_or_default();
    let mut statements: Vec<Value> = each(&statement)
        .into_iter()
        .map(|statement| of_statement(statement, lowercase))
        .collect();
    form::sort(&mut statements);
    statements.dedup();
    let mut plain = plain_object(&rest, &mut Vec::new(), &none_unordered);
    plain["Statement"] = Value::Array(statements);
    plain
}

/// `action` spells an action.
fn of_statement(statement: &Value, action: fn(&Value) -> Value) -> Value {
    let Some(object) = statement.as_object() else {
        return value(statement);
    };
    let mut entries: Vec<(&String, &Value)> = object.iter().collect();
    entries.sort_unstable_by_key(|(key, _)| *key);
    let entries = entries.into_iter().map(|(key, inner)| {
        let inner = match key.as_str() {
            "Action" | "NotAction" => set(inner, action),
            "Resource" | "NotResource" => set(inner, value),
            "Principal" | "NotPrincipal" => principal(inner),
            "Condition" => condition(inner),
            _ => value(inner),
        };
        (key.clone(), inner)
    });
    Value::Object(entries.collect())
}

fn value(value: &Value) -> Value {
    form::canonical(value, &mut Vec::new(), &none_unordered)
}

fn lowercase(action: &Value) -> Value {
    match action {
        Value::String(name) => Value::String(name.to_lowercase()),
        other => value(other),
    }
}

/// A value or a list of them, as a sorted list.
fn set(values: &Value, spelling: fn(&Value) -> Value) -> Value {
    let mut items: Vec<Value> = each(values).into_iter().map(spelling).collect();
    form::sort(&mut items);
    items.dedup();
    Value::Array(items)
}

/// `"*"` is `{"AWS": ["*"]}`, and an account's id its root user.
fn principal(who: &Value) -> Value {
    fn one(who: &Value) -> Value {
        match who.as_str() {
            Some(id) if id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit()) => {
                Value::String(format!("arn:aws:iam::{id}:root"))
            }
            _ => value(who),
        }
    }
    match who {
        Value::String(text) if text == "*" => json!({"AWS": ["*"]}),
        Value::Object(kinds) if !super::is_call(kinds) => {
            let mut kinds: Vec<(&String, &Value)> = kinds.iter().collect();
            kinds.sort_unstable_by_key(|(kind, _)| *kind);
            let kinds = kinds
                .into_iter()
                .map(|(kind, who)| (kind.clone(), set(who, one)));
            Value::Object(kinds.collect())
        }
        other => value(other),
    }
}

/// `{operator: {key: value or values}}`.
fn condition(operators: &Value) -> Value {
    let sorted = |object: &Map<String, Value>, inner: &dyn Fn(&Value) -> Value| {
        let mut entries: Vec<(&String, &Value)> = object.iter().collect();
        entries.sort_unstable_by_key(|(key, _)| *key);
        let entries = entries
            .into_iter()
            .map(|(key, part)| (key.clone(), inner(part)));
        Value::Object(entries.collect())
    };
    let keys = |keys: &Value| match keys {
        Value::Object(keys) => sorted(keys, &|values| set(values, value)),
        other => value(other),
    };
    match operators {
        Value::Object(operators) if !super::is_call(operators) => sorted(operators, &keys),
        other => value(other),
    }
}

/// A value, or the values of a list.
fn each(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        one => vec![one],
    }
}

/// A statement of a policy, spelled in the one way, its actions as they are written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Statement(Value);

impl Statement {
    /// Whether it allows, rather than denies.
    pub(crate) fn allows(&self) -> bool {
        self.0["Effect"] == "Allow"
    }

    /// A part by its name, which is a list for `Action`, `NotAction`, `Resource` and `NotResource`.
    pub(crate) fn part(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// The values of a part that is a list.
    pub(crate) fn values(&self, name: &str) -> Vec<&Value> {
        let values = self.0.get(name).and_then(Value::as_array);
        values.into_iter().flatten().collect()
    }
}

/// Every statement of every policy in a value, at any depth.
pub(crate) fn statements(value: &Value) -> Vec<Statement> {
    let mut found = Vec::new();
    collect(value, &mut found);
    found
}

fn collect(value: &Value, found: &mut Vec<Statement>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Object(object) if is_statement(object) => {
            found.push(Statement(of_statement(value, self::value)));
        }
        Value::Object(object) => object.values().for_each(|inner| collect(inner, found)),
        Value::String(text) => {
            if let Some(document) = in_text(text) {
                collect(&document, found);
            }
        }
        _ => (),
    }
}

fn is_statement(object: &Map<String, Value>) -> bool {
    let effect = object.get("Effect").and_then(Value::as_str);
    matches!(effect, Some("Allow" | "Deny"))
        && (object.contains_key("Action") || object.contains_key("NotAction"))
}
