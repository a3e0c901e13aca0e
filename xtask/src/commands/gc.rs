//! `cargo xtask gc`: what deploys left behind and nothing uses any more.

use clap::Args;
use deployer::{
    Error,
    collection::Collection,
    deployment::Deployment,
    lease::LeaseHolder,
    stage::Stage,
    target::{Target, Upkeep},
};
use serde_json::json;

use crate::{context::Context, show, ui::plural};

/// Deletes old versions of functions and old assets that nothing uses.
///
/// Kept are what the templates deployed, what aliases point to, and the last ten releases, to which
/// `rollback` can go. A deploy that changes something does the same at its end. Change sets of plans
/// that were stopped are removed too. On `local` each build and deploy removes what it replaces, so
/// there is nothing to collect.
#[derive(Args)]
pub(crate) struct Gc {
    /// The stage.
    #[arg(long)]
    stage: String,
    /// Show what would be deleted and end.
    #[arg(long)]
    dry_run: bool,
}

impl Gc {
    pub(crate) async fn run(self, context: &Context) -> Result<u8, Error> {
        let stage = context.stage(&self.stage)?;
        let target = context.target(&stage).await?;
        let Some(upkeep) = target.upkeep() else {
            let text = format!(
                "Nothing to collect on `{}`: each build and deploy deletes the files it replaces.",
                stage.name()
            );
            let value =
                json!({"stage": stage.name(), "collected": Collection::default(), "bytes": 0});
            context.ui.answer(&value, &text);
            return Ok(0);
        };
        let collection = self.collect(context, &stage, &*target, upkeep).await?;
        let value = json!({
            "stage": stage.name(),
            "dry_run": self.dry_run,
            "collected": collection,
            "bytes": collection.bytes(),
        });
        context.ui.answer(&value, &text(&collection, self.dry_run));
        Ok(0)
    }

    async fn collect(
        &self,
        context: &Context,
        stage: &Stage,
        target: &dyn Target,
        upkeep: &dyn Upkeep,
    ) -> Result<Collection, Error> {
        let progress = context.ui.progress();
        let holder = LeaseHolder::this_process("gc");
        Deployment::begin(target, stage, &holder, &progress, &context.interrupt)
            .await?
            .run(async |_| {
                let collect = upkeep.collect(self.dry_run, &progress);
                context.interrupt.or(collect).await
            })
            .await
    }
}

fn text(collection: &Collection, dry_run: bool) -> String {
    if collection.is_empty() {
        return "Nothing to collect: every version and asset is in use.".to_owned();
    }
    let mut rows: Vec<Vec<String>> = Vec::new();
    for version in &collection.versions {
        let what = format!("{} {}", version.function, version.version);
        rows.push(vec!["version".to_owned(), what, size(version.bytes)]);
    }
    for object in &collection.objects {
        rows.push(vec![
            "asset".to_owned(),
            object.key.clone(),
            size(object.bytes),
        ]);
    }
    for set in &collection.change_sets {
        rows.push(vec!["change set".to_owned(), set.clone(), String::new()]);
    }
    for kept in &collection.kept {
        rows.push(vec!["kept, in use".to_owned(), kept.clone(), String::new()]);
    }
    let word = if dry_run { "Would delete" } else { "Deleted" };
    format!(
        "{}\n{word} {}, {} and {}: {}.",
        show::table::table(&rows),
        plural(collection.versions.len(), "version"),
        plural(collection.objects.len(), "asset"),
        plural(collection.change_sets.len(), "change set"),
        size(collection.bytes())
    )
}

/// `1.5 MB`, in powers of ten.
fn size(bytes: u64) -> String {
    let units = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    let unit = units.into_iter().find(|(size, _)| bytes >= *size);
    match unit {
        Some((size, name)) => format!("{}.{} {name}", bytes / size, bytes % size / (size / 10)),
        None => format!("{bytes} B"),
    }
}

#[cfg(test)]
mod tests {
    use deployer::collection::{CollectedObject, CollectedVersion};

    use super::*;

    #[test]
    fn what_was_collected_is_listed_with_its_size() {
        let collection = Collection {
            versions: vec![CollectedVersion {
                function: "miyabi-dev-tasks".to_owned(),
                version: 3,
                bytes: 1_534_000,
            }],
            objects: vec![CollectedObject {
                key: "functions/tasks/ab.zip".to_owned(),
                versions: 2,
                bytes: 900,
            }],
            change_sets: vec!["api/miyabi-plan-1".to_owned()],
            kept: vec!["miyabi-dev-docs 1".to_owned()],
        };
        let text = text(&collection, false);
        assert!(text.contains("miyabi-dev-tasks 3      1.5 MB"), "{text}");
        assert!(text.contains("kept, in use  miyabi-dev-docs 1"), "{text}");
        assert!(
            text.ends_with("Deleted 1 version, 1 asset and 1 change set: 1.5 MB."),
            "{text}"
        );
    }
}
