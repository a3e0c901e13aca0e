//! checkov: known misconfigurations of resources.

use super::*;

/// Runs checkov on templates that are files `STAGE/STACK.json` in a folder. A finding is placed by
/// the type of its resource.
async fn findings(folder: &Path) -> Findings {
    let checkov = program("checkov");
    let arguments = [
        "--directory",
        ".",
        "--framework",
        "cloudformation",
        "--skip-download",
        "--compact",
        "--quiet",
        "--soft-fail",
        "--output",
        "json",
    ];
    let text = expect_success(run_tool(&checkov, &arguments, folder).await);
    let start = text.find('{').expect("JSON");
    let report = serde_json::Deserializer::from_str(&text[start..])
        .into_iter::<Value>()
        .next()
        .unwrap()
        .unwrap();
    assert_eq!(report["summary"]["parsing_errors"], 0, "{text}");
    let mut findings = Findings::new();
    for check in report["results"]["failed_checks"].as_array().unwrap() {
        let text = |member: &str| check[member].as_str().unwrap().to_owned();
        let resource = text("resource");
        let (kind, _) = resource.split_once('.').unwrap();
        let file = text("file_path");
        let stage = file.trim_start_matches('/').split('/').next().unwrap();
        findings
            .entry((text("check_id"), kind.to_owned()))
            .or_default()
            .insert(stage.to_owned());
    }
    findings
}

fn write(folder: &Path, stage: &str, stack: &str, template: &Value) {
    let folder = folder.join(stage);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(format!("{stack}.json")), template.to_string()).unwrap();
}

#[tokio::test]
async fn checkov_finds_what_the_decision_accepts_and_nothing_else() {
    let scratch = tempfile::tempdir().unwrap();
    for stage in STAGES {
        for (stack, template) in templates(stage) {
            write(scratch.path(), stage, &stack, &template);
        }
    }
    assert_reviewed("checkov", &findings(scratch.path()).await);
}

#[tokio::test]
async fn checkov_finds_a_public_bucket() {
    let scratch = tempfile::tempdir().unwrap();
    let template = json!({ "Resources": { "Open": {
        "Type": "AWS::S3::Bucket",
        "Properties": { "AccessControl": "PublicRead" },
    } } });
    write(scratch.path(), "prod", "open", &template);
    let found = findings(scratch.path()).await;
    let public_read = ("CKV_AWS_20".to_owned(), "AWS::S3::Bucket".to_owned());
    assert!(found.contains_key(&public_read), "{found:#?}");
}
