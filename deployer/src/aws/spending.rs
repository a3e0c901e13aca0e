//! What a stage has cost, from Cost Explorer: by service and by the tag of the stages.
//!
//! Cost Explorer has one endpoint for all regions, and its data is up to a day late
//! (<https://docs.aws.amazon.com/cost-management/latest/userguide/ce-what-is.html>).

mod amounts;
mod refusals;

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_costexplorer::types::{
    CostAllocationTagStatus, DateInterval, Expression, Granularity, Group, GroupDefinition,
    GroupDefinitionType, Metric, TagValues,
};
use time::{Date, Duration};

use super::{Aws, aws_error::AwsError, stack::STAGE_TAG};
use crate::{
    Error,
    cost::{ActualCost, ActualService, Decimal, OtherCost},
    target::Spending,
};
use amounts::{interval, month_of, usd};

/// The metric of the bill: what was used, without credits spread over the month
/// (<https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_GetCostAndUsage.html>).
const METRIC: &str = "UnblendedCost";

/// What was charged in some days.
#[derive(Debug, Default)]
struct Charged {
    /// By service, of the stage.
    services: BTreeMap<String, Decimal>,
    /// By the value of the tag, of everything else.
    others: BTreeMap<String, Decimal>,
    /// Of the stage, before today.
    before_today: Decimal,
}

#[async_trait(?Send)]
impl Spending for Aws {
    async fn month_to_date(&self) -> Result<ActualCost, Error> {
        let today = self.observer.now().date();
        let (from, end) = month_of(today)?;
        self.assert_tag_is_active().await?;
        let charged = self.charged(from, today).await?;
        if charged.services.is_empty() {
            let others = charged.others.values().copied().sum();
            return Err(refusals::nothing_charged(self.stage.name(), from, others));
        }
        let forecast = self.forecast(today, end).await?;
        Ok(ActualCost {
            tag: STAGE_TAG.to_owned(),
            from: from.to_string(),
            to: today.to_string(),
            total: charged.services.values().copied().sum(),
            services: by_amount(charged.services)
                .map(|(service, spent)| ActualService { service, spent })
                .collect(),
            forecast: forecast.map(|rest| charged.before_today + rest),
            others: by_amount(charged.others)
                .map(|(stage, spent)| OtherCost { stage, spent })
                .collect(),
        })
    }
}

impl Aws {
    /// Refuses a tag that Cost Explorer does not know costs by. An account of an organization may not
    /// ask; then the costs themselves show it.
    async fn assert_tag_is_active(&self) -> Result<(), Error> {
        let tags = self
            .clients
            .cost_explorer
            .list_cost_allocation_tags()
            .tag_keys(STAGE_TAG)
            .send()
            .await;
        let tags = match tags {
            Ok(tags) => tags,
            Err(error) => {
                let refused = AwsError::new("ce:ListCostAllocationTags", error);
                return match refused.is_forbidden() && !refusals::is_not_enabled(&refused) {
                    true => Ok(()),
                    false => Err(refusals::unreadable(refused)),
                };
            }
        };
        let mut tags = tags.cost_allocation_tags().iter();
        let tag = tags.find(|tag| tag.tag_key() == STAGE_TAG);
        match tag.map(|tag| tag.status()) {
            Some(CostAllocationTagStatus::Active) => Ok(()),
            Some(_) => Err(refusals::inactive_tag()),
            None => Err(refusals::unknown_tag(self.stage.name())),
        }
    }

    /// Everything that the account was charged from that day to today.
    async fn charged(&self, from: Date, today: Date) -> Result<Charged, Error> {
        let by = |kind, key: &str| GroupDefinition::builder().r#type(kind).key(key).build();
        let mut charged = Charged::default();
        let mut token = None;
        loop {
            let page = self
                .clients
                .cost_explorer
                .get_cost_and_usage()
                .time_period(interval(from, today + Duration::DAY)?)
                .granularity(Granularity::Daily)
                .metrics(METRIC)
                .group_by(by(GroupDefinitionType::Dimension, "SERVICE"))
                .group_by(by(GroupDefinitionType::Tag, STAGE_TAG))
                .set_next_page_token(token)
                .send()
                .await
                .map_err(|error| {
                    refusals::unreadable(AwsError::new("ce:GetCostAndUsage", error))
                })?;
            for day in page.results_by_time() {
                let began = day.time_period().map_or("", DateInterval::start);
                let is_before = began < today.to_string().as_str();
                for group in day.groups() {
                    self.add(&mut charged, group, is_before)?;
                }
            }
            token = page.next_page_token;
            if token.is_none() {
                return Ok(charged);
            }
        }
    }

    /// Adds what one service was charged with one value of the tag on one day.
    fn add(&self, charged: &mut Charged, group: &Group, is_before: bool) -> Result<(), Error> {
        let [service, tag] = group.keys() else {
            return Ok(());
        };
        let metric = group.metrics().and_then(|metrics| metrics.get(METRIC));
        let amount = metric.and_then(|metric| metric.amount()).unwrap_or("0");
        let usd = usd(amount, metric.and_then(|metric| metric.unit()))?;
        if usd == Decimal::ZERO {
            return Ok(());
        }
        // `miyabi:stage$prod`; without a value where there is no such tag.
        let stage = tag.split_once('$').map_or("", |(_, stage)| stage);
        let sum = match stage == self.stage.name() {
            true => charged.services.entry(service.clone()).or_default(),
            false => charged.others.entry(stage.to_owned()).or_default(),
        };
        *sum = *sum + usd;
        if is_before && stage == self.stage.name() {
            charged.before_today = charged.before_today + usd;
        }
        Ok(())
    }

    /// What AWS expects from today to that day; `None`: it has too little data.
    async fn forecast(&self, today: Date, end: Date) -> Result<Option<Decimal>, Error> {
        let stage = TagValues::builder()
            .key(STAGE_TAG)
            .values(self.stage.name())
            .build();
        let answer = self
            .clients
            .cost_explorer
            .get_cost_forecast()
            .time_period(interval(today, end)?)
            .granularity(Granularity::Daily)
            .metric(Metric::UnblendedCost)
            .filter(Expression::builder().tags(stage).build())
            .send()
            .await;
        match answer {
            Ok(forecast) => {
                let total = forecast.total();
                let amount = total.and_then(|total| total.amount());
                let unit = total.and_then(|total| total.unit());
                amount.map(|amount| usd(amount, unit)).transpose()
            }
            Err(error) => {
                let refused = AwsError::new("ce:GetCostForecast", error);
                match refused.code == "DataUnavailableException" {
                    true => Ok(None),
                    false => Err(refusals::unreadable(refused)),
                }
            }
        }
    }
}

/// The largest first.
fn by_amount(sums: BTreeMap<String, Decimal>) -> impl Iterator<Item = (String, Decimal)> {
    let mut sums: Vec<(String, Decimal)> = sums.into_iter().collect();
    sums.sort_by_key(|(_, usd)| std::cmp::Reverse(*usd));
    sums.into_iter()
}
