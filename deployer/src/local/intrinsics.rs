//! Computes the intrinsic functions of a template.
//!
//! Gateway and CDN answer without TLS on this machine: an address `https://127.0.0.1:..` that comes
//! out of a template is `http://127.0.0.1:..`. The cache answers by TLS alone, as on AWS.

use std::{collections::BTreeMap, net::Ipv4Addr};

use serde_json::{Value, json};

use super::{ACCOUNT, REGION};

/// What can be referred to.
#[derive(Debug, Default)]
pub(super) struct Scope {
    /// Parameters by name.
    pub(super) parameters: BTreeMap<String, String>,
    /// Logical id -> what `Ref` gives and the attributes.
    pub(super) resources: BTreeMap<String, (String, BTreeMap<String, Value>)>,
    /// `miyabi-local-api`
    pub(super) stack_name: String,
}

/// Why a value cannot be computed: a full sentence.
pub(super) type Unresolved = String;

impl Scope {
    /// The value with every intrinsic replaced by what it gives.
    pub(super) fn resolve(&self, value: &Value) -> Result<Value, Unresolved> {
        match value {
            Value::Array(items) => items.iter().map(|item| self.resolve(item)).collect(),
            Value::Object(object) => {
                if object.len() == 1
                    && let Some((name, argument)) = object.iter().next()
                    && (name == "Ref" || name.starts_with("Fn::"))
                {
                    return self.call(name, argument).map(without_tls);
                }
                let fields: Result<serde_json::Map<_, _>, _> = object
                    .iter()
                    .map(|(key, value)| Ok((key.clone(), self.resolve(value)?)))
                    .collect();
                fields.map(Value::Object)
            }
            other => Ok(other.clone()),
        }
    }

    fn call(&self, name: &str, argument: &Value) -> Result<Value, Unresolved> {
        match (name, argument) {
            ("Ref", Value::String(name)) => self.reference(name).map(Value::String),
            ("Fn::GetAtt", Value::Array(parts)) => self.attribute(word(parts, 0)?, word(parts, 1)?),
            ("Fn::Sub", Value::String(text)) => self.sub(text, &json!({})).map(Value::String),
            ("Fn::Sub", Value::Array(parts)) => {
                let own = self.resolve(parts.get(1).unwrap_or(&Value::Null))?;
                self.sub(word(parts, 0)?, &own).map(Value::String)
            }
            ("Fn::Join", Value::Array(parts)) => {
                let items = self.list(parts.get(1))?;
                let texts: Result<Vec<String>, _> = items.iter().map(text).collect();
                Ok(Value::String(texts?.join(word(parts, 0)?)))
            }
            ("Fn::Split", Value::Array(parts)) => {
                let whole = text(&self.resolve(parts.get(1).unwrap_or(&Value::Null))?)?;
                Ok(whole.split(word(parts, 0)?).map(Value::from).collect())
            }
            ("Fn::Select", Value::Array(parts)) => {
                let index = text(parts.first().unwrap_or(&Value::Null))?;
                let items = self.list(parts.get(1))?;
                let item = index
                    .parse::<usize>()
                    .ok()
                    .and_then(|index| items.get(index).cloned());
                item.ok_or_else(|| format!("Fn::Select asks for item {index} of {}.", items.len()))
            }
            ("Fn::GetAZs", _) => Ok(json!([
                format!("{REGION}a"),
                format!("{REGION}b"),
                format!("{REGION}c")
            ])),
            ("Fn::Cidr", Value::Array(parts)) => self.cidr(parts),
            _ => Err(format!(
                "The local target does not know `{name}` with this argument."
            )),
        }
    }

    fn list(&self, value: Option<&Value>) -> Result<Vec<Value>, Unresolved> {
        match self.resolve(value.unwrap_or(&Value::Null))? {
            Value::Array(items) => Ok(items),
            other => Err(format!("A list is needed, and there is {other}.")),
        }
    }

    fn reference(&self, name: &str) -> Result<String, Unresolved> {
        let pseudo = match name {
            "AWS::AccountId" => Some(ACCOUNT),
            "AWS::Region" => Some(REGION),
            "AWS::Partition" => Some("aws"),
            "AWS::URLSuffix" => Some("amazonaws.com"),
            "AWS::StackName" => Some(self.stack_name.as_str()),
            _ => None,
        };
        pseudo
            .or_else(|| self.parameters.get(name).map(String::as_str))
            .or_else(|| {
                self.resources
                    .get(name)
                    .map(|(reference, _)| reference.as_str())
            })
            .map(str::to_owned)
            .ok_or_else(|| format!("There is no `{name}` to refer to."))
    }

