//! A deploy as a whole: the plan is applied, what comes of it is tried, and what does not answer is
//! taken out of service again.

use crate::{
    Error,
    apply::{Applied, Applying, apply},
    rollout::{assert_code, go_back, record_release},
    smoke::{self, Trial},
    target::Target,
};

/// Does what the plan says and tries what comes of it. When the code in service is not what was
/// sent, or does not answer, each alias goes back to the version of the last release.
pub async fn deploy<T: Target>(
    applying: Applying<'_, T>,
    trial: &Trial<'_>,
) -> Result<Applied, Error> {
    let (target, progress) = (applying.target, applying.progress);
    let interrupt = applying.interrupt;
    let untried = target.deployed().await?.rollout.untried || applying.plan.changes_functions();
    let applied = apply(applying).await?;
    interrupt.check("Everything is as planned, and was not tried yet.")?;
    let tried: Result<(), Error> = async {
        if untried {
            assert_code(&target.in_service().await?)?;
        }
        smoke::test(trial, &applied.outputs, progress).await?;
        Ok(())
    }
    .await;
    match tried {
        Ok(()) if untried => record_release(target).await?,
        Ok(()) => (),
        Err(error) => return Err(go_back(target, error, progress).await),
    }
    Ok(applied)
}
