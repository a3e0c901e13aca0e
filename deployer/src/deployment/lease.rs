//! The lease of a deployment: taken at its beginning, released on every path.

use std::panic::{AssertUnwindSafe, resume_unwind};

use futures_util::FutureExt;

use super::Deployment;
use crate::{
    Error, interrupt::Interrupt, lease::LeaseHolder, progress::Progress, stage::Stage,
    target::Target,
};

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
}
