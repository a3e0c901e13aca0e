//! `cargo xtask check`: format, clippy, generated files, dependencies and words, without the tests.

use clap::Args;
use deployer::Error;
use serde_json::json;

use crate::{checks, context::Context, ui::plural};

/// Runs the quick checks: format, clippy, generated files, licences and dependencies, and the words
/// of messages and documents.
#[derive(Args)]
pub(crate) struct Check {}

impl Check {
    pub(crate) async fn run(self, context: &Context) -> Result<u8, Error> {
        let mut outcomes = Vec::new();
        for check in checks::rust(&context.project) {
            outcomes.push(checks::run(context, check).await?.0);
        }
        outcomes.push(super::codegen::types_as_generated(context).await?);
        for check in checks::house_rules(&context.project) {
            outcomes.push(checks::run(context, check).await?.0);
        }
        let failed = outcomes.iter().filter(|outcome| !outcome.ok).count();
        let passed = outcomes.len() - failed;
        let value = json!({"passed": passed, "failed": failed, "checks": outcomes});
        context.ui.answer(
            &value,
            &format!("{}, {failed} failed", plural(passed, "check") + " passed"),
        );
        Ok(u8::from(failed > 0))
    }
}
