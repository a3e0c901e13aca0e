//! Asks the account what the pre-flight has to know. Only what the templates' demands need is asked,
//! all of it at the same time. What may not be asked is noted and does not end the deploy:
//! CloudFormation will say it, later.

use std::collections::BTreeMap;

use aws_config::Region;
use futures_util::future::{join, join_all};

use super::{
    demands::Demands,
    facts::{Certificate, Concurrency, Facts},
};
use crate::{
    Error,
    aws::{Aws, aws_error::AwsError, stack::BOOTSTRAP},
};

/// The result of looking something up.
pub(super) enum Lookup<T> {
    /// It is there.
    Found(T),
    /// It does not exist.
    Missing,
    /// It could not be looked up: the action.
    Unreadable(&'static str),
}

impl<T> From<Result<T, AwsError>> for Lookup<T> {
    fn from(answer: Result<T, AwsError>) -> Lookup<T> {
        match answer {
            Ok(found) => Lookup::Found(found),
            Err(refused) if refused.is_missing() => Lookup::Missing,
            Err(refused) => Lookup::Unreadable(refused.action),
        }
    }
}

impl Aws {
    /// The facts about the account that these demands depend on.
    pub(super) async fn gather(&self, demands: &Demands) -> Result<Facts, Error> {
        let settings = self.stage.settings();
        let mut facts = Facts {
            stage: self.stage.name().to_owned(),
            region: settings.region.clone(),
            account: self.account.clone(),
            bootstrap_needed: stacks::bootstrap::VERSION,
            bootstrap: self.bootstrap_version().await?,
            ..Facts::default()
        };
        let mut unreadable = Vec::new();
        let (certificates, zones) = join(
            join_all(
                demands
                    .certificates
                    .iter()
                    .map(|demand| self.certificate(&demand.arn)),
            ),
            join_all(demands.records.iter().map(|demand| self.zone(&demand.zone))),
        )
        .await;
        let arns = demands.certificates.iter().map(|demand| demand.arn.clone());
        facts.certificates = known(arns.zip(certificates), &mut unreadable);
        let ids = demands.records.iter().map(|demand| demand.zone.clone());
        facts.zones = known(ids.zip(zones), &mut unreadable);
        facts.concurrency = self.concurrency(demands, &mut unreadable).await;
        facts.taken = self.taken(demands, &mut unreadable).await?;
        if demands.creates_distribution {
            facts.has_distributions = self.has_distributions(&mut unreadable).await;
        }
        facts.empty_secrets = self.empty_secrets(demands).await;
        // An emulator does not have everything, and its answer would not be AWS's.
        if !self.is_emulated() {
            facts.unreadable = unreadable;
        }
        Ok(facts)
    }

    /// The version that the deployed bootstrap stack says; 0 for one that says none.
    async fn bootstrap_version(&self) -> Result<Option<u32>, Error> {
        let found = self.stack(BOOTSTRAP, None).await.map_err(|refused| {
            refused.error("The version of the bootstrap stack cannot be read.")
        })?;
        Ok(found.map(|stack| {
            let version = stack.outputs.get(stacks::bootstrap::VERSION_OUTPUT);
            version
                .and_then(|version| version.parse().ok())
                .unwrap_or(0)
        }))
    }

    async fn concurrency(
        &self,
        demands: &Demands,
        unreadable: &mut Vec<&'static str>,
    ) -> Option<Concurrency> {
        if demands.functions.is_empty() {
            return None;
        }
        let lambda = &self.clients.lambda;
        let settings = lambda.get_account_settings().send().await;
        let settings = settings.map_err(|error| AwsError::new("lambda:GetAccountSettings", error));
        let limit = match settings.as_ref().map(|settings| settings.account_limit()) {
            Ok(limit) => limit?,
            Err(refused) => {
                unreadable.push(refused.action);
                return None;
            }
        };
        let count = |number: i32| u64::try_from(number).unwrap_or_default();
        let reserved = demands.functions.iter().map(|function| async {
            let answer = lambda
                .get_function_concurrency()
                .function_name(&function.name);
            let answer = answer.send().await.ok()?;
            let reserved = answer.reserved_concurrent_executions().unwrap_or_default();
            Some((function.name.clone(), count(reserved)))
        });
        Some(Concurrency {
            quota: count(limit.concurrent_executions()),
            unreserved: count(limit.unreserved_concurrent_executions().unwrap_or_default()),
            reserved_now: join_all(reserved).await.into_iter().flatten().collect(),
        })
    }

    async fn certificate(&self, arn: &str) -> Lookup<Certificate> {
        // A certificate is found in its own region only.
        let region = arn.split(':').nth(3).unwrap_or_default().to_owned();
        let config = self.clients.acm.config().to_builder();
        let acm = aws_sdk_acm::Client::from_conf(config.region(Region::new(region)).build());
        let answer = acm.describe_certificate().certificate_arn(arn).send().await;
        let answer = answer.map_err(|error| AwsError::new("acm:DescribeCertificate", error));
        Lookup::from(answer.map(|answer| {
            let detail = answer.certificate();
            Certificate {
                status: detail
                    .and_then(|detail| Some(detail.status()?.as_str().to_owned()))
                    .unwrap_or_default(),
                names: detail
                    .map(|detail| detail.subject_alternative_names().to_vec())
                    .unwrap_or_default(),
            }
        }))
    }

    async fn zone(&self, id: &str) -> Lookup<String> {
        let answer = self.clients.route53.get_hosted_zone().id(id).send().await;
        let answer = answer.map_err(|error| AwsError::new("route53:GetHostedZone", error));
        match answer {
            Err(refused) if refused.code == "NoSuchHostedZone" => Lookup::Missing,
            answer => Lookup::from(answer.map(|answer| {
                let zone = answer.hosted_zone();
                zone.map(|zone| zone.name().to_owned()).unwrap_or_default()
            })),
        }
    }

    async fn has_distributions(&self, unreadable: &mut Vec<&'static str>) -> Option<bool> {
        let answer = self.clients.cloudfront.list_distributions().max_items(1);
        match answer.send().await {
            Ok(answer) => {
                let list = answer.distribution_list();
                Some(list.is_some_and(|list| list.quantity() > 0))
            }
            Err(error) => {
                unreadable.push(AwsError::new("cloudfront:ListDistributions", error).action);
                None
            }
        }
    }

    /// Secrets of stacks that are there already and got no value since. No value is read.
    async fn empty_secrets(&self, demands: &Demands) -> Vec<String> {
        let created: Vec<&str> = demands
            .names
            .iter()
            .map(|name| name.name.as_str())
            .collect();
        let asked = demands
            .secrets_by_hand
            .iter()
            .filter(|name| !created.contains(&name.as_str()))
            .map(|name| async move {
                let secret = self.clients.secrets.describe_secret().secret_id(name);
                let secret = secret.send().await.ok()?;
                let versions = secret.version_ids_to_stages();
                versions
                    .is_none_or(|versions| versions.is_empty())
                    .then(|| name.clone())
            });
        join_all(asked).await.into_iter().flatten().collect()
    }
}

/// What was found, by key; what could not be asked is noted and left out.
fn known<T>(
    asked: impl Iterator<Item = (String, Lookup<T>)>,
    unreadable: &mut Vec<&'static str>,
) -> BTreeMap<String, Option<T>> {
    let mut found = BTreeMap::new();
    for (key, asked) in asked {
        match asked {
            Lookup::Found(value) => drop(found.insert(key, Some(value))),
            Lookup::Missing => drop(found.insert(key, None)),
            Lookup::Unreadable(action) => unreadable.push(action),
        }
    }
    found
}
