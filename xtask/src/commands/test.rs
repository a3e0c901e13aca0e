//! `cargo xtask test`: all tests, with the set-up that they need.

mod release;
mod tally;

use std::time::Instant;

use clap::Args;
use deployer::{
    Error,
    build::{self, Architecture, BuildFor},
};
use serde_json::json;

use crate::{
    arm64,
    checks::{self, Check},
    chromium,
    context::Context,
    process::Tool,
    tools::Tools,
    ui::duration,
};
use tally::{Failure, Tally, failed, skipped};

/// One build of everything, with AWS: the command line that the tests run is the same. Each call of
/// cargo has them, so that it compiles nothing a second time.
const FEATURES: &str = "miyabi-tests/aws,xtask/aws";

/// Runs all tests; sets up by itself what they need.
///
/// Format, clippy, generated files, linters of migrations and templates, then every test of the
/// workspace, those of the dashboard in a browser, at last those that compile the functions for
/// arm64 and run them. What fails is shown whole, and again in short at the end; the last line
/// counts. Needs Rust, Node and Python 3; installs into .miyabi only, except for arm64: there, as
/// root on Debian, the packages of xtask/tools/install-arm64.sh.
#[derive(Args)]
pub(crate) struct Test {
    /// Only the tests of the workspace whose names contain this; no other checks. Those in a
    /// browser and for arm64 are among them when this begins with `dashboard` or `arm64`.
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// Also run the attacks against the functions in the release profile, kill deploys 200 times and
    /// throw the faults by dice with 20 seeds.
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
        // The dashboard is tested in it; `cargo xtask test attack_31` needs none.
        if self.wants("dashboard")
            && let Some(install) = chromium::install(context).await?
        {
            tally.add(install);
        }
        let build = async {
            build::build(&context.project, BuildFor::Local, &progress).await?;
            build::build_site(&context.project, &progress).await
        };
        match context.interrupt.or(build).await {
            Ok(_) => {
                self.tests(context, &mut tally).await?;
                if self.wants("dashboard") {
                    self.browser(context, &mut tally).await?;
                }
                if self.thorough {
                    self.release(context, &mut tally).await?;
                }
                if self.wants("arm64") {
                    self.arm64(context, &mut tally).await?;
                }
            }
            Err(error) if error.kind() == deployer::ErrorKind::Failed => {
                context.ui.report(&error);
                tally.add(failed("build"));
            }
            Err(error) => return Err(error),
        }
        if self.name.is_none() {
            tally.add(super::openapi::as_checked_in(context).await?);
        }
        for Failure { name, said } in &tally.failures {
            context.ui.say(format!("failed: {name}\n{said}").trim_end());
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

    /// Whether the tests whose names begin with `group` are to run: those have a step of their own.
    fn wants(&self, group: &str) -> bool {
        self.name
            .as_ref()
            .is_none_or(|name| name.starts_with(group))
    }

    /// The tests of the workspace, counted one by one.
    async fn tests(&self, context: &Context, tally: &mut Tally) -> Result<(), Error> {
        let mut arguments = vec!["test", "--workspace", "--no-fail-fast"];
        arguments.extend(["--features", FEATURES]);
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

    /// The attacks, against the functions as Lambda gets them.
    async fn release(&self, context: &Context, tally: &mut Tally) -> Result<(), Error> {
        let programs = match release::programs(context).await {
            Ok(Some(programs)) => programs,
            Ok(None) => {
                let why = "This machine does not run programs for Lambda.";
                context.ui.say(&format!("release is not tested: {why}"));
                tally.skipped.push("release".to_owned());
                return Ok(());
            }
            Err(error) if error.kind() == deployer::ErrorKind::Failed => {
                context.ui.report(&error);
                tally.add(failed("build for release"));
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let mut arguments = vec!["test", "--workspace", "--test", "it", "--no-fail-fast"];
        arguments.extend(["--features", FEATURES, "--"]);
        match &self.name {
            Some(name) => arguments.push(name),
            None => arguments.extend(release::TESTS),
        }
        let tool = self.cargo_test(context, &arguments);
        let check = Check {
            name: "release",
            title: "Testing the functions in the release profile",
            tool: tool.env("MIYABI_FUNCTIONS_DIR", programs),
        };
        tally.add_tests(checks::run(context, check).await?);
        Ok(())
    }

    /// People at work in a browser, with nothing beside it: the browser, the functions and the database
    /// need both processors, and what they wait for has a deadline.
    async fn browser(&self, context: &Context, tally: &mut Tally) -> Result<(), Error> {
        let name = self.name.as_deref().unwrap_or("dashboard");
        let check = self.ignored(
            context,
            "dashboard",
            "Testing the dashboard in a browser",
            name,
        );
        tally.add_tests(checks::run(context, check).await?);
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
                context.ui.report(&error);
                tally.add(failed("build for arm64"));
                return Ok(());
            }
            Err(error) => return Err(error),
        }
        let name = self.name.as_deref().unwrap_or("arm64");
        let check = self.ignored(context, "arm64", "Testing the functions for arm64", name);
        tally.add_tests(checks::run(context, check).await?);
        Ok(())
    }

    /// The tests with that name that `tests` leaves out, since they run in a step of their own.
    fn ignored(
        &self,
        context: &Context,
        step: &'static str,
        title: &'static str,
        name: &str,
    ) -> Check {
        let mut arguments = vec!["test", "--workspace", "--test", "it"];
        arguments.extend(["--features", FEATURES, "--", "--ignored", name]);
        let tool = self.cargo_test(context, &arguments);
        Check {
            name: step,
            title,
            tool,
        }
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