    fn attribute(&self, name: &str, attribute: &str) -> Result<Value, Unresolved> {
        let (_, attributes) = self
            .resources
            .get(name)
            .ok_or_else(|| format!("There is no resource `{name}`."))?;
        attributes
            .get(attribute)
            .cloned()
            .ok_or_else(|| format!("The local target gives `{name}` no attribute `{attribute}`."))
    }

    /// Replaces `${Name}` and `${Name.Attribute}`; `${!Name}` becomes `${Name}`.
    fn sub(&self, template: &str, own: &Value) -> Result<String, Unresolved> {
        let mut out = String::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once("${") {
            out.push_str(before);
            let Some((name, tail)) = after.split_once('}') else {
                return Err(format!("`{template}` has a `${{` without its `}}`."));
            };
            if let Some(literal) = name.strip_prefix('!') {
                out.push_str(&format!("${{{literal}}}"));
            } else if let Some(value) = own.get(name) {
                out.push_str(&text(value)?);
            } else if let Some((resource, attribute)) = name.split_once('.') {
                out.push_str(&text(&self.attribute(resource, attribute)?)?);
            } else {
                out.push_str(&self.reference(name)?);
            }
            rest = tail;
        }
        out.push_str(rest);
        Ok(out)
    }

    /// Blocks of a block. Only their number and form matter here, and only for IPv4 are they right.
    fn cidr(&self, parts: &[Value]) -> Result<Value, Unresolved> {
        let block = text(&self.resolve(parts.first().unwrap_or(&Value::Null))?)?;
        let count = text(parts.get(1).unwrap_or(&Value::Null))?
            .parse::<u32>()
            .unwrap_or(1);
        let bits = text(parts.get(2).unwrap_or(&Value::Null))?
            .parse::<u32>()
            .unwrap_or(8);
        let address = block.split('/').next().unwrap_or_default();
        let Ok(base) = address.parse::<Ipv4Addr>() else {
            return Ok((0..count)
                .map(|index| Value::from(format!("fd00:0:0:{index:x}::/64")))
                .collect());
        };
        let first = u32::from(base);
        Ok((0..count)
            .map(|index| {
                let address = Ipv4Addr::from(first + (index << bits.min(31)));
                Value::from(format!("{address}/{}", 32 - bits.min(32)))
            })
            .collect())
    }
}

fn word(parts: &[Value], index: usize) -> Result<&str, Unresolved> {
    parts
        .get(index)
        .and_then(Value::as_str)
        .ok_or_else(|| "An intrinsic function has an argument of the wrong form.".to_owned())
}

fn text(value: &Value) -> Result<String, Unresolved> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(truth) => Ok(truth.to_string()),
        other => Err(format!("A text is needed, and there is {other}.")),
    }
}

fn without_tls(value: Value) -> Value {
    match value {
        Value::String(text) => {
            Value::String(text.replace("https://127.0.0.1:", "http://127.0.0.1:"))
        }
        other => other,
    }
}

/// The resources that a value refers to, of those in `known`.
pub(super) fn needs<'a>(value: &Value, known: &'a serde_json::Map<String, Value>) -> Vec<&'a str> {
    let mut found = Vec::new();
    collect(value, known, &mut found);
    found
}

fn collect<'a>(value: &Value, known: &'a serde_json::Map<String, Value>, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(object) => {
            for (key, inner) in object {
                match (key.as_str(), inner) {
                    ("Ref" | "DependsOn", Value::String(name)) => note(name, known, found),
                    ("Fn::GetAtt", Value::Array(parts)) => {
                        if let Some(name) = parts.first().and_then(Value::as_str) {
                            note(name, known, found);
                        }
                    }
                    ("Fn::Sub", inner) => {
                        let template = inner.as_str().or_else(|| inner[0].as_str());
                        for part in template.unwrap_or_default().split("${").skip(1) {
                            note(part.split('}').next().unwrap_or_default(), known, found);
                        }
                    }
                    ("DependsOn", Value::Array(names)) => {
                        for name in names.iter().filter_map(Value::as_str) {
                            note(name, known, found);
                        }
                    }
                    _ => {}
                }
                collect(inner, known, found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, known, found)),
        _ => {}
    }
}

/// Adds the resource that `name` (`Api`, `Api.Arn`) is one of.
fn note<'a>(name: &str, known: &'a serde_json::Map<String, Value>, found: &mut Vec<&'a str>) {
    let name = name.split('.').next().unwrap_or_default();
    if let Some((name, _)) = known.get_key_value(name) {
        found.push(name.as_str());
    }
}

#[cfg(test)]
#[path = "intrinsics_tests.rs"]
mod tests;
