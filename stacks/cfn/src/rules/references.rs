//! `Ref`, `Fn::GetAtt`, `Fn::Sub` and `DependsOn` against the resources, parameters and attributes that
//! exist, and circles of them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::{Findings, Template};
use crate::schema;

/// Reports every reference to something that does not exist.
pub(super) fn check(template: &Template<'_>, findings: &mut Findings) {
    let template = template.json;
    for section in ["Resources", "Outputs"] {
        for (id, body) in template[section].as_object().into_iter().flatten() {
            let owner = if section == "Outputs" { "Outputs" } else { id };
            let path = if section == "Outputs" {
                id.as_str()
            } else {
                ""
            };
            walk(template, body, owner, path, findings);
            for name in depends_on(body) {
                if template["Resources"].get(name).is_none() {
                    findings.add(id, "DependsOn", format!("There is no resource `{name}`."));
                }
            }
        }
    }
}

fn depends_on(resource: &Json) -> Vec<&str> {
    match &resource["DependsOn"] {
        Json::String(one) => vec![one],
        Json::Array(several) => several.iter().filter_map(Json::as_str).collect(),
        _ => Vec::new(),
    }
}

/// Reports resources that wait for each other, each circle once, with the way round.
pub(super) fn circles(template: &Template<'_>, findings: &mut Findings) {
    let mut waiting: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (id, resource) in template.section("Resources") {
        let mut names: BTreeSet<&str> = depends_on(resource).into_iter().collect();
        referred(resource, &mut names);
        names.retain(|name| template.json["Resources"].get(name).is_some());
        waiting.insert(id, names);
    }
    loop {
        let free: Vec<&str> = waiting
            .iter()
            .filter(|(_, names)| !names.iter().any(|name| waiting.contains_key(name)))
            .map(|(id, _)| *id)
            .collect();
        if free.is_empty() {
            let Some(circle) = circle(&waiting) else {
                return;
            };
            let way = [circle.as_slice(), &circle[..1]].concat().join(" -> ");
            findings.add(
                circle[0],
                "",
                format!("These resources wait for each other: {way}."),
            );
            waiting.retain(|id, _| !circle.contains(id));
        }
        waiting.retain(|id, _| !free.contains(id));
    }
}

/// One circle among resources that each wait for another of them; `None` when there is none.
fn circle<'a>(waiting: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> Option<Vec<&'a str>> {
    let mut way = vec![*waiting.keys().next()?];
    loop {
        let names = &waiting[way.last()?];
        let next = *names.iter().find(|name| waiting.contains_key(*name))?;
        if let Some(start) = way.iter().position(|seen| *seen == next) {
            return Some(way.split_off(start));
        }
        way.push(next);
    }
}

/// The names that a value refers to.
fn referred<'a>(value: &'a Json, names: &mut BTreeSet<&'a str>) {
    match value {
        Json::Object(object) => {
            for (key, inner) in object {
                match (key.as_str(), inner) {
                    ("Ref", Json::String(name)) => {
                        names.insert(name);
                    }
                    ("Fn::GetAtt", Json::String(path)) => names.extend(path.split('.').next()),
                    ("Fn::GetAtt", Json::Array(parts)) => {
                        names.extend(parts.first().and_then(Json::as_str));
                    }
                    ("Fn::Sub", Json::String(text)) => names.extend(variables(text)),
                    ("Fn::Sub", Json::Array(parts)) => {
                        let own = parts.get(1).and_then(Json::as_object);
                        let text = parts.first().and_then(Json::as_str).unwrap_or_default();
                        let is_own = |name: &&str| own.is_some_and(|own| own.contains_key(*name));
                        names.extend(variables(text).filter(|name| !is_own(name)));
                        for value in own.into_iter().flat_map(serde_json::Map::values) {
                            referred(value, names);
                        }
                    }
                    _ => referred(inner, names),
                }
            }
        }
        Json::Array(items) => items.iter().for_each(|item| referred(item, names)),
        _ => {}
    }
}

/// `Name` of each `${Name}` and `${Name.Attribute}`.
fn variables(text: &str) -> impl Iterator<Item = &str> {
    let inside = text
        .split("${")
        .skip(1)
        .filter_map(|part| part.split('}').next());
    inside
        .filter(|name| !name.starts_with('!'))
        .filter_map(|name| name.split('.').next())
}

fn walk(template: &Json, value: &Json, id: &str, path: &str, findings: &mut Findings) {
    match value {
        Json::Object(object) => {
            for (key, inner) in object {
                match (key.as_str(), inner) {
                    ("Ref", Json::String(name)) => reference(template, name, id, path, findings),
                    ("Fn::GetAtt", Json::String(text)) => {
                        if let Some((name, attribute)) = text.split_once('.') {
                            get_att(template, name, attribute, id, path, findings);
                        }
                    }
                    ("Fn::GetAtt", Json::Array(parts)) => {
                        let parts: Vec<&str> = parts.iter().filter_map(Json::as_str).collect();
                        if let [name, attribute] = parts[..] {
                            get_att(template, name, attribute, id, path, findings);
                        }
                    }
                    ("Fn::Sub", Json::String(text)) => {
                        sub(template, text, None, id, path, findings)
                    }
                    ("Fn::Sub", Json::Array(parts)) => {
                        if let Some(text) = parts.first().and_then(Json::as_str) {
                            sub(template, text, parts.get(1), id, path, findings);
                        }
                        if let Some(values) = parts.get(1) {
                            walk(template, values, id, path, findings);
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
                        walk(template, inner, id, &below, findings);
                    }
                }
            }
        }
        Json::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(template, item, id, &format!("{path}.{index}"), findings);
            }
        }
        _ => {}
    }
}

fn reference(template: &Json, name: &str, id: &str, path: &str, findings: &mut Findings) {
    let known = name.starts_with("AWS::")
        || template["Parameters"].get(name).is_some()
        || template["Resources"].get(name).is_some();
    if !known {
        findings.add(
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
    findings: &mut Findings,
) {
    let Some(resource) = template["Resources"].get(name) else {
        return findings.add(
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
        findings.add(
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
fn sub(
    template: &Json,
    text: &str,
    own: Option<&Json>,
    id: &str,
    path: &str,
    findings: &mut Findings,
) {
    for part in text.split("${").skip(1) {
        let Some((name, _)) = part.split_once('}') else {
            continue;
        };
        if name.starts_with('!') || own.is_some_and(|own| own.get(name).is_some()) {
            continue;
        }
        match name.split_once('.') {
            Some((name, attribute)) => get_att(template, name, attribute, id, path, findings),
            None => reference(template, name, id, path, findings),
        }
    }
}
