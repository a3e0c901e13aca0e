//! Equality as CloudFormation sees it. Two spellings of one template are the same template: `50`,
//! `50.0` and `"50"`; `true` and `"true"`; `Fn::GetAtt` with a dot or as a list; an `Fn::Sub` that
//! only refers; lists whose order means nothing; policies with `Action: x` or `[x]`.
//!
//! Numbers in text are not touched: `"1.10"` is another version than `"1.1"`.

use serde_json::{Map, Value, json};

use super::policy;

/// Whether the order of the list at that path, below the properties of a resource, means nothing.
pub(crate) type Unordered<'a> = &'a dyn Fn(&[String]) -> bool;

/// Every list has an order.
pub(crate) fn none_unordered(_: &[String]) -> bool {
    false
}

/// Whether two values at `path` are the same to CloudFormation.
pub(crate) fn equal(a: &Value, b: &Value, path: &[String], unordered: Unordered<'_>) -> bool {
    if a == b {
        return true;
    }
    let form = |value| canonical(value, &mut path.to_vec(), unordered);
    form(a) == form(b)
}

/// The one spelling of a value: scalars as text, keys sorted, long forms, sets sorted.
pub(super) fn canonical(value: &Value, path: &mut Vec<String>, unordered: Unordered<'_>) -> Value {
    match value {
        Value::Null => Value::Null,
        Value::Bool(_) | Value::Number(_) => Value::String(scalar(value)),
        Value::String(text) => match policy::in_text(text) {
            Some(document) => canonical(&document, path, unordered),
            None => value.clone(),
        },
        Value::Array(items) => list(items, path, unordered),
        Value::Object(object) => {
            if let Some(simple) = intrinsic(object, path, unordered) {
                return simple;
            }
            if policy::is_document(object) {
                return policy::canonical(object);
            }
            plain_object(object, path, unordered)
        }
    }
}

pub(super) fn plain_object(
    object: &Map<String, Value>,
    path: &mut Vec<String>,
    unordered: Unordered<'_>,
) -> Value {
    let mut entries: Vec<(&String, &Value)> = object
        .iter()
        .filter(|(_, inner)| !is_no_value(inner))
        .collect();
    entries.sort_unstable_by_key(|(key, _)| *key);
    let entries = entries.into_iter().map(|(key, inner)| {
        path.push(key.clone());
        let inner = canonical(inner, path, unordered);
        path.pop();
        (key.clone(), inner)
    });
    Value::Object(entries.collect())
}

fn list(items: &[Value], path: &mut Vec<String>, unordered: Unordered<'_>) -> Value {
    let mut items: Vec<Value> = items
        .iter()
        .filter(|item| !is_no_value(item))
        .enumerate()
        .map(|(index, item)| {
            path.push(index.to_string());
            let item = canonical(item, path, unordered);
            path.pop();
            item
        })
        .collect();
    if unordered(path) || are_tags(&items) {
        sort(&mut items);
    }
    Value::Array(items)
}

/// By their text; canonical objects have their keys sorted.
pub(super) fn sort(items: &mut [Value]) {
    items.sort_by_cached_key(Value::to_string);
}

/// Tags are a set by their keys, whatever the property is called.
fn are_tags(items: &[Value]) -> bool {
    let is_tag = |item: &Value| {
        item.as_object().is_some_and(|tag| {
            tag.contains_key("Key")
                && tag.contains_key("Value")
                && (tag.len() == 2 || tag.len() == 3 && tag.contains_key("PropagateAtLaunch"))
        })
    };
    !items.is_empty() && items.iter().all(is_tag)
}

/// `Ref: AWS::NoValue` is the same as nothing.
fn is_no_value(value: &Value) -> bool {
    value.as_object().is_some_and(|object| {
        object.len() == 1 && object.get("Ref").and_then(Value::as_str) == Some("AWS::NoValue")
    })
}

/// A boolean or number as text; `50.0` is `50`.
fn scalar(value: &Value) -> String {
    /// From here on not every whole number is a double.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match value.as_f64() {
        Some(number)
            if value.as_i64().is_none()
                && value.as_u64().is_none()
                && number.fract() == 0.0
                && number.abs() < EXACT =>
        {
            format!("{number:.0}")
        }
        _ => value.to_string(),
    }
}

/// The simplest form of an intrinsic function; `None` when there is none simpler.
fn intrinsic(
    object: &Map<String, Value>,
    path: &mut Vec<String>,
    unordered: Unordered<'_>,
) -> Option<Value> {
    let (name, argument) = object.iter().next().filter(|_| object.len() == 1)?;
    match name.as_str() {
        "Fn::GetAtt" => get_att(argument),
        "Fn::Sub" => match argument {
            Value::String(text) => substitution(text),
            Value::Array(parts) if parts.len() == 1 => substitution(parts[0].as_str()?),
            Value::Array(parts) if parts.get(1)?.as_object()?.is_empty() => {
                substitution(parts[0].as_str()?)
            }
            _ => None,
        },
        "Fn::Join" => join(argument, path, unordered),
        "Fn::And" | "Fn::Or" | "Fn::Equals" => {
            let mut sides = list(argument.as_array()?, path, unordered);
            sort(sides.as_array_mut()?);
            Some(json!({name: sides}))
        }
        _ => None,
    }
}

/// `["Db", "Endpoint.Port"]` from `"Db.Endpoint.Port"` and from any list.
fn get_att(argument: &Value) -> Option<Value> {
    let dotted = match argument {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            let parts: Option<Vec<&str>> = parts.iter().map(Value::as_str).collect();
            parts?.join(".")
        }
        _ => return None,
    };
    let (id, attribute) = dotted.split_once('.')?;
    Some(json!({"Fn::GetAtt": [id, attribute]}))
}

/// What an `Fn::Sub` without variables of its own is.
fn substitution(text: &str) -> Option<Value> {
    let Some(name) = text
        .strip_prefix("${")
        .and_then(|rest| rest.strip_suffix('}'))
    else {
        return Some(match text.contains("${") {
            true => json!({"Fn::Sub": text}),
            false => Value::String(text.to_owned()),
        });
    };
    Some(if name.contains(['$', '}']) || name.starts_with('!') {
        json!({"Fn::Sub": text})
    } else if name.contains('.') {
        get_att(&Value::String(name.to_owned()))?
    } else {
        json!({"Ref": name})
    })
}

/// An `Fn::Join` of known texts is their text, and of one item that item.
fn join(argument: &Value, path: &mut Vec<String>, unordered: Unordered<'_>) -> Option<Value> {
    let between = argument.get(0)?.as_str()?;
    let items: Vec<Value> = argument
        .get(1)?
        .as_array()?
        .iter()
        .map(|item| canonical(item, path, unordered))
        .collect();
    if let [one] = items.as_slice() {
        return Some(one.clone());
    }
    let texts: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
    Some(match texts {
        Some(texts) => Value::String(texts.join(between)),
        None => json!({"Fn::Join": [between, items]}),
    })
}
