//! WebSocket APIs. Which API a part belongs to is known where the API is in the same template; an
//! imported one is known by its parts: a route key with a blank is of an HTTP API, `$connect` and
//! `$disconnect` of a WebSocket API.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::{Findings, Template};

const API: &str = "AWS::ApiGatewayV2::Api";
const ROUTE: &str = "AWS::ApiGatewayV2::Route";
/// The one expression of an HTTP API.
const OF_HTTP: &str = "${request.method} ${request.path}";
/// The route keys that API Gateway itself knows; no other one may begin with a dollar sign.
const PREDEFINED: [&str; 3] = ["$connect", "$default", "$disconnect"];

/// What a template says of the API that a part names: `WEBSOCKET`, `HTTP`, or nothing.
fn protocol<'a>(template: &Template<'a>, api: &Json) -> Option<&'a str> {
    let id = api["Ref"].as_str()?;
    let mut apis = template.of_type(API);
    if let Some((_, properties)) = apis.find(|(known, _)| *known == id) {
        return properties["ProtocolType"].as_str();
    }
    let mut keys = template
        .of_type(ROUTE)
        .filter(|(_, route)| route["ApiId"] == *api)
        .filter_map(|(_, route)| route["RouteKey"].as_str());
    keys.find_map(|key| match key {
        "$connect" | "$disconnect" => Some("WEBSOCKET"),
        key if key.contains(' ') => Some("HTTP"),
        _ => None,
    })
}

fn is_socket(template: &Template<'_>, api: &Json) -> bool {
    protocol(template, api) == Some("WEBSOCKET")
}

pub(super) fn api(template: &Template<'_>, findings: &mut Findings) {
    for (id, properties) in template.of_type(API) {
        let expression = &properties["RouteSelectionExpression"];
        let path = "Properties.RouteSelectionExpression";
        match properties["ProtocolType"].as_str() {
            Some("WEBSOCKET") if expression.is_null() => findings.add(
                id,
                path,
                "A WebSocket API needs one, such as `$request.body.type`.",
            ),
            Some("WEBSOCKET") if !properties["CorsConfiguration"].is_null() => findings.add(
                id,
                "Properties.CorsConfiguration",
                "Only an HTTP API has it: a function checks the origin of a connection.",
            ),
            Some("HTTP") if expression.as_str().is_some_and(|text| text != OF_HTTP) => {
                findings.add(id, path, format!("That of an HTTP API is `{OF_HTTP}`."));
            }
            _ => {}
        }
    }
}

pub(super) fn routes(template: &Template<'_>, findings: &mut Findings) {
    for (id, properties) in template.of_type(ROUTE) {
        let key = properties["RouteKey"].as_str().unwrap_or_default();
        let why = match protocol(template, &properties["ApiId"]) {
            Some("WEBSOCKET") if key.contains(' ') => {
                "a WebSocket API has no methods and paths, but what its route selection expression gives"
            }
            Some("HTTP") if !key.contains(' ') && key != "$default" => {
                "a route of an HTTP API is a method and path, or `$default`"
            }
            _ if key.starts_with('$') && !PREDEFINED.contains(&key) => {
                "of the keys with a dollar sign there are only `$connect`, `$disconnect` and `$default`"
            }
            _ => continue,
        };
        findings.add(id, "Properties.RouteKey", format!("Found `{key}`: {why}."));
    }
}

