//! One template in many spellings: what CloudFormation reads as the same plans to nothing.

use miyabi_tests::{Dice, Value, json};

/// YAML with the short form of every intrinsic function, block style, as people write it.
pub(crate) fn short_yaml(template: &Value) -> String {
    let mut text = String::from("# Written by hand.\n");
    block(template, 0, &mut text);
    text
}

fn block(value: &Value, depth: usize, text: &mut String) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(object) if !object.is_empty() && short(value).is_none() => {
            for (key, inner) in object {
                *text += &format!("{indent}{}:", quoted(key));
                below(inner, depth + 1, text);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for inner in items {
                *text += &format!("{indent}-");
                below(inner, depth + 1, text);
            }
        }
        other => *text += &format!("{indent}{}\n", flow(other)),
    }
}

fn below(value: &Value, depth: usize, text: &mut String) {
    let nested = match value {
        Value::Object(object) => !object.is_empty() && short(value).is_none(),
        Value::Array(items) => !items.is_empty(),
        _ => false,
    };
    if nested {
        text.push('\n');
        block(value, depth, text);
    } else {
        *text += &format!(" {}\n", flow(value));
    }
}

fn flow(value: &Value) -> String {
    if let Some(text) = short(value) {
        return text;
    }
    match value {
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(flow).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(object) => {
            let entries: Vec<String> = object
                .iter()
                .map(|(key, inner)| format!("{}: {}", quoted(key), flow(inner)))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
        Value::String(text) => quoted(text),
        other => other.to_string(),
    }
}

/// The short form of a call; `None` when it is none, or when two tags would meet at one value.
fn short(value: &Value) -> Option<String> {
    let object = value.as_object().filter(|object| object.len() == 1)?;
    let (name, argument) = object.iter().next()?;
    let tag = match name.as_str() {
        "Ref" => "Ref",
        "Condition" if argument.is_string() => "Condition",
        name => name.strip_prefix("Fn::")?,
    };
    if short(argument).is_some() {
        return None;
    }
    let parts: Option<Vec<&str>> = argument
        .as_array()
        .and_then(|parts| parts.iter().map(Value::as_str).collect());
    Some(match (tag, parts) {
        ("GetAtt", Some(parts)) => format!("!GetAtt {}", parts.join(".")),
        _ => format!("!{tag} {}", flow(argument)),
    })
}

fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

/// The same value in another spelling, by the dice.
pub(crate) fn respelled(value: &Value, dice: &mut Dice) -> Value {
    if let Some(document) = respelled_policy(value, dice) {
        return document;
    }
    match value {
        Value::Bool(flag) if dice.throw(2) == 0 => json!(flag.to_string()),
        Value::Number(number) => match dice.throw(3) {
            // As people write it: `200`, since numbers in text are compared as text.
            0 => json!(number.to_string().trim_end_matches(".0")),
            1 => number
                .as_f64()
                .map_or(value.clone(), |number| json!(number)),
            _ => value.clone(),
        },
        Value::Array(items) => {
            let mut items: Vec<Value> = items.iter().map(|item| respelled(item, dice)).collect();
            let tags = items.iter().all(|item| {
                item.as_object().is_some_and(|tag| {
                    tag.len() == 2 && tag.contains_key("Key") && tag.contains_key("Value")
                })
            });
            if tags {
                items.reverse();
            }
            Value::Array(items)
        }
        Value::Object(object) => call(value, dice).unwrap_or_else(|| {
            let mut entries: Vec<(String, Value)> = object
                .iter()
                .map(|(key, inner)| {
                    let inner = match (key.as_str(), inner) {
                        ("DependsOn", Value::Array(items)) if items.len() == 1 => items[0].clone(),
                        ("DependsOn", Value::String(_)) => json!([inner]),
                        _ => respelled(inner, dice),
                    };
                    (key.clone(), inner)
                })
                .collect();
            entries.reverse();
            Value::Object(entries.into_iter().collect())
        }),
        other => other.clone(),
    }
}

/// Another spelling of an intrinsic function.
fn call(value: &Value, dice: &mut Dice) -> Option<Value> {
    let object = value.as_object().filter(|object| object.len() == 1)?;
    let (name, argument) = object.iter().next()?;
    match (name.as_str(), argument) {
        ("Ref", Value::String(id)) => Some(match dice.throw(3) {
            0 => json!({"Fn::Sub": format!("${{{id}}}")}),
            1 => json!({"Fn::Join": ["", [{"Ref": id}]]}),
            _ => value.clone(),
        }),
        ("Fn::GetAtt", Value::Array(parts)) => {
            let parts: Option<Vec<&str>> = parts.iter().map(Value::as_str).collect();
            let dotted = parts?.join(".");
            Some(match dice.throw(3) {
                0 => json!({"Fn::GetAtt": dotted}),
                1 => json!({"Fn::Sub": format!("${{{dotted}}}")}),
                _ => json!({"Fn::GetAtt": dotted.split('.').collect::<Vec<_>>()}),
            })
        }
        ("Fn::Sub", Value::String(_)) => Some(json!({"Fn::Sub": [argument]})),
        (name, _) if name.starts_with("Fn::") => Some(json!({name: respelled(argument, dice)})),
        _ => None,
    }
}

/// A policy document with one action as text or as a list, everything in another order, or all of
/// it as JSON text.
fn respelled_policy(value: &Value, dice: &mut Dice) -> Option<Value> {
    let document = value.as_object()?;
    let statements = document.get("Statement")?.as_array()?;
    let mut other: Vec<Value> = statements
        .iter()
        .map(|statement| {
            let mut statement = statement.clone();
            for part in ["Action", "Resource"] {
                let flipped = match statement.get(part) {
                    Some(Value::Array(items)) if items.len() == 1 => items[0].clone(),
                    Some(Value::Array(items)) => items.iter().rev().cloned().collect(),
                    Some(one) => json!([one]),
                    None => continue,
                };
                statement[part] = flipped;
            }
            statement
        })
        .collect();
    other.reverse();
    let mut document = value.clone();
    document["Statement"] = match other.as_slice() {
        [one] if dice.throw(2) == 0 => one.clone(),
        _ => Value::Array(other),
    };
    let is_plain =
        !document.to_string().contains("\"Ref\"") && !document.to_string().contains("Fn::");
    Some(if is_plain && dice.throw(3) == 0 {
        Value::String(document.to_string())
    } else {
        document
    })
}
