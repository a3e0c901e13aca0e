//! What AWS refuses although a template fits its schemas: one table, [`RULES`], with the source of
//! each rule. [`crate::validate`] applies all of them, so that a template is refused at synth and not
//! ten minutes into a deploy.
//!
//! A rule looks at what stands in the template. A value that is known only when the stack is deployed
//! is never reported; where a length counts, [`length`] says what it is taken for.

mod identity;
pub mod lambda;
mod length;
mod logs;
mod names;
mod policies;
mod references;
mod routes;
mod schedules;
mod sockets;
mod template;
mod texts;

use serde_json::{Map, Value as Json};

use crate::Problem;

/// One thing that AWS refuses.
pub struct Rule {
    /// Short and stable: `route-key`.
    pub id: &'static str,
    /// What is refused, a sentence.
    pub refuses: &'static str,
    /// Where AWS says so.
    pub source: &'static str,
    check: fn(&Template<'_>, &mut Findings),
}

/// Every rule.
pub const RULES: &[Rule] = &[
    Rule {
        id: "route-key",
        refuses: "A route key of an HTTP API that ends in a slash, or that is not a method and path.",
        source: "https://github.com/aws/aws-cdk/issues/13981, https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html",
        check: routes::keys,
    },
    Rule {
        id: "routes",
        refuses: "More than 300 routes of one HTTP API.",
        source: "https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html",
        check: routes::count,
    },
    Rule {
        id: "socket-api",
        refuses: "A WebSocket API without a route selection expression or with CORS; an HTTP API with another expression than its own.",
        source: "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigatewayv2-api.html",
        check: sockets::api,
    },
    Rule {
        id: "socket-route",
        refuses: "A route key of a WebSocket API that is a method and path, or of an HTTP API that is neither that nor $default; a predefined key that does not exist.",
        source: "https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-develop-routes.html",
        check: sockets::routes,
    },
    Rule {
        id: "socket-integration",
        refuses: "A Lambda integration behind a WebSocket route that names the function by its ARN alone, or with another method than POST or another payload format than 1.0.",
        source: "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigatewayv2-integration.html",
        check: sockets::integrations,
    },
    Rule {
        id: "route-response",
        refuses: "A route response with another key than $default, or of $connect or $disconnect; one without the route's selection expression, which is sent to nobody.",
        source: "https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-route-response.html",
        check: sockets::responses,
    },
    Rule {
        id: "socket-access-log",
        refuses: "An access log of a WebSocket API without a CloudWatch role of the account: a template of one stage cannot have it.",
        source: "https://github.com/anomalyco/sst/issues/1556",
        check: sockets::access_logs,
    },
    Rule {
        id: "socket-stage",
        refuses: "A stage of a WebSocket API that is made before its routes: there is nothing to deploy.",
        source: "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigatewayv2-deployment.html",
        check: sockets::stages,
    },
    Rule {
        id: "schedule",
        refuses: "A schedule whose rate is not a positive number of minutes, hours or days, or with a number that its unit does not agree with.",
        source: "https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html",
        check: schedules::rates,
    },
    Rule {
        id: "custom-name",
        refuses: "The replacement of a resource with a custom name: reported where it holds data.",
        source: "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-name.html",
        check: identity::custom_names,
    },
    Rule {
        id: "same-name",
        refuses: "Two resources of a type with the same name.",
        source: "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-name.html",
        check: identity::same_names,
    },
    Rule {
        id: "name",
        refuses: "A name that is too long or has other letters than its service takes.",
        source: "The services' API references; each row of the table in rules/names.rs has its own.",
        check: names::check,
    },
    Rule {
        id: "description",
        refuses: "A description that is too long or has other letters than its service takes.",
        source: "The services' API references; each row of the table in rules/texts.rs has its own.",
        check: texts::check,
    },
    Rule {
        id: "inline-policies",
        refuses: "More than 10,240 characters in all inline policies of a role, white space not counted.",
        source: "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html",
        check: policies::inline,
    },
    Rule {
        id: "managed-policy",
        refuses: "A managed policy of more than 6,144 characters, white space not counted.",
        source: "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html",
        check: policies::managed,
    },
    Rule {
        id: "trust-policy",
        refuses: "A trust policy of more than 2,048 characters, white space not counted.",
        source: "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html",
        check: policies::trust,
    },
    Rule {
        id: "environment",
        refuses: "More than 4 KB of environment variables of a function, or a name that Lambda sets itself.",
        source: "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html, https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html",
        check: lambda::environment,
    },
    Rule {
        id: "edge-code",
        refuses: "A CloudFront Function of more than 10 KB.",
        source: "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html",
        check: lambda::edge_code,
    },
    Rule {
        id: "access-log",
        refuses: "Entries in the account's log resource policy beyond its 5,120 characters: every access log outside of /aws/vendedlogs/ adds one.",
        source: "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-and-resource-policy.html",
        check: logs::access_logs,
    },
    Rule {
        id: "tags",
        refuses: "A tag key that begins with aws:, is used twice, or is over 128 characters; a value over 256; more than 50.",
        source: "https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html",
        check: texts::tags,
    },
    Rule {
        id: "template",
        refuses: "More than 500 resources, 200 parameters or 200 outputs, 1 MB, or a description over 1,024 bytes; names of parameters and outputs that are not letters and digits.",
        source: "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html",
        check: template::limits,
    },
    Rule {
        id: "reference",
        refuses: "A Ref, Fn::GetAtt, Fn::Sub or DependsOn of something that does not exist, or of an attribute that the type does not have.",
        source: "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html",
        check: references::check,
    },
    Rule {
        id: "circle",
        refuses: "Resources that refer to each other in a circle.",
        source: "https://aws.amazon.com/blogs/infrastructure-and-automation/handling-circular-dependency-errors-in-aws-cloudformation/",
        check: references::circles,
    },
];

impl Rule {
    /// What this rule refuses in a template.
    pub fn problems(&self, stack: &str, template: &Json) -> Vec<Problem> {
        let mut findings = Findings {
            stack: stack.to_owned(),
            problems: Vec::new(),
        };
        (self.check)(&Template { json: template }, &mut findings);
        findings.problems
    }
}

/// A template as rules read it.
pub(crate) struct Template<'a> {
    pub(crate) json: &'a Json,
}

