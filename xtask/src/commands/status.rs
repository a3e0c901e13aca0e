//! `cargo xtask status`: how a stage is.

use clap::Args;
use deployer::{
    Error,
    cost::{self, Estimate, Overrides},
    health,
    stage::Stage,
    target::Health,
};
use serde_json::json;

use crate::{context::Context, show};

/// Shows how a deployed stage is.
///
/// Whether its addresses answer, when it was deployed and from which commit, whether the last deploy
/// failed, the versions in service, applied and pending migrations, the alarms that are raised, what the stage
/// is estimated to cost, and each resource that is not well; all resources with `--resources`. Exit code 1
/// when an address, the database or a resource does not do its work.
#[derive(Args)]
pub(crate) struct Status {
    /// The stage.
    #[arg(long)]
    stage: String,
    /// Also show each resource.
    #[arg(long)]
    resources: bool,
}

impl Status {
    pub(crate) async fn run(self, context: &Context) -> Result<u8, Error> {
        let stage = context.stage(&self.stage)?;
        let target = context.target(&stage).await?;
        let looked = health::look(&*target, &stage, &context.project);
        let health = context.interrupt.or(looked).await?;
        let is_failing = health.is_failing();
        let estimate = estimate(context, &stage);
        let cost = estimate.as_ref().map(|estimate| {
            json!({
                "currency": "USD",
                "on_aws": !estimate.is_local && !estimate.is_for_emulators,
                "estimated": estimate.total,
                "budget": estimate.budget,
            })
        });
        let value = json!({
            "stage": stage.name(),
            "deployed": health.is_deployed(),
            "well": health.is_deployed() && !is_failing && health.count(Health::Unknown) == 0,
            "addresses": health.addresses,
            "versions": health.versions,
            "migrations": health.migrations,
            "source": health.source,
            "failed_deploy": health.failed_deploy,
            "alarms": health.alarms,
            "cost": cost,
            "resources": health.resources,
        });
        let paint = context.ui.data_paint();
        let cost = estimate.as_ref().map(show::cost::summary);
        let text = show::health::text(stage.name(), &health, cost, self.resources, paint);
        context.ui.answer(&value, &text);
        Ok(u8::from(is_failing))
    }
}

/// What the stage is estimated to cost; `None`: its templates cannot be made, which `plan` reports.
fn estimate(context: &Context, stage: &Stage) -> Option<Estimate> {
    let templates = cost::templates(&context.project, stage).ok()?;
    let borrowed = cost::borrowed(&templates);
    cost::estimate(stage, &borrowed, Overrides::default()).ok()
}
