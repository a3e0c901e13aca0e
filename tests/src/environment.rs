//! What a function is given in a test: the variables that the templates set (see
//! docs/ARCHITECTURE.md), and the secrets that they refer to.

use std::collections::BTreeMap;

use miyabi_catalog::{FUNCTIONS, Function};
use serde_json::json;

use crate::{Database, app::Setup, cluster};

/// The key that signs access tokens. 32 bytes or longer, like a real one.
pub(crate) const SIGNING_KEY: &str = "the signing key of the tests, never of a stage";
/// Its `kid`.
const KEY_ID: &str = "test-key-1";

/// OAuth client secret; the stand-in for GitHub takes any.
const CLIENT_SECRET: &str = "the client secret of the tests";

/// The ARN of a secret of the tests.
pub(crate) fn secret_arn(name: &str) -> String {
    format!("arn:aws:secretsmanager:us-east-1:000000000000:secret:{name}-AbCdEf")
}

/// The ARN of a function's alias.
pub(crate) fn function_arn(name: &str) -> String {
    format!("arn:aws:lambda:us-east-1:000000000000:function:miyabi-test-{name}:live")
}

/// Every secret, ARN -> text.
pub(crate) fn secrets(setup: &Setup) -> BTreeMap<String, String> {
    let mut secrets = BTreeMap::new();
    for role in database_roles() {
        let secret = json!({"username": role, "password": cluster::password(role)});
        secrets.insert(secret_arn(role), secret.to_string());
    }
    let mut add = |name: &str, secret: serde_json::Value| {
        secrets.insert(secret_arn(name), secret.to_string());
    };
    add("jwt-keys", json!({"kid": KEY_ID, "key": SIGNING_KEY}));
    add(
        "github",
        json!({"client_id": "miyabi-tests", "client_secret": CLIENT_SECRET}),
    );
    if let Some(value) = &setup.origin_secret {
        add("origin", json!({"value": value}));
    }
    secrets
}

/// The variables of one function.
pub(crate) fn variables(
    function: &Function,
    database: &Database,
    setup: &Setup,
    github_origin: &str,
) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::new();
    let mut set = |name: &str, value: String| {
        variables.insert(name.to_owned(), value);
    };
    set("MIYABI_STAGE", "local".to_owned());
    if let Some(role) = function.database_role {
        set("DATABASE_HOST", "127.0.0.1".to_owned());
        set("DATABASE_PORT", database.port.to_string());
        set("DATABASE_NAME", database.name.clone());
        set("DATABASE_USER", role.to_owned());
        set("DATABASE_AUTH", "password".to_owned());
        set("DATABASE_SECRET", secret_arn(role));
        set("DATABASE_TLS", "disable".to_owned());
    }
    if function.name == "migrate" {
        let secrets: BTreeMap<_, _> = database_roles()
            .filter(|role| Some(*role) != function.database_role)
            .map(|role| (role, secret_arn(role)))
            .collect();
        set("DATABASE_ROLE_SECRETS", json!(secrets).to_string());
    }
    if function.reads_jwt_keys {
        set("JWT_KEYS_SECRET", secret_arn("jwt-keys"));
        if let Some(valkey) = &setup.valkey {
            set("VALKEY_URL", valkey.url.clone());
            set("VALKEY_CA_FILE", valkey.ca_file.clone());
        }
    }
    if function.every_minute {
        set("AUDIT_RETENTION_MONTHS", "13".to_owned());
    }
    if function.limits_requests() {
        set("RATE_LIMITS", setup.limits());
    }
    // The gateway of the tests has no TLS.
    set("PUBLIC_SCHEME", "http".to_owned());
    if setup.origin_secret.is_some() && !function.routes.is_empty() {
        set("ORIGIN_SECRET", secret_arn("origin"));
        set("ORIGIN_SECRET_REQUIRED", "true".to_owned());
    }
    if function.invokes.contains(&"github") {
        set("GITHUB_FUNCTION", function_arn("github"));
    }
    if function.invokes.contains(&"ws-broadcast") {
        set("WS_BROADCAST_FUNCTION", function_arn("ws-broadcast"));
    }
    if function.posts_to_connections {
        // Nobody is there: `Connections::setup` names somebody.
        set("CONNECTIONS_ENDPOINT", "http://127.0.0.1:9/live".to_owned());
    }
    if function.name == "github" {
        set("GITHUB_SECRET", secret_arn("github"));
        set("GITHUB_ORIGIN", github_origin.to_owned());
        set("GITHUB_API_ORIGIN", github_origin.to_owned());
    }
    for (name, variable, value) in &setup.environment {
        if *name == function.name {
            variables.insert((*variable).to_owned(), value.clone());
        }
    }
    variables
}

/// What Lambda itself sets, with the AWS APIs on that port. The token is how they know who calls.
pub(crate) fn of_lambda(port: u16) -> [(String, String); 6] {
    [
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_DEFAULT_REGION", "us-east-1".to_owned()),
        ("AWS_ACCESS_KEY_ID", "TEST".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
        ("AWS_SESSION_TOKEN", uuid::Uuid::new_v4().to_string()),
        ("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{port}")),
    ]
    .map(|(name, value)| (name.to_owned(), value))
}

/// What is secret in the secrets.
pub(crate) fn secret_values() -> Vec<String> {
    let passwords = database_roles().map(cluster::password);
    passwords
        .chain([SIGNING_KEY.to_owned(), CLIENT_SECRET.to_owned()])
        .collect()
}

/// The database roles of the catalogue.
pub(crate) fn database_roles() -> impl Iterator<Item = &'static str> {
    FUNCTIONS
        .iter()
        .filter_map(|function| function.database_role)
}
