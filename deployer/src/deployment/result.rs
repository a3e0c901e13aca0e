//! What is recorded of how a deploy ended, for `status`.

use super::Deployment;
use crate::{Error, plan::Plan, source::FailedDeploy};

impl Deployment<'_> {
    /// Records a failure, or that the last one is over, for `status`. That it cannot be recorded is a
    /// warning: what was deployed is what it is.
    pub(super) async fn record_result(&self, plan: &Plan, error: Option<&Error>) {
        let source = plan.made_from.source.as_ref();
        let failed = error.map(|error| FailedDeploy::now(error, source));
        let known = match self.target.deployed().await {
            Ok(deployed) => deployed.failed_deploy,
            Err(_) => None,
        };
        // With its source, a deploy that changed something records that it ended well.
        if failed == known || failed.is_none() && !plan.is_empty() {
            return;
        }
        if let Err(error) = self.target.record_failed_deploy(failed.as_ref()).await {
            self.progress.warn(format!(
                "How this deploy ended could not be recorded for `cargo xtask status --stage {}`: {error}",
                self.stage.name()
            ));
        }
    }

    pub(super) async fn record_source(&self, plan: &Plan) -> Result<(), Error> {
        match &plan.made_from.source {
            Some(source) if !plan.is_empty() => self.target.record_source(source).await,
            _ => Ok(()),
        }
    }
}
