//! The resources of a stage's templates, and what an estimate has to know about how they hang
//! together: which function answers which API, what is kept started, what a schedule invokes.
//!
//! Everything is read from the templates, stack by stack: what the estimate needs never crosses one.

mod metrics;

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::plan::references;

/// A template and the short name of its stack.
#[derive(Debug, Clone, Copy)]
pub struct StackTemplate<'a> {
    /// `data`
    pub stack: &'a str,
    /// As JSON.
    pub template: &'a Value,
}

/// A resource of a template.
#[derive(Debug, Clone, Copy)]
pub(super) struct Resource<'a> {
    /// Short name of its stack.
    pub(super) stack: &'a str,
    /// Logical id.
    pub(super) id: &'a str,
    /// `AWS::RDS::DBInstance`
    pub(super) kind: &'a str,
    /// Null when it has none.
    pub(super) properties: &'a Value,
}

impl<'a> Resource<'a> {
    /// The property at that JSON pointer.
    pub(super) fn at(&self, pointer: &str) -> Option<&'a Value> {
        self.properties.pointer(pointer)
    }

    /// The text of a property; `None` for an intrinsic function, too.
    pub(super) fn text(&self, pointer: &str) -> Option<&'a str> {
        self.at(pointer)?.as_str()
    }

    /// The whole number of a property, which templates write as a number or as text.
    pub(super) fn number(&self, pointer: &str) -> Option<u64> {
        let value = self.at(pointer)?;
        value.as_u64().or_else(|| value.as_str()?.parse().ok())
    }

    /// Whether a property is true.
    pub(super) fn is(&self, pointer: &str) -> bool {
        match self.at(pointer) {
            Some(Value::String(text)) => text == "true",
            Some(value) => value.as_bool().unwrap_or_default(),
            None => false,
        }
    }

    /// Whether the property at that pointer refers to `other`, of the same stack.
    fn refers(&self, pointer: &str, other: &Resource<'_>) -> bool {
        self.stack == other.stack
            && self.at(pointer).is_some_and(|value| {
                references(value)
                    .iter()
                    .any(|reference| reference.name == other.id)
            })
    }
}

/// What invokes a function from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Entry {
    /// Routes of an HTTP API.
    Http,
    /// Routes of a WebSocket API.
    WebSocket,
}

/// A function with what surrounds it.
#[derive(Debug, Clone)]
pub(super) struct Function<'a> {
    /// The function itself.
    pub(super) resource: Resource<'a>,
    /// `tasks`: from the key of its code, else its logical id.
    pub(super) name: &'a str,
    /// What invokes it from outside.
    pub(super) entries: BTreeSet<Entry>,
    /// Environments that are kept started.
    pub(super) provisioned: u64,
    /// Invocations of schedules in a month; `None`: one whose expression is not a rate.
    pub(super) scheduled: Option<u64>,
}

/// All resources of a stage.
#[derive(Debug, Clone)]
pub(super) struct Inventory<'a> {
    resources: Vec<Resource<'a>>,
    functions: Vec<Function<'a>>,
}

/// Minutes of a month of 730 hours.
pub(super) const MINUTES_PER_MONTH: u64 = 730 * 60;

impl<'a> Inventory<'a> {
    /// The resources of these templates, in their order.
    pub(super) fn new(templates: &[StackTemplate<'a>]) -> Inventory<'a> {
        let mut resources = Vec::new();
        for template in templates {
            let all = template.template.get("Resources");
            for (id, resource) in all
                .and_then(Value::as_object)
                .into_iter()
                .flat_map(Map::iter)
            {
                if let Some(kind) = resource.get("Type").and_then(Value::as_str) {
                    resources.push(Resource {
                        stack: template.stack,
                        id,
                        kind,
                        properties: resource.get("Properties").unwrap_or(&Value::Null),
                    });
                }
            }
        }
        let mut inventory = Inventory {
            resources,
            functions: Vec::new(),
        };
        inventory.functions = inventory
            .of("AWS::Lambda::Function")
            .map(|function| inventory.function(function))
            .collect();
        inventory
    }

    /// Every resource.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Resource<'a>> {
        self.resources.iter()
    }

    /// Those of a type.
    pub(super) fn of(&self, kind: &str) -> impl Iterator<Item = &Resource<'a>> {
        self.resources
            .iter()
            .filter(move |resource| resource.kind == kind)
    }

    /// How many there are of a type.
    pub(super) fn count(&self, kind: &str) -> u64 {
        self.of(kind).count() as u64
    }

    /// The APIs of that protocol, `HTTP` or `WEBSOCKET`.
    pub(super) fn apis(&self, protocol: &str) -> u64 {
        self.of("AWS::ApiGatewayV2::Api")
            .filter(|api| api.text("/ProtocolType") == Some(protocol))
            .count() as u64
    }

    /// Every function.
    pub(super) fn functions(&self) -> &[Function<'a>] {
        &self.functions
    }

    /// The function that this resource is.
    pub(super) fn function_at(&self, resource: &Resource<'a>) -> Option<&Function<'a>> {
        let is_it = |function: &&Function<'a>| {
            (function.resource.stack, function.resource.id) == (resource.stack, resource.id)
        };
        self.functions.iter().find(is_it)
    }

