//! `cargo xtask deploy`: plan, approval, apply, and what came of it.

use std::{collections::BTreeMap, path::PathBuf, time::Instant};

use clap::Args;
use deployer::{
    Error,
    approval::{ApprovalKind, Approvals, Approved},
    deployment::{Applied, Deployment},
    hotswap,
    lease::LeaseHolder,
    offline,
    plan::{Plan, StackPlan},
    planning::{self, PlanInputs},
    release::{self, AliasMove},
    sample,
    source::Source,
    stage::Stage,
    target::Waited,
};
use serde_json::json;

use crate::{
    approval::{ApprovalOptions, approve},
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
    #[command(flatten)]
    approvals: ApprovalOptions,
    /// Approve that data is lost: the name of the stage, as the question would have it typed.
    #[arg(long, value_name = "STAGE")]
    confirm: Option<String>,
    /// Approve overwriting what was changed or deleted by hand since the last deploy.
    ///
    /// A stack that was deleted by hand is created again only with this. On stages whose database is
    /// protected, drift is detected in the stacks that are updated, and overwritten only with this.
    #[arg(long)]
    allow_drift: bool,
    /// Give functions their new code without their stacks, in seconds.
    ///
    /// Where the stage's file has `hotswap: true`, and only when nothing but code changes. The next
    /// deploy without it brings the stacks up to date.
    #[arg(long, conflicts_with = "dry_run")]
    hotswap: bool,
    /// Apply a plan that `plan --out` saved, and nothing else.
    ///
    /// Builds and compares nothing. Refused when the stage has changed since the plan was made, when
    /// the file was edited, and when its code is neither built here nor uploaded.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["only", "hotswap", "dry_run"])]
    plan: Option<PathBuf>,
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
    /// Leave out the sample organization that a new stage `local` begins with.
    #[arg(long)]
    empty: bool,
}

impl Deploy {
    pub(crate) async fn run(self, context: &Context) -> Result<u8, Error> {
        let began = Instant::now();
        let stage = context.stage(&self.stage)?;
        if self.hotswap {
            hotswap::assert_allowed(&stage)?;
        }
        let source = Source::read(&context.project);
        // A saved plan is judged by its own source.
        if !self.dry_run && self.plan.is_none() {
            source.assert_may_go_to(&stage)?;
        }
        let target = context
            .target_with(&stage, self.database_url.as_deref())
            .await?;
        let progress = context.ui.progress();
        let inputs = PlanInputs {
            project: &context.project,
            source: &source,
            only: &self.only,
        };
        if self.dry_run {
            let doubtful = |stack: &StackPlan| !stack.is_plain();
            let plan = planning::plan(&*target, &stage, inputs, doubtful, &progress);
            let (plan, _) = context.interrupt.or(plan).await?;
            offline::remember(&*target, &context.project, &stage, &progress).await;
            let text = show::plan::text(&plan, true, context.ui.data_paint());
            context.ui.answer(&show::plan::json(&plan), &text);
            return Ok(0);
        }
        let holder = LeaseHolder::this_process("deploy");
        let deployment =
            Deployment::begin(&*target, &stage, &holder, &progress, &context.interrupt).await?;
        let mut summary = deployment
            .run(async |deployment| self.deploy(context, deployment, inputs).await)
            .await?;
        if !self.empty {
            let (plan, outputs) = (summary.plan.get(), &summary.applied.outputs);
            let sample = sample::create_if_new(&*target, &stage, plan, outputs, &progress);
            context.interrupt.or(sample).await?;
        }
        offline::remember(&*target, &context.project, &stage, &progress).await;
        if let Some(stats) = target.call_stats() {
            summary.calls = stats.calls();
            summary.waits = stats.waits();
        }
        answer(context, &stage, &summary, began);
        Ok(0)
    }

    async fn deploy(
        &self,
        context: &Context,
        deployment: &Deployment<'_>,
        inputs: PlanInputs<'_>,
    ) -> Result<DeploySummary, Error> {
        let plan = match &self.plan {
            Some(file) => deployment.saved_plan(file, &context.project).await?,
            None => deployment.plan(inputs).await?,
        };
        if !plan.is_empty() {
            context
                .ui
                .say(&show::plan::text(&plan, false, context.ui.talk_paint()));
        }
        let command = self.command();
        let approved = approve(context, plan, self.given(), &command);
        let approved = context.interrupt.or(approved).await?;
        let smoke_test = deployment.smoke_test();
        let (applied, swapped) = if self.hotswap && !approved.get().is_empty() {
            let (applied, swapped) = deployment.hotswap(&approved, &smoke_test).await?;
            (applied, Some(swapped))
        } else {
            (deployment.deploy(&approved, &smoke_test).await?, None)
        };
        Ok(DeploySummary {
            plan: approved,
            applied,
            swapped,
            calls: BTreeMap::new(),
            waits: BTreeMap::new(),
        })
    }

    /// The approvals that were given as options.
    fn given(&self) -> Approvals {
        let mut given = self.approvals.given();
        given.typed_name.clone_from(&self.confirm);
        if self.allow_drift {
            given.kinds.insert(ApprovalKind::Drift);
        }
        given
    }

    /// What was typed, without its approvals.
    fn command(&self) -> String {
        let mut command = format!("cargo xtask deploy --stage {}", self.stage);
        if !self.only.is_empty() {
            command += &format!(" --only {}", self.only.join(","));
        }
        if self.hotswap {
            command += " --hotswap";
        }
        if let Some(file) = &self.plan {
            command += &format!(" --plan {}", file.display());
        }
        command
    }
}

/// The result of a deploy.
struct DeploySummary {
    plan: Approved<Plan>,
    applied: Applied,
    /// The functions whose code was swapped without their stacks, when that was asked for.
    swapped: Option<Vec<AliasMove>>,
    calls: BTreeMap<String, usize>,
    waits: BTreeMap<String, Waited>,
}

fn answer(context: &Context, stage: &Stage, done: &DeploySummary, began: Instant) {
    let took = began.elapsed();
    let plan = done.plan.get();
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
                release::describe(swapped),
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
