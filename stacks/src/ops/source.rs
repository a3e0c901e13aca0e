//! The metrics that alarms and panels read, and how their dimensions get into a template.

use cfn::{Intrinsic, Json, Stack, Value, cloudwatch};
use miyabi_catalog::metrics::{DIMENSIONS, Metric, NAMESPACE};
use serde_json::json;

use super::Watched;
use crate::{Stage, gateway::SOCKET_STAGE, names::physical};

/// A metric of CloudWatch.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) namespace: &'static str,
    pub(super) name: &'static str,
    dimensions: Vec<(&'static str, Dimension)>,
}

/// The value of a dimension.
#[derive(Debug, Clone)]
enum Dimension {
    Text(String),
    /// Known when the stack is deployed: the name of a parameter in [`Names`].
    Parameter(&'static str),
}

impl Dimension {
    /// Its text, or `${Name}`.
    fn text(&self) -> String {
        match self {
            Dimension::Text(text) => text.clone(),
            Dimension::Parameter(parameter) => format!("${{{parameter}}}"),
        }
    }
}

const HTTP_API: &str = "HttpApi";
const WEB_SOCKET_API: &str = "WebSocketApi";
const DATABASE: &str = "Database";
const CACHE: &str = "Cache";

/// What AWS named, by the name under which a text refers to it.
pub(super) struct Names(Vec<(&'static str, Intrinsic)>);

impl Names {
    /// As parameters of `stack`.
    pub(super) fn import(stack: &mut Stack, watched: &Watched<'_>) -> Names {
        let all = [
            (HTTP_API, Some(&watched.gateway.api_id)),
            (WEB_SOCKET_API, Some(&watched.gateway.socket.api_id)),
            (DATABASE, watched.database),
            (CACHE, watched.cache),
        ];
        let known = all
            .into_iter()
            .filter_map(|(name, output)| Some((name, stack.import(output?))));
        Names(known.collect())
    }

    /// `text` with each `${Name}` that it has.
    pub(super) fn resolve(&self, text: &str) -> Intrinsic {
        let used = self
            .0
            .iter()
            .filter(|(name, _)| text.contains(&format!("${{{name}}}")));
        Intrinsic::sub_with(text, used.cloned())
    }

    fn value(&self, name: &str) -> Option<&Intrinsic> {
        let known = self.0.iter().find(|(known, _)| *known == name);
        known.map(|(_, value)| value)
    }
}

impl Source {
    /// Of the HTTP API (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html>).
    pub(super) fn http_api(name: &'static str) -> Source {
        let stage = Dimension::Text("$default".to_owned());
        Source {
            namespace: "AWS/ApiGateway",
            name,
            dimensions: vec![("ApiId", Dimension::Parameter(HTTP_API)), ("Stage", stage)],
        }
    }

    /// Of the WebSocket API
    /// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-logging.html>).
    pub(super) fn web_socket_api(name: &'static str) -> Source {
        let stage = Dimension::Text(SOCKET_STAGE.to_owned());
        Source {
            namespace: "AWS/ApiGateway",
            name,
            dimensions: vec![
                ("ApiId", Dimension::Parameter(WEB_SOCKET_API)),
                ("Stage", stage),
            ],
        }
    }

    /// Of one function (<https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html>).
    pub(super) fn lambda(stage: &Stage, function: &str, name: &'static str) -> Source {
        Source {
            namespace: "AWS/Lambda",
            name,
            dimensions: vec![("FunctionName", Dimension::Text(physical(stage, function)))],
        }
    }

    /// What a function writes itself.
    pub(super) fn own(stage: &Stage, function: &str, metric: Metric) -> Source {
        let [by_stage, by_function] = DIMENSIONS;
        Source {
            namespace: NAMESPACE,
            name: metric.name,
            dimensions: vec![
                (by_stage, Dimension::Text(stage.name.clone())),
                (by_function, Dimension::Text(function.to_owned())),
            ],
        }
    }

    /// Of the database (<https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-metrics.html>).
    pub(super) fn database(name: &'static str) -> Source {
        Source {
            namespace: "AWS/RDS",
            name,
            dimensions: vec![("DBInstanceIdentifier", Dimension::Parameter(DATABASE))],
        }
    }

    /// Of the cache
    /// (<https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/serverless-metrics-events-redis.html>).
    pub(super) fn cache(name: &'static str) -> Source {
        Source {
            namespace: "AWS/ElastiCache",
            name,
            dimensions: vec![("clusterId", Dimension::Parameter(CACHE))],
        }
    }

    /// Of the queue of failed invocations.
    pub(super) fn dead_letters(stage: &Stage) -> Source {
        let queue = Dimension::Text(physical(stage, "dead-letters"));
        Source {
            namespace: "AWS/SQS",
            name: "ApproximateNumberOfMessagesVisible",
            dimensions: vec![("QueueName", queue)],
        }
    }

    /// The dimensions of an alarm.
    pub(super) fn dimensions(&self, names: &Names) -> cfn::List<cloudwatch::AlarmDimension> {
        let dimension = |(name, value): &(&'static str, Dimension)| {
            let value: Value<String> = match value {
                Dimension::Text(text) => text.clone().into(),
                Dimension::Parameter(parameter) => names
                    .value(parameter)
                    .cloned()
                    .unwrap_or_else(|| Intrinsic::reference(parameter))
                    .into(),
            };
            cloudwatch::AlarmDimension::new(*name, value)
        };
        cfn::List::Items(self.dimensions.iter().map(dimension).collect())
    }

    /// The dimensions by name. What AWS named stands as `${Name}`.
    pub(super) fn dimensions_json(&self) -> Json {
        let dimensions = self
            .dimensions
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.text().into()));
        Json::Object(dimensions.collect())
    }

    /// A line of a graph, as the source of a dashboard writes it. What AWS named stands as `${Name}`.
    pub(super) fn line(&self, statistic: &str, label: &str) -> Json {
        let mut line = vec![json!(self.namespace), json!(self.name)];
        for (name, value) in &self.dimensions {
            line.push(json!(name));
            line.push(value.text().into());
        }
        line.push(json!({ "stat": statistic, "label": label }));
        json!(line)
    }
}