    /// The function that an alias belongs to.
    pub(super) fn function_of(&self, alias: &Resource<'a>) -> Option<&Function<'a>> {
        self.functions
            .iter()
            .find(|function| alias.refers("/FunctionName", &function.resource))
    }

    fn function(&self, function: &Resource<'a>) -> Function<'a> {
        // Whoever calls it calls the function or one of its aliases.
        let mut called: Vec<&Resource<'a>> = vec![function];
        let mut provisioned = 0;
        for alias in self.of("AWS::Lambda::Alias") {
            if alias.refers("/FunctionName", function) {
                let config = "/ProvisionedConcurrencyConfig/ProvisionedConcurrentExecutions";
                provisioned += alias.number(config).unwrap_or_default();
                called.push(alias);
            }
        }
        let calls = |resource: &Resource<'a>, pointer: &str| {
            called.iter().any(|target| resource.refers(pointer, target))
        };
        let entries = self
            .of("AWS::ApiGatewayV2::Integration")
            .filter(|integration| calls(integration, "/IntegrationUri"))
            // HTTP APIs alone have payload formats, and need one for a function:
            // https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-apigatewayv2-integration.html
            .map(
                |integration| match integration.at("/PayloadFormatVersion") {
                    Some(_) => Entry::Http,
                    None => Entry::WebSocket,
                },
            )
            .collect();
        let schedules = self
            .of("AWS::Scheduler::Schedule")
            .filter(|schedule| calls(schedule, "/Target/Arn"))
            .map(|schedule| (schedule, "/ScheduleExpression"));
        let rules = self
            .of("AWS::Events::Rule")
            .filter(|rule| calls(rule, "/Targets"))
            .map(|rule| (rule, "/ScheduleExpression"));
        let scheduled = schedules
            .chain(rules)
            .map(|(schedule, pointer)| per_month(schedule.text(pointer)?))
            .try_fold(0_u64, |sum, more| Some(sum.saturating_add(more?)));
        Function {
            resource: *function,
            name: name(function),
            entries,
            provisioned,
            scheduled,
        }
    }

    /// Whether a stage is of a WebSocket API. An API of another stack is known by what is beside the
    /// stage: integrations without a payload format.
    pub(super) fn is_web_socket(&self, stage: &Resource<'a>) -> bool {
        let mut apis = self.of("AWS::ApiGatewayV2::Api");
        if let Some(api) = apis.find(|api| stage.refers("/ApiId", api)) {
            return api.text("/ProtocolType") == Some("WEBSOCKET");
        }
        let beside: Vec<bool> = self
            .of("AWS::ApiGatewayV2::Integration")
            .filter(|integration| integration.stack == stage.stack)
            .map(|integration| integration.at("/PayloadFormatVersion").is_none())
            .collect();
        !beside.is_empty() && !beside.contains(&false)
    }

    /// Whether the stage of an API writes its access log to this group.
    pub(super) fn is_access_log(&self, group: &Resource<'a>) -> bool {
        self.of("AWS::ApiGatewayV2::Stage")
            .any(|stage| stage.refers("/AccessLogSettings/DestinationArn", group))
    }

    /// The function that logs to this group.
    pub(super) fn logs_to(&self, group: &Resource<'a>) -> Option<&Function<'a>> {
        self.functions
            .iter()
            .find(|function| function.resource.refers("/LoggingConfig/LogGroup", group))
    }

    /// Whether a distribution gets its files from this bucket.
    pub(super) fn is_origin(&self, bucket: &Resource<'a>) -> bool {
        self.of("AWS::CloudFront::Distribution")
            .any(|distribution| distribution.refers("/DistributionConfig/Origins", bucket))
    }
}

/// `functions/tasks/{sha256}.zip` is the code of `tasks`.
fn name<'a>(function: &Resource<'a>) -> &'a str {
    let key = function.text("/Code/S3Key").unwrap_or_default();
    let name = key
        .strip_prefix("functions/")
        .and_then(|rest| rest.split_once('/'));
    name.map_or(function.id, |(name, _)| name)
}

/// How often `rate(5 minutes)` is in a month; `None` for any other expression.
pub(super) fn per_month(expression: &str) -> Option<u64> {
    let rate = expression.strip_prefix("rate(")?.strip_suffix(')')?;
    let (count, unit) = rate.split_once(' ')?;
    let count: u64 = count.parse().ok()?;
    let minutes = match unit.trim_end_matches('s') {
        "minute" => 1,
        "hour" => 60,
        "day" => 24 * 60,
        _ => return None,
    };
    MINUTES_PER_MONTH.checked_div(count.checked_mul(minutes)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_counted_and_another_expression_is_unknown() {
        assert_eq!(per_month("rate(1 minute)"), Some(43_800));
        assert_eq!(per_month("rate(2 hours)"), Some(365));
        for other in ["cron(0 3 * * ? *)", "rate(0 minutes)", "rate(1 week)", ""] {
            assert_eq!(per_month(other), None, "{other}");
        }
    }
}