impl<'a> Template<'a> {
    /// Every resource: logical id, type and properties.
    pub(crate) fn resources(&self) -> impl Iterator<Item = (&'a str, &'a str, &'a Json)> {
        self.section("Resources").map(|(id, resource)| {
            let resource_type = resource["Type"].as_str().unwrap_or_default();
            (id, resource_type, &resource["Properties"])
        })
    }

    /// The resources of one type: logical id and properties.
    pub(crate) fn of_type(&self, wanted: &str) -> impl Iterator<Item = (&'a str, &'a Json)> {
        self.resources()
            .filter(move |(_, resource_type, _)| *resource_type == wanted)
            .map(|(id, _, properties)| (id, properties))
    }

    /// The entries of a section: `Resources`, `Parameters`, `Outputs`.
    pub(crate) fn section(&self, name: &str) -> impl Iterator<Item = (&'a str, &'a Json)> {
        self.object(name)
            .into_iter()
            .flatten()
            .map(|(id, entry)| (id.as_str(), entry))
    }

    pub(crate) fn object(&self, name: &str) -> Option<&'a Map<String, Json>> {
        self.json[name].as_object()
    }
}

/// Collects what is wrong with one stack.
pub(crate) struct Findings {
    stack: String,
    problems: Vec<Problem>,
}

impl Findings {
    pub(crate) fn add(&mut self, resource: &str, path: &str, message: impl Into<String>) {
        self.problems.push(Problem {
            stack: self.stack.clone(),
            resource: resource.to_owned(),
            path: path.to_owned(),
            message: message.into(),
        });
    }
}
