//! `cargo xtask deploy`: plan, approval, apply, and what came of it.

use std::{collections::BTreeMap, time::Instant};

use clap::Args;
use deployer::{
    Error,
    apply::{Applied, ApplyContext},
    build, by_hand, deploy, hotswap,
    lock::LeaseHolder,
    offline,
    plan::{Plan, StackPlan},
    progress::Progress,
    release::{self, AliasMove},
    session,
    smoke::{self, SmokeTest},
    source::Source,
    stage::Stage,
    target::{Target, Waited},
};
use serde_json::json;

use crate::{
    approval::approve,
    context::Context,
    show,
    ui::{duration, plural},
};

/// Builds, plans, asks, migrates, applies, and tries what is deployed.
///
/// A stage that is as the checkout says is left alone, and only asked whether it answers.
#[derive(Args)]
pub(crate) struct Deploy {
    /// The stage: a file of stacks/stages without its end.
    #[arg(long)]
    stage: String,
    /// Approve the plan without being asked. The loss of data needs `--confirm`.
    #[arg(long, short)]
    yes: bool,
    /// Approve that data is lost: the name of the stage, as the question would have it typed.
    #[arg(long, value_name = "STAGE")]
    confirm: Option<String>,
    /// Go on although something was changed or deleted by hand since the last deploy.
    ///
    /// A stack that was deleted by hand is made anew only with this. On stages whose database is
    /// protected, the stacks that are updated are looked through for drift first, and what is found
    /// is gone over only with this.
    #[arg(long)]
    allow_drift: bool,
    /// Give functions their new code without their stacks, in seconds.
    ///
    /// Where the stage's file has `hotswap: true`, and only when nothing but code changes. The next
    /// deploy without it brings the stacks up to date.
    #[arg(long, conflicts_with = "dry_run")]
    hotswap: bool,
    /// Show the plan and end.
    #[arg(long)]
    dry_run: bool,
    /// Only these stacks, by their short names.
    #[arg(long, value_name = "STACK", value_delimiter = ',')]
    only: Vec<String>,
    /// A PostgreSQL for a stage without one of its own; better as MIYABI_DATABASE_URL.
    ///
    /// `postgres://miyabi_owner:PASSWORD@HOST:PORT/miyabi`. Needed at the first deploy only.
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
}

impl Deploy {
    pub(crate) async fn run(self, context: &Context) -> Result<u8, Error> {
        let began = Instant::now();
        let stage = context.stage(&self.stage)?;
        if self.hotswap {
            hotswap::assert_allowed(&stage)?;
        }
        let source = Source::read(&context.project);
        if !self.dry_run {
            source.assert_may_go_to(&stage)?;
        }
        let target = context
            .target_with(&stage, self.database_url.as_deref())
            .await?;
        if self.dry_run {
            let plan = context
                .interrupt
                .or(self.plan(context, &stage, &*target))
                .await?;
            let progress = context.ui.progress();
            offline::remember(&*target, &context.project, &stage, &progress).await;
            let text = show::plan::text(&plan, true, &context.ui);
            context.ui.answer(&show::plan::json(&plan), &text);
            return Ok(0);
        }
        let lease = target.lease(&LeaseHolder::this_process("deploy")).await?;
        let result = self.deploy(context, &stage, &*target, &source).await;
        // The lease is released in any case; a failure of the deploy is the one to report.
        let unlocked = lease.release().await;
        let (plan, applied, swapped) = result?;
        unlocked?;
        let progress = context.ui.progress();
        offline::remember(&*target, &context.project, &stage, &progress).await;
        let stats = target.call_stats();
        let done = Done {
            plan,
            applied,
            swapped,
            calls: stats.map(|stats| stats.calls()).unwrap_or_default(),
            waits: stats.map(|stats| stats.waits()).unwrap_or_default(),
        };
        answer(context, &stage, &done, began);
        Ok(0)
    }

    async fn plan(
        &self,
        context: &Context,
        stage: &Stage,
        target: &dyn Target,
    ) -> Result<Plan, Error> {
        let progress = context.ui.progress();
        let built = build::build(&context.project, stage.build_for(), &progress).await?;
        let plan = session::plan(target, &context.project, stage, &built, &self.only).await?;
        // What is approved is what CloudFormation would do, where the templates leave a doubt.
        let doubtful = |stack: &StackPlan| !stack.is_plain();
        match target.preview() {
            Some(preview) => Ok(preview.preview_changes(plan, doubtful, &progress).await?.0),
            None => Ok(plan),
        }
    }

