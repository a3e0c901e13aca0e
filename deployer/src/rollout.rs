//! Which version of each function is in service, and the rollback to an earlier one.
//!
//! A release is the set of versions in service when the smoke test passed. A rollback moves aliases
//! and nothing else: the schema stays (migrations only add), and so do the templates. The moved
//! aliases are recorded as `alias_overrides`, so that the next plan resets them.

use std::collections::BTreeMap;

use crate::{
    Error, migrate,
    plan::Plan,
    progress::Progress,
    release::{AliasMove, InService, LATEST, Release, Rollout, describe},
    target::{Releases, Target},
};

/// How many releases are remembered.
const REMEMBERED: usize = 10;

/// Called before the first stack changes: what functions do is unknown from now on.
pub(crate) async fn begin(
    target: &dyn Target,
    plan: &Plan,
    mut rollout: Rollout,
) -> Result<(), Error> {
    let Some(releases) = target.releases() else {
        return Ok(());
    };
    if rollout.smoke_test_pending || !plan.changes_functions() {
        return Ok(());
    }
    rollout.smoke_test_pending = true;
    releases.record_rollout(&rollout).await
}

/// Called when the stacks are as planned: puts there what stood elsewhere.
pub(crate) async fn reset_aliases(
    target: &dyn Target,
    plan: &Plan,
    progress: &Progress,
) -> Result<(), Error> {
    let Some(releases) = target.releases() else {
        return Ok(());
    };
    if plan.alias_resets.is_empty() {
        return Ok(());
    }
    let step = progress.step("versions", "Putting functions where their templates say");
    let functions: Vec<String> = plan
        .alias_resets
        .iter()
        .map(|reset| reset.function.clone())
        .collect();
    releases.put_as_templates_say(&functions).await?;
    let mut rollout = releases.deployed().await?.rollout;
    rollout
        .alias_overrides
        .retain(|function, _| !functions.contains(function));
    releases.record_rollout(&rollout).await?;
    step.done(functions.join(", "));
    Ok(())
}

/// What a function runs must be what was uploaded for it, whatever happened to the object between,
/// and all of the traffic must go to it: a smoke test of an alias that still moves counts for nothing.
pub(crate) fn assert_code(in_service: &BTreeMap<String, InService>) -> Result<(), Error> {
    let moving: Vec<&str> = in_service
        .iter()
        .filter(|(_, function)| !function.also.is_empty())
        .map(|(name, _)| name.as_str())
        .collect();
    if !moving.is_empty() {
        return Err(Error::failed(
            format!(
                "Part of the traffic of {} still goes to another version than the one in service.",
                moving.join(", ")
            ),
            "Wait until the alias stands still (`aws lambda get-alias` shows no `RoutingConfig`), then run the same command again.",
        ));
    }
    let wrong: Vec<&str> = in_service
        .iter()
        .filter(|(_, function)| {
            function.version.number == function.wanted.number
                && function.version.code != function.wanted.code
        })
        .map(|(name, _)| name.as_str())
        .collect();
    if wrong.is_empty() {
        return Ok(());
    }
    Err(not_what_was_sent(&wrong))
}

/// The error for functions that run other code than was uploaded.
pub(crate) fn not_what_was_sent(functions: &[&str]) -> Error {
    Error::failed(
        format!(
            "The code in service of {} is not the uploaded code: somebody changed the object in the asset bucket.",
            functions.join(", ")
        ),
        "Find out who writes to the asset bucket (CloudTrail, its object versions), change the function so that it is built again, and deploy.",
    )
}

/// Remembers what is in service as a release: it was tried and answered.
pub(crate) async fn record_release(releases: &dyn Releases) -> Result<(), Error> {
    let release: Release = versions(releases.in_service().await?);
    let mut rollout = releases.deployed().await?.rollout;
    rollout.smoke_test_pending = false;
    let complete = release.values().all(|version| version.number != LATEST);
    if !release.is_empty() && complete && rollout.releases.last() != Some(&release) {
        rollout.releases.push(release);
        let older = rollout.releases.len().saturating_sub(REMEMBERED);
        rollout.releases.drain(..older);
    }
    releases.record_rollout(&rollout).await
}

