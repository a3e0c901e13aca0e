//! Alarms and dashboards of CloudWatch.

use async_trait::async_trait;
use serde_json::Value;

use super::{Made, Provider, PutRequest, Record, RunningStage};
use crate::{
    local::{
        ACCOUNT, REGION,
        alarms::{self, Definition},
        ops::Panel,
    },
    target::Health,
};

pub(super) struct Alarm;
pub(super) struct Dashboard;

#[async_trait]
impl Provider for Alarm {
    fn properties(&self) -> &'static [&'static str] {
        &[
            "AlarmDescription",
            "AlarmName",
            "ComparisonOperator",
            "DatapointsToAlarm",
            "Dimensions",
            "EvaluationPeriods",
            "ExtendedStatistic",
            "MetricName",
            "Metrics",
            "Namespace",
            "Period",
            "Statistic",
            "Tags",
            "Threshold",
            "TreatMissingData",
        ]
    }

    fn refuse(&self, properties: &Value) -> Vec<String> {
        Definition::parse(properties).err().into_iter().collect()
    }

    async fn put(&self, running: &RunningStage, request: &PutRequest) -> Result<Made, String> {
        let name = request.name(running, "AlarmName");
        if let Some(before) = request
            .before
            .as_ref()
            .filter(|record| record.reference != name)
        {
            running.alarms.remove(&before.reference);
        }
        let definition = Definition::parse(&request.properties)?;
        running.alarms.put(&name, definition, alarms::now());
        let arn = format!("arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{name}");
        Ok(Made::new(name).with("Arn", arn))
    }

    async fn delete(&self, running: &RunningStage, record: &Record) -> Result<(), String> {
        running.alarms.remove(&record.reference);
        Ok(())
    }

    /// That it is there: a raised alarm works as it should.
    async fn health(&self, running: &RunningStage, record: &Record) -> (Health, String) {
        match running.alarms.state(&record.reference) {
            None => (Health::Missing, String::new()),
            Some(state) => (
                Health::Ok,
                state.map(|state| state.to_string()).unwrap_or_default(),
            ),
        }
    }
}

/// The body as the template writes it: a text, or one with names that are filled in.
fn body(properties: &Value) -> &str {
    let body = &properties["DashboardBody"];
    let text = body.as_str().or_else(|| body["Fn::Sub"].as_str());
    text.or_else(|| body["Fn::Sub"][0].as_str())
        .unwrap_or_default()
}

#[async_trait]
impl Provider for Dashboard {
    fn properties(&self) -> &'static [&'static str] {
        &["DashboardBody", "DashboardName"]
    }

    fn refuse(&self, properties: &Value) -> Vec<String> {
        Panel::parse_all(body(properties))
            .err()
            .into_iter()
            .collect()
    }

    async fn put(&self, running: &RunningStage, request: &PutRequest) -> Result<Made, String> {
        let name = request.name(running, "DashboardName");
        if let Some(before) = request
            .before
            .as_ref()
            .filter(|record| record.reference != name)
        {
            running.ops.set_dashboard(&before.reference, None);
        }
        let panels = Panel::parse_all(body(&request.properties))?;
        running.ops.set_dashboard(&name, Some(panels));
        Ok(Made::new(name))
    }

    async fn delete(&self, running: &RunningStage, record: &Record) -> Result<(), String> {
        running.ops.set_dashboard(&record.reference, None);
        Ok(())
    }

    async fn health(&self, running: &RunningStage, record: &Record) -> (Health, String) {
        let health = match running.ops.has_dashboard(&record.reference) {
            true => Health::Ok,
            false => Health::Missing,
        };
        (health, String::new())
    }
}
