//! Validators and linters.

use std::{fs, path::Path};

use miyabi_tests::{Value, expect_success, from_npm, from_pypi, run_tool};
use tempfile::TempDir;

use super::{document, settings};

/// The document with a fault: a response without a description, which OpenAPI 3.1 does not allow.
fn faulty(scratch: &TempDir) -> String {
    let mut document: Value = serde_json::from_slice(&fs::read(document()).unwrap()).unwrap();
    let response = &mut document["paths"]["/api/auth/me"]["get"]["responses"]["200"];
    response
        .as_object_mut()
        .unwrap()
        .remove("description")
        .unwrap();
    let path = scratch.path().join("faulty.json");
    fs::write(&path, document.to_string()).unwrap();
    path.display().to_string()
}

/// Runs a validator on the document, which it must accept, and on the one with a fault.
async fn accepts(program: &Path, arguments: &[&str]) {
    let scratch = tempfile::tempdir().unwrap();
    let (good, faulty) = (document().display().to_string(), faulty(&scratch));
    let run = async |path: &str| {
        let arguments: Vec<&str> = arguments.iter().copied().chain([path]).collect();
        run_tool(program, &arguments, &settings()).await
    };
    expect_success(run(&good).await);
    let refused = run(&faulty).await;
    assert!(!refused.succeeded, "a fault is not found: {}", refused.text);
}

#[tokio::test]
async fn openapi_spec_validator_accepts_the_document() {
    accepts(&from_pypi("openapi-spec-validator"), &[]).await;
}

#[tokio::test]
async fn redocly_finds_no_error_and_no_warning_by_its_recommended_rules() {
    let redocly = from_npm("redocly");
    accepts(&redocly, &["lint", "--config", "redocly.yaml"]).await;
    // Warnings do not fail it.
    let arguments = ["lint", "--config", "redocly.yaml", "--format", "json"];
    let path = document().display().to_string();
    let arguments: Vec<&str> = arguments.into_iter().chain([path.as_str()]).collect();
    let text = expect_success(run_tool(&redocly, &arguments, &settings()).await);
    let json: String = text
        .lines()
        .skip_while(|line| !line.starts_with('{'))
        .take_while(|line| !line.contains("validated in"))
        .collect();
    let found = serde_json::Deserializer::from_str(&json)
        .into_iter::<Value>()
        .next()
        .unwrap()
        .unwrap();
    assert_eq!(found["totals"]["warnings"], 0, "{text}");
}

#[tokio::test]
async fn spectral_finds_nothing_by_its_recommended_rules() {
    let arguments = [
        "lint",
        "--ruleset",
        "spectral.yaml",
        "--fail-severity",
        "hint",
    ];
    accepts(&from_npm("spectral"), &arguments).await;
}
