//! What becomes reachable or readable by more of the world.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::template::{equal, statements};

/// The addresses of everybody.
pub(super) const EVERYBODY: [&str; 2] = ["0.0.0.0/0", "::/0"];

/// Settings that open something to the world and did not before. `before` is null for a new
/// resource.
pub(super) fn public(resource_type: &str, before: &Value, after: &Value) -> Vec<String> {
    let was_open = |path: &str, open: fn(&Value) -> bool| before.pointer(path).is_some_and(open);
    let newly = |path: &str, open: fn(&Value) -> bool| {
        after.pointer(path).is_some_and(open) && !was_open(path, open)
    };
    let mut found = Vec::new();
    let mut note = |is: bool, what: &str| {
        if is {
            found.push(what.to_owned());
        }
    };
    match resource_type {
        "AWS::S3::Bucket" => {
            let acl = newly("/AccessControl", |acl| {
                acl.as_str()
                    .is_some_and(|acl| acl.starts_with("Public") || acl == "AuthenticatedRead")
            });
            note(acl, "AccessControl makes its objects public");
            return [found, unblocked(before, after)].concat();
        }
        "AWS::Lambda::Url" => {
            note(
                newly("/AuthType", is_none),
                "a function URL without authentication",
            );
            found.extend(new_origins("/Cors/AllowOrigins", before, after));
        }
        "AWS::Lambda::Permission" => {
            note(
                newly("/Principal", |who| who == "*"),
                "anybody may invoke the function",
            );
        }
        "AWS::ApiGatewayV2::Route" => {
            let auth = |value: &Value| {
                value
                    .get("AuthorizationType")
                    .and_then(Value::as_str)
                    .unwrap_or("NONE")
                    .to_owned()
            };
            let (old, new) = (auth(before), auth(after));
            if !before.is_null() && old != new && old != "NONE" {
                found.push(format!("AuthorizationType was {old} and becomes {new}"));
            } else if before.is_null() && new == "NONE" {
                let key = after
                    .get("RouteKey")
                    .and_then(Value::as_str)
                    .unwrap_or("the route");
                found.push(format!("{key} has no authorization at the gateway"));
            }
        }
        "AWS::ApiGateway::Method" => {
            note(
                newly("/AuthorizationType", is_none),
                "a method without authorization",
            );
        }
        "AWS::ApiGatewayV2::Api" => {
            found.extend(new_origins(
                "/CorsConfiguration/AllowOrigins",
                before,
                after,
            ));
        }
        "AWS::EC2::Route" => found.extend(internet_route(before, after)),
        "AWS::CloudFront::Distribution" => found.extend(origins(before, after)),
        _ => {
            note(
                newly("/PubliclyAccessible", is_true),
                "PubliclyAccessible becomes true",
            );
        }
    }
    found.extend(open_to_everybody(before, after));
    found
}

/// What opens a new resource of a new stack to the world by itself. Routes of a new API are not
/// listed: whether they ask for authorization is in what the function does, and the API is new as
/// a whole.
pub(super) fn open_by_itself(resource_type: &str, after: &Value) -> Vec<String> {
    let nothing = Value::Null;
    match resource_type {
        "AWS::ApiGatewayV2::Route" => Vec::new(),
        "AWS::ApiGatewayV2::Api" | "AWS::Lambda::Url" => public(resource_type, &nothing, after)
            .into_iter()
            .filter(|line| !line.contains("CORS") || line.ends_with(" *"))
            .collect(),
        _ => public(resource_type, &nothing, after),
    }
}

fn is_true(value: &Value) -> bool {
    value.as_bool() == Some(true) || value.as_str() == Some("true")
}

fn is_none(value: &Value) -> bool {
    value == "NONE"
}