pub(super) fn integrations(template: &Template<'_>, findings: &mut Findings) {
    for (id, properties) in template.of_type("AWS::ApiGatewayV2::Integration") {
        if properties["IntegrationType"] != "AWS_PROXY"
            || !is_socket(template, &properties["ApiId"])
        {
            continue;
        }
        if properties["IntegrationMethod"] != "POST" {
            findings.add(
                id,
                "Properties.IntegrationMethod",
                "A WebSocket API invokes a function by POST.",
            );
        }
        let format = &properties["PayloadFormatVersion"];
        if format.as_str().is_some_and(|format| format != "1.0") {
            findings.add(
                id,
                "Properties.PayloadFormatVersion",
                "A WebSocket API has 1.0 alone.",
            );
        }
        let uri = &properties["IntegrationUri"];
        let text = uri["Fn::Sub"][0]
            .as_str()
            .or(uri["Fn::Sub"].as_str())
            .or(uri.as_str());
        // A parameter may be the whole address.
        let is_address =
            |text: &str| text.contains(":apigateway:") && text.ends_with("/invocations");
        if uri.get("Fn::GetAtt").is_some()
            || refers_to_function(template, uri)
            || text.is_some_and(|text| !is_address(text))
        {
            findings.add(
                id,
                "Properties.IntegrationUri",
                "A WebSocket API takes `arn:..:apigateway:REGION:lambda:path/2015-03-31/functions/ARN/invocations`, not the ARN of a function alone.",
            );
        }
    }
}

/// Whether it is the ARN of a function or alias of the same template.
fn refers_to_function(template: &Template<'_>, uri: &Json) -> bool {
    let id = uri["Ref"].as_str();
    let mut resources = template.resources();
    id.is_some_and(|id| {
        resources.any(|(known, kind, _)| known == id && kind.starts_with("AWS::Lambda::"))
    })
}

pub(super) fn responses(template: &Template<'_>, findings: &mut Findings) {
    for (id, properties) in template.of_type("AWS::ApiGatewayV2::RouteResponse") {
        let key = properties["RouteResponseKey"].as_str().unwrap_or_default();
        if key != "$default" {
            findings.add(
                id,
                "Properties.RouteResponseKey",
                format!("Found `{key}`: the one route response there can be is `$default`."),
            );
        }
        let reference = &properties["RouteId"];
        let route = reference["Fn::GetAtt"][0]
            .as_str()
            .or(reference["Ref"].as_str());
        let mut routes = template.of_type(ROUTE);
        let Some((_, route)) = routes.find(|(known, _)| Some(*known) == route) else {
            continue;
        };
        if ["$connect", "$disconnect"].contains(&route["RouteKey"].as_str().unwrap_or_default()) {
            findings.add(
                id,
                "Properties.RouteId",
                "Nothing is sent to a connection that is not open yet, or not any more.",
            );
        } else if route["RouteResponseSelectionExpression"] != "$default" {
            findings.add(
                id,
                "Properties.RouteId",
                "The route has no RouteResponseSelectionExpression `$default`, so that nothing is sent.",
            );
        }
    }
}

pub(super) fn access_logs(template: &Template<'_>, findings: &mut Findings) {
    let has_role = template
        .of_type("AWS::ApiGateway::Account")
        .next()
        .is_some();
    for (id, properties) in template.of_type("AWS::ApiGatewayV2::Stage") {
        let has_log = !properties["AccessLogSettings"].is_null();
        if has_log && !has_role && is_socket(template, &properties["ApiId"]) {
            findings.add(
                id,
                "Properties.AccessLogSettings",
                "API Gateway refuses it where the account has no CloudWatch role for its logs.",
            );
        }
    }
}

pub(super) fn stages(template: &Template<'_>, findings: &mut Findings) {
    for (id, properties) in template.of_type("AWS::ApiGatewayV2::Stage") {
        let api = &properties["ApiId"];
        if !is_socket(template, api) {
            continue;
        }
        let depends_on = &template.json["Resources"][id]["DependsOn"];
        let after: BTreeSet<&str> = match depends_on {
            Json::Array(ids) => ids.iter().filter_map(Json::as_str).collect(),
            one => one.as_str().into_iter().collect(),
        };
        let missing = template
            .of_type(ROUTE)
            .filter(|(_, route)| route["ApiId"] == *api)
            .map(|(route, _)| route)
            .find(|route| !after.contains(route));
        // A deployment that waits for the routes itself.
        if properties["DeploymentId"].is_null()
            && let Some(route) = missing
        {
            findings.add(
                id,
                "DependsOn",
                format!("The stage may be made before the route {route}: let it depend on it."),
            );
        }
    }
}
