//! Aliases that CodeDeploy moves: before an update, CloudFormation and Lambda have to agree on where
//! they stand.
//!
//! CloudFormation tells CodeDeploy the version of its own template as the current one, and CodeDeploy
//! refuses a deployment whose current version is not the alias's. After a rollback the two differ. To
//! move the alias to where the template says would put the release back into service that was rolled
//! back. So the template is made to say where the alias stands: an update of the alias alone, without
//! the update policy, which moves no traffic. The update after it shifts from there.

use aws_sdk_cloudformation::types::Parameter;
use serde_json::{Value, json};

use super::{
    Aws,
    change::{Change, token},
    stack::{Phase, StackView},
};
use crate::{Error, plan::StackPlan, progress::Progress};

const POLICY: &str = "CodeDeployLambdaAliasUpdate";

impl Aws {
    /// The stack with every alias of CodeDeploy's at the version that its template names.
    pub(super) async fn with_aliases_as_recorded(
        &self,
        plan: &StackPlan,
        view: StackView,
        progress: &Progress,
    ) -> Result<StackView, Error> {
        if view.phase != Phase::Stable || shifted_by_code_deploy(&plan.template).is_empty() {
            return Ok(view);
        }
        let name = &plan.name;
        let deployed = self.template(name).await?;
        let shifted = shifted_by_code_deploy(&deployed);
        let functions = self.deployed_functions_of(&deployed, &view).await?;
        let mut elsewhere = Vec::new();
        for function in functions.values() {
            if !shifted.contains(&function.alias_id.as_str()) {
                continue;
            }
            let state = self.alias_stands(function, None).await?;
            if state.version != function.wanted.number {
                elsewhere.push((function.alias_id.clone(), state.version));
            }
        }
        if elsewhere.is_empty() {
            return Ok(view);
        }
        progress.warn(format!(
            "After a rollback, the stack `{name}` records other versions than are in service; that is corrected first, which moves no traffic."
        ));
        let interim = StackPlan {
            template: at_versions(deployed, &elsewhere),
            ..plan.clone()
        };
        let kept = view.parameters.keys().map(|parameter| {
            let kept = Parameter::builder().parameter_key(parameter);
            kept.use_previous_value(true).build()
        });
        let change = Change {
            plan: &interim,
            template: self.template_for_request(&interim.template).await?,
            parameters: kept.collect(),
            token: token(),
        };
        self.fence().await?;
        self.update(&change, view, progress).await
    }
}

/// Logical ids of the aliases that CodeDeploy moves.
fn shifted_by_code_deploy(template: &Value) -> Vec<&str> {
    let resources = template["Resources"].as_object().into_iter().flatten();
    resources
        .filter(|(_, resource)| resource["UpdatePolicy"].get(POLICY).is_some())
        .map(|(id, _)| id.as_str())
        .collect()
}

/// The template with these aliases at these versions, moved by CloudFormation itself.
fn at_versions(mut template: Value, aliases: &[(String, String)]) -> Value {
    for (id, version) in aliases {
        let alias = &mut template["Resources"][id.as_str()];
        alias["Properties"]["FunctionVersion"] = json!(version);
        if let Some(policies) = alias["UpdatePolicy"].as_object_mut() {
            policies.remove(POLICY);
            if policies.is_empty() {
                alias
                    .as_object_mut()
                    .map(|alias| alias.remove("UpdatePolicy"));
            }
        }
    }
    template
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_named_alias_is_fixed_at_its_version_and_taken_from_code_deploy() {
        let alias = |id: &str| {
            json!({"Type": "AWS::Lambda::Alias",
                "Properties": {"FunctionVersion": {"Fn::GetAtt": [id, "Version"]}, "Name": "live"},
                "UpdatePolicy": {POLICY: {"ApplicationName": "api"}}})
        };
        let template = json!({"Resources": {"Tasks": alias("V1"), "Docs": alias("V2")}});
        assert_eq!(shifted_by_code_deploy(&template), ["Tasks", "Docs"]);
        let interim = at_versions(template, &[("Tasks".to_owned(), "7".to_owned())]);
        assert_eq!(
            interim["Resources"]["Tasks"],
            json!({"Type": "AWS::Lambda::Alias", "Properties": {"FunctionVersion": "7", "Name": "live"}})
        );
        assert_eq!(interim["Resources"]["Docs"], alias("V2"));
        assert_eq!(shifted_by_code_deploy(&interim), ["Docs"]);
    }
}
