//! What may not be collected.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::{
    Error,
    aws::{Aws, aws_error::AwsError, deployed_functions::DeployedFunction},
    collection::CollectedVersion,
    release::Rollout,
};

/// The versions and assets that something uses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct InUse {
    /// Lambda's name of each function of the stage -> numbers of its versions.
    pub(super) versions: BTreeMap<String, BTreeSet<u64>>,
    /// Keys in the asset bucket.
    pub(super) keys: BTreeSet<String>,
}

impl InUse {
    /// Adds a version by its number; `$LATEST` is none.
    fn version(&mut self, function: &str, number: &str) {
        let versions = self.versions.entry(function.to_owned()).or_default();
        versions.extend(number.parse::<u64>().ok());
    }

    /// Adds what the releases that can be rolled back to need: their versions, and the code of these,
    /// by which a version could be made again.
    fn releases(&mut self, rollout: &Rollout, functions: &BTreeMap<String, DeployedFunction>) {
        let released = rollout.releases.iter().flatten();
        for (function, version) in released {
            if let Some(function) = functions.get(function) {
                self.version(&function.lambda_name, &version.number);
            }
            self.keys
                .insert(format!("functions/{function}/{}.zip", version.code));
        }
        for (function, number) in &rollout.alias_overrides {
            if let Some(function) = functions.get(function) {
                self.version(&function.lambda_name, number);
            }
        }
    }

    /// Adds the assets that a template names.
    fn template(&mut self, template: &Value) {
        let resources = template["Resources"].as_object().into_iter().flatten();
        let keys =
            resources.filter_map(|(_, resource)| resource["Properties"]["Code"]["S3Key"].as_str());
        self.keys.extend(keys.map(str::to_owned));
    }

    /// Whether a version may be deleted. Only versions older than the oldest one in use of a function
    /// that is known, or between two in use: a newer one may belong to a rollout that begins.
    pub(super) fn is_unused(&self, function: &str, version: u64) -> bool {
        self.versions.get(function).is_some_and(|used| {
            !used.contains(&version) && used.last().is_some_and(|newest| version < *newest)
        })
    }

    /// True: still unused. False: noted as kept.
    pub(super) fn keep_or_note(&self, version: &CollectedVersion, kept: &mut Vec<String>) -> bool {
        let is_unused = self.is_unused(&version.function, version.version);
        if !is_unused {
            kept.push(format!("{} {}", version.function, version.version));
        }
        is_unused
    }
}

impl Aws {
    /// Everything that is in use now, read from AWS.
    pub(super) async fn in_use(&self) -> Result<InUse, Error> {
        self.forget();
        let deployed = self.known().await?.deployed;
        let functions = self.deployed_functions().await?;
        let mut in_use = InUse::default();
        for stack in deployed.stacks.values() {
            in_use.template(&stack.template);
        }
        for function in functions.values() {
            in_use.version(&function.lambda_name, &function.wanted.number);
        }
        let used = functions.values().map(|function| async move {
            let name = function.lambda_name.as_str();
            Ok::<_, Error>((name, self.versions_in_use(name).await?))
        });
        for (name, numbers) in futures_util::future::try_join_all(used).await? {
            for number in numbers {
                in_use.version(name, &number);
            }
        }
        for view in self.stacks().await?.values() {
            for resource in self.resources_of(view).await? {
                // arn:aws:lambda:REGION:ACCOUNT:function:NAME:NUMBER
                let id = resource.physical_id.split(':').collect::<Vec<_>>();
                if let ("AWS::Lambda::Version", [.., name, number]) =
                    (resource.resource_type.as_str(), id.as_slice())
                {
                    in_use.version(name, number);
                }
            }
        }
        in_use.releases(&deployed.rollout, &functions);
        Ok(in_use)
    }

    /// The versions of a function that an alias or provisioned concurrency refers to.
    pub(super) async fn versions_in_use(&self, function: &str) -> Result<Vec<String>, Error> {
        let failed = |refused: AwsError| {
            refused.error(format!(
                "The versions of `{function}` in use cannot be read."
            ))
        };
        let lambda = &self.clients.lambda;
        let mut found = Vec::new();
        let mut marker = None;
        loop {
            let page = lambda
                .list_aliases()
                .function_name(function)
                .set_marker(marker);
            let page = page.send().await;
            let page = page.map_err(|error| failed(AwsError::new("lambda:ListAliases", error)))?;
            for alias in page.aliases() {
                found.extend(alias.function_version().map(str::to_owned));
                let weights = alias
                    .routing_config()
                    .and_then(|routing| routing.additional_version_weights());
                found.extend(
                    weights
                        .into_iter()
                        .flatten()
                        .map(|(version, _)| version.clone()),
                );
            }
            marker = page.next_marker().map(str::to_owned);
            if marker.is_none() {
                break;
            }
        }
        let mut configurations = lambda
            .list_provisioned_concurrency_configs()
            .function_name(function)
            .into_paginator()
            .items()
            .send();
        while let Some(configuration) = configurations.next().await {
            match configuration {
                Ok(configuration) => {
                    let arn = configuration.function_arn().unwrap_or_default();
                    found.extend(arn.rsplit(':').next().map(str::to_owned));
                }
                Err(error) => {
                    let refused = AwsError::new("lambda:ListProvisionedConcurrencyConfigs", error);
                    if !refused.is_missing() {
                        return Err(failed(refused));
                    }
                }
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_versions_below_the_newest_in_use_are_unused_and_only_of_known_functions() {
        let mut in_use = InUse::default();
        for number in ["3", "5", "$LATEST"] {
            in_use.version("tasks", number);
        }
        let unused: Vec<u64> = (1..=7)
            .filter(|number| in_use.is_unused("tasks", *number))
            .collect();
        assert_eq!(
            unused,
            [1, 2, 4],
            "6 and 7 may belong to a rollout that begins"
        );
        assert!(!in_use.is_unused("somebody-elses", 1));
    }

    #[test]
    fn what_templates_and_releases_name_is_in_use() {
        let version = |number: &str, code: &str| crate::release::Version {
            number: number.to_owned(),
            code: code.to_owned(),
        };
        let functions = BTreeMap::from([(
            "tasks".to_owned(),
            DeployedFunction {
                lambda_name: "miyabi-dev-tasks".to_owned(),
                alias_id: "TasksAlias".to_owned(),
                alias: "live".to_owned(),
                is_provisioned: false,
                wanted: version("4", "dd"),
                bucket: "assets".to_owned(),
                key: "functions/tasks/dd.zip".to_owned(),
            },
        )]);
        let release = |number: &str, code: &str| {
            BTreeMap::from([("tasks".to_owned(), version(number, code))])
        };
        let rollout = Rollout {
            releases: vec![release("1", "aa"), release("3", "cc")],
            alias_overrides: BTreeMap::from([("tasks".to_owned(), "2".to_owned())]),
            ..Rollout::default()
        };
        let mut in_use = InUse::default();
        in_use.releases(&rollout, &functions);
        in_use.template(&json!({"Resources": {"F": {"Properties": {"Code": {"S3Key": "functions/tasks/dd.zip"}}}}}));
        assert_eq!(
            in_use.versions["miyabi-dev-tasks"],
            BTreeSet::from([1, 2, 3])
        );
        let keys: Vec<&str> = in_use.keys.iter().map(String::as_str).collect();
        assert_eq!(
            keys,
            [
                "functions/tasks/aa.zip",
                "functions/tasks/cc.zip",
                "functions/tasks/dd.zip"
            ]
        );
    }
}
