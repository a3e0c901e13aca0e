//! Updating the code of functions without their stacks, in seconds, where a stage file allows it.
//!
//! The alias then stands at `$LATEST`, and no version is made: a version of the same code would be
//! in the way of the one that CloudFormation publishes later. The swapped functions are recorded
//! as `alias_overrides`, so that the next deploy without `--hotswap` brings stacks and functions
//! together again, whatever the checkout says then.

use crate::{
    Error,
    apply::{Applied, ApplyContext},
    asset::Asset,
    plan::{Plan, ResourceAction, ResourceChange, StackAction, StackPlan},
    release::{AliasMove, LATEST},
    rollout::{go_back, not_what_was_sent},
    smoke::{self, SmokeTest},
    stage::Stage,
    state,
};

/// Refuses a stage whose file does not allow it.
pub fn assert_allowed(stage: &Stage) -> Result<(), Error> {
    let name = stage.name();
    if stage.is_local() {
        return Err(not_allowed(name));
    }
    if stage.settings().hotswap {
        return Ok(());
    }
    Err(Error::usage(
        format!("The stage `{name}` does not allow `--hotswap`. Nothing was changed."),
        format!(
            "`cargo xtask deploy --stage {name}`. It is for stages on which one tries things: `hotswap: true` in stacks/stages/{name}.yaml"
        ),
    ))
}

/// The error for a stage whose functions have no versions.
fn not_allowed(stage: &str) -> Error {
    Error::usage(
        format!(
            "The stage `{stage}` does not allow `--hotswap`: it has no stacks that would take long. Nothing was changed."
        ),
        format!("`cargo xtask deploy --stage {stage}`"),
    )
}

/// Swaps the code of the functions that the plan changes and runs the smoke test; returns the moved
/// aliases. When the test fails, the last release is put back into service.
///
/// # Errors
///
/// A usage error when the plan changes more than code; nothing was changed then.
pub(crate) async fn deploy(
    context: &ApplyContext<'_>,
    smoke_test: &SmokeTest<'_>,
) -> Result<(Applied, Vec<AliasMove>), Error> {
    let ApplyContext {
        target,
        plan,
        progress,
        interrupt,
        ..
    } = context;
    let assets = only_code(plan)?;
    let Some(releases) = target.releases() else {
        return Err(not_allowed(&plan.stage));
    };
    interrupt.check("Nothing was changed.")?;
    target.prepare(progress).await?;
    let deployed = target.deployed().await?;
    if plan.site.put {
        progress.warn("The files of the site have changed, too; they stay as they are until a deploy without `--hotswap`.");
    }
    let step = progress.step("hotswap", "Swapping the code of functions");
    let sent = assets.iter().map(|asset| target.upload(asset));
    futures_util::future::try_join_all(sent).await?;
    let before = releases.in_service().await?;
    let mut rollout = deployed.rollout;
    // Swapped earlier, and as the templates say in this checkout.
    let restored: Vec<String> = plan
        .alias_resets
        .iter()
        .map(|reset| reset.function.clone())
        .filter(|function| !assets.iter().any(|asset| asset.function == *function))
        .collect();
    // Recorded before: a swap that is cut off is in the next plan, too.
    rollout.smoke_test_pending = true;
    for asset in &assets {
        rollout
            .alias_overrides
            .insert(asset.function.clone(), LATEST.to_owned());
    }
    releases.record_rollout(&rollout).await?;
    releases.swap_code(&assets).await?;
    if !restored.is_empty() {
        releases.put_as_templates_say(&restored).await?;
        rollout
            .alias_overrides
            .retain(|function, _| !restored.contains(function));
    }
    let now = releases.in_service().await?;
    let moved: Vec<AliasMove> = now
        .iter()
        .filter_map(|(name, function)| {
            let from = &before.get(name)?.version;
            (*from != function.version).then(|| AliasMove {
                function: name.clone(),
                from: from.number.clone(),
                to: function.version.number.clone(),
            })
        })
        .collect();
    step.done(format!("{} functions", moved.len()));
    let outputs = state::public_outputs(&deployed.stacks);
    let wrong: Vec<&str> = assets
        .iter()
        .map(|asset| (asset.function.as_str(), asset.sha256.as_str()))
        .filter(|(name, code)| now.get(*name).is_none_or(|now| now.version.code != *code))
        .map(|(name, _)| name)
        .collect();
    let tried = match wrong.as_slice() {
        [] => smoke::test(smoke_test, &outputs, progress).await.map(drop),
        wrong => Err(not_what_was_sent(wrong)),
    };
    if let Err(error) = tried {
        return Err(go_back(releases, error, progress).await);
    }
    rollout.smoke_test_pending = false;
    releases.record_rollout(&rollout).await?;
    let applied = Applied {
        outputs,
        migrated: None,
    };
    Ok((applied, moved))
}

/// The code that the plan brings, when it brings nothing else.
fn only_code(plan: &Plan) -> Result<Vec<Asset>, Error> {
    let mut beyond: Vec<String> = plan
        .stacks
        .iter()
        .filter(|stack| stack.action != StackAction::None)
        .flat_map(beyond_code)
        .collect();
    if plan.migrations.run {
        beyond.push("migrations".to_owned());
    }
    if !beyond.is_empty() {
        return Err(Error::usage(
            format!(
                "More than the code of functions changes, and `--hotswap` changes nothing else: {}. Nothing was changed.",
                beyond.join(", ")
            ),
            format!("`cargo xtask deploy --stage {}`", plan.stage),
        ));
    }
    let changed: Vec<&str> = plan
        .stacks
        .iter()
        .flat_map(|stack| stack.resources.iter().map(move |change| (stack, change)))
        .filter(|(_, change)| change.resource_type == "AWS::Lambda::Function")
        .filter_map(|(stack, change)| {
            stack.template["Resources"][&change.logical_id]["Properties"]["Code"]["S3Key"].as_str()
        })
        .collect();
    let is_changed = |asset: &&Asset| changed.contains(&asset.key.as_str());
    Ok(plan.assets.iter().filter(is_changed).cloned().collect())
}

/// What happens to a stack besides new code.
fn beyond_code(stack: &StackPlan) -> Vec<String> {
    let name = &stack.name;
    if stack.action != StackAction::Update || stack.resources.is_empty() {
        return vec![format!("the stack {name} ({})", stack.action.as_str())];
    }
    let parameters = stack
        .parameter_changes
        .iter()
        .map(|change| format!("{name} {}", change.name));
    let resources = stack
        .resources
        .iter()
        .filter(|change| !is_code(change))
        .map(|change| format!("{name} {}", change.logical_id));
    parameters.chain(resources).collect()
}

fn is_code(change: &ResourceChange) -> bool {
    let causes_are = |property: &str| {
        change.action == ResourceAction::Change
            && change
                .causes
                .iter()
                .all(|cause| cause.property.starts_with(property))
    };
    match change.resource_type.as_str() {
        "AWS::Lambda::Function" => causes_are("Properties.Code.S3Key"),
        "AWS::Lambda::Version" => {
            matches!(change.action, ResourceAction::Add | ResourceAction::Remove)
        }
        "AWS::Lambda::Alias" => causes_are("Properties.FunctionVersion"),
        _ => false,
    }
}
