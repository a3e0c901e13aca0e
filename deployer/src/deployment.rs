//! One change of a stage, from taking its lease to releasing it.
//!
//! This is how any program changes a stage: the command line, the tests, and yours. A [`Deployment`]
//! holds the lease, the interrupt and the progress; [`Deployment::run`] releases the lease on every
//! path. What is applied is an [`Approved`] plan, and nothing else is:
//!
//! ```no_run
//! use deployer::{
//!     Error,
//!     approval::{ApprovalKind, Approvals},
//!     connect::{self, ConnectOptions},
//!     deployment::Deployment,
//!     interrupt::Interrupt,
//!     lease::LeaseHolder,
//!     planning::PlanInputs,
//!     progress::Progress,
//!     project::Project,
//!     source::Source,
//!     stage::Stage,
//! };
//!
//! # async fn example() -> Result<(), Error> {
//! let project = Project::new(".");
//! let stage = Stage::load("local")?;
//! let source = Source::read(&project);
//! let progress = Progress::new(|event| eprintln!("{event:?}"));
//! let options = ConnectOptions::default();
//! let target = connect::open(&project, &stage, &options, &progress).await?;
//!
//! let holder = LeaseHolder::this_process("nightly");
//! let interrupt = Interrupt::default();
//! let deployment = Deployment::begin(&*target, &stage, &holder, &progress, &interrupt).await?;
//! let applied = deployment
//!     .run(async |deployment| {
//!         let inputs = PlanInputs { project: &project, source: &source, only: &[] };
//!         let plan = deployment.plan(inputs).await?;
//!         for (kind, risks) in plan.approval().kinds() {
//!             println!("{}: {risks:?}", kind.title());
//!         }
//!         // Wider permissions are fine tonight; more public access or lost data ends here.
//!         let approvals = Approvals::apply().and(ApprovalKind::Permissions);
//!         let approved = plan.approve(&approvals).map_err(|refused| refused.error("nightly"))?;
//!         deployment.deploy(&approved, &deployment.smoke_test()).await
//!     })
//!     .await?;
//! println!("{:?}", applied.outputs);
//! # Ok(())
//! # }
//! ```

mod fresh;
mod lease;
mod releases;
mod result;
mod secrets;

use std::path::Path;

use crate::{
    Error,
    apply::{ApplyContext, apply},
    approval::Approved,
    deploy, destroy, hotswap,
    interrupt::Interrupt,
    lease::Lease,
    migrate::{self, Migrated},
    plan::{self, Plan, Removal},
    planning::{self, PlanInputs},
    progress::Progress,
    project::Project,
    release::AliasMove,
    saved_plan,
    smoke::{self, SmokeTest},
    stage::Stage,
    target::Target,
};

pub use crate::apply::Applied;
pub use releases::releases_of;

/// The right to change a stage, for as long as it lives.
#[derive(Debug)]
pub struct Deployment<'a> {
    target: &'a dyn Target,
    stage: &'a Stage,
    progress: Progress,
    interrupt: Interrupt,
    /// `None`: the first bootstrap of a stage, which has no bucket for a lease yet.
    lease: Option<Box<dyn Lease>>,
}

