//! Applying a plan: exactly what it says, each stack as soon as those before it are done.
//!
//! Every step can be done again, so an interruption at any point is healed by running the same
//! command once more: a stack whose update was cut is recorded as incomplete and is updated by the
//! next plan.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use futures_util::{StreamExt, future::try_join_all, stream::FuturesUnordered};
use serde::Serialize;

use crate::{
    Error,
    interrupt::Interrupt,
    migrations::{self, Migrated, Request},
    plan::{Parameter, Plan, StackAction, StackPlan},
    progress::Progress,
    project::Project,
    rollout, site,
    state::{Deployed, DeployedStack},
    target::{Target, Uploaded},
};

/// What applying a plan came to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Applied {
    /// The outputs of every stack that are meant for people.
    pub outputs: BTreeMap<String, String>,
    /// What was migrated; `None`: the plan had nothing to migrate.
    pub migrated: Option<Migrated>,
}

/// Everything that applying needs, besides the plan.
#[derive(Debug)]
pub struct Applying<'a, T> {
    /// Where.
    pub target: &'a T,
    /// The checkout, for the site's files.
    pub project: &'a Project,
    /// What to do.
    pub plan: &'a Plan,
    /// Where events go.
    pub progress: &'a Progress,
    /// A person's wish to stop.
    pub interrupt: &'a Interrupt,
}

/// Does what the plan says. The caller holds the target's lock.
pub async fn apply<T: Target>(applying: Applying<'_, T>) -> Result<Applied, Error> {
    let Applying {
        target,
        plan,
        progress,
        interrupt,
        ..
    } = applying;
    let deployed = target.deployed().await?;
    target.check(&plan.stacks)?;
    interrupt.check("Nothing was changed.")?;
    // Also when nothing changes: what is deployed on this machine may have been killed since.
    target.prepare(progress).await?;
    if plan.is_empty() {
        return Ok(Applied {
            outputs: public_outputs(&deployed.stacks),
            migrated: None,
        });
    }
    upload(&applying).await?;
    rollout::begin(target, plan, deployed.rollout.clone()).await?;
    let run = Run::new(&applying, &deployed);
    run.stacks().await?;
    rollout::switch(target, plan, progress).await?;
    let stacks = run.done.into_inner();
    let outputs = public_outputs(&stacks);
    if plan.site.put {
        put_site(&applying, &stacks, &outputs).await?;
    }
    Ok(Applied {
        outputs,
        migrated: run.migrated.into_inner(),
    })
}

/// The outputs that people see. The others are what stacks take from each other.
const PUBLIC: &[&str] = &["apiUrl", "siteUrl"];

