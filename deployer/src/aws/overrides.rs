//! Where each alias points at this moment, compared with its template: read for each plan and never
//! remembered, since anybody may move an alias.

use std::collections::BTreeMap;

use futures_util::future::try_join_all;

use super::{
    Aws,
    aws_error::AwsError,
    deployed_functions::DeployedFunction,
    stack::{Phase, StackView},
};
use crate::{Error, plan::aliases, state::Deployed};

impl Aws {
    /// Sets the alias overrides to what Lambda says: an alias that somebody moved is in the next plan
    /// like one that a rollback moved, and one that was moved back is not. What is recorded counts
    /// only for a function that cannot be read.
    pub(super) async fn read_overrides(
        &self,
        stacks: &BTreeMap<String, StackView>,
        deployed: &mut Deployed,
    ) -> Result<(), Error> {
        let stable = stacks.values().filter(|view| view.phase == Phase::Stable);
        let with_functions = stable.filter_map(|view| {
            let stack = deployed.stacks.get(&view.name)?;
            (!aliases(&stack.template).is_empty()).then_some((view, &stack.template))
        });
        let read = with_functions.map(|(view, template)| async move {
            let functions = self.deployed_functions_of(template, view).await?;
            let read = functions.into_iter().map(|(name, function)| async move {
                let points_at = self.points_at(&function).await?;
                Ok::<_, Error>((name, points_at, function.wanted.number))
            });
            try_join_all(read).await
        });
        let found: Vec<_> = try_join_all(read).await?.into_iter().flatten().collect();
        let overrides = &mut deployed.rollout.alias_overrides;
        for (function, points_at, wanted) in found {
            match points_at {
                Some(version) if version != wanted => {
                    overrides.insert(function, version);
                }
                // Recorded at the template's own version: the alias is back, and the function's code
                // is not (a hotswap that failed its smoke test).
                Some(_) if overrides.get(&function) == Some(&wanted) => (),
                Some(_) => {
                    overrides.remove(&function);
                }
                None => (),
            }
        }
        Ok(())
    }

    /// The version that the alias points at; `None`: the function or its alias was deleted.
    async fn points_at(&self, function: &DeployedFunction) -> Result<Option<String>, Error> {
        let name = &function.lambda_name;
        let response = self
            .clients
            .lambda
            .get_function_configuration()
            .function_name(name)
            .qualifier(&function.alias)
            .send()
            .await;
        match response {
            Ok(response) => Ok(response.version().map(str::to_owned)),
            Err(error) => {
                let refused = AwsError::new("lambda:GetFunctionConfiguration", error);
                if refused.code == "ResourceNotFoundException" {
                    return Ok(None);
                }
                Err(refused.error(format!(
                    "Which version of the function `{name}` is in service cannot be read."
                )))
            }
        }
    }
}
