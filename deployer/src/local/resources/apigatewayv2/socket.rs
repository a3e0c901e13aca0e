//! WebSocket APIs and their parts. What API Gateway refuses, [`crate::local::rules`] lists.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use super::{DRAIN, throttle};
use crate::{
    local::{
        resources::{Made, Provider, PutRequest, Record, RunningStage},
        socket::{Route, Selection, SocketApi},
    },
    target::Health,
};

pub(super) const PROTOCOL: &str = "WEBSOCKET";
/// The port that is taken for an API when it is free.
const PREFERRED_PORT: u16 = 8790;
/// In the address of an integration: what invokes a function.
const INVOCATION: &str = ":lambda:path/2015-03-31/functions/";
/// The route keys that API Gateway itself knows.
const PREDEFINED: [&str; 3] = ["$connect", "$default", "$disconnect"];

pub(in crate::local::resources) struct RouteResponse;

pub(super) fn refuse_api(properties: &Value) -> Vec<String> {
    let mut refused = Vec::new();
    if properties.get("CorsConfiguration").is_some() {
        refused.push("CorsConfiguration is for HTTP APIs only.".to_owned());
    }
    match properties["RouteSelectionExpression"].as_str() {
        Some(expression) => refused.extend(Selection::parse(expression).err()),
        None => refused.push("A WebSocket API needs a RouteSelectionExpression.".to_owned()),
    }
    refused
}

pub(super) async fn put_api(running: &RunningStage, request: &PutRequest) -> Result<Made, String> {
    let selection = Selection::parse(request.text("RouteSelectionExpression"))?;
    let id = request.id(running, "w")[..10].to_owned();
    let api = match running.sockets.get(&id) {
        Some(api) => api,
        None => {
            let api = Arc::new(SocketApi::new(&id, running.functions.clone()));
            let answering = api.clone();
            let name = format!("api/{}", request.logical_id);
            let is_new = request.before.is_none();
            let server = running
                .listen(&name, PREFERRED_PORT, is_new, move |request| {
                    let api = answering.clone();
                    async move { api.serve(request).await }
                })
                .await?;
            api.set_domain(&format!("127.0.0.1:{}", server.port()));
            running.sockets.insert(&id, api.clone(), server);
            api
        }
    };
    api.set_metrics(running.metrics.clone());
    api.set_selection(selection);
    Ok(Made::new(&id)
        .with("ApiId", id.as_str())
        .with("ApiEndpoint", format!("ws://{}", api.domain())))
}

pub(super) async fn delete_api(running: &RunningStage, id: &str) {
    if let Some(api) = running.sockets.get(id) {
        api.close(DRAIN).await;
    }
    running.sockets.remove(id, DRAIN).await;
}

/// Whether an integration names its function as those of a WebSocket API do.
pub(super) fn invokes(properties: &Value) -> bool {
    let uri = &properties["IntegrationUri"];
    let text = uri["Fn::Sub"][0]
        .as_str()
        .or(uri["Fn::Sub"].as_str())
        .or(uri.as_str());
    text.is_some_and(|text| text.contains(INVOCATION))
}

pub(super) fn refuse_integration(properties: &Value) -> Vec<String> {
    let mut refused = Vec::new();
    let format = properties["PayloadFormatVersion"].as_str();
    if format.is_some_and(|format| format != "1.0") {
        refused.push("PayloadFormatVersion of a WebSocket API is 1.0.".to_owned());
    }
    if properties["IntegrationMethod"] != "POST" {
        refused.push("IntegrationMethod of a function is POST.".to_owned());
    }
    refused
}

pub(super) fn put_integration(api: &SocketApi, id: String, uri: &str) -> Result<Made, String> {
    let alias = uri
        .split_once(INVOCATION)
        .and_then(|(_, rest)| rest.strip_suffix("/invocations"));
    let alias = alias.ok_or_else(|| {
        format!("IntegrationUri {uri} is not `arn:..{INVOCATION}ARN/invocations`, as a WebSocket API needs it.")
    })?;
    api.set_integration(&id, Some(alias.to_owned()));
    Ok(Made::new(&id).with("IntegrationId", id.as_str()))
}

pub(super) fn refuse_route(properties: &Value) -> Vec<String> {
    let mut refused = Vec::new();
    let key = properties["RouteKey"].as_str().unwrap_or_default();
    if key.starts_with('$') && !PREDEFINED.contains(&key) {
        refused.push(format!(
            "RouteKey `{key}` is not predefined: $connect, $default and $disconnect are."
        ));
    }
    let expression = properties["RouteResponseSelectionExpression"].as_str();
    if expression.is_some_and(|expression| expression != "$default") {
        refused.push("RouteResponseSelectionExpression is not $default.".to_owned());
    }
    refused
}

pub(super) fn put_route(api: &SocketApi, id: String, request: &PutRequest) -> Result<Made, String> {
    let key = request.text("RouteKey").to_owned();
    if key.contains(' ') {
        return Err(format!("RouteKey `{key}` is one of an HTTP API."));
    }
    let route = Route {
        key,
        integration: request
            .text("Target")
            .trim_start_matches("integrations/")
            .to_owned(),
        selects_response: request.text("RouteResponseSelectionExpression") == "$default",
    };
    api.set_route(&id, Some(route));
    Ok(Made::new(&id).with("RouteId", id.as_str()))
}

/// A stage that is not called `$default`.
pub(super) fn refuse_stage(properties: &Value) -> Vec<String> {
    let mut refused = Vec::new();
    if properties.get("AccessLogSettings").is_some() {
        refused.push(
            "AccessLogSettings of a WebSocket API needs a role of the whole account, which no stage has."
                .to_owned(),
        );
    }
    if properties["AutoDeploy"] != true {
        refused.push("AutoDeploy of a WebSocket API is not true.".to_owned());
    }
    refused
}

pub(super) fn put_stage(api: &SocketApi, request: &PutRequest) -> Result<Made, String> {
    let name = request.text("StageName");
    if name == "$default" {
        return Err("A stage of a WebSocket API has a name of its own here.".to_owned());
    }
    if !api.has_routes() {
        return Err("At least one route is required before deploying the Api.".to_owned());
    }
    api.set_stage(Some((name, throttle(&request.properties))));
    Ok(Made::new(name))
}

#[async_trait]
impl Provider for RouteResponse {
    fn properties(&self) -> &'static [&'static str] {
        &["ApiId", "RouteId", "RouteResponseKey"]
    }

    fn refuse(&self, properties: &Value) -> Vec<String> {
        match properties["RouteResponseKey"].as_str() {
            Some("$default") => Vec::new(),
            _ => vec!["RouteResponseKey is not $default.".to_owned()],
        }
    }

    async fn put(&self, running: &RunningStage, request: &PutRequest) -> Result<Made, String> {
        let id = request.id(running, "s")[..8].to_owned();
        let api = running.sockets.get(request.text("ApiId"));
        let api =
            api.ok_or_else(|| format!("There is no WebSocket API {}.", request.text("ApiId")))?;
        api.set_response(&id, Some(request.text("RouteId").to_owned()));
        Ok(Made::new(&id).with("RouteResponseId", id.as_str()))
    }

    async fn delete(&self, running: &RunningStage, record: &Record) -> Result<(), String> {
        if let Some(api) = running.sockets.get(record.text("ApiId")) {
            api.set_response(&record.reference, None);
        }
        Ok(())
    }

    async fn health(&self, _: &RunningStage, record: &Record) -> (Health, String) {
        let key = record.text("RouteResponseKey").to_owned();
        (Health::Ok, key)
    }
}
