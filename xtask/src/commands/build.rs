//! `cargo xtask build`: the functions, for this machine or for Lambda.

use clap::{Args, ValueEnum};
use deployer::{
    Error,
    build::{self, Architecture, BuildFor},
};

use crate::{context::Context, show::table::table};

/// Builds the functions, without deploying them.
///
/// For `local`, the dev profile for this machine; for the other stages, zips for Lambda that are
/// byte-equal for the same source on any path.
#[derive(Args)]
pub(crate) struct Build {
    /// The stage whose functions are built.
    #[arg(long)]
    stage: String,
    /// The architecture, instead of the stage's.
    #[arg(long, value_enum)]
    arch: Option<Arch>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Arch {
    #[value(name = "arm64")]
    Arm64,
    #[value(name = "x86_64")]
    X86_64,
}

impl Build {
    pub(crate) async fn run(self, context: &Context) -> Result<u8, Error> {
        let stage = context.stage(&self.stage)?;
        let what_for = match self.arch {
            Some(Arch::Arm64) => BuildFor::Lambda(Architecture::Arm64),
            Some(Arch::X86_64) => BuildFor::Lambda(Architecture::X86_64),
            None => stage.build_for(),
        };
        let progress = context.ui.progress();
        let built = context
            .interrupt
            .or(build::build(&context.project, what_for, &progress))
            .await?;
        let rows: Vec<Vec<String>> = built
            .iter()
            .map(|function| {
                vec![
                    function.asset.function.clone(),
                    format!("{:.2} MB", function.asset.size as f64 / 1e6),
                    function.asset.path.display().to_string(),
                ]
            })
            .collect();
        context.ui.answer(&built, &table(&rows));
        Ok(0)
    }
}
