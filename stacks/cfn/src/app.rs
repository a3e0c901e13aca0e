//! Stacks that belong together, and the order that follows from what they take from each other.

use crate::{Problem, Source, Stack, validate};

/// The stacks of one application at one stage.
#[derive(Debug, Clone, Default)]
pub struct App {
    stacks: Vec<Stack>,
}

impl App {
    /// These stacks; empty ones are left out.
    pub fn new(stacks: impl IntoIterator<Item = Stack>) -> Self {
        Self {
            stacks: stacks
                .into_iter()
                .filter(|stack| !stack.is_empty())
                .collect(),
        }
    }

    /// In the order in which they were given.
    pub fn stacks(&self) -> &[Stack] {
        &self.stacks
    }

    /// The stack of that name.
    pub fn stack(&self, name: &str) -> Option<&Stack> {
        self.stacks.iter().find(|stack| stack.name() == name)
    }

    /// The stacks in levels: each level needs only what is in those before it, so its stacks can
    /// be deployed at the same time. The error names the stacks of a circle, or a stack that is
    /// not there.
    pub fn levels(&self) -> Result<Vec<Vec<&Stack>>, Problem> {
        let mut waiting: Vec<&Stack> = self.stacks.iter().collect();
        let mut done: Vec<&str> = Vec::new();
        let mut levels = Vec::new();
        while !waiting.is_empty() {
            let (ready, blocked): (Vec<&Stack>, Vec<&Stack>) = waiting
                .iter()
                .partition(|stack| needs(stack).all(|name| done.contains(&name)));
            if ready.is_empty() {
                return Err(self.stuck(&blocked));
            }
            done.extend(ready.iter().map(|stack| stack.name()));
            levels.push(ready);
            waiting = blocked;
        }
        Ok(levels)
    }

    fn stuck(&self, blocked: &[&Stack]) -> Problem {
        let absent = blocked.iter().find_map(|stack| {
            let name = needs(stack).find(|name| self.stack(name).is_none())?;
            Some((
                stack.name(),
                format!("It takes an output of the stack `{name}`, which is not there."),
            ))
        });
        let names: Vec<&str> = blocked.iter().map(|stack| stack.name()).collect();
        let (stack, message) = absent.unwrap_or_else(|| {
            (
                names[0],
                format!("These stacks wait for each other: {}.", names.join(", ")),
            )
        });
        Problem {
            stack: stack.to_owned(),
            resource: "Parameters".to_owned(),
            path: String::new(),
            message,
        }
    }

    /// Everything that is wrong with any of the stacks, and with what they take from each other.
    pub fn validate(&self) -> Vec<Problem> {
        let mut problems: Vec<Problem> = self.stacks.iter().flat_map(validate).collect();
        for stack in &self.stacks {
            for input in stack.inputs() {
                if let Source::Output {
                    stack: from,
                    output,
                } = &input.source
                    && let Some(other) = self.stack(from)
                    && !other.has_output(output)
                {
                    problems.push(Problem {
                        stack: stack.name().to_owned(),
                        resource: "Parameters".to_owned(),
                        path: input.parameter.clone(),
                        message: format!("The stack `{from}` has no output `{output}`."),
                    });
                }
            }
        }
        problems.extend(self.levels().err());
        problems
    }
}

/// The stacks whose outputs it takes.
fn needs(stack: &Stack) -> impl Iterator<Item = &str> {
    stack
        .inputs()
        .iter()
        .filter_map(|input| match &input.source {
            Source::Output { stack, .. } => Some(stack.as_str()),
            Source::Deployer => None,
        })
}
