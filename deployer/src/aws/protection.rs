//! Termination protection of stacks, and turning every protection of a stage off before `destroy`.

use super::{Aws, aws_error::AwsError, stack::StackView};
use crate::{Error, progress::Progress};

impl Aws {
    /// Has CloudFormation refuse to delete the stack when the stage is protected. Only for stacks that
    /// were created successfully: a failed creation has to be deletable.
    pub(super) async fn protect_stack(&self, view: &StackView) -> Result<(), Error> {
        if view.is_protected || !self.stage.is_protected() {
            return Ok(());
        }
        self.set_termination_protection(view, true).await
    }

    /// Lets CloudFormation delete the stack. The caller has the approval.
    pub(super) async fn unprotect_stack(&self, view: &StackView) -> Result<(), Error> {
        if !view.is_protected {
            return Ok(());
        }
        self.set_termination_protection(view, false).await
    }

    async fn set_termination_protection(&self, view: &StackView, on: bool) -> Result<(), Error> {
        self.fence().await?;
        self.clients
            .cloudformation
            .update_termination_protection()
            .stack_name(&view.id)
            .enable_termination_protection(on)
            .send()
            .await
            .map(drop)
            .map_err(|error| {
                AwsError::new("cloudformation:UpdateTerminationProtection", error).error(format!(
                    "The termination protection of the stack `{}` cannot be turned {}.",
                    view.name,
                    if on { "on" } else { "off" }
                ))
            })
    }

    /// Turns off what keeps a stage from being destroyed: termination protection of its stacks and
    /// deletion protection of its databases; empties the buckets that go with their stacks, old
    /// versions too. Reports what was done, one line each. The caller holds the stage and has its
    /// typed name.
    pub(super) async fn turn_protection_off(
        &self,
        progress: &Progress,
    ) -> Result<Vec<String>, Error> {
        let step = progress.step("protection", "Turning off the protection of the stage");
        let mut done = Vec::new();
        for view in self.stacks().await?.values() {
            let name = &view.name;
            if view.is_protected {
                self.unprotect_stack(view).await?;
                done.push(format!("termination protection of {name}"));
            }
            for database in self.protected_databases(view).await? {
                step.doing(format!("database {}", database.instance));
                self.unprotect_database(&database.instance).await?;
                done.push(format!("deletion protection of {}", database.instance));
            }
            for bucket in self.buckets_deleted_with(view).await? {
                step.doing(format!("bucket {bucket}"));
                self.fence().await?;
                self.empty_whole_bucket(&bucket).await?;
                done.push(format!("objects of {bucket}"));
            }
        }
        self.forget();
        step.done(done.join(", "));
        Ok(done)
    }

    /// Buckets that CloudFormation deletes with the stack, which fails while anything is in them.
    async fn buckets_deleted_with(&self, view: &StackView) -> Result<Vec<String>, Error> {
        let template = self.template(&view.name).await?;
        let is_deleted = |id: &str| {
            let policy = template["Resources"][id]["DeletionPolicy"].as_str();
            policy.is_none_or(|policy| policy == "Delete")
        };
        let resources = self.resources_of(view).await?.into_iter();
        let buckets = resources
            .filter(|resource| resource.resource_type == "AWS::S3::Bucket")
            .filter(|resource| is_deleted(&resource.logical_id));
        Ok(buckets
            .map(|resource| resource.physical_id)
            .filter(|bucket| !bucket.is_empty())
            .collect())
    }
}
