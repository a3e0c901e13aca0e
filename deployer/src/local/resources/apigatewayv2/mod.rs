//! APIs of API Gateway: a port each, on which a gateway answers. What is special for WebSocket APIs is
//! in [`socket`]; a part of an API is of the kind that its API is.

mod socket;

use std::{sync::Arc, time::Duration};

use futures_util::future::{BoxFuture, FutureExt};
use serde_json::Value;

pub(super) use socket::RouteResponse;

use super::{Made, Provider, Record, Wish, World, logs::group_of};
use crate::{
    local::gateway::{AccessLog, Cors, HttpApi, RouteKey, Throttle},
    target::Health,
};

/// The port that is taken for an API when it is free.
const PREFERRED_PORT: u16 = 8788;
/// How long requests that run may go on after their API was removed: API Gateway's own limit.
const DRAIN: Duration = Duration::from_secs(30);

pub(super) struct Api;
pub(super) struct Integration;
pub(super) struct Route;
pub(super) struct Stage;

impl Provider for Api {
    fn properties(&self) -> &'static [&'static str] {
        &[
            "CorsConfiguration",
            "Description",
            "IpAddressType",
            "Name",
            "ProtocolType",
            "RouteSelectionExpression",
            "Tags",
        ]
    }

    fn refuse(&self, properties: &Value) -> Vec<String> {
        match properties["ProtocolType"].as_str().unwrap_or("(none)") {
            "HTTP" => {
                let cors = Cors::refuse(&properties["CorsConfiguration"]);
                let expression = properties.get("RouteSelectionExpression");
                let expression = expression
                    .map(|_| "RouteSelectionExpression is not for an HTTP API here.".to_owned());
                cors.into_iter().chain(expression).collect()
            }
            socket::PROTOCOL => socket::refuse_api(properties),
            other => vec![format!(
                "ProtocolType {other} is neither HTTP nor WEBSOCKET."
            )],
        }
    }

    fn put<'a>(&'a self, world: &'a World, wish: &'a Wish) -> BoxFuture<'a, Result<Made, String>> {
        async move {
            if wish.text("ProtocolType") == socket::PROTOCOL {
                return socket::put_api(world, wish).await;
            }
            // Again, now that a parameter among the origins has its value.
            if let Some(why) = Cors::refuse(&wish.properties["CorsConfiguration"]) {
                return Err(why);
            }
            let id = wish.id(world, "a")[..10].to_owned();
            if world.apis.get(&id).is_none() {
                let api = Arc::new(HttpApi::new(&id, world.functions.clone()));
                let answering = api.clone();
                let name = format!("api/{}", wish.logical_id);
                let server = world
                    .listen(
                        &name,
                        PREFERRED_PORT,
                        wish.before.is_none(),
                        move |request| {
                            let api = answering.clone();
                            async move { api.serve(request).await }
                        },
                    )
                    .await?;
                api.set_domain(&format!("127.0.0.1:{}", server.port()));
                world.apis.insert(&id, api, server);
            }
            let api = api_of(world, &id)?;
            api.set_metrics(world.metrics.clone());
            api.set_cors(Cors::parse(&wish.properties["CorsConfiguration"]));
            Ok(Made::new(&id)
                .with("ApiId", id.as_str())
                .with("ApiEndpoint", format!("http://{}", api.domain())))
        }
        .boxed()
    }

    fn delete<'a>(
        &'a self,
        world: &'a World,
        record: &'a Record,
    ) -> BoxFuture<'a, Result<(), String>> {
        async move {
            socket::delete_api(world, &record.reference).await;
            world.apis.remove(&record.reference, DRAIN).await;
            Ok(())
        }
        .boxed()
    }

    fn health<'a>(
        &'a self,
        world: &'a World,
        record: &'a Record,
    ) -> BoxFuture<'a, (Health, String)> {
        let there = world.apis.get(&record.reference).is_some()
            || world.sockets.get(&record.reference).is_some();
        let endpoint = record.attributes.get("ApiEndpoint").and_then(Value::as_str);
        let health = if there { Health::Ok } else { Health::Missing };
        async move { (health, endpoint.unwrap_or_default().to_owned()) }.boxed()
    }
}

/// The API that a part of it names.
fn api_of(world: &World, id: &str) -> Result<Arc<HttpApi>, String> {
    world
        .apis
        .get(id)
        .ok_or_else(|| format!("There is no API {id}."))
}

impl Provider for Integration {
    fn properties(&self) -> &'static [&'static str] {
        &[
            "ApiId",
            "Description",
            "IntegrationMethod",
            "IntegrationType",
            "IntegrationUri",
            "PayloadFormatVersion",
        ]
    }

    fn refuse(&self, properties: &Value) -> Vec<String> {
        let mut refused = Vec::new();
        if properties["IntegrationType"] != "AWS_PROXY" {
            refused.push("IntegrationType is not AWS_PROXY.".to_owned());
        }
        if socket::invokes(properties) {
            refused.extend(socket::refuse_integration(properties));
        } else if properties["PayloadFormatVersion"] != "2.0" {
            refused.push("PayloadFormatVersion is not 2.0.".to_owned());
        }
        refused
    }

    fn put<'a>(&'a self, world: &'a World, wish: &'a Wish) -> BoxFuture<'a, Result<Made, String>> {
        async move {
            let id = wish.id(world, "i")[..8].to_owned();
            if let Some(api) = world.sockets.get(wish.text("ApiId")) {
                return socket::put_integration(&api, id, wish.text("IntegrationUri"));
            }
            if wish.properties["PayloadFormatVersion"] != "2.0" {
                return Err(
                    "An integration of an HTTP API has PayloadFormatVersion 2.0.".to_owned(),
                );
            }
            let api = api_of(world, wish.text("ApiId"))?;
            api.set_integration(&id, Some(wish.text("IntegrationUri").to_owned()));
            Ok(Made::new(&id).with("IntegrationId", id.as_str()))
        }
        .boxed()
    }

    fn delete<'a>(
        &'a self,
        world: &'a World,
        record: &'a Record,
    ) -> BoxFuture<'a, Result<(), String>> {
        if let Some(api) = world.apis.get(record.text("ApiId")) {
            api.set_integration(&record.reference, None);
        }
        if let Some(api) = world.sockets.get(record.text("ApiId")) {
            api.set_integration(&record.reference, None);
        }
        async { Ok(()) }.boxed()
    }

    fn health<'a>(&'a self, _: &'a World, record: &'a Record) -> BoxFuture<'a, (Health, String)> {
        let uri = record.text("IntegrationUri").to_owned();
        async move { (Health::Ok, uri) }.boxed()
    }
}

