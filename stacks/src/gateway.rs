//! The HTTP API and the WebSocket API as the outside sees them: their addresses, the stage of the HTTP
//! API with throttling and access log, its own host name, and the secret by which it knows CloudFront.
//!
//! It refers to no other stack, so that CloudFront is created while the database still is. Routes and
//! integrations are in the stacks `api` and `realtime`, beside the functions that they lead to.

mod socket;

use cfn::{
    Emit, Handle, Intrinsic, Output, RemovalPolicy, Stack, apigatewayv2, logs, route53,
    secretsmanager,
};
use serde_json::json;

use crate::{Stage, names::physical, stage::OriginSecret};

pub(crate) use socket::{SOCKET_STAGE, SocketOutputs};

/// What other stacks need of both APIs.
pub(crate) struct GatewayOutputs {
    /// `a1b2c3d4e5`
    pub(crate) api_id: Output,
    /// `a1b2c3d4e5.execute-api.us-east-1.amazonaws.com`
    pub(crate) host: Output,
    /// ARN of the secret with the origin header's value; `None`: the stage has none.
    pub(crate) origin_secret: Option<Output>,
    /// The WebSocket API.
    pub(crate) socket: SocketOutputs,
}

/// Both APIs, without a route.
pub(crate) fn gateway(stage: &Stage) -> (Stack, GatewayOutputs) {
    let mut stack = Stack::new("gateway", &format!("Miyabi {}: the APIs.", stage.name));
    let api = stack.add("HttpApi", http_api(stage));
    let live = api_stage(&mut stack, stage, &api);
    domain(&mut stack, stage, &api, &live);
    let origin = (stage.site.origin_secret != OriginSecret::None)
        .then(|| stack.add("OriginSecret", origin_secret(stage)));

    let host = Intrinsic::sub(format!(
        "${{{}}}.execute-api.${{AWS::Region}}.${{AWS::URLSuffix}}",
        api.logical_id()
    ));
    stack.output("apiUrl", api.api_endpoint());
    let outputs = GatewayOutputs {
        api_id: stack.output("apiId", api.reference()),
        host: stack.output("apiHost", host),
        origin_secret: origin.map(|secret| {
            stack.on_removal(&secret, RemovalPolicy::Retain);
            stack.output("originSecret", secret.reference())
        }),
        socket: socket::add(&mut stack, stage),
    };
    (stack, outputs)
}

fn http_api(stage: &Stage) -> apigatewayv2::Api {
    let origins = &stage.api.cors_origins;
    let headers = [
        "authorization",
        "content-type",
        "idempotency-key",
        "if-match",
        "x-csrf-token",
    ];
    let exposed = ["etag", "x-request-id", "retry-after"];
    let cors = (!origins.is_empty()).then(|| apigatewayv2::ApiCors {
        allow_origins: Some(origins.iter().map(String::as_str).collect()),
        allow_methods: Some(["GET", "POST", "PATCH", "DELETE"].into_iter().collect()),
        allow_headers: Some(headers.into_iter().collect()),
        expose_headers: Some(exposed.into_iter().collect()),
        max_age: Some(600.into()),
        ..Default::default()
    });
    apigatewayv2::Api {
        name: Some(physical(stage, "api").into()),
        protocol_type: Some("HTTP".into()),
        cors_configuration: cors,
        ip_address_type: Some("dualstack".into()),
        ..Default::default()
    }
}

/// The stage `$default` with its access log.
///
/// The log group's name begins with `/aws/vendedlogs/`: for any other, API Gateway adds an entry to
/// the account's one log resource policy, which has room for 5,120 characters
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-and-resource-policy.html>).
fn api_stage(
    stack: &mut Stack,
    stage: &Stage,
    api: &Handle<apigatewayv2::Api>,
) -> Handle<apigatewayv2::Stage> {
    let group = format!("/aws/vendedlogs/apigateway/{}", physical(stage, "api"));
    let log = stack.add(
        "ApiLog",
        logs::LogGroup {
            log_group_name: Some(group.into()),
            retention_in_days: Some(i64::from(stage.functions.log_retention_days).into()),
            ..Default::default()
        },
    );
    stack.on_removal(&log, RemovalPolicy::Delete);
    let format = json!({
        "requestId": "$context.requestId",
        "ip": "$context.identity.sourceIp",
        "route": "$context.routeKey",
        "status": "$context.status",
        "latencyMs": "$context.responseLatency",
        "integrationMs": "$context.integrationLatency",
        "error": "$context.error.message",
    });
    stack.add(
        "HttpApiStage",
        apigatewayv2::Stage {
            auto_deploy: Some(true.into()),
            default_route_settings: Some(apigatewayv2::StageRouteSettings {
                throttling_rate_limit: Some(f64::from(stage.throttling.rate).into()),
                throttling_burst_limit: Some(stage.throttling.burst.into()),
                ..Default::default()
            }),
            access_log_settings: Some(apigatewayv2::StageAccessLogSettings {
                destination_arn: Some(log.arn()),
                format: Some(format.to_string().into()),
            }),
            ..apigatewayv2::Stage::new(api.reference(), "$default")
        },
    )
}

/// The API's own host name with its DNS records, IPv4 and IPv6.
fn domain(
    stack: &mut Stack,
    stage: &Stage,
    api: &Handle<apigatewayv2::Api>,
    live: &Handle<apigatewayv2::Stage>,
) {
    let (Some(domain), Some(certificate)) = (&stage.api.domain, &stage.api.certificate) else {
        return;
    };
    let name = stack.add(
        "ApiDomain",
        apigatewayv2::DomainName {
            domain_name_configurations: Some(
                [apigatewayv2::DomainNameDomainNameConfiguration {
                    certificate_arn: Some(certificate.clone().into()),
                    endpoint_type: Some("REGIONAL".into()),
                    ip_address_type: Some("dualstack".into()),
                    security_policy: Some("TLS_1_2".into()),
                    ..Default::default()
                }]
                .into(),
            ),
            ..apigatewayv2::DomainName::new(domain.clone())
        },
    );
    stack.add(
        "ApiDomainMapping",
        apigatewayv2::ApiMapping::new(api.reference(), name.reference(), live.reference()),
    );
    let Some(zone) = &stage.api.hosted_zone else {
        return;
    };
    for (id, kind) in [("ApiAddress4", "A"), ("ApiAddress6", "AAAA")] {
        stack.add(
            id,
            route53::RecordSet {
                hosted_zone_id: Some(zone.clone().into()),
                alias_target: Some(route53::RecordSetAliasTarget::new(
                    name.regional_domain_name(),
                    name.regional_hosted_zone_id(),
                )),
                ..route53::RecordSet::new(domain.clone(), kind)
            },
        );
    }
}

/// Its value is generated by Secrets Manager and is in no template.
fn origin_secret(stage: &Stage) -> secretsmanager::Secret {
    secretsmanager::Secret {
        name: Some(physical(stage, "origin").into()),
        description: Some("The header by which the API knows CloudFront.".into()),
        generate_secret_string: Some(secretsmanager::SecretGenerateSecretString {
            secret_string_template: Some(json!({}).to_string().into()),
            generate_string_key: Some("value".into()),
            password_length: Some(64.into()),
            exclude_punctuation: Some(true.into()),
            ..Default::default()
        }),
        ..Default::default()
    }
}

/// The ARN of everything that can be called through an API, as a function's permission names it.
pub(crate) fn execution_arn(stack: &mut Stack, api_id: &Output) -> Intrinsic {
    Intrinsic::sub_with(
        "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*",
        [("Api", stack.import(api_id).emit())],
    )
}
