//! `cargo xtask bootstrap`: what a stage needs in its account before its first deploy.

use clap::Args;
use deployer::Error;

use crate::context::Context;

/// Makes what a stage needs in its AWS account, once: the asset bucket, and a role for GitHub.
///
/// May be run again at any time; what is there already stays. The stage `local` needs nothing.
#[derive(Args)]
pub(crate) struct Bootstrap {
    /// The stage.
    #[arg(long)]
    stage: String,
    /// Let the workflows of this repository deploy, from the environment called as the stage.
    #[arg(long, value_name = "OWNER/NAME")]
    github: Option<String>,
    /// The account has GitHub's identity provider already (it can have only one).
    #[arg(long, requires = "github")]
    provider_exists: bool,
    /// Approve the plan without being asked.
    #[arg(long, short)]
    yes: bool,
}

impl Bootstrap {
    #[cfg(not(feature = "aws"))]
    pub(crate) async fn run(self, context: &Context) -> Result<u8, Error> {
        let _ = (self.github, self.provider_exists, self.yes);
        let stage = context.stage(&self.stage)?;
        context.target(&stage).await?;
        Err(Error::usage(
            format!("The stage `{}` needs no bootstrap.", stage.name()),
            format!("`cargo xtask deploy --stage {}`", stage.name()),
        ))
    }

    #[cfg(feature = "aws")]
    pub(crate) async fn run(self, context: &Context) -> Result<u8, Error> {
        use crate::show;

        let stage = context.stage(&self.stage)?;
        let target = context.target(&stage).await?;
        let aws = target.aws()?;
        let github = deployer::aws::Github {
            repository: self.github,
            provider_exists: self.provider_exists,
        };
        let plan = context.interrupt.or(aws.plan_bootstrap(&github)).await?;
        if !plan.is_empty() {
            context.ui.say(&show::plan::text(&plan, true, &context.ui));
            let approved = crate::approval::approve(context, &plan, self.yes, None);
            context.interrupt.or(approved).await?;
        }
        let outputs = aws.apply_bootstrap(&plan, &context.ui.progress()).await?;
        let value = serde_json::json!({
            "stage": stage.name(),
            "result": if plan.is_empty() { "unchanged" } else { "bootstrapped" },
            "outputs": outputs,
        });
        let rows: Vec<Vec<String>> = outputs
            .iter()
            .map(|(name, value)| vec![name.clone(), value.clone()])
            .collect();
        context.ui.answer(&value, &show::table::table(&rows));
        Ok(0)
    }
}
