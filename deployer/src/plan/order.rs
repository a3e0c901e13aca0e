//! In which order stacks are applied and deleted. It comes from what they take from each other,
//! never from a list kept by hand.

use std::collections::{BTreeMap, BTreeSet};

use super::{DesiredStack, Parameter};
use crate::{Error, state::Deployed};

/// The stacks that `wanted` takes outputs from.
pub(crate) fn sources(wanted: &DesiredStack) -> Vec<String> {
    let sources: BTreeSet<&String> = wanted
        .parameters
        .values()
        .filter_map(|parameter| match parameter {
            Parameter::Output { stack, .. } => Some(stack),
            Parameter::Value(_) => None,
        })
        .collect();
    sources.into_iter().cloned().collect()
}

/// Each stack after those it takes outputs from; names decide among equals.
pub(crate) fn in_order(mut stacks: Vec<DesiredStack>) -> Result<Vec<DesiredStack>, Error> {
    stacks.sort_by(|a, b| a.name.cmp(&b.name));
    let mut ordered: Vec<DesiredStack> = Vec::new();
    while !stacks.is_empty() {
        let ready = stacks.iter().position(|stack| {
            sources(stack)
                .iter()
                .all(|source| ordered.iter().any(|done| done.name == *source))
        });
        let Some(ready) = ready else {
            let names: Vec<&str> = stacks.iter().map(|stack| stack.name.as_str()).collect();
            return Err(Error::failed(
                format!(
                    "The stacks {} wait for each other, or for an output of a stack that does not exist.",
                    names.join(", ")
                ),
                "See which outputs each takes from the others in stacks/src and break the cycle: `cargo xtask synth --stage local`",
            ));
        };
        ordered.push(stacks.remove(ready));
    }
    Ok(ordered)
}

/// A stack to delete.
pub(crate) struct Removal {
    /// Its name.
    pub(crate) name: String,
    /// The stacks that must be gone before it.
    pub(crate) after: Vec<String>,
}

/// The order in which the deployed stacks `which` can be deleted: a stack after those that take an
/// output of it. Who takes what is read from the values: a parameter that equals an output.
pub(crate) fn deletion_order(deployed: &Deployed, which: &BTreeSet<String>) -> Vec<Removal> {
    let mut users: BTreeMap<&String, Vec<String>> = BTreeMap::new();
    for name in which {
        let outputs: BTreeSet<&String> = deployed.stacks[name].outputs.values().collect();
        let takes = |other: &&String| {
            *other != name
                && deployed.stacks[*other]
                    .parameters
                    .values()
                    .any(|value| outputs.contains(value))
        };
        users.insert(name, which.iter().filter(takes).cloned().collect());
    }
    let mut ordered: Vec<Removal> = Vec::new();
    while !users.is_empty() {
        let gone = |name: &String| ordered.iter().any(|removal| removal.name == *name);
        // Equal values by chance could make a circle; then the last by name goes first.
        let next = users
            .iter()
            .rev()
            .find(|(_, users)| users.iter().all(gone))
            .or_else(|| users.iter().next_back())
            .map(|(name, _)| (*name).clone());
        let Some(name) = next else { break };
        let mut after = users.remove(&name).unwrap_or_default();
        after.retain(|user| ordered.iter().any(|removal| removal.name == *user));
        ordered.push(Removal { name, after });
    }
    ordered
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::state::DeployedStack;

    fn wanted(name: &str, takes: &[&str]) -> DesiredStack {
        let parameters = takes
            .iter()
            .map(|stack| {
                let output = "id".to_owned();
                (
                    (*stack).to_owned(),
                    Parameter::Output {
                        stack: (*stack).to_owned(),
                        output,
                    },
                )
            })
            .collect();
        DesiredStack {
            name: name.to_owned(),
            template: Value::Null,
            parameters,
        }
    }

    #[test]
    fn stacks_come_after_what_they_take_from() {
        let stacks = vec![
            wanted("site", &["api"]),
            wanted("api", &["data", "network"]),
            wanted("data", &["network"]),
            wanted("network", &[]),
        ];
        let names: Vec<_> = in_order(stacks)
            .unwrap()
            .into_iter()
            .map(|stack| stack.name)
            .collect();
        assert_eq!(names, ["network", "data", "api", "site"]);
    }

    #[test]
    fn a_circle_is_refused_by_name() {
        let error = in_order(vec![wanted("a", &["b"]), wanted("b", &["a"])]).unwrap_err();
        assert!(
            error
                .message()
                .starts_with("The stacks a, b wait for each other"),
            "{error}"
        );
    }

    #[test]
    fn a_stack_is_deleted_after_those_that_use_it() {
        let stack = |parameter: &str, output: &str| DeployedStack {
            template: Value::Null,
            parameters: BTreeMap::from([("P".to_owned(), parameter.to_owned())]),
            outputs: BTreeMap::from([("O".to_owned(), output.to_owned())]),
            complete: true,
        };
        let deployed = Deployed {
            stacks: BTreeMap::from([
                ("api".to_owned(), stack("db-1", "api-1")),
                ("data".to_owned(), stack("vpc-1", "db-1")),
                ("network".to_owned(), stack("-", "vpc-1")),
            ]),
            ..Deployed::default()
        };
        let all = deployed.stacks.keys().cloned().collect();
        let order: Vec<_> = deletion_order(&deployed, &all)
            .into_iter()
            .map(|removal| (removal.name, removal.after.join(" ")))
            .collect();
        let expected = [("api", ""), ("data", "api"), ("network", "data")];
        assert_eq!(
            order,
            expected.map(|(name, after)| (name.to_owned(), after.to_owned()))
        );
    }
}
