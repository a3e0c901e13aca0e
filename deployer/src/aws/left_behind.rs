//! What a stack that was deleted by hand left behind: its secrets outlive it, under names that the
//! next stack of its name needs. CloudFormation would fail to create it, however often it is asked.

use futures_util::future::join_all;
use serde_json::Value;

use super::Aws;
use crate::{
    Error,
    plan::{StackAction, StackPlan},
};

const SECRET: &str = "AWS::SecretsManager::Secret";

impl Aws {
    /// Refuses a plan that creates a stack whose secrets are there already. Reads only.
    pub(super) async fn refuse_what_is_left_behind(
        &self,
        stacks: &[StackPlan],
    ) -> Result<(), Error> {
        let named: Vec<(&str, &str, &str)> = stacks
            .iter()
            .filter(|stack| stack.action == StackAction::Create)
            .flat_map(|stack| {
                kept_secrets(&stack.template).map(|(id, name)| (stack.name.as_str(), id, name))
            })
            .collect();
        let there = join_all(named.iter().map(|(.., name)| self.is_there(name))).await;
        let region = &self.stage.settings().region;
        let found: Vec<String> = named
            .iter()
            .zip(there)
            .filter(|(_, there)| *there)
            .map(|((stack, id, name), _)| {
                format!(
                    "{stack} {id} ({SECRET}): `aws secretsmanager delete-secret --force-delete-without-recovery --region {region} --secret-id {name}`"
                )
            })
            .collect();
        if found.is_empty() {
            return Ok(());
        }
        Err(Error::failed(
            "Secrets are there already that a stack to be created would create: it was deployed once and deleted by hand, and they outlived it. Nothing was changed.",
            format!(
                "Keep what no deploy can make again, as the id and secret of GitHub: `aws secretsmanager get-secret-value --region {region} --secret-id NAME`. Then delete each by the command below and run the same command again."
            ),
        )
        .because(found.join("\n")))
    }

    /// Whether a secret has that name, also one that waits to be deleted. Where it cannot be asked,
    /// CloudFormation will tell.
    async fn is_there(&self, name: &str) -> bool {
        let answer = self
            .clients
            .secrets
            .describe_secret()
            .secret_id(name)
            .send()
            .await;
        answer.is_ok()
    }
}

/// Logical id and name of each secret that a template names and keeps when its stack is deleted.
fn kept_secrets(template: &Value) -> impl Iterator<Item = (&str, &str)> {
    let resources = template["Resources"].as_object().into_iter().flatten();
    resources.filter_map(|(id, resource)| {
        let kept = resource["Type"] == SECRET
            && resource["DeletionPolicy"]
                .as_str()
                .is_some_and(|policy| policy.starts_with("Retain"));
        let name = resource["Properties"]["Name"].as_str()?;
        kept.then_some((id.as_str(), name))
    })
}
