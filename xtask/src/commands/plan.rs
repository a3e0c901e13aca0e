//! `cargo xtask plan`: what a deploy would do.

use std::path::PathBuf;

use clap::Args;
use deployer::{
    Error,
    drift::Drift,
    offline::{self, Baseline},
    plan::Plan,
    planning::{self, PlanInputs},
    saved_plan,
    source::Source,
};
use serde_json::json;

use crate::{context::Context, show};

/// Shows what a deploy would do, resource by resource, and changes nothing.
///
/// On AWS, CloudFormation is asked about each stack that would be updated, by a change set that is
/// removed again.
#[derive(Args)]
pub(crate) struct PlanCommand {
    /// The stage.
    #[arg(long)]
    stage: String,
    /// Only these stacks, by their short names.
    #[arg(long, value_name = "STACK", value_delimiter = ',')]
    only: Vec<String>,
    /// Without asking AWS and without building anything.
    ///
    /// The checkout's templates are compared with the deployed ones by AWS's resource schemas. The
    /// functions' code is taken as it is deployed: what is shown is what changes besides it.
    /// Without `--deployed`, compared with what `plan` or `deploy` last read on this machine.
    #[arg(long, conflicts_with = "database_url")]
    offline: bool,
    /// The deployed templates for `--offline`: a folder with `STACK.yaml` or `STACK.json`, or one
    /// such file.
    ///
    /// `cargo xtask synth --out FOLDER` writes such a folder. A stack without a template in the
    /// folder is not deployed; with one file, the other stacks are taken as the checkout has them.
    /// Which migrations ran and which site is there is in no template: both are taken as up to date.
    #[arg(long, value_name = "PATH", requires = "offline")]
    deployed: Option<PathBuf>,
    /// Look also for what was changed or deleted by hand.
    #[arg(long, conflicts_with = "offline")]
    drift: bool,
    /// Save the plan for `deploy --plan FILE`: later, by somebody else, in another checkout.
    #[arg(long, value_name = "FILE", conflicts_with = "offline")]
    out: Option<PathBuf>,
    /// As a comment of a pull request, in Markdown.
    #[arg(long, conflicts_with = "json")]
    markdown: bool,
    /// A PostgreSQL for a stage without one of its own; better as MIYABI_DATABASE_URL.
    ///
    /// `postgres://miyabi_owner:PASSWORD@HOST:PORT/miyabi`. Needed at the first deploy only.
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
}

/// What is known besides the plan.
#[derive(Default)]
struct PlanExtras<'a> {
    /// The stacks that CloudFormation was asked about.
    previewed: &'a [String],
    /// What was done by hand, when that was looked for.
    drift: Option<&'a Drift>,
    /// What an offline plan was compared with.
    baseline: Option<&'a Baseline>,
}

impl PlanCommand {
    pub(crate) async fn run(self, context: &Context) -> Result<u8, Error> {
        let stage = context.stage(&self.stage)?;
        if self.offline {
            let deployed = self.deployed.as_deref();
            let made = offline::plan(&context.project, &stage, deployed, &self.only)?;
            let extras = PlanExtras {
                baseline: Some(&made.baseline),
                ..PlanExtras::default()
            };
            self.answer(context, &made.plan, &extras);
            return Ok(0);
        }
        let target = context
            .target_with(&stage, self.database_url.as_deref())
            .await?;
        let progress = context.ui.progress();
        let source = Source::read(&context.project);
        let inputs = PlanInputs {
            project: &context.project,
            source: &source,
            only: &self.only,
        };
        let (plan, previewed) = context
            .interrupt
            .or(planning::plan(
                &*target,
                &stage,
                inputs,
                |_| true,
                &progress,
            ))
            .await?;
        let drift = if self.drift {
            Some(super::drift::look(context, &*target).await?)
        } else {
            None
        };
        offline::remember(&*target, &context.project, &stage, &progress).await;
        if let Some(file) = &self.out {
            saved_plan::save(&plan, file)?;
            context.ui.say(&format!(
                "Saved; `cargo xtask deploy --stage {} --plan {}` applies it.",
                stage.name(),
                file.display()
            ));
        }
        let extras = PlanExtras {
            previewed: &previewed,
            drift: drift.as_ref(),
            baseline: None,
        };
        self.answer(context, &plan, &extras);
        Ok(0)
    }

    fn answer(&self, context: &Context, plan: &Plan, extras: &PlanExtras<'_>) {
        let PlanExtras {
            previewed,
            drift,
            baseline,
        } = *extras;
        let compared = baseline.map(show::baseline::text);
        if self.markdown {
            let text = show::markdown::text(plan, drift, compared.as_deref());
            context.ui.data(&text);
            return;
        }
        let mut value = show::plan::json(plan);
        let mut text = show::plan::text(plan, true, context.ui.data_paint());
        if !previewed.is_empty() {
            value["previewed"] = json!(previewed);
            text += &format!("CloudFormation was asked about: {}\n", previewed.join(", "));
        }
        if let Some(drift) = drift {
            value["drift"] = json!(drift);
            text += &show::drift::text(drift);
        }
        if let (Some(baseline), Some(compared)) = (baseline, compared) {
            value["offline"] = show::baseline::json(baseline);
            text += &compared;
        }
        context.ui.answer(&value, &text);
    }
}