fn versions(in_service: BTreeMap<String, InService>) -> Release {
    in_service
        .into_iter()
        // It goes with the schema, which stays.
        .filter(|(name, _)| name != migrate::FUNCTION)
        .map(|(name, function)| (name, function.version))
        .collect()
}

/// Puts the last release back into service after a failure; gives the error with what became of that.
pub(crate) async fn go_back(releases: &dyn Releases, error: Error, progress: &Progress) -> Error {
    let back: Result<Vec<AliasMove>, Error> = async {
        let rollout = releases.deployed().await?.rollout;
        match rollout.releases.last() {
            Some(release) => put(releases, &rollout, release, progress).await,
            None => Ok(Vec::new()),
        }
    }
    .await;
    match back {
        Ok(moved) if moved.is_empty() => error,
        Ok(moved) => error.and(format!(
            "The previous versions are in service again: {}.",
            describe(&moved)
        )),
        Err(failure) => {
            progress.warn(format!(
                "{} {}",
                failure.message(),
                failure.causes().join(": ")
            ));
            error.and("Rolling back to the previous versions failed, too.")
        }
    }
}

/// Puts the release before the one in service into service again, and forgets the later ones.
///
/// # Errors
///
/// When there is none.
pub(crate) async fn roll_back(
    releases: &dyn Releases,
    stage: &str,
    progress: &Progress,
) -> Result<Vec<AliasMove>, Error> {
    let mut rollout = releases.deployed().await?.rollout;
    let now = releases.in_service().await?;
    let earlier = |release: &Release| !moves(release, &now).is_empty();
    let Some(at) = rollout.releases.iter().rposition(earlier) else {
        return Err(Error::failed(
            "There is no earlier release to roll back to. Nothing was changed.",
            format!(
                "A release is remembered when a deploy ended well. Check out the commit to run, then `cargo xtask deploy --stage {stage}`"
            ),
        ));
    };
    rollout.releases.truncate(at + 1);
    let release = rollout.releases[at].clone();
    put(releases, &rollout, &release, progress).await
}

/// Moves the aliases to the versions of that release. Recorded before: a move that is cut off is
/// then in the next plan, too.
async fn put(
    releases: &dyn Releases,
    rollout: &Rollout,
    release: &Release,
    progress: &Progress,
) -> Result<Vec<AliasMove>, Error> {
    let now = releases.in_service().await?;
    let moved = moves(release, &now);
    if moved.is_empty() {
        return Ok(moved);
    }
    let step = progress.step("versions", "Putting earlier versions back into service");
    let mut rollout = rollout.clone();
    rollout.smoke_test_pending = false;
    for (name, function) in &now {
        match release.get(name) {
            // The template's version, but the function's own code is another one.
            Some(version)
                if version.number != function.wanted.number
                    || function.version.number == LATEST =>
            {
                rollout
                    .alias_overrides
                    .insert(name.clone(), version.number.clone());
            }
            Some(_) => drop(rollout.alias_overrides.remove(name)),
            None => (),
        }
    }
    releases.record_rollout(&rollout).await?;
    releases.put_in_service(&moved).await?;
    step.done(describe(&moved));
    Ok(moved)
}

/// The aliases that stand elsewhere than at the release's version, with all or part of their traffic. Functions that one of both does
/// not have stay as they are.
fn moves(release: &Release, now: &BTreeMap<String, InService>) -> Vec<AliasMove> {
    release
        .iter()
        .filter_map(|(name, version)| {
            let function = now.get(name)?;
            let from = &function.version.number;
            let is_elsewhere = *from != version.number || !function.also.is_empty();
            is_elsewhere.then(|| AliasMove {
                function: name.clone(),
                from: from.clone(),
                to: version.number.clone(),
            })
        })
        .collect()
}

#[cfg(test)]
#[path = "rollout_tests.rs"]
mod tests;
