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
    /// A PostgreSQL for a stage without one of its own; better as MIYABI_DATABASE_URL.
    ///
    /// `postgres://miyabi_owner:PASSWORD@HOST:PORT/miyabi`. Needed at the first deploy only.
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
}

impl PlanCommand {
    pub(crate) async fn run(self, context: &Context) -> Result<u8, Error> {
        let stage = context.stage(&self.stage)?;
        let target = context
            .target_with(&stage, self.database_url.as_deref())
            .await?;
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
