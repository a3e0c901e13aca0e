//! `cargo xtask supervisor`: the process that keeps `local` running; started by `deploy`.

use std::path::PathBuf;

use clap::Args;
use deployer::{Error, local, project::Project};

use crate::context::Context;

/// What keeps the stage `local` running in the background. Started by `deploy`, never by a person.
#[derive(Args)]
pub(crate) struct Supervisor {
    /// The stage.
    #[arg(long)]
    stage: String,
    /// The root of the checkout.
    #[arg(long)]
    root: PathBuf,
}

impl Supervisor {
    pub(crate) async fn run(self, context: &Context) -> Result<u8, Error> {
        let stage = context.stage(&self.stage)?;
        local::supervise(&Project::new(self.root), &stage).await?;
        Ok(0)
    }
}