/// Blocks of public access that are lifted; AWS sets all of them on a bucket that names none.
fn unblocked(before: &Value, after: &Value) -> Vec<String> {
    let blocks = [
        "BlockPublicAcls",
        "BlockPublicPolicy",
        "IgnorePublicAcls",
        "RestrictPublicBuckets",
    ];
    let value = |bucket: &Value, name: &str| {
        let path = format!("/PublicAccessBlockConfiguration/{name}");
        bucket.pointer(&path).cloned()
    };
    blocks
        .into_iter()
        .filter_map(|name| {
            let (old, new) = (value(before, name), value(after, name));
            let was = before.is_null() || old.as_ref().is_none_or(is_true);
            match new {
                Some(new) if !is_true(&new) && was => Some(format!("{name} is switched off")),
                None if old.as_ref().is_some_and(is_true) => {
                    Some(format!("{name} is no longer set"))
                }
                _ => None,
            }
        })
        .collect()
}

/// Origins that may call from a browser now.
fn new_origins(path: &str, before: &Value, after: &Value) -> Vec<String> {
    let origins = |value: &Value| -> Vec<Value> {
        let list = value.pointer(path).and_then(Value::as_array);
        list.into_iter().flatten().cloned().collect()
    };
    let old = origins(before);
    let known = |origin: &Value| old.iter().any(|old| equal(old, origin, &[], &|_| false));
    origins(after)
        .iter()
        .filter(|origin| !known(origin))
        .map(|origin| format!("the CORS origin {}", short(origin)))
        .collect()
}

/// A route to an internet gateway.
fn internet_route(before: &Value, after: &Value) -> Option<String> {
    let gateway = after.get("GatewayId")?;
    let same = equal(before, after, &[], &|_| false);
    // `local` and virtual private gateways (`vgw-`) do not lead to the internet.
    let internal = gateway
        .as_str()
        .is_some_and(|id| id == "local" || id.starts_with("vgw-") || id.starts_with("lgw-"));
    (!same && !internal).then(|| format!("a route to the internet gateway {}", short(gateway)))
}

/// Origins of a distribution that lost what only the distribution knew.
fn origins(before: &Value, after: &Value) -> Vec<String> {
    let by_id = |value: &Value| -> Map<String, Value> {
        let list = value
            .pointer("/DistributionConfig/Origins")
            .and_then(Value::as_array);
        let named = list
            .into_iter()
            .flatten()
            .filter_map(|origin| Some((origin.get("Id")?.as_str()?.to_owned(), origin.clone())));
        named.collect()
    };
    let mut found = Vec::new();
    let after = by_id(after);
    for (id, old) in by_id(before) {
        let Some(new) = after.get(&id) else { continue };
        let has = |origin: &Value, part: &str| match origin.get(part) {
            None | Some(Value::Null) => false,
            Some(Value::Array(items)) => !items.is_empty(),
            Some(Value::String(text)) => !text.is_empty(),
            Some(_) => true,
        };
        for (part, what) in [
            ("OriginCustomHeaders", "its secret header"),
            ("OriginAccessControlId", "its access control"),
        ] {
            if has(&old, part) && !has(new, part) {
                found.push(format!("the origin {id} loses {what}"));
            }
        }
    }
    found
}

/// Statements that allow something to everybody, without a condition.
fn open_to_everybody(before: &Value, after: &Value) -> Vec<String> {
    let open = |value: &Value| -> BTreeSet<String> {
        statements(value)
            .iter()
            .filter(|statement| statement.allows() && statement.part("Condition").is_none())
            .filter(|statement| {
                let everybody = |who: &Value| {
                    let list = who.get("AWS").and_then(Value::as_array);
                    list.is_some_and(|list| list.iter().any(|who| who == "*"))
                };
                statement.part("Principal").is_some_and(everybody)
            })
            .flat_map(|statement| {
                let actions = statement.values("Action").into_iter().map(short);
                actions
                    .map(|action| format!("anybody may do {action}"))
                    .collect::<Vec<_>>()
            })
            .collect()
    };
    open(after).difference(&open(before)).cloned().collect()
}

/// A value for people.
pub(super) fn short(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}
