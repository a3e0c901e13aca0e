//! `cargo xtask migrate`: brings the schema up to date, or says how it is.

use clap::Args;
use deployer::{
    Error,
    deployment::Deployment,
    lease::LeaseHolder,
    migrate::{self, Migrated, Request, Version},
};

use crate::context::Context;

/// Runs the pending migrations of a deployed stage, with the function that is deployed there.
///
/// `deploy` does this by itself, after the database and before the functions.
#[derive(Args)]
pub(crate) struct Migrate {
    /// The stage.
    #[arg(long)]
    stage: String,
    /// Only show what is applied and what is pending.
    #[arg(long, conflicts_with = "dry_run")]
    status: bool,
    /// Run what is pending in a transaction and take it back.
    #[arg(long)]
    dry_run: bool,
}

impl Migrate {
    pub(crate) async fn run(self, context: &Context) -> Result<u8, Error> {
        let stage = context.stage(&self.stage)?;
        let target = context.target(&stage).await?;
        let migrated = if self.status {
            migrate::invoke(&*target, stage.name(), Request::Status).await?
        } else if self.dry_run {
            migrate::invoke(&*target, stage.name(), Request::DryRun).await?
        } else {
            let holder = LeaseHolder::this_process("migrate");
            let progress = context.ui.progress();
            let deployment =
                Deployment::begin(&*target, &stage, &holder, &progress, &context.interrupt);
            deployment
                .await?
                .run(async |deployment| deployment.migrate(&context.project).await)
                .await?
        };
        context.ui.answer(&migrated, &text(&migrated));
        Ok(0)
    }
}

fn text(migrated: &Migrated) -> String {
    let list = |sign: &str, versions: &[Version]| -> String {
        versions
            .iter()
            .map(|version| format!("{sign} {:04} {}\n", version.version, version.description))
            .collect()
    };
    let mut text = list("applied", &migrated.applied);
    text += &list("pending", &migrated.pending);
    text + &format!("schema version {}\n", migrated.schema_version)
}
