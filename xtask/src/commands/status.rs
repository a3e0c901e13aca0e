//! `cargo xtask status`: each resource of a stage and how it is.

use clap::Args;
use deployer::{Error, source::Source, target::Health};
use serde_json::json;

use crate::{context::Context, show::table::table, ui::plural};

/// Shows each resource of a deployed stage and how it is.
///
/// Also what was deployed last: the commit and whether the checkout had other changes, the
/// compiler, the lockfile. Exit code 1 when one of them is not well.
#[derive(Args)]
pub(crate) struct Status {
    /// The stage.
    #[arg(long)]
    stage: String,
}

impl Status {
    pub(crate) async fn run(self, context: &Context) -> Result<u8, Error> {
        let stage = context.stage(&self.stage)?;
        let target = context.target(&stage).await?;
        let (resources, source) = (target.status().await?, target.source().await?);
        let ill = |health| matches!(health, Health::Failing | Health::Missing);
        let not_well = resources
            .iter()
            .filter(|resource| ill(resource.health))
            .count();
        let rows: Vec<Vec<String>> = resources
            .iter()
            .map(|resource| {
                let health = match resource.health {
                    Health::Ok => context.ui.paint("32", "ok     "),
                    Health::Failing => context.ui.paint("31;1", "failing"),
                    Health::Missing => context.ui.paint("31;1", "missing"),
                    Health::Unknown => context.ui.paint("33", "unknown"),
                };
                vec![
                    health,
                    resource.stack.clone(),
                    resource.logical_id.clone(),
                    resource.resource_type.clone(),
                    resource.detail.clone(),
                ]
            })
            .collect();
        let unknown = resources
            .iter()
            .filter(|resource| resource.health == Health::Unknown)
            .count();
        let summary = match (resources.len(), not_well) {
            (0, _) => format!("The stage `{}` is not deployed.", stage.name()),
            (count, 0) if unknown > 0 => format!(
                "{}, of which {unknown} could not be examined; the others are ok.",
                plural(count, "resource")
            ),
            (count, 0) => format!("{}, all ok.", plural(count, "resource")),
            (count, ill) => format!("{}, {ill} not well.", plural(count, "resource")),
        };
        let value = json!({
            "stage": stage.name(),
            "deployed": !resources.is_empty(),
            "well": not_well == 0 && unknown == 0,
            "source": source,
            "resources": resources,
        });
        context.ui.answer(
            &value,
            &format!("{}{}{summary}", table(&rows), made_of(source.as_ref())),
        );
        Ok(u8::from(not_well > 0))
    }
}

/// `Commit 0123456789ab, clean, rustc 1.95.0 .., Cargo.lock 0123456789ab, deployed 2026-..`
fn made_of(source: Option<&Source>) -> String {
    let Some(source) = source else {
        return String::new();
    };
    let short = |text: &Option<String>| match text {
        Some(text) => text.chars().take(12).collect(),
        None => "unknown".to_owned(),
    };
    let tree = match source.dirty {
        Some(false) => "clean",
        Some(true) => "with changes that no commit has",
        None => "without git",
    };
    format!(
        "Commit {}, {tree}; {}; Cargo.lock {}; deployed at {}.\n",
        short(&source.commit),
        source.rustc.as_deref().unwrap_or("rustc unknown"),
        short(&source.lockfile),
        source.at
    )
}
