//! The data points of alarms: the queries for them, and what CloudWatch returns.

use std::collections::BTreeMap;

use aws_sdk_cloudwatch::{
    primitives::DateTime,
    types::{Metric, MetricAlarm, MetricDataQuery, MetricStat},
};

use super::{Aws, aws_error::AwsError};
use crate::{Error, alarms::LINE_SECONDS};

/// The most queries of one request
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html>).
const QUERIES: usize = 500;

/// Data points: second since 1970, and value.
pub(super) type Points = Vec<(i64, f64)>;

impl Aws {
    /// The data points of the last hours by the id of their query, which [`query_id`] gives.
    pub(super) async fn alarm_data(
        &self,
        alarms: &[MetricAlarm],
        now: i64,
    ) -> Result<BTreeMap<String, Points>, Error> {
        let queries: Vec<Vec<MetricDataQuery>> = alarms
            .iter()
            .enumerate()
            .map(|(number, alarm)| queries(alarm, &query_id(number)))
            .collect();
        let mut data: BTreeMap<String, Points> = BTreeMap::new();
        let mut waiting = queries.as_slice();
        while !waiting.is_empty() {
            // An expression and the metrics that it reads are sent together.
            let mut count = 0;
            let fits = waiting.iter().take_while(|queries| {
                count += queries.len();
                count <= QUERIES
            });
            let (batch, rest) = waiting.split_at(fits.count().max(1));
            waiting = rest;
            let batch: Vec<MetricDataQuery> = batch.iter().flatten().cloned().collect();
            if !batch.is_empty() {
                self.read_data(batch, now, &mut data).await?;
            }
        }
        Ok(data)
    }

    /// Adds every page of the data of these queries.
    async fn read_data(
        &self,
        queries: Vec<MetricDataQuery>,
        now: i64,
        data: &mut BTreeMap<String, Points>,
    ) -> Result<(), Error> {
        let seconds = i64::try_from(LINE_SECONDS).unwrap_or_default();
        let mut pages = self
            .clients
            .cloudwatch
            .get_metric_data()
            .set_metric_data_queries(Some(queries))
            .start_time(DateTime::from_secs(now - seconds))
            .end_time(DateTime::from_secs(now))
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| {
                AwsError::new("cloudwatch:GetMetricData", error)
                    .error("The values of the alarms cannot be read.")
            })?;
            for result in page.metric_data_results() {
                let times = result.timestamps().iter().map(DateTime::secs);
                let points = times.zip(result.values().iter().copied());
                let id = result.id().unwrap_or_default().to_owned();
                data.entry(id).or_default().extend(points);
            }
        }
        Ok(())
    }
}

/// The id of the query whose values the alarm of that number compares.
pub(super) fn query_id(number: usize) -> String {
    format!("a{number}")
}

/// The queries for the values of an alarm; the one of that id has them.
fn queries(alarm: &MetricAlarm, id: &str) -> Vec<MetricDataQuery> {
    if alarm.metrics().is_empty() {
        let metric = Metric::builder()
            .set_namespace(alarm.namespace.clone())
            .set_metric_name(alarm.metric_name.clone())
            .set_dimensions(alarm.dimensions.clone())
            .build();
        let stat = MetricStat::builder()
            .metric(metric)
            .set_period(alarm.period)
            .set_stat(statistic(alarm).map(str::to_owned))
            .build();
        return vec![MetricDataQuery::builder().id(id).metric_stat(stat).build()];
    }
    // The ids of all alarms are in one request.
    let renamed = |query: &MetricDataQuery| match query.return_data() {
        Some(false) => format!("{id}_{}", query.id().unwrap_or_default()),
        _ => id.to_owned(),
    };
    let names: BTreeMap<&str, String> = alarm
        .metrics()
        .iter()
        .filter_map(|query| Some((query.id()?, renamed(query))))
        .collect();
    let with_own_ids = |query: &MetricDataQuery| {
        let mut query = query.clone();
        query.id = Some(renamed(&query));
        query.expression = query
            .expression
            .map(|expression| rename(&expression, &names));
        query
    };
    alarm.metrics().iter().map(with_own_ids).collect()
}

/// `Sum` or `p99`; `None`: the alarm reads an expression.
pub(super) fn statistic(alarm: &MetricAlarm) -> Option<&str> {
    let simple = alarm.statistic().map(|statistic| statistic.as_str());
    simple.or(alarm.extended_statistic())
}

/// The expression with other ids.
fn rename(expression: &str, names: &BTreeMap<&str, String>) -> String {
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let mut renamed = String::new();
    let mut rest = expression;
    while !rest.is_empty() {
        let word = rest.find(|letter| !is_word(letter)).unwrap_or(rest.len());
        if word == 0 {
            let other = rest.find(is_word).unwrap_or(rest.len());
            renamed.push_str(&rest[..other]);
            rest = &rest[other..];
            continue;
        }
        let (name, after) = rest.split_at(word);
        renamed.push_str(names.get(name).map_or(name, String::as_str));
        rest = after;
    }
    renamed
}

/// The data points of the last hours, one a period of so many seconds, the oldest first.
pub(super) fn grid(data: &[(i64, f64)], period: u64, now: i64) -> Vec<Option<f64>> {
    let period = i64::try_from(period).unwrap_or(i64::MAX);
    let seconds = i64::try_from(LINE_SECONDS).unwrap_or_default();
    let to = now - now.rem_euclid(period);
    let from = to - seconds;
    let count = usize::try_from(seconds / period).unwrap_or_default();
    let mut grid = vec![None; count];
    for (at, value) in data {
        let place = usize::try_from((at - from).div_euclid(period)).ok();
        if let Some(slot) = place.and_then(|place| grid.get_mut(place)) {
            *slot = Some(*value);
        }
    }
    grid
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ids_of_an_expression_are_unique_in_a_request() {
        let query = |id: &str| MetricDataQuery::builder().id(id);
        let alarm = MetricAlarm::builder()
            .metrics(
                query("percent")
                    .expression("100 * part / (all+part)")
                    .return_data(true)
                    .build(),
            )
            .metrics(query("part").return_data(false).build())
            .metrics(query("all").return_data(false).build())
            .build();
        let queries = queries(&alarm, "a7");
        assert_eq!(queries[0].id(), Some("a7"));
        assert_eq!(
            queries[0].expression(),
            Some("100 * a7_part / (a7_all+a7_part)")
        );
        assert_eq!(queries[2].id(), Some("a7_all"));
    }

    #[test]
    fn a_data_point_is_in_its_period() {
        let now = 100_000_030;
        let grid = grid(
            &[(100_000_020 - 60, 2.0), (100_000_020, 3.0), (1, 4.0)],
            60,
            now,
        );
        assert_eq!(grid.len(), 180);
        // The current period is not over.
        assert_eq!(grid.iter().flatten().copied().collect::<Vec<_>>(), [2.0]);
        assert_eq!(grid[179], Some(2.0));
    }
}
