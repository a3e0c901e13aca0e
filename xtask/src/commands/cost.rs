//! `cargo xtask cost`: what a stage costs.

use clap::Args;
use deployer::{
    Error,
    cost::{self, Estimate, Overrides},
    stage::Stage,
};
use serde_json::json;

use crate::{context::Context, show};

/// Estimates what a stage costs in a month, from its templates.
///
/// Without `--actual` nobody is asked: the prices are those of deployer/prices, the traffic is what `cost.traffic` in
/// the stage file assumes. What has no price or no known quantity is listed as unknown and is not in
/// the total. The free tier belongs to the account, so it is shown apart.
///
/// `--actual` asks Cost Explorer, which finds the resources of a stage by the tag `miyabi:stage`; the
/// tag has to be activated once for cost allocation (docs/operating.md). AWS bills each of its requests,
/// three at least, with 0.01 USD.
#[derive(Args)]
pub(crate) struct Cost {
    /// The stage.
    #[arg(long, required_unless_present = "compare")]
    stage: Option<String>,
    /// Requests a month to the HTTP API, such as `250K` or `1.5M`, in place of the stage's
    /// assumption.
    #[arg(long, value_name = "COUNT", allow_hyphen_values = true)]
    requests: Option<String>,
    /// Users, such as `1000` or `10K`, in place of the stage's assumption. Without `--requests`,
    /// requests grow with them.
    #[arg(long, value_name = "COUNT", allow_hyphen_values = true)]
    users: Option<String>,
    /// Exit code 1 when the total is over the budget of the stage, or something that is used has no
    /// price.
    #[arg(long, conflicts_with_all = ["scale", "compare", "actual"])]
    check: bool,
    /// What AWS has charged since the first of the month, by service, and its forecast for the month,
    /// next to the estimate.
    #[arg(long, conflicts_with_all = ["scale", "compare"])]
    actual: bool,
    /// At 100, 1,000 and 10,000 users, next to the figures of the technology stack document, with the
    /// next limit at each.
    #[arg(long, conflicts_with_all = ["requests", "users", "compare"])]
    scale: bool,
    /// Two stages next to each other, service by service, each at its own traffic unless `--requests`
    /// or `--users` is given.
    #[arg(long, num_args = 2, value_names = ["STAGE", "STAGE"], conflicts_with = "stage")]
    compare: Option<Vec<String>>,
}

impl Cost {
    pub(crate) async fn run(self, context: &Context) -> Result<u8, Error> {
        let count = |text: &Option<String>| text.as_deref().map(cost::parse_count).transpose();
        let overrides = Overrides {
            users: count(&self.users)?,
            requests: count(&self.requests)?,
        };
        if let Some(stages) = &self.compare {
            let estimates: Vec<Estimate> = stages
                .iter()
                .map(|stage| estimate(context, &context.stage(stage)?, overrides))
                .collect::<Result<_, Error>>()?;
            let value: Vec<_> = estimates.iter().map(show::cost::json).collect();
            let text = show::cost::comparison(&estimates);
            context.ui.answer(&json!({ "stages": value }), &text);
            return Ok(0);
        }
        let stage = context.stage(self.stage.as_deref().unwrap_or_default())?;
        if self.scale {
            let templates = cost::templates(&context.project, &stage)?;
            let scales = match stage.is_local() {
                true => Vec::new(),
                false => cost::scale(&stage, &cost::borrowed(&templates))?,
            };
            let value = json!({"stage": stage.name(), "scales": scales});
            let text = show::cost::scales(&stage, &scales);
            context.ui.answer(&value, &text);
            return Ok(0);
        }
        let estimate = estimate(context, &stage, overrides)?;
        if self.actual {
            return actual(context, &stage, &estimate).await;
        }
        if self.check && estimate.budget.is_none() && !estimate.is_local {
            return Err(Error::usage(
                format!(
                    "The stage `{}` has no budget to compare its cost with.",
                    stage.name()
                ),
                format!(
                    "Write `cost.budget` into stacks/stages/{}.yaml, in USD a month.",
                    stage.name()
                ),
            ));
        }
        context
            .ui
            .answer(&show::cost::json(&estimate), &show::cost::text(&estimate));
        Ok(u8::from(self.check && is_refused(context, &estimate)))
    }
}

/// What was charged, next to the estimate.
async fn actual(context: &Context, stage: &Stage, estimate: &Estimate) -> Result<u8, Error> {
    let target = context.target(stage).await?;
    let Some(spending) = target.spending() else {
        let value = json!({"stage": stage.name(), "actual": null});
        context
            .ui
            .answer(&value, &show::cost::free_of_charge(stage.name()));
        return Ok(0);
    };
    let actual = context.interrupt.or(spending.month_to_date()).await?;
    let services = actual.compared_with(estimate);
    let text = show::cost::actual(&actual, &services, estimate);
    let value = show::cost::actual_json(&actual, &services, estimate);
    context.ui.answer(&value, &text);
    Ok(0)
}

/// Whether `--check` fails, after saying why.
fn is_refused(context: &Context, estimate: &Estimate) -> bool {
    let missing = estimate.without_price().count();
    if missing > 0 {
        context.ui.warn(&format!(
            "{} without a price in deployer/prices, so the total is too low to compare with the budget.",
            match missing { 1 => "1 quantity is".to_owned(), count => format!("{count} quantities are") }
        ));
    }
    missing > 0 || estimate.over_budget().is_some()
}

fn estimate(context: &Context, stage: &Stage, overrides: Overrides) -> Result<Estimate, Error> {
    let templates = cost::templates(&context.project, stage)?;
    cost::estimate(stage, &cost::borrowed(&templates), overrides)
}
