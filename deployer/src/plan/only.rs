//! A plan for some of its stacks.

use super::{Plan, StackAction};
use crate::{Error, state::Deployed};

impl Plan {
    /// The same plan, with nothing happening to other stacks than these. A usage error for a name
    /// that it does not have, or when one of them needs a stack that is not deployed.
    pub fn only(mut self, names: &[String], deployed: &Deployed) -> Result<Plan, Error> {
        let known: Vec<&str> = self
            .stacks
            .iter()
            .map(|stack| stack.name.as_str())
            .collect();
        if let Some(name) = names.iter().find(|name| !known.contains(&name.as_str())) {
            return Err(Error::usage(
                format!("There is no stack `{name}`."),
                crate::stage::did_you_mean(name, &known),
            ));
        }
        for stack in self
            .stacks
            .iter()
            .filter(|stack| names.contains(&stack.name))
        {
            let absent = stack.after.iter().find(|after| {
                !names.contains(after) && !deployed.stacks.contains_key(after.as_str())
            });
            if let Some(absent) = absent {
                return Err(Error::usage(
                    format!(
                        "The stack `{}` needs `{absent}`, which is not deployed.",
                        stack.name
                    ),
                    format!("Add it: `--only {absent},{}`", names.join(",")),
                ));
            }
        }
        for stack in self
            .stacks
            .iter_mut()
            .filter(|stack| !names.contains(&stack.name))
        {
            stack.action = StackAction::None;
            stack.resources.clear();
            stack.parameter_changes.clear();
            stack.section_changes.clear();
        }
        // A stack that neither is there nor will be has no part in this.
        self.stacks.retain(|stack| {
            names.contains(&stack.name) || deployed.stacks.contains_key(&stack.name)
        });
        self.alias_resets
            .retain(|reset| names.contains(&reset.stack));
        self.risks.retain(|risk| names.contains(&risk.stack));
        self.migrations.run &= names.contains(&self.migrations.after);
        self.site.put &= names.iter().any(|name| name == "site");
        Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::Value;

    use super::*;
    use crate::{
        ErrorKind,
        plan::{MadeFrom, MigrationPlan, SitePlan, StackPlan},
        state::DeployedStack,
    };

    fn plan() -> Plan {
        let stack = |name: &str, after: &[&str]| StackPlan {
            name: name.to_owned(),
            action: StackAction::Update,
            after: after.iter().map(|name| (*name).to_owned()).collect(),
            template: Value::Null,
            parameters: BTreeMap::new(),
            parameter_changes: Vec::new(),
            section_changes: Vec::new(),
            incomplete: false,
            resources: Vec::new(),
        };
        Plan {
            stage: "local".to_owned(),
            made_from: MadeFrom::default(),
            stacks: vec![
                stack("data", &[]),
                stack("api", &["data"]),
                stack("site", &["api"]),
            ],
            assets: Vec::new(),
            alias_resets: Vec::new(),
            migrations: MigrationPlan {
                run: true,
                after: "data".to_owned(),
                ..MigrationPlan::default()
            },
            site: SitePlan {
                put: true,
                sha256: String::new(),
                files: Vec::new(),
            },
            risks: Vec::new(),
            cost: None,
        }
    }

    fn deployed(names: &[&str]) -> Deployed {
        let stack = DeployedStack {
            template: Value::Null,
            parameters: BTreeMap::new(),
            outputs: BTreeMap::new(),
            complete: true,
        };
        Deployed {
            stacks: names
                .iter()
                .map(|name| ((*name).to_owned(), stack.clone()))
                .collect(),
            ..Deployed::default()
        }
    }

    #[test]
    fn the_other_stacks_are_left_alone_and_so_are_migrations_and_site() {
        let only = plan()
            .only(&["api".to_owned()], &deployed(&["data", "api"]))
            .unwrap();
        let actions: Vec<_> = only
            .stacks
            .iter()
            .map(|stack| (stack.name.as_str(), stack.action))
            .collect();
        assert_eq!(
            actions,
            [("data", StackAction::None), ("api", StackAction::Update)]
        );
        assert!(!only.migrations.run && !only.site.put);
    }

    #[test]
    fn a_stack_whose_source_is_not_deployed_is_refused_with_the_command_that_works() {
        let error = plan()
            .only(&["site".to_owned()], &deployed(&["data"]))
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage);
        assert_eq!(
            error.message(),
            "The stack `site` needs `api`, which is not deployed."
        );
        assert_eq!(error.hint(), "Add it: `--only api,site`");
        let error = plan()
            .only(&["sit".to_owned()], &deployed(&[]))
            .unwrap_err();
        assert_eq!(
            error.hint(),
            "Did you mean `site`? There are: data, api, site"
        );
    }
}
