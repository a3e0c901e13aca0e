//! Creating, updating and deleting the stacks of a stage on AWS.

use std::{collections::BTreeMap, sync::PoisonError};

use async_trait::async_trait;

use crate::{
    Error,
    asset::Asset,
    aws::{Aws, deployed_functions::moves_gradually, outcome},
    plan::{StackAction, StackPlan},
    progress::Progress,
    site::SiteFile,
    state::DeployedStack,
    target::{Records, Stacks, Uploaded},
};

#[async_trait(?Send)]
impl Stacks for Aws {
    fn check(&self, stacks: &[StackPlan]) -> Result<(), Error> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let in_trouble = known.iter().flat_map(|known| &known.in_trouble);
        for (view, reasons) in in_trouble {
            let touched =
                |stack: &&StackPlan| stack.name == view.name && stack.action != StackAction::None;
            if stacks.iter().any(|stack| touched(&stack)) {
                return Err(outcome::refuse(self.stage.name(), view, reasons.clone()));
            }
        }
        Ok(())
    }

    async fn assert_room_for(&self, stacks: &[StackPlan]) -> Result<(), Error> {
        self.preflight(stacks).await
    }

    async fn prepare(&self, progress: &Progress) -> Result<(), Error> {
        self.bucket.assert_there().await?;
        let deployed = self.deployed().await?;
        let mut stacks = deployed.stacks.values();
        if stacks.any(|stack| moves_gradually(&stack.template))
            && let Err(error) = self.provisioned_aliases_stand().await
        {
            // A deploy may be what ends it; one that changes nothing is refused after this.
            progress.warn(format!("{error} {}", error.causes().join("; ")));
        }
        Ok(())
    }

    async fn has_asset(&self, asset: &Asset) -> Result<bool, Error> {
        self.bucket.has(asset).await
    }

    async fn upload(&self, asset: &Asset) -> Result<Uploaded, Error> {
        self.bucket.upload(asset).await
    }

    async fn apply_stack(
        &self,
        stack: &StackPlan,
        parameters: &BTreeMap<String, String>,
        progress: &Progress,
    ) -> Result<DeployedStack, Error> {
        let deployed = self.change_stack(stack, parameters, progress).await?;
        if let Some(secret) = deployed.outputs.get("databaseOwnerSecret") {
            self.write_owner_secret(secret).await?;
        }
        self.forget();
        self.expire_database_logs(&stack.template).await?;
        if moves_gradually(&stack.template) {
            self.provisioned_aliases_stand().await?;
        }
        Ok(deployed)
    }

    async fn delete_stack(&self, stack: &str, progress: &Progress) -> Result<(), Error> {
        self.fence().await?;
        self.remove_stack(stack, progress).await?;
        self.forget();
        Ok(())
    }

    async fn put_site(&self, bucket: &str, files: &[SiteFile], sha256: &str) -> Result<(), Error> {
        let left = self.put_files(bucket, files).await?;
        self.change_record(|record| {
            record.site = Some(sha256.to_owned());
            record.site_left = left;
        })
        .await
    }
}
