//! `cargo xtask migrate`: brings the schema up to date, or says how it is.

use std::collections::BTreeMap;

use clap::Args;
use deployer::{
    Error,
    lock::LeaseHolder,
    migrate::{self, Migrated, Request, Version},
    migrations,
    target::Target,
};

use crate::{context::Context, ui::plural};

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
            let lease = target.lease(&LeaseHolder::this_process("migrate")).await?;
            let result = apply(context, &*target, stage.name()).await;
            let unlocked = lease.release().await;
            let migrated = result?;
            unlocked?;
            migrated
        };
        context.ui.answer(&migrated, &text(&migrated));
        Ok(0)
    }
}

async fn apply(context: &Context, target: &dyn Target, stage: &str) -> Result<Migrated, Error> {
    let step = context
        .ui
        .progress()
        .step("migrate", "Migrating the database");
    let migrated = migrate::apply(target, stage).await?;
    // Recorded as applied is what the deployed function knows, which may be less than the checkout.
    let files: BTreeMap<i64, String> = migrations::files(&context.project)?
        .into_iter()
        .filter(|file| file.version <= migrated.schema_version)
        .map(|file| (file.version, file.sha256))
        .collect();
    target.record_migrations(&files).await?;
    step.done(plural(migrated.applied.len(), "migration"));
    Ok(migrated)
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
