//! What follows for each operation from its route in the catalogue.

use std::collections::BTreeSet;

use miyabi_catalog::Access;
use serde_json::{Map, Value, json};
use utoipa::{PartialSchema, ToSchema};

use crate::Error;

const PROBLEM: &str = "application/problem+json";

/// Completes every operation, and adds what they refer to.
pub(crate) fn complete(document: &mut Value) -> Result<(), Error> {
    add_problem(document)?;
    document["components"]["securitySchemes"] = security_schemes();
    document["components"]["responses"] = responses();
    let mut names = BTreeSet::new();
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    for (path, operations) in paths {
        for (method, operation) in operations.as_object_mut().into_iter().flatten() {
            let Some((_, route)) = miyabi_catalog::route(&method.to_uppercase(), path) else {
                return Err(Error(format!(
                    "{method} {path} is no route of the catalogue."
                )));
            };
            let name = name(method, path);
            if !names.insert(name.clone()) {
                return Err(Error(format!("Two operations would be called `{name}`.")));
            }
            operation["operationId"] = json!(name);
            say_who_may(operation, route.access);
            let takes_parameters = path.contains('{');
            add_errors(operation, route.access, takes_parameters);
        }
    }
    sort(document);
    Ok(())
}

/// `get /api/tasks/{task_id}/comments` -> `getTasksByTaskIdComments`.
fn name(method: &str, path: &str) -> String {
    let mut name = method.to_owned();
    for segment in path.trim_start_matches("/api/").split('/') {
        let words = match segment.strip_prefix('{') {
            Some(parameter) => format!("by_{}", parameter.trim_end_matches('}')),
            None => segment.to_owned(),
        };
        for word in words.split(['_', '-', '.']) {
            let mut letters = word.chars();
            name.extend(letters.next().map(|first| first.to_ascii_uppercase()));
            name.push_str(letters.as_str());
        }
    }
    name
}

fn say_who_may(operation: &mut Value, access: Access) {
    let (security, who) = match access {
        Access::Public => (json!([]), "Anybody may.".to_owned()),
        Access::RefreshCookie => (
            json!([{"refresh_cookie": [], "csrf_token": []}]),
            "Needs the refresh cookie, and the CSRF token that belongs to it.".to_owned(),
        ),
        Access::SignedIn => (
            json!([{"access_token": []}]),
            "Needs an access token, whatever the role.".to_owned(),
        ),
        Access::Needs(permission) => {
            operation["x-permission"] = json!(permission.as_str());
            (
                json!([{"access_token": []}]),
                format!("Needs the permission `{}`.", permission.as_str()),
            )
        }
    };
    operation["security"] = security;
    let description = operation.get("description").and_then(Value::as_str);
    operation["description"] = json!(match description.map(str::trim) {
        None | Some("") => who,
        Some(text) => format!("{text}\n\n{who}"),
    });
}

/// Adds the errors that the function itself did not describe.
fn add_errors(operation: &mut Value, access: Access, takes_parameters: bool) {
    let mut errors = vec![("default", "Problem")];
    match access {
        Access::Public => {}
        Access::RefreshCookie => errors.extend([
            ("401", "Unauthenticated"),
            ("403", "Forged"),
            ("503", "Unavailable"),
        ]),
        Access::SignedIn | Access::Needs(_) => {
            errors.extend([
                ("401", "Unauthenticated"),
                ("403", "Forbidden"),
                ("503", "Unavailable"),
            ]);
        }
    }
    if takes_parameters {
        errors.push(("404", "NotFound"));
    }
    if operation.get("requestBody").is_some() {
        errors.extend([
            ("400", "Malformed"),
            ("413", "TooLarge"),
            ("415", "NotJson"),
            ("422", "Invalid"),
        ]);
    }
    let Some(responses) = operation["responses"].as_object_mut() else {
        return;
    };
    for (status, name) in errors {
        responses
            .entry(status)
            .or_insert_with(|| json!({"$ref": format!("#/components/responses/{name}")}));
    }
}

fn responses() -> Value {
    let sentences = [
        (
            "Forbidden",
            "`missing_permission`: the role of the caller does not have the permission. `not_a_member`.",
        ),
        (
            "Forged",
            "`csrf`: the request does not prove that it comes from our own pages.",
        ),
        (
            "Invalid",
            "`invalid`: fields that are not acceptable, in `errors`.",
        ),
        (
            "Malformed",
            "`malformed_json`: the body is not JSON, or JSON with more than one meaning.",
        ),
        (
            "NotFound",
            "`not_found`: there is no such thing in this organization.",
        ),
        ("NotJson", "`not_json`: the body is not `application/json`."),
        ("Problem", "Any other error."),
        ("TooLarge", "`too_large`: the body is larger than 1 MiB."),
        (
            "Unauthenticated",
            "`unauthenticated`: no token, or one that is not accepted.",
        ),
        (
            "Unavailable",
            "`unavailable`: something that the answer needs does not answer; try again after `Retry-After` seconds.",
        ),
    ];
    let responses = sentences.into_iter().map(|(name, sentence)| {
        let schema = json!({"$ref": "#/components/schemas/Problem"});
        let response = json!({"description": sentence, "content": {PROBLEM: {"schema": schema}}});
        (name.to_owned(), response)
    });
    Value::Object(responses.collect())
}

fn security_schemes() -> Value {
    json!({
        "access_token": {
            "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
            "description": "From `POST /api/auth/refresh`; good for 15 minutes and one organization.",
        },
        "csrf_token": {
            "type": "apiKey", "in": "header", "name": "x-csrf-token",
            "description": "The value of the cookie `__Host-csrf`.",
        },
        "refresh_cookie": {
            "type": "apiKey", "in": "cookie", "name": "__Secure-rt",
            "description": "Set by signing in; only the browser holds it.",
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
    fn operations_are_named_after_their_routes() {
        for (method, path, expected) in [
            ("get", "/api/tasks", "getTasks"),
            (
                "patch",
                "/api/tasks/{task_id}/comments/{comment_id}",
                "patchTasksByTaskIdCommentsByCommentId",
            ),
            ("post", "/api/auth/logout-all", "postAuthLogoutAll"),
            ("get", "/api/openapi.json", "getOpenapiJson"),
        ] {
            assert_eq!(name(method, path), expected);
        }
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
                    for status in ["401", "403", "503", "default"] {
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
