//! The error responses that follow from a route, and what they refer to.

use miyabi_catalog::Access;
use serde_json::{Value, json};

const PROBLEM: &str = "application/problem+json";

/// Adds the errors that the function itself did not describe.
pub(crate) fn add(operation: &mut Value, access: Access, takes_ids: bool) {
    // Any route can be throttled, and can fail.
    let mut errors = vec![
        ("429", "Throttled"),
        ("500", "Internal"),
        ("503", "Unavailable"),
    ];
    match access {
        Access::Public => {}
        Access::RefreshCookie => {
            errors.extend([("401", "Unauthenticated"), ("403", "Forged")]);
        }
        Access::SignedIn | Access::Needs(_) => {
            errors.extend([("401", "Unauthenticated"), ("403", "Forbidden")]);
        }
    }
    if takes_ids {
        errors.push(("404", "NotFound"));
    }
    let parameters = operation["parameters"].as_array();
    if parameters.is_some_and(|all| all.iter().any(|one| one["in"] == "query")) {
        errors.push(("422", "Invalid"));
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

/// The schema of the errors that API Gateway writes itself.
pub(crate) fn gateway_error() -> Value {
    json!({
        "type": "object",
        "description": "Body of an error that the gateway in front of the API returns.",
        "required": ["message"],
        "properties": {"message": {"type": "string", "description": "Reason."}},
    })
}

/// The responses that [`add`] refers to.
pub(crate) fn responses() -> Value {
    let problems = [
        (
            "Forbidden",
            "`missing_permission`: the role of the caller or the API token lacks the permission. `session_required`: the route takes no API tokens. `not_a_member`: the caller is not a member of the organization any more.",
        ),
        (
            "Forged",
            "`csrf`: the request does not come from a page of this site.",
        ),
        (
            "Internal",
            "`internal`: an error of the server. The log has the details under the request id.",
        ),
        (
            "Invalid",
            "`invalid`: fields or parameters with invalid values, in `errors`.",
        ),
        (
            "Malformed",
            "`malformed_json`: the body is not JSON, has duplicate members or is nested too deeply. `bad_idempotency_key`.",
        ),
        (
            "NotFound",
            "`not_found`: not found in the organization of the caller.",
        ),
        (
            "NotJson",
            "`not_json`: the body is not sent as `application/json`.",
        ),
        ("TooLarge", "`too_large`: the body is larger than 1 MiB."),
        (
            "Unauthenticated",
            "`unauthenticated`: the token is missing or not accepted.",
        ),
        (
            "Unavailable",
            "`unavailable`: a service behind the API does not respond. Retry after `Retry-After` seconds.",
        ),
    ];
    let responses = problems.into_iter().map(|(name, sentence)| {
        let schema = json!({"$ref": "#/components/schemas/Problem"});
        let mut response =
            json!({"description": sentence, "content": {PROBLEM: {"schema": schema}}});
        if name == "Unavailable" {
            response["headers"] = json!({"Retry-After": {
                "description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 0},
            }});
        }
        (name.to_owned(), response)
    });
    let mut responses = Value::Object(responses.collect());
    // Written by us, or by API Gateway, which knows no problem+json.
    responses["Throttled"] = json!({
        "description": "`rate_limited`: more requests than a limit of the caller, the API token or the address allows. Retry after `Retry-After` seconds. As `application/json`, without the header: more requests of all clients than the gateway takes for this route. Retry with exponential backoff.",
        "headers": {"Retry-After": {
            "description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1},
        }},
        "content": {
            PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}},
            "application/json": {"schema": {"$ref": "#/components/schemas/GatewayError"}},
        },
    });
    responses
}
