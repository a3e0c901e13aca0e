//! The functions of the stacks, with where their templates want their aliases.

use std::collections::BTreeMap;

use futures_util::future::try_join_all;
use serde_json::Value;

use super::{Aws, stack::StackView};
use crate::{Error, plan::aliases, release::Version, target::ResourceStatus};

/// A function with an alias, as its stack has it.
#[derive(Debug, Clone)]
pub(super) struct DeployedFunction {
    /// Lambda's name of it.
    pub(super) lambda_name: String,
    /// Logical id of the alias.
    pub(super) alias_id: String,
    /// Name of the alias.
    pub(super) alias: String,
    /// Whether environments are kept started for the alias, so that it moves by weights.
    pub(super) is_provisioned: bool,
    /// The version that the template wants in service.
    pub(super) wanted: Version,
    /// Where the template has its code.
    pub(super) bucket: String,
    pub(super) key: String,
}

impl Aws {
    /// Every function with an alias, by its short name.
    pub(super) async fn deployed_functions(
        &self,
    ) -> Result<BTreeMap<String, DeployedFunction>, Error> {
        let deployed = self.known().await?.deployed;
        let with_functions = deployed
            .stacks
            .iter()
            .filter(|(_, stack)| !aliases(&stack.template).is_empty());
        let read = with_functions.map(|(name, stack)| async move {
            match self.find(name).await? {
                Some(view) => self.deployed_functions_of(&stack.template, &view).await,
                None => Ok(BTreeMap::new()),
            }
        });
        Ok(try_join_all(read).await?.into_iter().flatten().collect())
    }

    /// Every function with an alias of one stack, by its short name.
    pub(super) async fn deployed_functions_of(
        &self,
        template: &Value,
        view: &StackView,
    ) -> Result<BTreeMap<String, DeployedFunction>, Error> {
        let resources = self.resources_of(view).await?;
        let bucket = view.parameters.get(stacks::parameter::ASSET_BUCKET);
        let bucket = bucket.cloned().unwrap_or_else(|| self.bucket.name());
        Ok(placed_in(template, &resources, &bucket))
    }
}

/// The functions of one stack. What is not of the form that `stacks` writes is left out: it has no
/// code of ours.
fn placed_in(
    template: &Value,
    resources: &[ResourceStatus],
    bucket: &str,
) -> BTreeMap<String, DeployedFunction> {
    let physical = |logical_id: &Value| {
        let resource = resources
            .iter()
            .find(|resource| logical_id.as_str() == Some(&resource.logical_id));
        resource.map(|resource| resource.physical_id.clone())
    };
    let get = |(alias_id, alias): (&String, &Value)| {
        let alias = &alias["Properties"];
        let function = &alias["FunctionName"]["Ref"];
        let lambda_name = physical(function)?;
        let key =
            template["Resources"][function.as_str()?]["Properties"]["Code"]["S3Key"].as_str()?;
        let (name, code) = key.strip_prefix("functions/")?.split_once('/')?;
        let wanted = match alias["FunctionVersion"].as_str() {
            // Fixed by `code_deploy`: not the version of the template's code.
            Some(number) => Version {
                number: number.to_owned(),
                code: String::new(),
            },
            None => Version {
                number: physical(&alias["FunctionVersion"]["Fn::GetAtt"][0])?
                    .rsplit(':')
                    .next()?
                    .to_owned(),
                code: code.strip_suffix(".zip")?.to_owned(),
            },
        };
        let function = DeployedFunction {
            lambda_name,
            alias_id: alias_id.clone(),
            alias: alias["Name"].as_str()?.to_owned(),
            is_provisioned: alias.get("ProvisionedConcurrencyConfig").is_some(),
            wanted,
            bucket: bucket.to_owned(),
            key: key.to_owned(),
        };
        Some((name.to_owned(), function))
    };
    let resources_of_template = template["Resources"].as_object().into_iter().flatten();
    resources_of_template
        .filter(|(_, resource)| resource["Type"] == "AWS::Lambda::Alias")
        .filter_map(get)
        .collect()
}

/// Whether a template has an alias that moves by weights.
pub(super) fn moves_gradually(template: &Value) -> bool {
    let is_provisioned = |alias: &&Value| alias.get("ProvisionedConcurrencyConfig").is_some();
    aliases(template).iter().any(is_provisioned)
}
