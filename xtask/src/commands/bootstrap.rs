//! `cargo xtask bootstrap`: what a stage needs in its account before its first deploy.

use clap::Args;
use deployer::Error;

use crate::{approval::ApprovalOptions, context::Context};

/// Creates what a stage needs in its AWS account, once: the asset bucket, and roles for GitHub.
///
/// May be run again at any time; what exists stays. The stage `local` needs nothing.
#[derive(Args)]
pub(crate) struct Bootstrap {
    /// The stage.
    #[arg(long)]
    stage: String,
    /// Let the workflows of this repository deploy from the environment called as the stage, and plan from
    /// `STAGE-plan`.
    ///
    /// With the ids of owner and repository (`owner@1/name@2`) when the repository was created after
    /// July 15, 2026: GitHub's tokens name it so.
    #[arg(long, value_name = "OWNER/NAME")]
    github: Option<String>,
    /// The account has GitHub's identity provider already (it can have only one).
    #[arg(long, requires = "github")]
    provider_exists: bool,
    #[command(flatten)]
    approvals: ApprovalOptions,
}

impl Bootstrap {
    #[cfg(not(feature = "aws"))]
    pub(crate) async fn run(self, context: &Context) -> Result<u8, Error> {
        let _ = (self.github, self.provider_exists, self.approvals);
        let stage = context.stage(&self.stage)?;
        context.target(&stage).await?;
        Err(Error::usage(
            format!("The stage `{}` needs no bootstrap.", stage.name()),
            format!("`cargo xtask deploy --stage {}`", stage.name()),
        ))
    }

    #[cfg(feature = "aws")]
    pub(crate) async fn run(self, context: &Context) -> Result<u8, Error> {
        use crate::{approval::approve, show};
        use deployer::{deployment::Deployment, lease::LeaseHolder};

        let stage = context.stage(&self.stage)?;
        let target = context.target(&stage).await?;
        let aws = target.aws()?;
        let github = deployer::aws::Github {
            repository: self.github,
            provider_exists: self.provider_exists,
        };
        let holder = LeaseHolder::this_process("bootstrap");
        let progress = context.ui.progress();
        let deployment =
            Deployment::begin_bootstrap(aws, &stage, &holder, &progress, &context.interrupt);
        let (changed, outputs) = deployment
            .await?
            .run(async |deployment| {
                let plan = context.interrupt.or(aws.plan_bootstrap(&github)).await?;
                let changed = !plan.is_empty();
                if changed {
                    context
                        .ui
                        .say(&show::plan::text(&plan, true, context.ui.talk_paint()));
                }
                let command = command(stage.name(), &github);
                let approved = approve(context, plan, self.approvals.given(), &command);
                let approved = context.interrupt.or(approved).await?;
                Ok((changed, deployment.bootstrap(&approved).await?))
            })
            .await?;
        let value = serde_json::json!({
            "stage": stage.name(),
            "result": if changed { "bootstrapped" } else { "unchanged" },
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

/// What was typed, without its approvals.
#[cfg(feature = "aws")]
fn command(stage: &str, github: &deployer::aws::Github) -> String {
    let mut command = format!("cargo xtask bootstrap --stage {stage}");
    if let Some(repository) = &github.repository {
        command += &format!(" --github {repository}");
    }
    if github.provider_exists {
        command += " --provider-exists";
    }
    command
}

#[cfg(all(test, feature = "aws"))]
mod tests {
    use super::*;

    #[test]
    fn the_command_of_the_hint_makes_the_same_stack() {
        let mut github = deployer::aws::Github::default();
        assert_eq!(command("dev", &github), "cargo xtask bootstrap --stage dev");
        github.repository = Some("owner/name".to_owned());
        github.provider_exists = true;
        assert_eq!(
            command("dev", &github),
            "cargo xtask bootstrap --stage dev --github owner/name --provider-exists"
        );
    }
}
