//! The dashboard with 5,000 tasks in a real browser, and the scores that Lighthouse gives its pages, on
//! the stage `local` in an optimized copy of the checkout. What is measured and how is in
//! frontend/tests/bench; the limits are there, beside the steps.

use std::{fs, path::Path, process::Command};

use serde::Deserialize;
use serde_json::Value;

use crate::{
    Context, Error,
    checkout::{self, Checkout},
    finding::Finding,
};

const DEPLOY: [&str; 5] = ["deploy", "--stage", "local", "--empty", "--yes"];
/// Tasks of the organization that is looked at.
const TASKS: u32 = 5_000;
/// Scripted interactions; other measurements have a share of it.
const ROUNDS: u32 = 200;

/// One line that the browser's measurement writes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Figure {
    what: String,
    value: f64,
    /// With the space before it: ` ms`, ` %`.
    unit: String,
    /// The most that the value may be.
    limit: f64,
    note: String,
}

/// Deploys, measures and destroys.
pub(crate) fn run(context: &Context) -> Result<Vec<Finding>, Error> {
    let checkout = Checkout::optimized(context)?;
    let deployed = checkout.xtask(&DEPLOY)?;
    let found = measured(context, &checkout, &deployed.answer["outputs"]);
    let destroyed = checkout.xtask(&["destroy", "--stage", "local", "--yes", "--confirm", "local"]);
    let findings = found?;
    destroyed?;
    Ok(findings)
}

/// Runs the browser against the stage; the deploy has installed what it runs with. Lighthouse comes
/// first: afterwards the organization has thousands of tasks.
fn measured(
    context: &Context,
    checkout: &Checkout,
    outputs: &Value,
) -> Result<Vec<Finding>, Error> {
    let site = outputs["siteUrl"].as_str().unwrap_or_default();
    let mut findings = Vec::new();
    for measurement in ["lighthouse", "dashboard"] {
        let result = context.scratch().join(format!("{measurement}.json"));
        let frontend = checkout.dir().join("frontend");
        let output = Command::new(frontend.join("node_modules/.bin/playwright"))
            .args(["test", "--config", "playwright.bench.config.ts"])
            .arg(format!("tests/bench/{measurement}.spec.ts"))
            .current_dir(&frontend)
            .env("MIYABI_SITE_URL", site)
            .env("MIYABI_BENCH_TASKS", context.count(TASKS).to_string())
            .env("MIYABI_BENCH_ROUNDS", context.count(ROUNDS).to_string())
            .env("MIYABI_BENCH_RESULT", &result)
            .env("MIYABI_LIGHTHOUSE", context.lighthouse()?)
            .env("CHROMIUM", miyabi_tests::browser())
            .output()?;
        if !output.status.success() {
            let (stdout, stderr) = checkout::texts(&output);
            return Err(Error::other(format!(
                "The measurement `{measurement}` failed: {stdout}{stderr}"
            )));
        }
        findings.extend(read(&result)?);
    }
    Ok(findings)
}

fn read(result: &Path) -> Result<Vec<Finding>, Error> {
    let figures: Vec<Figure> = serde_json::from_slice(&fs::read(result)?).map_err(Error::other)?;
    Ok(figures.into_iter().map(Figure::into_finding).collect())
}

impl Figure {
    fn into_finding(self) -> Finding {
        let ours = format!("{}{}", self.value, self.unit);
        Finding::new("dashboard", self.what, ours, self.value)
            .at_most(self.limit, &self.unit)
            .note(self.note)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_over_its_limit_is_missed() {
        let line = r#"{"what":"open a task","value":40.5,"unit":" ms","limit":32,"note":"n = 60"}"#;
        let figure: Figure = serde_json::from_str(line).unwrap();
        let finding = figure.into_finding();
        assert_eq!(finding.ours, "40.5 ms");
        assert_eq!(finding.goal, "at most 32 ms");
        assert_eq!(finding.holds, Some(false));
    }
}
