//! Everything between the internet and the database that answers requests.

use cfn::{
    Handle, Intrinsic, Output, RemovalPolicy, Stack, apigatewayv2 as gateway, lambda, logs,
    policy::Allow, secretsmanager,
};
use miyabi_catalog::{FUNCTIONS, Route};
use serde_json::json;

use crate::{
    Assets, Stage,
    data::Database,
    function::{Function, Live},
    names::{pascal, physical},
    network::Lan,
    parameter, rollout,
    stage::OriginSecret,
};

/// What the site needs of the API.
pub(crate) struct Http {
    /// `abc.execute-api.us-east-1.amazonaws.com`
    pub(crate) host: Output,
    /// ARN of the secret header's value; `None`: the stage has none.
    pub(crate) origin_secret: Option<Output>,
}

/// The functions, their secrets, and the HTTP API in front of them.
pub(crate) fn api(stage: &Stage, assets: &Assets, lan: &Lan, database: &Database) -> (Stack, Http) {
    let mut stack = Stack::new(
        "api",
        &format!("Miyabi {}: the functions and their API.", stage.name),
    );
    let secrets = Secrets::add(&mut stack, stage);
    rollout::application(&mut stack, stage);
    let api = http_api(&mut stack, stage);

    let mut live: Vec<(&str, Live)> = Vec::new();
    // A function comes after those that it invokes.
    let (invoked, others): (Vec<_>, Vec<_>) = FUNCTIONS
        .iter()
        .filter(|function| function.name != "migrate")
        .partition(|function| function.routes.is_empty());
    for spec in invoked.into_iter().chain(others) {
        let mut function = Function::new(spec, stage);
        if let Some(role) = spec.database_role {
            function = database.open(function, &mut stack, stage, role);
        }
        function = secrets.give(function, spec);
        if spec.reads_jwt_keys
            && let Some(url) = &database.valkey_url
        {
            function = function.given("VALKEY_URL", stack.import(url));
        }
        for (name, other) in live.iter().filter(|(name, _)| spec.invokes.contains(name)) {
            let arn = other.alias.reference();
            function = function
                .may(Allow::new(["lambda:InvokeFunction"], [arn.clone()]))
                .given(
                    &format!("{}_FUNCTION", name.to_uppercase().replace('-', "_")),
                    arn,
                );
        }
        if spec.name == "github" {
            function = github(function, &mut stack);
        }
        let added = function.add(&mut stack, lan, assets);
        routes(&mut stack, &api, spec.name, spec.routes, &added);
        live.push((spec.name, added));
    }

    let host = Intrinsic::sub(format!(
        "${{{}}}.execute-api.${{AWS::Region}}.${{AWS::URLSuffix}}",
        api.logical_id()
    ));
    stack.output("apiUrl", api.api_endpoint());
    let http = Http {
        host: stack.output("apiHost", host),
        origin_secret: secrets
            .origin
            .map(|secret| stack.output("originSecret", secret.reference())),
    };
    (stack, http)
}

/// The secrets of the functions. No value stands in a template: two are generated, GitHub's is put
/// there by whoever registered the application.
struct Secrets {
    stage_requires_origin: bool,
    jwt_keys: Handle<secretsmanager::Secret>,
    github: Handle<secretsmanager::Secret>,
    origin: Option<Handle<secretsmanager::Secret>>,
}

impl Secrets {
    fn add(stack: &mut Stack, stage: &Stage) -> Self {
        let mut secret =
            |id: &str, name: &str, about: &str, generated: Option<(serde_json::Value, &str)>| {
                let handle = stack.add(
                    id,
                    secretsmanager::Secret {
                        name: Some(physical(stage, name).into()),
                        description: Some(about.into()),
                        generate_secret_string: generated.map(|(template, key)| {
                            secretsmanager::SecretGenerateSecretString {
                                secret_string_template: Some(template.to_string().into()),
                                generate_string_key: Some(key.into()),
                                password_length: Some(64.into()),
                                exclude_punctuation: Some(true.into()),
                                ..Default::default()
                            }
                        }),
                        ..Default::default()
                    },
                );
                stack.on_removal(&handle, RemovalPolicy::Retain);
                handle
            };
        Self {
            stage_requires_origin: stage.site.origin_secret == OriginSecret::Required,
            jwt_keys: secret(
                "JwtKeys",
                "jwt-keys",
                "The keys that access tokens are signed with.",
                Some((json!({ "kid": "1" }), "key")),
            ),
            github: secret(
                "GithubSecret",
                "github",
                "Client id and secret of the GitHub OAuth application: {\"client_id\": .., \"client_secret\": ..}.",
                None,
            ),
            origin: (stage.site.origin_secret != OriginSecret::None).then(|| {
                secret(
                    "OriginSecret",
                    "origin",
                    "The header by which the API knows CloudFront.",
                    Some((json!({}), "value")),
                )
            }),
        }
    }

    fn give<'a>(
        &self,
        mut function: Function<'a>,
        spec: &miyabi_catalog::Function,
    ) -> Function<'a> {
        if spec.reads_jwt_keys {
            function = function.reads("JWT_KEYS_SECRET", self.jwt_keys.reference());
        }
        if spec.name == "github" {
            function = function.reads("GITHUB_SECRET", self.github.reference());
        }
        if let Some(origin) = &self.origin
            && !spec.routes.is_empty()
        {
            let required = if self.stage_requires_origin {
                "true"
            } else {
                "false"
            };
            function = function
                .reads("ORIGIN_SECRET", origin.reference())
                .given("ORIGIN_SECRET_REQUIRED", required);
        }
        function
    }
}

