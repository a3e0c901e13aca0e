//! Returning to what was in service before: of stuck stacks, and of functions.

use super::Deployment;
use crate::{
    Error,
    release::AliasMove,
    rollout,
    smoke::{self, SmokeTest},
    stage::Stage,
    state::public_outputs,
    target::{Releases, Target},
};

impl Deployment<'_> {
    /// Continues the rollback of every stuck stack; returns their short names, none when no stack is
    /// stuck. `skip` lists resources to leave as they are, each as `STACK.RESOURCE`.
    pub async fn continue_rollback(&self, skip: &[String]) -> Result<Vec<String>, Error> {
        match self.target.stack_rollback() {
            Some(rollback) => rollback.continue_rollback(skip, &self.progress).await,
            None => Ok(Vec::new()),
        }
    }

    /// Puts the release before the one in service into service and runs the smoke test; returns the
    /// moved aliases.
    ///
    /// # Errors
    ///
    /// [`crate::ErrorKind::Usage`] where the target keeps no releases; when there is no earlier
    /// release; when the smoke test fails, after the aliases were moved.
    pub async fn roll_back(&self, smoke_test: &SmokeTest<'_>) -> Result<Vec<AliasMove>, Error> {
        let releases = releases_of(self.target, self.stage)?;
        let moved = rollout::roll_back(releases, self.stage.name(), &self.progress).await?;
        let outputs = public_outputs(&self.target.deployed().await?.stacks);
        smoke::test(smoke_test, &outputs, &self.progress)
            .await
            .map_err(|error| {
                let now = crate::release::describe(&moved);
                error.and(format!("In service is now: {now}."))
            })?;
        Ok(moved)
    }
}

/// The releases of the stage.
///
/// # Errors
///
/// [`crate::ErrorKind::Usage`] where the target keeps none.
pub fn releases_of<'a>(target: &'a dyn Target, stage: &Stage) -> Result<&'a dyn Releases, Error> {
    target.releases().ok_or_else(|| {
        let name = stage.name();
        Error::usage(
            format!("The stage `{name}` keeps no earlier releases."),
            format!("Check out the commit to run, then `cargo xtask deploy --stage {name}`"),
        )
    })
}
