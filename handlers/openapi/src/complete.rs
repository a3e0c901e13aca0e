//! The parts of each operation that follow from its route in the catalogue.

use std::collections::BTreeSet;

use miyabi_catalog::{Access, Route};
use serde_json::{Map, Value, json};
use utoipa::{PartialSchema, ToSchema};

use crate::{Error, errors};

/// Completes every operation, and adds what they refer to.
pub(crate) fn complete(document: &mut Value) -> Result<(), Error> {
    add_problem(document)?;
    document["components"]["securitySchemes"] = security_schemes();
    document["components"]["responses"] = errors::responses();
    document["components"]["schemas"]["GatewayError"] = errors::gateway_error();
    let mut names = BTreeSet::new();
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    for (path, operations) in paths {
        for (method, operation) in operations.as_object_mut().into_iter().flatten() {
            let Some((_, route)) = miyabi_catalog::route(&method.to_uppercase(), path) else {
                return Err(Error(format!(
                    "{method} {path} is not a route of the catalogue."
                )));
            };
            let id = operation["operationId"]
                .as_str()
                .unwrap_or_default()
                .to_owned();
            if !names.insert(id.clone()) {
                return Err(Error(format!(
                    "Two operations have the id `{id}`: give {method} {path} another `operation_id`."
                )));
            }
            describe_access(operation, route);
            errors::add(operation, route.access, path.contains('{'));
        }
    }
    sort(document);
    Ok(())
}

fn describe_access(operation: &mut Value, route: &Route) {
    let (security, who) = match route.access {
        Access::Public => (json!([]), "Needs no token.".to_owned()),
        Access::RefreshCookie => (
            json!([{"refresh_cookie": [], "csrf_token": []}]),
            "Requires the refresh cookie and the CSRF token of its session.".to_owned(),
        ),
        Access::SignedIn => (
            json!([{"access_token": []}]),
            "Requires an access token of any role, and a session: no API token is accepted."
                .to_owned(),
        ),
        Access::Needs(permission) => {
            operation["x-permission"] = json!(permission.as_str());
            let name = permission.as_str();
            if route.takes_api_tokens() {
                (
                    json!([{"access_token": []}, {"api_token": []}]),
                    format!("Requires the permission `{name}`."),
                )
            } else {
                (
                    json!([{"access_token": []}]),
                    format!(
                        "Requires the permission `{name}`, and a session: no API token is accepted."
                    ),
                )
            }
        }
    };
    operation["security"] = security;
    let description = operation.get("description").and_then(Value::as_str);
    operation["description"] = json!(match description.map(str::trim) {
        None | Some("") => who,
        Some(text) => format!("{text}\n\n{who}"),
    });
}

fn security_schemes() -> Value {
    json!({
        "access_token": {
            "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
            "description": "Issued by `POST /api/auth/refresh` for one organization. Valid for 15 minutes.",
        },
        "api_token": {
            "type": "http", "scheme": "bearer",
            "description": "Created by `POST /api/tokens` for one organization. Begins with `miy_`, and is valid for a year at most.",
        },
        "csrf_token": {
            "type": "apiKey", "in": "header", "name": "x-csrf-token",
            "description": "Value of the cookie `__Host-csrf`. Required with the refresh cookie.",
        },
        "refresh_cookie": {
            "type": "apiKey", "in": "cookie", "name": "__Secure-rt",
            "description": "Set by `GET /api/auth/callback`, replaced by each refresh. Not readable by scripts.",
        },
    })
}

fn add_problem(document: &mut Value) -> Result<(), Error> {
    let mut add = |name: String, schema| -> Result<(), Error> {
        document["components"]["schemas"][name] =
            serde_json::to_value(schema).map_err(|error| Error(error.to_string()))?;
        Ok(())
    };
    let mut schemas = Vec::new();
    miyabi_core::Problem::schemas(&mut schemas);
    for (name, schema) in schemas {
        add(name, schema)?;
    }
    add("Problem".to_owned(), miyabi_core::Problem::schema())
}

/// Paths and schemas by name, whichever function they come from.
fn sort(document: &mut Value) {
    for pointer in ["/paths", "/components/schemas"] {
        if let Some(map) = document.pointer_mut(pointer).and_then(Value::as_object_mut) {
            let mut entries: Vec<_> = std::mem::take(map).into_iter().collect();
            entries.sort_by(|(one, _), (other, _)| one.cmp(other));
            *map = Map::from_iter(entries);
        }
    }
    for operations in document["paths"].as_object_mut().into_iter().flatten() {
        for operation in operations.1.as_object_mut().into_iter().flatten() {
            if let Some(responses) = operation.1["responses"].as_object_mut() {
                responses.sort_keys();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operation_ids_are_words_in_camel_case() {
        let document = crate::document().unwrap();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                let id = operation["operationId"].as_str().unwrap();
                let is_readable = id.len() > 3
                    && id.chars().all(|letter| letter.is_ascii_alphabetic())
                    && id.starts_with(|letter: char| letter.is_ascii_lowercase())
                    && id.chars().any(|letter| letter.is_ascii_uppercase());
                assert!(is_readable, "{method} {path}: {id}");
            }
        }
    }

    #[test]
    fn a_member_that_may_be_null_has_no_default() {
        let document = crate::document().unwrap();
        let mut changes = 0;
        for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
            if !name.ends_with("Change") {
                continue;
            }
            changes += 1;
            for (member, schema) in schema["properties"].as_object().unwrap() {
                assert!(schema.get("default").is_none(), "{name}.{member}: {schema}");
            }
        }
        assert!(changes >= 3, "{changes}");
    }

    #[test]
    fn every_operation_says_who_may_and_what_can_go_wrong() {
        let document = crate::document().unwrap();
        let (mut operations, mut references) = (0, Vec::new());
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                operations += 1;
                let (_, route) = miyabi_catalog::route(&method.to_uppercase(), path).unwrap();
                if let Access::Needs(permission) = route.access {
                    assert_eq!(
                        operation["x-permission"],
                        permission.as_str(),
                        "{method} {path}"
                    );
                    for status in ["401", "403", "429", "500", "503"] {
                        assert!(
                            operation["responses"][status].is_object(),
                            "{method} {path}: {status}"
                        );
                    }
                }
                assert!(
                    operation["summary"].is_string(),
                    "{method} {path} has no summary"
                );
                assert!(
                    operation["description"].is_string(),
                    "{method} {path} has no description"
                );
                for (status, response) in operation["responses"].as_object().unwrap() {
                    let described =
                        response["description"].is_string() || response["$ref"].is_string();
                    assert!(described, "{method} {path}: {status} has no description");
                }
                collect(operation, &mut references);
            }
        }
        assert!(operations > 0);
        collect(&document["components"], &mut references);
        for reference in references {
            let pointer = reference.trim_start_matches('#');
            assert!(
                document.pointer(pointer).is_some(),
                "{reference} is not there"
            );
        }
    }

    fn collect(value: &Value, references: &mut Vec<String>) {
        match value {
            Value::Object(map) => {
                if let Some(Value::String(reference)) = map.get("$ref") {
                    references.push(reference.clone());
                }
                map.values().for_each(|value| collect(value, references));
            }
            Value::Array(values) => values.iter().for_each(|value| collect(value, references)),
            _ => {}
        }
    }
}