fn github<'a>(function: Function<'a>, stack: &mut Stack) -> Function<'a> {
    let site = stack.parameter(
        parameter::GITHUB_ORIGIN,
        "Where people sign in: https://github.com.",
    );
    let api = stack.parameter(
        parameter::GITHUB_API_ORIGIN,
        "GitHub's API: https://api.github.com.",
    );
    function
        .given("GITHUB_ORIGIN", site)
        .given("GITHUB_API_ORIGIN", api)
}

/// The API, its stage, its access log and its own domain.
fn http_api(stack: &mut Stack, stage: &Stage) -> Handle<gateway::Api> {
    let log = stack.add(
        "ApiLog",
        logs::LogGroup {
            log_group_name: Some(format!("/aws/apigateway/{}", physical(stage, "api")).into()),
            retention_in_days: Some(i64::from(stage.functions.log_retention_days).into()),
            ..Default::default()
        },
    );
    stack.on_removal(&log, RemovalPolicy::Delete);
    let cors = (!stage.api.cors_origins.is_empty()).then(|| gateway::ApiCors {
        allow_origins: Some(stage.api.cors_origins.iter().map(String::as_str).collect()),
        allow_methods: Some(["GET", "POST", "PATCH", "DELETE"].into_iter().collect()),
        allow_headers: Some(
            [
                "authorization",
                "content-type",
                "idempotency-key",
                "if-match",
                "x-csrf-token",
            ]
            .into_iter()
            .collect(),
        ),
        expose_headers: Some(
            ["etag", "x-request-id", "retry-after"]
                .into_iter()
                .collect(),
        ),
        max_age: Some(600.into()),
        ..Default::default()
    });
    let api = stack.add(
        "HttpApi",
        gateway::Api {
            name: Some(physical(stage, "api").into()),
            protocol_type: Some("HTTP".into()),
            cors_configuration: cors,
            ip_address_type: Some("dualstack".into()),
            ..Default::default()
        },
    );
    let format = json!({
        "requestId": "$context.requestId",
        "ip": "$context.identity.sourceIp",
        "route": "$context.routeKey",
        "status": "$context.status",
        "latencyMs": "$context.responseLatency",
        "integrationMs": "$context.integrationLatency",
        "error": "$context.error.message",
    });
    let live = stack.add(
        "HttpApiStage",
        gateway::Stage {
            auto_deploy: Some(true.into()),
            default_route_settings: Some(gateway::StageRouteSettings {
                throttling_rate_limit: Some(f64::from(stage.throttling.rate).into()),
                throttling_burst_limit: Some(stage.throttling.burst.into()),
                detailed_metrics_enabled: Some(true.into()),
                ..Default::default()
            }),
            access_log_settings: Some(gateway::StageAccessLogSettings {
                destination_arn: Some(log.arn()),
                format: Some(format.to_string().into()),
            }),
            ..gateway::Stage::new(api.reference(), "$default")
        },
    );
    if let (Some(domain), Some(certificate)) = (&stage.api.domain, &stage.api.certificate) {
        let name = stack.add(
            "ApiDomain",
            gateway::DomainName {
                domain_name_configurations: Some(
                    [gateway::DomainNameDomainNameConfiguration {
                        certificate_arn: Some(certificate.clone().into()),
                        endpoint_type: Some("REGIONAL".into()),
                        security_policy: Some("TLS_1_2".into()),
                        ..Default::default()
                    }]
                    .into(),
                ),
                ..gateway::DomainName::new(domain.clone())
            },
        );
        stack.add(
            "ApiDomainMapping",
            gateway::ApiMapping::new(api.reference(), name.reference(), live.reference()),
        );
    }
    api
}

/// The routes of one function: one integration, one permission, a resource for each route.
fn routes(
    stack: &mut Stack,
    api: &Handle<gateway::Api>,
    name: &str,
    routes: &[Route],
    live: &Live,
) {
    if routes.is_empty() {
        return;
    }
    let id = pascal(name);
    let integration = stack.add(
        format!("{id}Integration"),
        gateway::Integration {
            integration_uri: Some(live.alias.reference().into()),
            payload_format_version: Some("2.0".into()),
            ..gateway::Integration::new(api.reference(), "AWS_PROXY")
        },
    );
    stack.add(
        format!("{id}Permission"),
        lambda::Permission {
            source_arn: Some(
                Intrinsic::sub(format!(
                    "arn:${{AWS::Partition}}:execute-api:${{AWS::Region}}:${{AWS::AccountId}}:${{{}}}/*",
                    api.logical_id()
                ))
                .into(),
            ),
            ..lambda::Permission::new(
                "lambda:InvokeFunction",
                live.alias.reference(),
                "apigateway.amazonaws.com",
            )
        },
    );
    for route in routes {
        let method = route.method.as_str();
        let target = Intrinsic::sub(format!("integrations/${{{}}}", integration.logical_id()));
        stack.add(
            format!(
                "Route{}{}",
                pascal(&method.to_lowercase()),
                route_id(route.path)
            ),
            gateway::Route {
                target: Some(target.into()),
                ..gateway::Route::new(api.reference(), format!("{method} {}", route.path))
            },
        );
    }
}

/// `/api/tasks/{task_id}` -> `ApiTasksTaskId`; `/swagger-ui/` -> `SwaggerUiRoot`.
fn route_id(path: &str) -> String {
    let root = if path.ends_with('/') { "Root" } else { "" };
    format!("{}{root}", pascal(path))
}
