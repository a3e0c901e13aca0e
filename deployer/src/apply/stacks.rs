//! One run through the stacks of a plan: each as soon as those before it are done, and the
//! migrations after theirs.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    pin::pin,
};

use futures_util::{StreamExt, stream::FuturesUnordered};

use super::ApplyContext;
use crate::{
    Error, ErrorKind,
    interrupt::{Ongoing, interrupted},
    migrate::{self, Migrated},
    plan::{Parameter, StackAction, StackPlan},
    state::{Deployed, DeployedStack},
};

/// The state of one run through the stacks.
pub(super) struct Run<'a> {
    context: &'a ApplyContext<'a>,
    /// Stacks that are as the plan wants them.
    pub(super) done: RefCell<BTreeMap<String, DeployedStack>>,
    pub(super) migrated: RefCell<Option<Migrated>>,
    /// The migrations that were recorded before.
    recorded: BTreeMap<i64, String>,
}

impl<'a> Run<'a> {
    pub(super) fn new(context: &'a ApplyContext<'a>, deployed: &Deployed) -> Run<'a> {
        // A stack to which nothing happens is done, unless the migrations come after it.
        let done = deployed.stacks.iter().filter(|(name, _)| {
            let plan = context
                .plan
                .stacks
                .iter()
                .find(|stack| stack.name == **name);
            plan.is_some_and(|stack| stack.action == StackAction::None)
                && !context.runs_migrations_after(name)
        });
        let done = done
            .map(|(name, stack)| (name.clone(), stack.clone()))
            .collect();
        Run {
            context,
            done: RefCell::new(done),
            migrated: RefCell::new(None),
            recorded: deployed.migrations.clone(),
        }
    }

    /// Creates and updates, then deletes what is no longer wanted.
    pub(super) async fn stacks(&self) -> Result<(), Error> {
        let (deletions, others): (Vec<_>, Vec<_>) = self
            .context
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
                failure = self.context.interrupt.check(&self.so_far()).err();
            }
            if failure.is_none() {
                let ready: Vec<&StackPlan>;
                (ready, waiting) = waiting.into_iter().partition(|stack| {
                    !stack.after.iter().any(|name| open.contains(name.as_str()))
                });
                for stack in ready {
                    running.push(async move { (stack, self.change(stack).await) });
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
            self.context
                .progress
                .warn(format!("Not touched: {}.", names.join(", ")));
        }
        Err(failure)
    }

    async fn change(&self, stack: &StackPlan) -> Result<(), Error> {
        let ApplyContext {
            target, progress, ..
        } = self.context;
        let name = &stack.name;
        match stack.action {
            StackAction::Delete => {
                let step = progress.step(format!("stack {name}"), format!("Deleting {name}"));
                target.delete_stack(name, progress).await?;
                step.done(format!("{} resources", stack.resources.len()));
                return Ok(());
            }
            StackAction::Create | StackAction::Update => {
                let step = progress.step(format!("stack {name}"), title(stack));
                let parameters = self.parameters(stack)?;
                let deployed = self.apply_stack(stack, &parameters).await?;
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

    /// Makes a stack be as planned, and takes its update back when somebody asks for that meanwhile.
    async fn apply_stack(
        &self,
        stack: &StackPlan,
        parameters: &BTreeMap<String, String>,
    ) -> Result<DeployedStack, Error> {
        let ApplyContext {
            target,
            progress,
            interrupt,
            ..
        } = self.context;
        // Only an update has something to go back to.
        let updates = stack.action == StackAction::Update;
        let rollback = target.stack_rollback().filter(|_| updates);
        let _ongoing = interrupt.during(Ongoing {
            title: title(stack),
            can_go_back: rollback.map(|rollback| rollback.stack_name(&stack.name)),
        });
        let mut work = pin!(target.apply_stack(stack, parameters, progress));
        tokio::select! {
            biased;
            result = &mut work => return result,
            () = interrupt.taken_back(), if rollback.is_some() => (),
        }
        let cancelled = match rollback {
            Some(rollback) => rollback.cancel_update(&stack.name).await,
            None => Ok(()),
        };
        if let Err(error) = cancelled {
            progress.warn(format!("{} {}", error.message(), error.causes().join(": ")));
            return work.await;
        }
        match work.await {
            Err(error) if error.kind() == ErrorKind::Failed => Err(interrupted(&format!(
                "The update of {} was rolled back; the previous version still runs.",
                stack.name
            ))
            .because(error)),
            other => other,
        }
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
        let ApplyContext {
            target,
            plan,
            progress,
            ..
        } = self.context;
        if !self.context.runs_migrations_after(stack) {
            return Ok(());
        }
        let step = progress.step("migrate", "Migrating the database");
        let migrated = migrate::apply(*target, &plan.stage).await?;
        let pending = plan.migrations.pending.iter();
        let pending = pending.map(|file| (file.version, file.sha256.clone()));
        // A database that is new, or may be another one, has only what was applied now.
        let before = if plan.migrations.known {
            self.recorded.clone()
        } else {
            BTreeMap::new()
        };
        let applied = before.into_iter().chain(pending).collect();
        target.record_migrations(&applied).await?;
        step.done(migrated.summary());
        *self.migrated.borrow_mut() = Some(migrated);
        Ok(())
    }

    /// What was done so far, for someone who interrupted.
    pub(super) fn so_far(&self) -> String {
        let done = self.done.borrow();
        let (changed, others): (Vec<&str>, Vec<&str>) = self
            .context
            .plan
            .stacks
            .iter()
            .filter(|stack| matches!(stack.action, StackAction::Create | StackAction::Update))
            .map(|stack| stack.name.as_str())
            .partition(|name| done.contains_key(*name));
        match (changed.as_slice(), others.as_slice()) {
            ([], _) => "No stack was changed.".to_owned(),
            (names, []) => format!("Done and kept: {}.", names.join(", ")),
            (names, _) => format!(
                "Done and kept: {}. The others were not touched.",
                names.join(", ")
            ),
        }
    }
}

fn title(stack: &StackPlan) -> String {
    match stack.action {
        StackAction::Create => format!("Creating {}", stack.name),
        _ => format!("Updating {}", stack.name),
    }
}

impl ApplyContext<'_> {
    fn runs_migrations_after(&self, stack: &str) -> bool {
        self.plan.migrations.run && self.plan.migrations.after == stack
    }
}
