use std::time::Instant;

use clap::Args;
use deployer::{
    Error,
    build::{self, BuildFor},
};
use serde_json::json;

use crate::{
    checks::{self, Check, Outcome},
    context::Context,
    process::Tool,
    tools::Tools,
    ui::duration,
};

/// Runs all tests; sets up by itself what they need.
///
/// Format, clippy, generated files, linters of migrations and templates, then every test of the
/// workspace. What fails is shown whole, and the last line counts. Needs Rust, Node and Python 3;
/// installs into .miyabi only.
#[derive(Args)]
pub(crate) struct Test {
    /// Only the tests of the workspace whose names contain this; no other checks.
    #[arg(value_name = "NAME")]
    name: Option<String>,
}

impl Test {
    pub(crate) async fn run(self, context: &Context) -> Result<u8, Error> {
        let began = Instant::now();
        let progress = context.ui.progress();
        let tools = context
            .interrupt
            .or(Tools::installed(&context.project, &progress))
            .await?;
        let mut tally = Tally::default();
        if self.name.is_none() {
            for check in checks::rust(&context.project) {
                tally.add(checks::run(context, check).await?.0);
            }
            tally.add(super::codegen::types_as_generated(context).await?);
            tally.add(super::codegen::queries_as_checked_in(context).await?);
            for check in checks::linters(&context.project, &tools)? {
                tally.add(checks::run(context, check).await?.0);
            }
        }
        let build = build::build(&context.project, BuildFor::Local, &progress);
        match context.interrupt.or(build).await {
            Ok(_) => self.tests(context, &tools, &mut tally).await?,
            Err(error) if error.kind() == deployer::ErrorKind::Failed => {
                context.ui.error(&error);
                tally.add(Outcome {
                    name: "build",
                    ok: false,
                    seconds: 0.0,
                });
            }
            Err(error) => return Err(error),
        }
        if self.name.is_none() {
            tally.add(super::openapi::as_checked_in(context).await?);
        }
        context
            .ui
            .say(&format!("took {}", duration(began.elapsed())));
        let value =
            json!({"passed": tally.passed, "failed": tally.failed, "steps": tally.outcomes});
        let summary = format!("{} passed, {} failed", tally.passed, tally.failed);
        context.ui.answer(&value, &summary);
        Ok(u8::from(tally.failed > 0))
    }

    /// The tests of the workspace, counted one by one.
    async fn tests(
        &self,
        context: &Context,
        tools: &Tools,
        tally: &mut Tally,
    ) -> Result<(), Error> {
        let mut arguments = vec!["test", "--workspace", "--no-fail-fast"];
        // One build of everything, with AWS: the command line that the tests run is the same.
        arguments.extend(["--features", "miyabi-tests/aws,xtask/aws"]);
        if let Some(name) = &self.name {
            arguments.extend(["--", name]);
        }
        let mut tool = Tool::cargo(&arguments)
            .within(context.project.root())
            // A snapshot that differs is a failure, never a new file.
            .env("INSTA_UPDATE", "no");
        tool = tool
            .env("MINISTACK", tools.program("ministack"))
            .env("MICROBURST", tools.program("microburst"));
        if let Some(valkey) = tools.valkey_server() {
            tool = tool.env("VALKEY_SERVER", valkey);
        }
        let check = Check {
            name: "tests",
            title: "Testing the workspace",
            tool,
        };
        let (outcome, ended) = checks::run(context, check).await?;
        let (passed, failed) = count(&ended.stdout);
        tally.passed += passed;
        tally.failed += failed;
        // A test that failed is counted already; a crate that does not compile is not.
        if !outcome.ok && failed == 0 {
            tally.failed += 1;
        }
        tally.outcomes.push(outcome);
        Ok(())
    }
}

/// What passed and failed so far: tests and other checks.
#[derive(Default)]
struct Tally {
    passed: usize,
    failed: usize,
    outcomes: Vec<Outcome>,
}

impl Tally {
    fn add(&mut self, outcome: Outcome) {
        if outcome.ok {
            self.passed += 1;
        } else {
            self.failed += 1;
        }
        self.outcomes.push(outcome);
    }
}

/// Passed and failed tests in the output of `cargo test`: the sum over its
/// `test result: ok. 12 passed; 0 failed; ..` lines.
fn count(output: &str) -> (usize, usize) {
    let mut sum = (0, 0);
    for line in output
        .lines()
        .filter(|line| line.starts_with("test result: "))
    {
        let number = |word: &str| -> usize {
            let before = line.split(word).next().unwrap_or_default();
            before
                .trim_end()
                .rsplit(' ')
                .next()
                .and_then(|digits| digits.parse().ok())
                .unwrap_or(0)
        };
        sum.0 += number(" passed");
        sum.1 += number(" failed");
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_every_crate_are_counted() {
        let output = "running 3 tests\ntest a ... ok\n\
            test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.1s\n\
            test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.1s\n";
        assert_eq!(count(output), (15, 2));
        assert_eq!(count("error: could not compile"), (0, 0));
    }
}
