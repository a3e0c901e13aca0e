//! `cargo xtask grafana`: the dashboard for Grafana, by the types that Grafana publishes.

use std::fs;

use miyabi_tests::{Checkout, ToolOutput, Value, expect_success, project, run_tool};

/// Compiles the dashboard as a value of Grafana's type.
async fn checked(dashboard: &str) -> ToolOutput {
    let tools = project().join(".miyabi/tools/grafana");
    // Below the packages, so that the compiler finds them.
    let folder = tempfile::tempdir_in(&tools).unwrap();
    for file in ["schema.ts", "tsconfig.json"] {
        let source = project().join("xtask/tools/grafana").join(file);
        fs::copy(source, folder.path().join(file)).unwrap();
    }
    let source = format!(
        "import type {{ CloudWatchDashboard }} from './schema';\n\
         export const dashboard: CloudWatchDashboard = {dashboard};\n"
    );
    fs::write(folder.path().join("dashboard.ts"), source).unwrap();
    let compiler = tools.join("node_modules/.bin/tsc");
    run_tool(&compiler, &["--project", "."], folder.path()).await
}

async fn dashboard(checkout: &Checkout, stage: &str) -> String {
    let ran = checkout.xtask(&["grafana", "--stage", stage]).await;
    ran.expect(0).stdout
}

#[tokio::test]
async fn the_dashboard_of_every_stage_on_aws_fits_the_schema_of_grafana() {
    let checkout = Checkout::new();
    for stage in ["dev", "staging", "prod", "sandbox"] {
        expect_success(checked(&dashboard(&checkout, stage).await).await);
    }
    // Controls: the check finds a wrong type, a wrong value, an unknown and a missing property.
    let valid = dashboard(&checkout, "prod").await;
    for (part, wrong) in [
        (r#""period": "60""#, r#""period": 60"#),
        (r#""graphTooltip": 1"#, r#""graphTooltip": 7"#),
        (r#""timezone": "utc""#, r#""time_zone": "utc""#),
        (r#""refId": "A","#, ""),
    ] {
        assert!(valid.contains(part), "{part}");
        let output = checked(&valid.replacen(part, wrong, 1)).await;
        assert!(!output.succeeded, "{wrong} was not found");
    }
}

#[tokio::test]
async fn the_dashboard_has_the_panels_of_cloudwatchs() {
    let checkout = Checkout::new();
    let dashboard: Value = serde_json::from_str(&dashboard(&checkout, "prod").await).unwrap();
    let title = |panel: &Value| panel["title"].as_str().unwrap().to_owned();
    let panels: Vec<String> = dashboard["panels"]
        .as_array()
        .unwrap()
        .iter()
        .map(title)
        .collect();
    let golden = project().join("stacks/golden/prod/ops.yaml");
    let golden = fs::read_to_string(golden).unwrap();
    for panel in &panels {
        assert!(golden.contains(panel), "{panel}");
    }
    assert!(panels.len() > 10, "{panels:?}");
    let local = checkout
        .xtask(&["grafana", "--stage", "local", "--json"])
        .await;
    let error = local.expect(2).json();
    assert!(
        error["error"]["hint"].as_str().unwrap().contains("/_ops"),
        "{error}"
    );
}
