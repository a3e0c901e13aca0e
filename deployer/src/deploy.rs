//! A deploy as a whole: apply the plan, run the smoke test, and return to the last release when the
//! test fails.

use crate::{
    Error,
    apply::{Applied, ApplyContext, apply},
    rollout::{assert_code, go_back, record_release},
    smoke::{self, SmokeTest},
};

/// Applies the plan and runs the smoke test. When the code in service is not what was uploaded, or
/// the test fails, each alias returns to the version of the last release.
pub(crate) async fn deploy(
    context: &ApplyContext<'_>,
    smoke_test: &SmokeTest<'_>,
) -> Result<Applied, Error> {
    let (target, progress) = (context.target, context.progress);
    let interrupt = context.interrupt;
    let pending =
        target.deployed().await?.rollout.smoke_test_pending || context.plan.changes_functions();
    let applied = apply(context).await?;
    interrupt.check("The plan was applied, and the smoke test was not run yet.")?;
    let releases = target.releases().filter(|_| pending);
    let tested: Result<(), Error> = async {
        if let Some(releases) = releases {
            assert_code(&releases.in_service().await?)?;
        }
        smoke::test(smoke_test, &applied.outputs, progress).await?;
        Ok(())
    }
    .await;
    match (tested, releases) {
        (Ok(()), Some(releases)) => record_release(releases).await?,
        (Ok(()), None) => (),
        (Err(error), _) => {
            return Err(match target.releases() {
                Some(releases) => go_back(releases, error, progress).await,
                None => error,
            });
        }
    }
    Ok(applied)
}
