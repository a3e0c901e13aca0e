//! Variables of a function that are missing or wrong.

use std::collections::BTreeMap;

use super::*;

fn read(name: &str, change: &[(&str, Option<&str>)]) -> Result<Config, ConfigError> {
    let mut variables = BTreeMap::from([
        ("MIYABI_STAGE", "local"),
        ("DATABASE_HOST", "127.0.0.1"),
        ("DATABASE_PORT", "5432"),
        ("DATABASE_NAME", "miyabi"),
        ("DATABASE_USER", "miyabi_tasks"),
        ("DATABASE_AUTH", "password"),
        ("DATABASE_SECRET", "arn:secret"),
        ("DATABASE_TLS", "disable"),
        ("JWT_KEYS_SECRET", "arn:keys"),
        (
            "RATE_LIMITS",
            "address=1/1 person=1/1 api-token=1/1 sign-in=1/1 refresh=1/1 invitations=1/1 search=1/1 token-creation=1/1",
        ),
        ("AUDIT_RETENTION_MONTHS", "13"),
        ("AWS_REGION", "eu-central-1"),
        ("WS_BROADCAST_FUNCTION", "arn:ws-broadcast"),
        ("CONNECTIONS_ENDPOINT", "https://id.example/live/"),
    ]);
    for (name, value) in change {
        match value {
            Some(value) => variables.insert(name, value),
            None => variables.remove(name),
        };
    }
    let function = miyabi_catalog::function(name).unwrap();
    Config::read(function, &|name| {
        variables.get(name).map(|value| (*value).to_owned())
    })
}

#[test]
fn each_missing_variable_is_named() {
    for name in [
        "MIYABI_STAGE",
        "DATABASE_HOST",
        "DATABASE_PORT",
        "DATABASE_NAME",
        "DATABASE_USER",
        "DATABASE_AUTH",
        "DATABASE_SECRET",
        "DATABASE_TLS",
        "JWT_KEYS_SECRET",
        "RATE_LIMITS",
        "WS_BROADCAST_FUNCTION",
    ] {
        let error = read("tasks", &[(name, None)]).unwrap_err().to_string();
        assert!(error.contains(name) && error.contains("`tasks`"), "{error}");
    }
}

#[test]
fn a_function_that_invokes_another_needs_its_address() {
    let error = read("auth", &[]).unwrap_err().to_string();
    assert!(error.contains("GITHUB_FUNCTION"), "{error}");
    let config = read("auth", &[("GITHUB_FUNCTION", Some("arn:github"))]).unwrap();
    assert_eq!(config.invokes["github"], "arn:github");
}

#[test]
fn a_function_that_posts_to_connections_needs_their_address() {
    let config = read("ws-broadcast", &[]).unwrap();
    let endpoint = config.connections_endpoint.as_deref();
    assert_eq!(endpoint, Some("https://id.example/live"));
    for value in [None, Some("0"), Some("for ever")] {
        let error = read("ws-broadcast", &[("AUDIT_RETENTION_MONTHS", value)]);
        let error = error.unwrap_err().to_string();
        assert!(error.contains("AUDIT_RETENTION_MONTHS"), "{error}");
    }
    for value in [None, Some("id.example/live")] {
        let error = read("ws-broadcast", &[("CONNECTIONS_ENDPOINT", value)]);
        let error = error.unwrap_err().to_string();
        assert!(error.contains("CONNECTIONS_ENDPOINT"), "{error}");
    }
    assert_eq!(read("tasks", &[]).unwrap().connections_endpoint, None);
}

#[test]
fn a_function_without_a_database_needs_none() {
    assert!(
        read(
            "docs",
            &[("DATABASE_HOST", None), ("JWT_KEYS_SECRET", None)]
        )
        .unwrap()
        .database
        .is_none()
    );
}

#[test]
fn wrong_values_are_refused() {
    let wrong = [
        ("DATABASE_PORT", "many"),
        ("DATABASE_AUTH", "trust"),
        ("DATABASE_TLS", "prefer"),
        ("VALKEY_URL", "localhost"),
        ("ORIGIN_SECRET_REQUIRED", "perhaps"),
        ("PUBLIC_SCHEME", "ftp"),
        ("RATE_LIMITS", "person=many"),
    ];
    for (name, value) in wrong {
        assert!(
            read(
                "tasks",
                &[("ORIGIN_SECRET", Some("arn:origin")), (name, Some(value))]
            )
            .unwrap_err()
            .to_string()
            .contains(name)
        );
    }
}

#[test]
fn an_origin_secret_that_is_required_must_be_there() {
    let error = read("tasks", &[("ORIGIN_SECRET_REQUIRED", Some("true"))])
        .unwrap_err()
        .to_string();
    assert!(error.contains("ORIGIN_SECRET is not set"), "{error}");
    assert!(read("tasks", &[("ORIGIN_SECRET_REQUIRED", Some("false"))]).is_ok());
}

#[test]
fn the_bundle_is_that_of_the_region() {
    let config = read("tasks", &[("DATABASE_TLS", Some("verify-full"))]).unwrap();
    let pem = String::from_utf8(config.database.unwrap().tls.unwrap()).unwrap();
    assert!(pem.matches("BEGIN CERTIFICATE").count() >= 3, "{pem}");
    let unknown = [
        ("DATABASE_TLS", Some("verify-full")),
        ("AWS_REGION", Some("moon-1")),
    ];
    assert!(
        read("tasks", &unknown)
            .unwrap_err()
            .to_string()
            .contains("DATABASE_CA_FILE")
    );
}
