//! Cases of the rules of WebSocket APIs and schedules: rule, what breaks it, what is next to it.

use serde_json::{Value as Json, json};

use super::one;

/// A WebSocket API, or what stands for it in the template of another stack, with these resources.
fn with(resources: Json) -> Json {
    let mut all = json!({ "Api": { "Type": "AWS::ApiGatewayV2::Api", "Properties": {
        "Name": "a", "ProtocolType": "WEBSOCKET", "RouteSelectionExpression": "$request.body.type",
    } } });
    for (id, resource) in resources.as_object().into_iter().flatten() {
        all[id] = resource.clone();
    }
    json!({ "Resources": all })
}

fn route(key: &str) -> Json {
    json!({ "Type": "AWS::ApiGatewayV2::Route", "Properties": {
        "ApiId": { "Ref": "Api" }, "RouteKey": key,
    } })
}

/// A route of an API of another stack beside `$connect`.
fn imported(key: &str) -> Json {
    json!({
        "Parameters": { "Api": { "Type": "String" } },
        "Resources": { "Connect": route("$connect"), "Other": route(key) },
    })
}

fn api(properties: Json) -> Json {
    let mut all = json!({ "Name": "a", "ProtocolType": "WEBSOCKET", "RouteSelectionExpression": "$request.body.type" });
    for (name, value) in properties.as_object().into_iter().flatten() {
        all[name] = value.clone();
    }
    one("AWS::ApiGatewayV2::Api", all)
}

const URI: &str = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:0:function:f/invocations";

fn integration(properties: Json) -> Json {
    let mut all = json!({ "ApiId": { "Ref": "Api" }, "IntegrationType": "AWS_PROXY", "IntegrationMethod": "POST", "IntegrationUri": URI });
    for (name, value) in properties.as_object().into_iter().flatten() {
        all[name] = value.clone();
    }
    with(json!({
        "Connect": route("$connect"),
        "It": { "Type": "AWS::ApiGatewayV2::Integration", "Properties": all },
    }))
}

fn response(route_key: &str, selection: Json, key: &str) -> Json {
    let mut route = route(route_key);
    route["Properties"]["RouteResponseSelectionExpression"] = selection;
    with(json!({
        "Route": route,
        "It": { "Type": "AWS::ApiGatewayV2::RouteResponse", "Properties": {
            "ApiId": { "Ref": "Api" }, "RouteId": { "Fn::GetAtt": ["Route", "RouteId"] },
            "RouteResponseKey": key,
        } },
    }))
}

fn stage(properties: Json, depends_on: Json) -> Json {
    let mut all = json!({ "ApiId": { "Ref": "Api" }, "StageName": "live", "AutoDeploy": true });
    for (name, value) in properties.as_object().into_iter().flatten() {
        all[name] = value.clone();
    }
    with(json!({
        "Connect": route("$connect"),
        "Default": route("$default"),
        "It": { "Type": "AWS::ApiGatewayV2::Stage", "DependsOn": depends_on, "Properties": all },
    }))
}

fn schedule(expression: &str) -> Json {
    one(
        "AWS::Scheduler::Schedule",
        json!({ "ScheduleExpression": expression }),
    )
}

pub(super) fn cases() -> Vec<(&'static str, Json, Json)> {
    let all = json!(["Connect", "Default"]);
    let log = json!({ "AccessLogSettings": { "DestinationArn": "arn:x", "Format": "y" } });
    let mut with_role = stage(log.clone(), all.clone());
    with_role["Resources"]["Account"] = json!({ "Type": "AWS::ApiGateway::Account" });
    vec![
        (
            "socket-api",
            one(
                "AWS::ApiGatewayV2::Api",
                json!({ "Name": "a", "ProtocolType": "WEBSOCKET" }),
            ),
            one(
                "AWS::ApiGatewayV2::Api",
                json!({ "Name": "a", "ProtocolType": "HTTP" }),
            ),
        ),
        (
            "socket-api",
            api(json!({ "CorsConfiguration": { "AllowOrigins": ["*"] } })),
            api(
                json!({ "ProtocolType": "HTTP", "RouteSelectionExpression": "${request.method} ${request.path}", "CorsConfiguration": { "AllowOrigins": ["*"] } }),
            ),
        ),
        (
            "socket-api",
            api(json!({ "ProtocolType": "HTTP" })),
            api(json!({})),
        ),
        (
            "socket-route",
            with(json!({ "Route": route("GET /x") })),
            with(json!({ "Route": route("send") })),
        ),
        ("socket-route", imported("GET /x"), imported("send")),
        (
            "socket-route",
            with(json!({ "Route": route("$other") })),
            with(json!({ "Route": route("other") })),
        ),
        (
            "socket-integration",
            integration(json!({ "IntegrationUri": "arn:aws:lambda:us-east-1:0:function:f:live" })),
            integration(json!({})),
        ),
        (
            "socket-integration",
            integration(json!({ "IntegrationUri": { "Fn::GetAtt": ["Function", "Arn"] } })),
            integration(json!({ "IntegrationUri": { "Fn::Sub": URI } })),
        ),
        (
            "socket-integration",
            integration(json!({ "IntegrationMethod": "GET" })),
            integration(json!({ "IntegrationType": "MOCK", "IntegrationMethod": "GET" })),
        ),
        (
            "socket-integration",
            integration(json!({ "PayloadFormatVersion": "2.0" })),
            integration(json!({ "PayloadFormatVersion": "1.0" })),
        ),
        (
            "route-response",
            response("send", json!("$default"), "other"),
            response("send", json!("$default"), "$default"),
        ),
        (
            "route-response",
            response("$connect", json!("$default"), "$default"),
            response("$default", json!("$default"), "$default"),
        ),
        (
            "route-response",
            response("send", Json::Null, "$default"),
            response("send", json!("$default"), "$default"),
        ),
        (
            "socket-access-log",
            stage(log, all.clone()),
            stage(json!({}), all.clone()),
        ),
        (
            "socket-access-log",
            stage(
                json!({ "AccessLogSettings": { "Format": "y" } }),
                all.clone(),
            ),
            with_role,
        ),
        (
            "socket-stage",
            stage(json!({}), json!("Connect")),
            stage(json!({}), all),
        ),
        (
            "socket-stage",
            stage(json!({}), Json::Null),
            stage(
                json!({ "AutoDeploy": false, "DeploymentId": { "Ref": "Deployment" } }),
                Json::Null,
            ),
        ),
        (
            "schedule",
            schedule("rate(1 minutes)"),
            schedule("rate(1 minute)"),
        ),
        (
            "schedule",
            schedule("rate(0 minutes)"),
            schedule("rate(5 minutes)"),
        ),
        (
            "schedule",
            schedule("rate(90 seconds)"),
            schedule("cron(0 * * * ? *)"),
        ),
    ]
}
