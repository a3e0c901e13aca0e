//! What a stage has cost so far, next to what it was estimated to cost.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Decimal, Estimate};

/// What AWS has charged since the first of the month, USD, before tax and credits of other accounts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ActualCost {
    /// The tag of the stage's resources: `miyabi:stage`.
    pub tag: String,
    /// The first day, `2026-11-01`, UTC.
    pub from: String,
    /// The last day, which is today and not complete.
    pub to: String,
    /// Each service that costs something, the largest first.
    pub services: Vec<ActualService>,
    /// The sum of them.
    pub total: Decimal,
    /// The whole month, as AWS expects it; `None`: AWS has too little data for a forecast.
    pub forecast: Option<Decimal>,
    /// What the account has cost with other values of the tag, the largest first; the name is empty for
    /// what has no such tag.
    pub others: Vec<OtherCost>,
}

/// What one service of the stage has cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ActualService {
    /// As Cost Explorer names it: `Amazon Relational Database Service`.
    pub service: String,
    /// USD.
    pub spent: Decimal,
}

/// What has cost something in the same account and does not belong to the stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OtherCost {
    /// The stage; empty: no tag.
    pub stage: String,
    /// USD.
    pub spent: Decimal,
}

/// A service with both figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServiceComparison {
    /// As Cost Explorer names it.
    pub service: String,
    /// USD since the first of the month; `None`: AWS charged nothing.
    pub spent: Option<Decimal>,
    /// USD in a whole month; `None`: it is not in the estimate.
    pub estimated: Option<Decimal>,
}

/// The services of the price table, by the names that Cost Explorer has for them: values of the dimension
/// SERVICE (<https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_GetDimensionValues.html>,
/// names as on the bill). Never compared with a bill of this project.
const NAMES: &[(&str, &str)] = &[
    ("ACM", "AWS Certificate Manager"),
    ("AWSBudgets", "AWS Budgets"),
    ("AWSDataTransfer", "AWS Data Transfer"),
    ("AWSEvents", "CloudWatch Events"),
    ("AWSLambda", "AWS Lambda"),
    ("AWSQueueService", "Amazon Simple Queue Service"),
    ("AWSSecretsManager", "AWS Secrets Manager"),
    ("AmazonApiGateway", "Amazon API Gateway"),
    ("AmazonCloudFront", "Amazon CloudFront"),
    ("AmazonCloudWatch", "AmazonCloudWatch"),
    ("AmazonEC2", "EC2 - Other"),
    ("AmazonElastiCache", "Amazon ElastiCache"),
    ("AmazonGrafana", "Amazon Managed Grafana"),
    ("AmazonRDS", "Amazon Relational Database Service"),
    ("AmazonRoute53", "Amazon Route 53"),
    ("AmazonS3", "Amazon Simple Storage Service"),
    ("AmazonSNS", "Amazon Simple Notification Service"),
    ("AmazonVPC", "Amazon Virtual Private Cloud"),
    ("awskms", "AWS Key Management Service"),
];

impl ActualCost {
    /// Both figures of each service, those that cost most first.
    pub fn compared_with(&self, estimate: &Estimate) -> Vec<ServiceComparison> {
        let mut services: BTreeMap<&str, ServiceComparison> = BTreeMap::new();
        for actual in &self.services {
            services
                .entry(&actual.service)
                .or_insert(ServiceComparison {
                    service: actual.service.clone(),
                    spent: Some(actual.spent),
                    estimated: None,
                });
        }
        for line in &estimate.lines {
            if line.monthly == Decimal::ZERO {
                continue;
            }
            let name = name_of(&line.price.service);
            let entry = services.entry(name).or_insert(ServiceComparison {
                service: name.to_owned(),
                spent: None,
                estimated: None,
            });
            entry.estimated = Some(entry.estimated.unwrap_or_default() + line.monthly);
        }
        let mut services: Vec<ServiceComparison> = services.into_values().collect();
        services.sort_by_key(|service| std::cmp::Reverse((service.spent, service.estimated)));
        services
    }
}

/// Cost Explorer's name of a service of the price table.
fn name_of(code: &str) -> &str {
    let known = NAMES.iter().find(|(known, _)| *known == code);
    known.map_or(code, |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cost::prices::Prices;

    #[test]
    fn every_service_of_the_price_table_has_its_name_on_the_bill() {
        let prices = Prices::of("us-east-1").unwrap();
        for (service, _) in prices.keys() {
            assert!(
                NAMES.iter().any(|(code, _)| *code == service),
                "{service} has no name"
            );
        }
    }
}