    async fn deploy(
        &self,
        context: &Context,
        stage: &Stage,
        target: &dyn Target,
        source: &Source,
    ) -> Result<(Plan, Applied, Option<Vec<AliasMove>>), Error> {
        let plan = context
            .interrupt
            .or(self.plan(context, stage, target))
            .await?;
        if !plan.is_empty() {
            context.ui.say(&show::plan::text(&plan, false, &context.ui));
            if !self.allow_drift {
                let progress = context.ui.progress();
                let look = by_hand::look(target, stage, &plan, &progress);
                by_hand::assert_allowed(&plan, &context.interrupt.or(look).await?)?;
            }
            context
                .interrupt
                .or(approve(context, &plan, self.yes, self.confirm.as_deref()))
                .await?;
        }
        let progress = context.ui.progress();
        let apply_context = ApplyContext {
            target,
            project: &context.project,
            plan: &plan,
            progress: &progress,
            interrupt: &context.interrupt,
        };
        if self.hotswap && !plan.is_empty() {
            let (applied, swapped) =
                hotswap::deploy(apply_context, &smoke_test(stage, target)).await?;
            target.record_source(source).await?;
            return Ok((plan, applied, Some(swapped)));
        }
        let applied = deploy::deploy(apply_context, &smoke_test(stage, target)).await?;
        if !plan.is_empty() {
            target.record_source(source).await?;
            collect(target, &progress).await;
        }
        Ok((plan, applied, None))
    }
}

/// Collects what this deploy and earlier ones left behind. That it cannot is no failure of the deploy.
async fn collect(target: &dyn Target, progress: &Progress) {
    let Some(upkeep) = target.upkeep() else {
        return;
    };
    if let Err(error) = upkeep.collect(false, progress).await {
        progress.warn(format!(
            "Old versions and assets were not collected; the next deploy or `cargo xtask gc` does it: {error}"
        ));
    }
}

/// What a deploy came to.
struct Done {
    plan: Plan,
    applied: Applied,
    /// The functions whose code was swapped past their stacks, when that was asked for.
    swapped: Option<Vec<AliasMove>>,
    calls: BTreeMap<String, usize>,
    waits: BTreeMap<String, Waited>,
}

/// The smoke test of that stage.
pub(crate) fn smoke_test<'a>(stage: &'a Stage, target: &dyn Target) -> SmokeTest<'a> {
    let emulated = target.id().is_emulated();
    SmokeTest {
        stage,
        emulated,
        settles_within: smoke::settles_within(stage, emulated),
    }
}

fn answer(context: &Context, stage: &Stage, done: &Done, began: Instant) {
    let took = began.elapsed();
    let plan = &done.plan;
    let changes: BTreeMap<&str, &str> = plan
        .stacks
        .iter()
        .map(|stack| (stack.name.as_str(), stack.action.as_str()))
        .collect();
    let changed = plan
        .stacks
        .iter()
        .flat_map(|stack| &stack.resources)
        .count();
    let (result, text) = match &done.swapped {
        Some(swapped) => (
            "hotswapped",
            format!(
                "Swapped, past the stacks: {} ({}).",
                release::told(swapped),
                duration(took)
            ),
        ),
        None if plan.is_empty() => (
            "unchanged",
            format!("Nothing had changed, and it answers ({}).", duration(took)),
        ),
        None => (
            "deployed",
            format!(
                "Deployed: {} changed ({}).",
                plural(changed, "resource"),
                duration(took)
            ),
        ),
    };
    let mut value = json!({
        "stage": stage.name(),
        "result": result,
        "stacks": changes,
        "migrations": done.applied.migrated,
        "outputs": done.applied.outputs,
        "aws_calls": done.calls,
        "aws_waits": done.waits,
        "seconds": (took.as_secs_f64() * 1000.0).round() / 1000.0,
    });
    if let Some(swapped) = &done.swapped {
        value["functions"] = json!(swapped);
        value["stacks"] = json!({});
    }
    context.ui.say(&text);
    let rows: Vec<Vec<String>> = done
        .applied
        .outputs
        .iter()
        .map(|(name, value)| vec![name.clone(), value.clone()])
        .collect();
    context.ui.answer(&value, &show::table::table(&rows));
}
