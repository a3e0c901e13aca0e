//! What an expression of a template refers to: `Ref`, `Fn::GetAtt`, the `${..}` of `Fn::Sub`, and the
//! conditions and mappings that it uses.

use std::collections::BTreeSet;

use serde_json::Value;

/// One thing that an expression refers to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Reference {
    /// Logical id of a resource, name of a parameter or pseudo parameter, or an entry of a section
    /// (`Conditions.IsProd`, `Mappings.Sizes`).
    pub(crate) name: String,
    /// The attribute, for `Fn::GetAtt`.
    pub(crate) attribute: Option<String>,
}

/// Everything that `value` refers to, at any depth.
pub(crate) fn references(value: &Value) -> BTreeSet<Reference> {
    let mut found = BTreeSet::new();
    collect(value, &mut found);
    found
}

/// Whether the value is an intrinsic function rather than a plain object.
pub(crate) fn is_intrinsic(value: &Value) -> bool {
    value.as_object().is_some_and(|object| {
        object.len() == 1
            && object
                .keys()
                .all(|key| key == "Ref" || key.starts_with("Fn::"))
    })
}

fn collect(value: &Value, found: &mut BTreeSet<Reference>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Object(object) => {
            for (key, inner) in object {
                match key.as_str() {
                    "Ref" => found.extend(inner.as_str().map(|name| named(name, None))),
                    "Fn::GetAtt" => found.extend(get_att(inner)),
                    "Fn::Sub" => {
                        let text = inner
                            .as_str()
                            .or_else(|| inner.get(0).and_then(Value::as_str));
                        found.extend(text.map(substitutions).unwrap_or_default());
                        collect(inner, found);
                    }
                    "Fn::If" => {
                        let condition = inner.get(0).and_then(Value::as_str);
                        found.extend(condition.map(|name| defined("Conditions", name)));
                        collect(inner, found);
                    }
                    "Fn::FindInMap" => {
                        let mapping = inner.get(0).and_then(Value::as_str);
                        found.extend(mapping.map(|name| defined("Mappings", name)));
                        collect(inner, found);
                    }
                    "Condition" if object.len() == 1 && inner.is_string() => {
                        found.extend(inner.as_str().map(|name| defined("Conditions", name)));
                    }
                    _ => collect(inner, found),
                }
            }
        }
        _ => (),
    }
}

/// An entry of a section of the template: `Conditions.IsProd`.
fn defined(section: &str, name: &str) -> Reference {
    named(&format!("{section}.{name}"), None)
}

fn named(name: &str, attribute: Option<&str>) -> Reference {
    Reference {
        name: name.to_owned(),
        attribute: attribute.map(str::to_owned),
    }
}

/// `["Db", "Endpoint.Port"]` or `"Db.Endpoint.Port"`.
fn get_att(value: &Value) -> Option<Reference> {
    match value {
        Value::String(text) => text
            .split_once('.')
            .map(|(name, rest)| named(name, Some(rest))),
        Value::Array(parts) => {
            let name = parts.first()?.as_str()?;
            Some(named(name, parts.get(1).and_then(Value::as_str)))
        }
        _ => None,
    }
}

/// `${Name}` and `${Name.Attribute}`; `${!Literal}` is text.
fn substitutions(text: &str) -> Vec<Reference> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let after = &rest[start + 2..];
        let Some(end) = after.find('}') else { break };
        let name = &after[..end];
        if !name.starts_with('!') {
            found.push(match name.split_once('.') {
                Some((name, attribute)) => named(name, Some(attribute)),
                None => named(name, None),
            });
        }
        rest = &after[end + 1..];
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn references_of_every_form_are_found() {
        let value = json!({
            "A": {"Ref": "Role"},
            "B": [{"Fn::GetAtt": ["Db", "Endpoint.Port"]}, {"Fn::GetAtt": "Key.Arn"}],
            "C": {"Fn::Sub": "${Api}/x/${!Literal}/${Fn.Arn}"},
            "D": {"Fn::Join": ["", [{"Fn::Sub": ["${Given}", {"Given": {"Ref": "Vpc"}}]}]]}
        });
        let found: Vec<_> = references(&value)
            .into_iter()
            .map(|found| match found.attribute {
                Some(attribute) => format!("{}.{attribute}", found.name),
                None => found.name,
            })
            .collect();
        assert_eq!(
            found,
            [
                "Api",
                "Db.Endpoint.Port",
                "Fn.Arn",
                "Given",
                "Key.Arn",
                "Role",
                "Vpc"
            ]
        );
    }
}