/// The outputs of deployed stacks that people see: their addresses.
pub fn public_outputs(stacks: &BTreeMap<String, DeployedStack>) -> BTreeMap<String, String> {
    stacks
        .values()
        .flat_map(|stack| &stack.outputs)
        .filter(|(name, _)| PUBLIC.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

async fn upload<T: Target>(applying: &Applying<'_, T>) -> Result<(), Error> {
    let Applying {
        target,
        plan,
        progress,
        interrupt,
        ..
    } = applying;
    if plan.assets.is_empty() {
        return Ok(());
    }
    let step = progress.step("upload", "Uploading the functions");
    let sent = try_join_all(plan.assets.iter().map(|asset| target.upload(asset))).await?;
    let new = sent.iter().filter(|sent| **sent == Uploaded::Sent).count();
    step.done(match new {
        0 => "all there already".to_owned(),
        _ => format!("{new} of {}", plan.assets.len()),
    });
    interrupt.check("Functions were uploaded; no stack was changed.")
}

async fn put_site<T: Target>(
    applying: &Applying<'_, T>,
    stacks: &BTreeMap<String, DeployedStack>,
    outputs: &BTreeMap<String, String>,
) -> Result<(), Error> {
    let Some(bucket) = stacks
        .values()
        .find_map(|stack| stack.outputs.get("siteBucket"))
    else {
        return Ok(());
    };
    let step = applying
        .progress
        .step("site", "Putting the site into its bucket");
    let mut files = site::files(applying.project)?;
    if site::hash(&files) != applying.plan.site.sha256 {
        return Err(Error::failed(
            "The files of the site changed after the plan was made.",
            "Run the same command again: it plans with the files as they are now.",
        ));
    }
    files.push(site::config(&applying.plan.stage, outputs));
    applying
        .target
        .put_site(bucket, &files, &applying.plan.site.sha256)
        .await?;
    step.done(format!("{} files", files.len()));
    Ok(())
}

/// The state of one run through the stacks.
struct Run<'a, T> {
    applying: &'a Applying<'a, T>,
    /// Stacks that are as the plan wants them.
    done: RefCell<BTreeMap<String, DeployedStack>>,
    migrated: RefCell<Option<Migrated>>,
}

impl<'a, T: Target> Run<'a, T> {
    fn new(applying: &'a Applying<'a, T>, deployed: &Deployed) -> Run<'a, T> {
        // A stack to which nothing happens is done, unless the migrations come after it.
        let done = deployed.stacks.iter().filter(|(name, _)| {
            let plan = applying
                .plan
                .stacks
                .iter()
                .find(|stack| stack.name == **name);
            plan.is_some_and(|stack| stack.action == StackAction::None)
                && !applying.runs_migrations_after(name)
        });
        let done = done
            .map(|(name, stack)| (name.clone(), stack.clone()))
            .collect();
        Run {
            applying,
            done: RefCell::new(done),
            migrated: RefCell::new(None),
        }
    }

    /// Creates and updates, then deletes what is no longer wanted.
    async fn stacks(&self) -> Result<(), Error> {
        let (deletions, others): (Vec<_>, Vec<_>) = self
            .applying
            .plan
            .stacks
            .iter()
            .filter(|stack| !self.done.borrow().contains_key(&stack.name))
            .partition(|stack| stack.action == StackAction::Delete);
        self.in_order(others).await?;
        self.in_order(deletions).await
    }

    /// Each stack as soon as those that it waits for are done. After a failure nothing new begins,
    /// and what has begun is waited for.
    async fn in_order(&self, stacks: Vec<&StackPlan>) -> Result<(), Error> {
        let mut open: BTreeSet<&str> = stacks.iter().map(|stack| stack.name.as_str()).collect();
        let mut waiting = stacks;
        let mut running = FuturesUnordered::new();
        let mut failure: Option<Error> = None;
        loop {
            if failure.is_none() && !waiting.is_empty() {
                failure = self.applying.interrupt.check(&self.so_far()).err();
            }
            if failure.is_none() {
                let ready: Vec<&StackPlan>;
                (ready, waiting) = waiting.into_iter().partition(|stack| {
                    !stack.after.iter().any(|name| open.contains(name.as_str()))
                });
                for stack in ready {
                    running.push(async move { (stack, self.one(stack).await) });
                }
            }
            let Some((stack, result)) = running.next().await else {
                break;
            };
            open.remove(stack.name.as_str());
            if let Err(error) = result {
                failure.get_or_insert(error);
            }
        }
        let Some(failure) = failure else {
            return Ok(());
        };
        if !waiting.is_empty() {
            let names: Vec<&str> = waiting.iter().map(|stack| stack.name.as_str()).collect();
            self.applying
                .progress
                .warn(format!("Not touched: {}.", names.join(", ")));
        }
        Err(failure)
    }

    async fn one(&self, stack: &StackPlan) -> Result<(), Error> {
        let Applying {
            target, progress, ..
        } = self.applying;
        let name = &stack.name;
        match stack.action {
            StackAction::Delete => {
                let step = progress.step(format!("stack {name}"), format!("Deleting {name}"));
                target.delete_stack(name, progress).await?;
                step.done(format!("{} resources", stack.resources.len()));
                return Ok(());
            }
            StackAction::Create | StackAction::Update => {
                let title = match stack.action {
                    StackAction::Create => format!("Creating {name}"),
                    _ => format!("Updating {name}"),
                };
                let step = progress.step(format!("stack {name}"), title);
                let parameters = self.parameters(stack)?;
                let deployed = target.apply_stack(stack, &parameters, progress).await?;
                step.done(format!("{} resources", stack.resources.len()));
                self.migrate_after(name).await?;
                self.done.borrow_mut().insert(name.clone(), deployed);
            }
            StackAction::None => {
                self.migrate_after(name).await?;
                if let Some(stack) = target.deployed().await?.stacks.remove(name) {
                    self.done.borrow_mut().insert(name.clone(), stack);
                }
            }
        }
        Ok(())
    }

    /// The values of a stack's parameters, now that the stacks before it are done.
    fn parameters(&self, stack: &StackPlan) -> Result<BTreeMap<String, String>, Error> {
        let done = self.done.borrow();
        let value = |parameter: &Parameter| match parameter {
            Parameter::Value(value) => Ok(value.clone()),
            Parameter::Output {
                stack: from,
                output,
            } => {
                let outputs = done.get(from).map(|stack| &stack.outputs);
                outputs.and_then(|outputs| outputs.get(output)).cloned().ok_or_else(|| {
                    Error::failed(
                        format!(
                            "The stack `{}` needs the output `{output}` of `{from}`, which has none of that name.",
                            stack.name
                        ),
                        "See the outputs in the templates: `cargo xtask synth --stage local`",
                    )
                })
            }
        };
        stack
            .parameters
            .iter()
            .map(|(name, from)| Ok((name.clone(), value(from)?)))
            .collect()
    }

    async fn migrate_after(&self, stack: &str) -> Result<(), Error> {
        let Applying {
            target,
            plan,
            progress,
            ..
        } = self.applying;
        if !self.applying.runs_migrations_after(stack) {
            return Ok(());
        }
        let step = progress.step("migrate", "Migrating the database");
        let migrated = migrations::invoke(*target, Request::Apply).await?;
        let files = migrations::files(self.applying.project)?;
        let applied = files
            .into_iter()
            .map(|file| (file.version, file.sha256))
            .collect();
        target.record_migrations(&applied).await?;
        step.done(match migrated.applied.len() {
            0 => format!("schema {} is the newest", migrated.schema_version),
            1 => format!("1 migration, schema {}", migrated.schema_version),
            count => format!("{count} migrations, schema {}", migrated.schema_version),
        });
        debug_assert_eq!(plan.migrations.after, stack);
        *self.migrated.borrow_mut() = Some(migrated);
        Ok(())
    }

    /// What was done so far, for someone who interrupted.
    fn so_far(&self) -> String {
        let done = self.done.borrow();
        let changed: Vec<&str> = self
            .applying
            .plan
            .stacks
            .iter()
            .filter(|stack| stack.action != StackAction::None && done.contains_key(&stack.name))
            .map(|stack| stack.name.as_str())
            .collect();
        match changed.as_slice() {
            [] => "No stack was changed.".to_owned(),
            names => format!(
                "Done and kept: {}. The others were not touched.",
                names.join(", ")
            ),
        }
    }
}

impl<T> Applying<'_, T> {
    fn runs_migrations_after(&self, stack: &str) -> bool {
        self.plan.migrations.run && self.plan.migrations.after == stack
    }
}

#[cfg(test)]
#[path = "apply_tests.rs"]
mod tests;
