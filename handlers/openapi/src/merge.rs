//! Several documents become one.

use serde_json::{Map, Value, json};

use crate::Error;

/// Tags of the operations, in the order in which a reader meets them.
const TAGS: [(&str, &str); 15] = [
    ("auth", "Sign-in with GitHub, access tokens and sessions."),
    (
        "account",
        "What is kept about the caller, and its deletion.",
    ),
    ("tokens", "API tokens of the caller."),
    ("organizations", "Organizations of the caller."),
    ("members", "Members of an organization."),
    ("roles", "Roles of an organization and their permissions."),
    ("invitations", "Invitations to an organization."),
    ("tasks", "Tasks of an organization."),
    ("comments", "Comments on tasks."),
    ("labels", "Labels of an organization."),
    ("projects", "Projects of an organization."),
    ("views", "Saved views of the list of tasks."),
    ("inbox", "What the caller is to look at, and watches."),
    ("activity", "Audit trail of an organization."),
    ("docs", "State and description of the API."),
];

/// A document without operations.
pub(crate) fn empty() -> Value {
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Miyabi",
            "description": "A multi-tenant task system. Errors are RFC 9457 problems with a stable `code`. A resource of another organization is answered with 404, like one that does not exist.",
            "version": env!("CARGO_PKG_VERSION"),
            "contact": {"name": "The maintainers of Miyabi"},
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "servers": [{"url": "/", "description": "This stage"}],
        "tags": TAGS.map(|(name, description)| json!({"name": name, "description": description})),
        "paths": {},
        "components": {"schemas": {}, "responses": {}, "securitySchemes": {}},
    })
}

/// Adds what a function says.
pub(crate) fn add(document: &mut Value, function: &str, mut part: Value) -> Result<(), Error> {
    for (path, operations) in take(&mut part["paths"]) {
        for (method, mut operation) in operations.as_object().cloned().unwrap_or_default() {
            let route = format!("{} {path}", method.to_uppercase());
            check(function, &method, &path)?;
            let tags = operation.get("tags").and_then(Value::as_array);
            if tags.is_none_or(Vec::is_empty) {
                operation["tags"] = json!([function]);
            }
            let place = &mut document["paths"][&path][&method];
            if !place.is_null() {
                return Err(Error(format!("{route} is described twice.")));
            }
            *place = operation;
        }
    }
    for (name, schema) in take(&mut part["components"]["schemas"]) {
        let place = &mut document["components"]["schemas"][&name];
        if !place.is_null() && *place != schema {
            return Err(Error(format!(
                "The function `{function}` and another one mean two things by the schema `{name}`: give its type another name with `#[schema(as = ..)]`."
            )));
        }
        *place = schema;
    }
    Ok(())
}

fn check(function: &str, method: &str, path: &str) -> Result<(), Error> {
    match miyabi_catalog::route(&method.to_uppercase(), path) {
        Some((owner, _)) if owner.name == function => Ok(()),
        Some((owner, _)) => Err(Error(format!(
            "{method} {path} is described by the function `{function}`; by the catalogue it is a route of `{}`.",
            owner.name
        ))),
        None => Err(Error(format!(
            "{method} {path}, which the function `{function}` describes, is not a route of the catalogue."
        ))),
    }
}

fn take(value: &mut Value) -> Map<String, Value> {
    value
        .as_object_mut()
        .map(std::mem::take)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(path: &str, schema: &Value) -> Value {
        json!({
            "paths": {path: {"get": {"responses": {}}}},
            "components": {"schemas": {"Page": schema}},
        })
    }

    #[test]
    fn an_operation_that_is_no_route_of_the_function_is_refused() {
        let schema = json!({"type": "object"});
        for (function, path) in [("tasks", "/api/tusks"), ("docs", "/api/tasks")] {
            let error = add(&mut empty(), function, part(path, &schema)).unwrap_err();
            assert!(error.to_string().contains(path), "{error}");
        }
    }

    #[test]
    fn one_name_with_two_meanings_is_refused() {
        let mut document = empty();
        add(
            &mut document,
            "tasks",
            part("/api/tasks", &json!({"type": "object"})),
        )
        .unwrap();
        let same = part("/api/health", &json!({"type": "object"}));
        add(&mut document, "docs", same).unwrap();
        let other = part("/api/activity", &json!({"type": "string"}));
        let error = add(&mut document, "activity", other).unwrap_err();
        assert!(error.to_string().contains("`Page`"), "{error}");
    }
}
