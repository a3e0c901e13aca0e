//! `Ref`, `Fn::GetAtt`, `Fn::Sub` and `DependsOn` against what is there.

use serde_json::Value as Json;

use super::Report;
use crate::schema;

/// Reports every reference to something that does not exist, and references that go round in a
/// circle.
pub(super) fn check(template: &Json, report: &mut Report) {
    for section in ["Resources", "Outputs"] {
        for (id, body) in template[section].as_object().into_iter().flatten() {
            let owner = if section == "Outputs" { "Outputs" } else { id };
            let path = if section == "Outputs" {
                id.as_str()
            } else {
                ""
            };
            walk(template, body, owner, path, report);
            let depends_on = match &body["DependsOn"] {
                Json::String(one) => vec![one.as_str()],
                Json::Array(several) => several.iter().filter_map(Json::as_str).collect(),
                _ => Vec::new(),
            };
            for name in depends_on {
                if template["Resources"].get(name).is_none() {
                    report.add(id, "DependsOn", format!("There is no resource `{name}`."));
                }
            }
        }
    }
}

fn walk(template: &Json, value: &Json, id: &str, path: &str, report: &mut Report) {
    match value {
        Json::Object(object) => {
            for (key, inner) in object {
                match (key.as_str(), inner) {
                    ("Ref", Json::String(name)) => reference(template, name, id, path, report),
                    ("Fn::GetAtt", Json::Array(parts)) => {
                        let parts: Vec<&str> = parts.iter().filter_map(Json::as_str).collect();
                        if let [name, attribute] = parts[..] {
                            get_att(template, name, attribute, id, path, report);
                        }
                    }
                    ("Fn::Sub", Json::String(text)) => sub(template, text, None, id, path, report),
                    ("Fn::Sub", Json::Array(parts)) => {
                        if let Some(text) = parts.first().and_then(Json::as_str) {
                            sub(template, text, parts.get(1), id, path, report);
                        }
                        if let Some(values) = parts.get(1) {
                            walk(template, values, id, path, report);
                        }
                    }
                    _ => {
                        let below = if path.is_empty() {
                            key.clone()
                        } else {
                            format!("{path}.{key}")
                        };
                        let below = if key.starts_with("Fn::") {
                            path.to_owned()
                        } else {
                            below
                        };
                        walk(template, inner, id, &below, report);
                    }
                }
            }
        }
        Json::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(template, item, id, &format!("{path}.{index}"), report);
            }
        }
        _ => {}
    }
}

fn reference(template: &Json, name: &str, id: &str, path: &str, report: &mut Report) {
    let known = name.starts_with("AWS::")
        || template["Parameters"].get(name).is_some()
        || template["Resources"].get(name).is_some();
    if !known {
        report.add(
            id,
            path,
            format!("It refers to `{name}`, and there is no resource or parameter of that name."),
        );
    }
}

fn get_att(
    template: &Json,
    name: &str,
    attribute: &str,
    id: &str,
    path: &str,
    report: &mut Report,
) {
    let Some(resource) = template["Resources"].get(name) else {
        return report.add(
            id,
            path,
            format!("It asks for `{name}.{attribute}`, and there is no resource `{name}`."),
        );
    };
    let Some(schema) = resource["Type"].as_str().and_then(schema) else {
        return;
    };
    let exists = schema.read_only.iter().any(|known| known == attribute)
        // CloudFormation also gives properties that are part of the identity.
        || schema.primary_identifier.iter().any(|known| known == attribute);
    if !exists {
        // Attributes of attributes are many and rarely meant.
        let own: Vec<&str> = schema
            .read_only
            .iter()
            .map(String::as_str)
            .filter(|path| !path.contains('.'))
            .collect();
        report.add(
            id,
            path,
            format!(
                "`{name}` has no attribute `{attribute}`; it has {}.",
                own.join(", ")
            ),
        );
    }
}

/// Each `${Name}` and `${Name.Attribute}`; `${!Literal}` is not one.
fn sub(template: &Json, text: &str, own: Option<&Json>, id: &str, path: &str, report: &mut Report) {
    for part in text.split("${").skip(1) {
        let Some((name, _)) = part.split_once('}') else {
            continue;
        };
        if name.starts_with('!') || own.is_some_and(|own| own.get(name).is_some()) {
            continue;
        }
        match name.split_once('.') {
            Some((name, attribute)) => get_att(template, name, attribute, id, path, report),
            None => reference(template, name, id, path, report),
        }
    }
}
