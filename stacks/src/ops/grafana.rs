//! The panels as a dashboard of Grafana.

use cfn::Json;
use serde_json::json;

use super::panels::{Panel, panels};
use crate::{Stage, names::physical};

/// The version of Grafana's dashboard model
/// (<https://grafana.com/docs/grafana/latest/visualizations/dashboards/build-dashboards/view-dashboard-json-model/>);
/// a newer Grafana migrates it when it is opened.
const SCHEMA_VERSION: u32 = 41;
/// Columns of a dashboard, and the height of a panel in rows of 30 pixels.
const COLUMNS: usize = 24;
const PANEL_HEIGHT: usize = 8;
/// The data source, which a person chooses in the dashboard.
const DATA_SOURCE: &str = "${datasource}";

/// The dashboard of a stage, for Grafana's `Import`. What AWS names when it is deployed is a variable of
/// the dashboard, which Grafana fills by asking CloudWatch.
pub fn dashboard(stage: &Stage) -> Json {
    let panels = panels(stage);
    let drawn: Vec<Json> = panels
        .iter()
        .enumerate()
        .map(|(place, panel)| draw(panel, stage, place))
        .collect();
    let text = Json::from(drawn.as_slice()).to_string();
    let used = VARIABLES
        .iter()
        .filter(|variable| text.contains(&format!("${{{}}}", variable.name)));
    let mut variables = vec![json!({
        "name": "datasource",
        "label": "Data source",
        "type": "datasource",
        "query": "cloudwatch",
    })];
    variables.extend(used.map(|variable| variable.json(stage)));
    json!({
        "uid": physical(stage, "operations"),
        "title": format!("Miyabi {}: operations", stage.name),
        "description": "Generated from the panels of the stack `ops`; what is edited here is lost.",
        "tags": ["miyabi"],
        "timezone": "utc",
        "editable": false,
        "graphTooltip": 1,
        "refresh": "1m",
        "schemaVersion": SCHEMA_VERSION,
        "time": { "from": "now-3h", "to": "now" },
        "templating": { "list": variables },
        "panels": drawn,
    })
}

/// A dimension whose value AWS chose, by the metric that only such resources have.
struct Variable {
    /// As the lines of the panels name it.
    name: &'static str,
    label: &'static str,
    namespace: &'static str,
    metric: &'static str,
    dimension: &'static str,
}

const VARIABLES: [Variable; 4] = [
    Variable {
        name: "HttpApi",
        label: "HTTP API",
        namespace: "AWS/ApiGateway",
        metric: "5xx",
        dimension: "ApiId",
    },
    Variable {
        name: "WebSocketApi",
        label: "WebSocket API",
        namespace: "AWS/ApiGateway",
        metric: "ConnectCount",
        dimension: "ApiId",
    },
    Variable {
        name: "Database",
        label: "Database",
        namespace: "AWS/RDS",
        metric: "DatabaseConnections",
        dimension: "DBInstanceIdentifier",
    },
    Variable {
        name: "Cache",
        label: "Cache",
        namespace: "AWS/ElastiCache",
        metric: "CacheHitRate",
        dimension: "clusterId",
    },
];

impl Variable {
    /// (<https://grafana.com/docs/grafana/latest/datasources/aws-cloudwatch/template-variables/>)
    fn json(&self, stage: &Stage) -> Json {
        let Variable {
            namespace,
            metric,
            dimension,
            ..
        } = self;
        let region = &stage.region;
        json!({
            "name": self.name,
            "label": self.label,
            "type": "query",
            "datasource": data_source(),
            "query": format!("dimension_values({region}, {namespace}, {metric}, {dimension})"),
            "refresh": 1,
        })
    }
}

fn data_source() -> Json {
    json!({ "type": "cloudwatch", "uid": DATA_SOURCE })
}

/// Two in a row.
fn draw(panel: &Panel, stage: &Stage, place: usize) -> Json {
    let width = COLUMNS / 2;
    let targets: Vec<Json> = panel
        .lines
        .iter()
        .zip('A'..='Z')
        .map(|((source, statistic, label), letter)| {
            json!({
                "refId": letter.to_string(),
                "datasource": data_source(),
                "queryMode": "Metrics",
                "metricQueryType": 0,
                "metricEditorMode": 0,
                "id": "",
                "region": stage.region,
                "namespace": source.namespace,
                "metricName": source.name,
                "dimensions": source.dimensions_json(),
                "matchExact": true,
                "statistic": statistic,
                "period": stage.alarms.period.to_string(),
                "label": label,
            })
        })
        .collect();
    json!({
        "id": place + 1,
        "type": "timeseries",
        "title": panel.title,
        "datasource": data_source(),
        "gridPos": {
            "x": (place % 2) * width,
            "y": (place / 2) * PANEL_HEIGHT,
            "w": width,
            "h": PANEL_HEIGHT,
        },
        "fieldConfig": { "defaults": { "min": 0 }, "overrides": [] },
        "targets": targets,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_panel_and_line_of_cloudwatchs_dashboard_is_in_grafanas() {
        for name in ["dev", "prod", "sandbox"] {
            let stage = Stage::built_in(name).unwrap();
            let drawn = dashboard(&stage);
            let drawn = drawn["panels"].as_array().unwrap();
            let panels = panels(&stage);
            assert_eq!(drawn.len(), panels.len(), "{name}");
            for (drawn, panel) in drawn.iter().zip(&panels) {
                let targets = drawn["targets"].as_array().unwrap();
                assert_eq!(targets.len(), panel.lines.len(), "{name}: {}", panel.title);
                assert_eq!(drawn["title"], panel.title);
            }
        }
    }

    #[test]
    fn every_variable_that_a_panel_reads_can_be_chosen() {
        let stage = Stage::built_in("prod").unwrap();
        let dashboard = dashboard(&stage);
        let text = dashboard["panels"].to_string();
        let read: BTreeSet<&str> = text
            .split("${")
            .skip(1)
            .filter_map(|rest| rest.split('}').next())
            .collect();
        let offered = dashboard["templating"]["list"].as_array().unwrap();
        let offered: BTreeSet<&str> = offered
            .iter()
            .map(|variable| variable["name"].as_str().unwrap())
            .collect();
        assert_eq!(read, offered);
    }
}
