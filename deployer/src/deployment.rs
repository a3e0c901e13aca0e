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
//!     lock::LeaseHolder,
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

use std::{
    panic::{AssertUnwindSafe, resume_unwind},
    path::Path,
};

use futures_util::FutureExt;

use crate::{
    Error,
    apply::{ApplyContext, apply},
    approval::Approved,
    deploy, destroy, hotswap,
    interrupt::Interrupt,
    lock::LeaseHolder,
    migrate::{self, Migrated},
    plan::{self, Plan, Removal},
    planning::{self, PlanInputs},
    progress::Progress,
    project::Project,
    release::AliasMove,
    rollout, saved_plan,
    smoke::{self, SmokeTest},
    stage::Stage,
    state::public_outputs,
    target::{Lease, Releases, Target},
};

pub use crate::apply::Applied;

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
    /// Takes the lease of the stage.
    ///
    /// # Errors
    ///
    /// [`crate::ErrorKind::Busy`] at once, with the name of the holder, when somebody else has it.
    pub async fn begin(
        target: &'a dyn Target,
        stage: &'a Stage,
        holder: &LeaseHolder,
        progress: &Progress,
        interrupt: &Interrupt,
    ) -> Result<Deployment<'a>, Error> {
        Ok(Deployment {
            target,
            stage,
            progress: progress.clone(),
            interrupt: interrupt.clone(),
            lease: Some(target.lease(holder).await?),
        })
    }

    /// Like [`Deployment::begin`], also for a stage without a bucket that could hold a lease: then
    /// CloudFormation alone keeps two bootstraps apart.
    #[cfg(feature = "aws")]
    pub async fn begin_bootstrap(
        aws: &'a crate::aws::Aws,
        stage: &'a Stage,
        holder: &LeaseHolder,
        progress: &Progress,
        interrupt: &Interrupt,
    ) -> Result<Deployment<'a>, Error> {
        if aws.has_bucket().await? {
            return Deployment::begin(aws, stage, holder, progress, interrupt).await;
        }
        Ok(Deployment {
            target: aws,
            stage,
            progress: progress.clone(),
            interrupt: interrupt.clone(),
            lease: None,
        })
    }

    /// Does `work` and releases the lease, whether it succeeds, fails or panics. When this future is
    /// dropped, the lease is released in the background or expires.
    ///
    /// # Errors
    ///
    /// Those of `work`; when there is none, that of the release.
    pub async fn run<T>(
        mut self,
        work: impl AsyncFnOnce(&Deployment<'a>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let result = AssertUnwindSafe(work(&self)).catch_unwind().await;
        let released = match self.lease.take() {
            Some(lease) => lease.release().await,
            None => Ok(()),
        };
        if let (Err(error), Ok(Err(_)) | Err(_)) = (&released, &result) {
            self.progress.warn(format!(
                "The lease of the stage was not released and ends when it expires: {error}"
            ));
        }
        match result {
            Ok(Ok(value)) => released.map(|()| value),
            Ok(Err(error)) => Err(error),
            Err(panic) => resume_unwind(panic),
        }
    }

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
        let applied = deploy::deploy(&self.context(plan.get()), smoke_test).await?;
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
        let moved = rollout::roll_back(releases, &self.progress).await?;
        let outputs = public_outputs(&self.target.deployed().await?.stacks);
        smoke::test(smoke_test, &outputs, &self.progress)
            .await
            .map_err(|error| {
                let now = crate::release::told(&moved);
                error.and(format!("In service is now: {now}."))
            })?;
        Ok(moved)
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
                "Old versions and assets were not collected; the next deploy or `cargo xtask gc` does it: {error}"
            ));
        }
    }

    async fn record_source(&self, plan: &Plan) -> Result<(), Error> {
        match &plan.made_from.source {
            Some(source) if !plan.is_empty() => self.target.record_source(source).await,
            _ => Ok(()),
        }
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

#[cfg(test)]
#[path = "deployment_tests.rs"]
mod tests;
