//! `cargo xtask outputs`: the addresses of a stage.

use clap::Args;
use deployer::{Error, state};

use crate::{context::Context, show::table::table};

/// Shows the outputs of a deployed stage: its addresses.
#[derive(Args)]
pub(crate) struct Outputs {
    /// The stage.
    #[arg(long)]
    stage: String,
}

impl Outputs {
    pub(crate) async fn run(self, context: &Context) -> Result<u8, Error> {
        let stage = context.stage(&self.stage)?;
        let deployed = context.target(&stage).await?.deployed().await?;
        if deployed.stacks.is_empty() {
            return Err(Error::failed(
                format!("The stage `{}` is not deployed.", stage.name()),
                format!("`cargo xtask deploy --stage {}`", stage.name()),
            ));
        }
        let outputs = state::public_outputs(&deployed.stacks);
        let rows: Vec<Vec<String>> = outputs
            .iter()
            .map(|(name, value)| vec![name.clone(), value.clone()])
            .collect();
        context.ui.answer(&outputs, &table(&rows));
        Ok(0)
    }
}