impl<'a> Deployment<'a> {
    /// Where the stage lives.
    pub fn target(&self) -> &'a dyn Target {
        self.target
    }

    /// The smoke test of the stage.
    pub fn smoke_test(&self) -> SmokeTest<'a> {
        let emulated = self.target.id().is_emulated();
        SmokeTest {
            stage: self.stage,
            emulated,
            settles_within: smoke::settles_within(self.stage, emulated),
        }
    }

    /// What a deploy would do, with what was changed by hand among its risks. Changes nothing, and
    /// ends at once when a person interrupts it.
    ///
    /// # Errors
    ///
    /// As [`planning::plan`].
    pub async fn plan(&self, inputs: PlanInputs<'_>) -> Result<Plan, Error> {
        self.interrupt
            .or(async {
                // What is approved is the target's own prediction where the templates leave a doubt.
                let (mut plan, _) = planning::plan(
                    self.target,
                    self.stage,
                    inputs,
                    |stack| !stack.is_plain(),
                    &self.progress,
                )
                .await?;
                planning::add_drift(self.target, self.stage, &mut plan, &self.progress).await?;
                Ok(plan)
            })
            .await
    }

    /// A plan that was saved to `file`, with the bytes that it refers to, and with what was changed by
    /// hand among its risks. Changes nothing.
    ///
    /// # Errors
    ///
    /// When the file is not a whole plan for this stage, the stage has changed since, or its bytes
    /// are not in this checkout.
    pub async fn saved_plan(&self, file: &Path, project: &Project) -> Result<Plan, Error> {
        let mut plan = saved_plan::load(file)?;
        self.interrupt
            .or(async {
                self.assert_fresh(&plan).await?;
                saved_plan::locate(&mut plan, project, self.target).await?;
                planning::add_drift(self.target, self.stage, &mut plan, &self.progress).await?;
                Ok(plan)
            })
            .await
    }

    /// Executes the plan, without a smoke test.
    ///
    /// # Errors
    ///
    /// When the stage is not what the plan was made from, before anything is changed; else of the
    /// first step that fails.
    pub async fn apply(&self, plan: &Approved<Plan>) -> Result<Applied, Error> {
        self.assert_fresh(plan.get()).await?;
        apply(&self.context(plan.get())).await
    }

    /// Executes the plan and runs the smoke test. When the test fails, each function returns to the
    /// version of the last release.
    ///
    /// # Errors
    ///
    /// As [`Deployment::apply`], and when the smoke test fails.
    pub async fn deploy(
        &self,
        plan: &Approved<Plan>,
        smoke_test: &SmokeTest<'_>,
    ) -> Result<Applied, Error> {
        self.assert_fresh(plan.get()).await?;
        let deployed = deploy::deploy(&self.context(plan.get()), smoke_test).await;
        self.record_result(plan.get(), deployed.as_ref().err())
            .await;
        let applied = deployed?;
        self.record_source(plan.get()).await?;
        if !plan.get().is_empty() {
            self.collect_garbage().await;
        }
        Ok(applied)
    }

    /// Updates the code of the plan's functions without their stacks and runs the smoke test.
    ///
    /// # Errors
    ///
    /// [`crate::ErrorKind::Usage`] when the stage does not allow it or the plan changes more than
    /// code; nothing was changed then.
    pub async fn hotswap(
        &self,
        plan: &Approved<Plan>,
        smoke_test: &SmokeTest<'_>,
    ) -> Result<(Applied, Vec<AliasMove>), Error> {
        hotswap::assert_allowed(self.stage)?;
        self.assert_fresh(plan.get()).await?;
        let swapped = hotswap::deploy(&self.context(plan.get()), smoke_test).await?;
        self.record_source(plan.get()).await?;
        Ok(swapped)
    }

    /// Runs the pending migrations with the deployed function and records them.
    ///
    /// # Errors
    ///
    /// When a migration fails: those before it stay applied.
    pub async fn migrate(&self, project: &Project) -> Result<Migrated, Error> {
        let files = crate::migrations::files(project)?;
        let step = self.progress.step("migrate", "Migrating the database");
        let migrated = migrate::apply(self.target, self.stage.name()).await?;
        // The deployed function may know fewer migrations than the checkout.
        let known = files
            .into_iter()
            .filter(|file| file.version <= migrated.schema_version)
            .map(|file| (file.version, file.sha256))
            .collect();
        self.target.record_migrations(&known).await?;
        step.done(migrated.summary());
        Ok(migrated)
    }

    /// What destroying the stage would delete.
    pub async fn plan_removal(&self) -> Result<Removal, Error> {
        let deployed = self.target.deployed().await?;
        Ok(plan::make_removal(self.stage.name(), &deployed))
    }

    /// Deletes everything of the stage; returns the names of the deleted stacks. With `unprotect`, also
    /// a protected stage, whose protections are turned off first.
    ///
    /// # Errors
    ///
    /// [`crate::ErrorKind::Usage`] for a protected stage without `unprotect`; when the stage changed after the removal
    /// was planned. [`crate::ErrorKind::Interrupted`] between two stacks.
    pub async fn destroy(
        &self,
        removal: &Approved<Removal>,
        unprotect: bool,
    ) -> Result<Vec<String>, Error> {
        if !unprotect {
            self.stage.assert_unprotected()?;
        }
        let removal = removal.get();
        self.assert_unchanged(removal.plan()).await?;
        if let Some(upkeep) = self.target.upkeep().filter(|_| unprotect) {
            upkeep.unprotect(&self.progress).await?;
        }
        destroy::destroy(self.target, removal, &self.progress, &self.interrupt).await
    }

    /// Executes a plan of [`crate::aws::Aws::plan_bootstrap`]; returns the outputs of the stack.
    #[cfg(feature = "aws")]
    pub async fn bootstrap(
        &self,
        plan: &Approved<Plan>,
    ) -> Result<std::collections::BTreeMap<String, String>, Error> {
        let aws = self.target.aws()?;
        self.interrupt.check("Nothing was changed.")?;
        aws.apply_bootstrap(plan.get(), &self.progress).await
    }

    fn context<'p>(&'p self, plan: &'p Plan) -> ApplyContext<'p> {
        ApplyContext {
            target: self.target,
            plan,
            progress: &self.progress,
            interrupt: &self.interrupt,
        }
    }

    /// Collects what this deploy and earlier ones left behind. A failure is only a warning.
    async fn collect_garbage(&self) {
        let Some(upkeep) = self.target.upkeep() else {
            return;
        };
        if let Err(error) = upkeep.collect(false, &self.progress).await {
            self.progress.warn(format!(
                "Old versions and assets were not collected; the next deploy or `cargo xtask gc --stage {}` does it: {error}",
                self.stage.name()
            ));
        }
    }
}

#[cfg(test)]
#[path = "deployment_tests.rs"]
mod tests;
