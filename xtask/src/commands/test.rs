//! `cargo xtask test`: all tests, with the set-up that they need.

use std::time::Instant;

use clap::Args;
use deployer::{
    Error,
    build::{self, Architecture, BuildFor},
};
use serde_json::json;

use crate::{
    arm64,
    checks::{self, Check, Outcome},
    context::Context,
    process::{Ended, Tool},
    tools::Tools,
    ui::duration,
};

/// Runs all tests; sets up by itself what they need.
///
/// Format, clippy, generated files, linters of migrations and templates, then every test of the
/// workspace, at last those that compile the functions for arm64 and run them. What fails is shown
/// whole, and the last line counts. Needs Rust, Node and Python 3; installs into .miyabi only,
/// except for arm64: there, as root on Debian, the packages of xtask/tools/install-arm64.sh.
#[derive(Args)]
pub(crate) struct Test {
    /// Only the tests of the workspace whose names contain this; no other checks. Those for arm64
    /// are among them when this begins with `arm64`.
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// Kill deploys 200 times and throw the faults by dice with 20 seeds.
    #[arg(long)]
    thorough: bool,
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
            Ok(_) => {
                self.tests(context, &mut tally).await?;
                if self
                    .name
                    .as_ref()
                    .is_none_or(|name| name.starts_with("arm64"))
                {
                    self.arm64(context, &mut tally).await?;
                }
            }
            Err(error) if error.kind() == deployer::ErrorKind::Failed => {
                context.ui.tell(&error);
                tally.add(failed("build"));
            }
            Err(error) => return Err(error),
        }
        if self.name.is_none() {
            tally.add(super::openapi::as_checked_in(context).await?);
        }
        context
            .ui
            .say(&format!("took {}", duration(began.elapsed())));
        let value = json!({"passed": tally.passed, "failed": tally.failed, "skipped": tally.skipped, "steps": tally.outcomes});
        let mut summary = format!("{} passed, {} failed", tally.passed, tally.failed);
        if !tally.skipped.is_empty() {
            summary += &format!(", {} skipped", tally.skipped.len());
        }
        context.ui.answer(&value, &summary);
        Ok(u8::from(tally.failed > 0))
    }

    /// The tests of the workspace, counted one by one.
    async fn tests(&self, context: &Context, tally: &mut Tally) -> Result<(), Error> {
        let mut arguments = vec!["test", "--workspace", "--no-fail-fast"];
        // One build of everything, with AWS: the command line that the tests run is the same.
        arguments.extend(["--features", "miyabi-tests/aws,xtask/aws"]);
        if let Some(name) = &self.name {
            arguments.extend(["--", name]);
        }
        let tool = self.cargo_test(context, &arguments);
        let check = Check {
            name: "tests",
            title: "Testing the workspace",
            tool,
        };
        let ran = checks::run(context, check).await?;
        for (what, why) in skipped(&ran.1.stdout) {
            context.ui.say(&format!("{what} is not tested: {why}"));
        }
        tally.add_tests(ran);
        Ok(())
    }

    /// The functions compiled for arm64, and run as that.
    async fn arm64(&self, context: &Context, tally: &mut Tally) -> Result<(), Error> {
        if let Some(reason) = arm64::impossible() {
            context.ui.say(&format!("arm64 is not tested: {reason}"));
            tally.skipped.push("arm64".to_owned());
            return Ok(());
        }
        if let Some(install) = arm64::install(context).await? {
            tally.add(install);
        }
        let ready = arm64::ready();
        let progress = context.ui.progress();
        let what_for = BuildFor::Lambda(Architecture::Arm64);
        let built = match ready {
            Ok(()) => {
                let build = build::build(&context.project, what_for, &progress);
                context.interrupt.or(build).await.map(|_| ())
            }
            Err(error) => Err(error),
        };
        match built {
            Ok(()) => {}
            Err(error) if error.kind() == deployer::ErrorKind::Failed => {
                context.ui.tell(&error);
                tally.add(failed("build for arm64"));
                return Ok(());
            }
            Err(error) => return Err(error),
        }
        let name = self.name.as_deref().unwrap_or("arm64");
        // All packages, as above, so that cargo chooses the same features and compiles nothing anew.
        let only = [
            "test",
            "--workspace",
            "--test",
            "it",
            "--",
            "--ignored",
            name,
        ];
        let check = Check {
            name: "arm64",
            title: "Testing the functions for arm64",
            tool: self.cargo_test(context, &only),
        };
        tally.add_tests(checks::run(context, check).await?);
        Ok(())
    }

    /// `cargo test` in the checkout.
    fn cargo_test(&self, context: &Context, arguments: &[&str]) -> Tool {
        let tool = Tool::cargo(arguments)
            .within(context.project.root())
            // A snapshot that differs is a failure, never a new file.
            .env("INSTA_UPDATE", "no");
        if self.thorough {
            tool.env("MIYABI_KILLS", "200")
                .env("MIYABI_FAULT_SEEDS", "0..20")
        } else {
            tool
        }
    }
}

/// A step that did not come to its tool.
fn failed(name: &'static str) -> Outcome {
    Outcome {
        name,
        ok: false,
        seconds: 0.0,
    }
}

/// What passed and failed so far: tests and other checks.
#[derive(Default)]
struct Tally {
    passed: usize,
    failed: usize,
    /// What this machine cannot test; the reason was said.
    skipped: Vec<String>,
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

    /// Adds a run of `cargo test`, counted one by one.
    fn add_tests(&mut self, (outcome, ended): (Outcome, Ended)) {
        let (passed, failed) = count(&ended.stdout);
        let skipped: Vec<String> = skipped(&ended.stdout)
            .map(|(what, _)| what.to_owned())
            .collect();
        // For libtest, a test that gave up has passed.
        self.passed += passed.saturating_sub(skipped.len());
        self.skipped.extend(skipped);
        self.failed += failed;
        // A test that failed is counted already; a crate that does not compile is not.
        if !outcome.ok && failed == 0 {
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

/// What tests gave up, and why: `skipped: a full disk: nobody may mount`, as `miyabi_tests::skipped`
/// writes it.
fn skipped(output: &str) -> impl Iterator<Item = (&str, &str)> {
    output
        .lines()
        .filter_map(|line| line.strip_prefix("skipped: ")?.split_once(": "))
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

    #[test]
    fn a_test_that_gave_up_is_skipped_and_not_passed() {
        let stdout = "test b ... \nskipped: a full disk: `unshare`: not found\nok\n\
            test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.1s\n";
        let told: Vec<_> = skipped(stdout).collect();
        assert_eq!(told, [("a full disk", "`unshare`: not found")]);
        let outcome = Outcome {
            name: "tests",
            ok: true,
            seconds: 0.1,
        };
        let ended = Ended {
            well: true,
            said: String::new(),
            stdout: stdout.to_owned(),
        };
        let mut tally = Tally::default();
        tally.add_tests((outcome, ended));
        assert_eq!((tally.passed, tally.failed), (1, 0));
        assert_eq!(tally.skipped, ["a full disk"]);
    }
}
