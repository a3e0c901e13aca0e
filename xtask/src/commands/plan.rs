use clap::Args;
use deployer::{Error, build, session};

use crate::{context::Context, show};

/// Shows what a deploy would do, resource by resource, and changes nothing.
#[derive(Args)]
pub(crate) struct PlanCommand {
    /// The stage.
    #[arg(long)]
    stage: String,
    /// Only these stacks, by their short names.
    #[arg(long, value_name = "STACK", value_delimiter = ',')]
    only: Vec<String>,
}

impl PlanCommand {
    pub(crate) async fn run(self, context: &Context) -> Result<u8, Error> {
        let stage = context.deployable(&self.stage)?;
        let target = context.target(&stage)?;
        let progress = context.ui.progress();
        let plan = context
            .interrupt
            .or(async {
                let built = build::build(&context.project, stage.build_for(), &progress).await?;
                session::plan(&target, &context.project, &stage, &built, &self.only).await
            })
            .await?;
        let text = show::plan::text(&plan, true, &context.ui);
        context.ui.answer(&show::plan::json(&plan), &text);
        Ok(0)
    }
}
