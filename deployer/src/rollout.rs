//! Which version of each function is in service, and going back to an earlier one.
//!
//! A release is what was in service when the smoke test said that it answers. Going back moves
//! aliases and nothing else: the schema stays (migrations only add), and so do the templates.
//! Where an alias then stands is recorded as `aside`, so that the next plan knows that it is not
//! where its template says, and the next deploy puts it there.

use std::collections::BTreeMap;

use crate::{
    Error, migrate,
    plan::Plan,
    progress::Progress,
    release::{AliasMove, InService, LATEST, Release, Rollout, told},
    target::Target,
};

/// How many releases are remembered.
const REMEMBERED: usize = 10;

/// Called before the first stack changes: what functions do is unknown from now on.
pub(crate) async fn begin(
    target: &impl Target,
    plan: &Plan,
    mut rollout: Rollout,
) -> Result<(), Error> {
    if rollout.untried || !plan.changes_functions() {
        return Ok(());
    }
    rollout.untried = true;
    target.record_rollout(&rollout).await
}

/// Called when the stacks are as planned: puts there what stood elsewhere.
pub(crate) async fn reset_aliases(
    target: &impl Target,
    plan: &Plan,
    progress: &Progress,
) -> Result<(), Error> {
    if plan.alias_resets.is_empty() {
        return Ok(());
    }
    let step = progress.step("versions", "Putting functions where their templates say");
    let functions: Vec<String> = plan
        .alias_resets
        .iter()
        .map(|reset| reset.function.clone())
        .collect();
    target.put_as_templates_say(&functions).await?;
    let mut rollout = target.deployed().await?.rollout;
    rollout
        .aside
        .retain(|function, _| !functions.contains(function));
    target.record_rollout(&rollout).await?;
    step.done(functions.join(", "));
    Ok(())
}

/// What a function runs must be what was uploaded for it, whatever happened to the object between.
pub(crate) fn assert_code(in_service: &BTreeMap<String, InService>) -> Result<(), Error> {
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
            "The code in service of {} is not what was uploaded: somebody changed the object in the asset bucket.",
            functions.join(", ")
        ),
        "Find out who writes to the asset bucket (CloudTrail, its object versions), change the function so that it is built anew, and deploy again.",
    )
}

/// Remembers what is in service as a release: it was tried and answered.
pub(crate) async fn record_release(target: &impl Target) -> Result<(), Error> {
    let release: Release = versions(target.in_service().await?);
    let mut rollout = target.deployed().await?.rollout;
    rollout.untried = false;
    let complete = release.values().all(|version| version.number != LATEST);
    if !release.is_empty() && complete && rollout.releases.last() != Some(&release) {
        rollout.releases.push(release);
        let older = rollout.releases.len().saturating_sub(REMEMBERED);
        rollout.releases.drain(..older);
    }
    target.record_rollout(&rollout).await
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
pub(crate) async fn go_back(target: &impl Target, error: Error, progress: &Progress) -> Error {
    let back: Result<Vec<AliasMove>, Error> = async {
        let rollout = target.deployed().await?.rollout;
        match rollout.releases.last() {
            Some(release) => put(target, &rollout, release, progress).await,
            None => Ok(Vec::new()),
        }
    }
    .await;
    match back {
        Ok(moved) if moved.is_empty() => error,
        Ok(moved) => error.and(format!(
            "The versions before are in service again: {}.",
            told(&moved)
        )),
        Err(failure) => {
            progress.warn(format!(
                "{} {}",
                failure.message(),
                failure.causes().join(": ")
            ));
            error.and("Going back to the versions before failed, too.")
        }
    }
}

/// Puts the release before the one in service into service again, and forgets the later ones.
///
/// # Errors
///
/// When there is none.
pub async fn roll_back(target: &impl Target, progress: &Progress) -> Result<Vec<AliasMove>, Error> {
    let mut rollout = target.deployed().await?.rollout;
    let now = target.in_service().await?;
    let earlier = |release: &Release| !moves(release, &now).is_empty();
    let Some(at) = rollout.releases.iter().rposition(earlier) else {
        return Err(Error::failed(
            "There is no earlier release to go back to. Nothing was changed.",
            "A release is remembered when a deploy ended well. Check out what shall run, then `cargo xtask deploy`",
        ));
    };
    rollout.releases.truncate(at + 1);
    let release = rollout.releases[at].clone();
    put(target, &rollout, &release, progress).await
}

/// Moves the aliases to the versions of that release. Recorded before: a move that is cut off is
/// then in the next plan, too.
async fn put(
    target: &impl Target,
    rollout: &Rollout,
    release: &Release,
    progress: &Progress,
) -> Result<Vec<AliasMove>, Error> {
    let now = target.in_service().await?;
    let moved = moves(release, &now);
    if moved.is_empty() {
        return Ok(moved);
    }
    let step = progress.step("versions", "Putting earlier versions back into service");
    let mut rollout = rollout.clone();
    rollout.untried = false;
    for (name, function) in &now {
        match release.get(name) {
            // The template's version, but the function's own code is another one.
            Some(version)
                if version.number != function.wanted.number
                    || function.version.number == LATEST =>
            {
                rollout.aside.insert(name.clone(), version.number.clone());
            }
            Some(_) => drop(rollout.aside.remove(name)),
            None => (),
        }
    }
    target.record_rollout(&rollout).await?;
    target.put_in_service(&moved).await?;
    step.done(told(&moved));
    Ok(moved)
}

/// The aliases that stand elsewhere than at the release's version. Functions that one of both does
/// not have stay as they are.
fn moves(release: &Release, now: &BTreeMap<String, InService>) -> Vec<AliasMove> {
    release
        .iter()
        .filter_map(|(name, version)| {
            let from = &now.get(name)?.version.number;
            (*from != version.number).then(|| AliasMove {
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