impl Provider for Route {
    fn properties(&self) -> &'static [&'static str] {
        &[
            "ApiId",
            "AuthorizationType",
            "OperationName",
            "RouteKey",
            "RouteResponseSelectionExpression",
            "Target",
        ]
    }

    fn refuse(&self, properties: &Value) -> Vec<String> {
        let mut refused = Vec::new();
        if properties["AuthorizationType"]
            .as_str()
            .is_some_and(|kind| kind != "NONE")
        {
            refused.push("AuthorizationType is not NONE.".to_owned());
        }
        let key = properties["RouteKey"].as_str();
        let of_http = key.filter(|key| key.contains(' '));
        refused.extend(of_http.and_then(|key| RouteKey::parse(key).err()));
        if of_http.is_none() {
            refused.extend(socket::refuse_route(properties));
        }
        refused
    }

    fn put<'a>(&'a self, world: &'a World, wish: &'a Wish) -> BoxFuture<'a, Result<Made, String>> {
        async move {
            let id = wish.id(world, "r")[..8].to_owned();
            if let Some(api) = world.sockets.get(wish.text("ApiId")) {
                return socket::put_route(&api, id, wish);
            }
            let api = api_of(world, wish.text("ApiId"))?;
            let key = RouteKey::parse(wish.text("RouteKey"))?;
            let target = wish
                .text("Target")
                .trim_start_matches("integrations/")
                .to_owned();
            api.set_route(&id, Some((key, target)));
            Ok(Made::new(&id).with("RouteId", id.as_str()))
        }
        .boxed()
    }

    fn delete<'a>(
        &'a self,
        world: &'a World,
        record: &'a Record,
    ) -> BoxFuture<'a, Result<(), String>> {
        if let Some(api) = world.apis.get(record.text("ApiId")) {
            api.set_route(&record.reference, None);
        }
        if let Some(api) = world.sockets.get(record.text("ApiId")) {
            api.set_route(&record.reference, None);
        }
        async { Ok(()) }.boxed()
    }

    fn health<'a>(&'a self, _: &'a World, record: &'a Record) -> BoxFuture<'a, (Health, String)> {
        let key = record.text("RouteKey").to_owned();
        async move { (Health::Ok, key) }.boxed()
    }
}

impl Provider for Stage {
    fn properties(&self) -> &'static [&'static str] {
        &[
            "AccessLogSettings",
            "ApiId",
            "AutoDeploy",
            "DefaultRouteSettings",
            "Description",
            "StageName",
            "Tags",
        ]
    }

    fn refuse(&self, properties: &Value) -> Vec<String> {
        match properties["StageName"].as_str() {
            Some("$default") => Vec::new(),
            _ => socket::refuse_stage(properties),
        }
    }

    fn put<'a>(&'a self, world: &'a World, wish: &'a Wish) -> BoxFuture<'a, Result<Made, String>> {
        async move {
            if let Some(api) = world.sockets.get(wish.text("ApiId")) {
                return socket::put_stage(&api, wish);
            }
            let api = api_of(world, wish.text("ApiId"))?;
            if wish.text("StageName") != "$default" {
                return Err("The one stage of an HTTP API is `$default` here.".to_owned());
            }
            let throttle = throttle(&wish.properties);
            let settings = &wish.properties["AccessLogSettings"];
            let format = settings["Format"].as_str().unwrap_or_default();
            let group = settings["DestinationArn"].as_str().map(group_of);
            let log = group.map(|group| world.log(group)).transpose()?;
            let log = log.map(|log| AccessLog::new(log, format));
            api.set_stage(throttle, log);
            Ok(Made::new(wish.text("StageName")))
        }
        .boxed()
    }

    fn delete<'a>(
        &'a self,
        world: &'a World,
        record: &'a Record,
    ) -> BoxFuture<'a, Result<(), String>> {
        if let Some(api) = world.apis.get(record.text("ApiId")) {
            api.set_stage(None, None);
        }
        if let Some(api) = world.sockets.get(record.text("ApiId")) {
            api.set_stage(None);
        }
        async { Ok(()) }.boxed()
    }
}

/// The throttle of each route of a stage.
fn throttle(stage: &Value) -> Option<Throttle> {
    let settings = &stage["DefaultRouteSettings"];
    let rate = number(&settings["ThrottlingRateLimit"])?;
    let burst = number(&settings["ThrottlingBurstLimit"])?;
    Some(Throttle::new(rate, burst))
}

fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}

#[cfg(test)]
mod tests;
