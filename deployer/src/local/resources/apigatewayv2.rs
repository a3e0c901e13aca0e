//! HTTP APIs: a port each, on which the gateway answers.

use std::{sync::Arc, time::Duration};

use futures_util::future::{BoxFuture, FutureExt};
use serde_json::Value;

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
            "Tags",
        ]
    }

    fn refuse(&self, properties: &Value) -> Vec<String> {
        let protocol = properties["ProtocolType"].as_str().unwrap_or("(none)");
        let mut refused = Vec::new();
        if protocol != "HTTP" {
            refused.push(format!("ProtocolType {protocol} is not HTTP."));
        }
        refused.extend(Cors::refuse(&properties["CorsConfiguration"]));
        refused
    }

    fn put<'a>(&'a self, world: &'a World, wish: &'a Wish) -> BoxFuture<'a, Result<Made, String>> {
        async move {
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
        let there = world.apis.get(&record.reference).is_some();
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
        if properties["PayloadFormatVersion"] != "2.0" {
            refused.push("PayloadFormatVersion is not 2.0.".to_owned());
        }
        refused
    }

    fn put<'a>(&'a self, world: &'a World, wish: &'a Wish) -> BoxFuture<'a, Result<Made, String>> {
        async move {
            let id = wish.id(world, "i")[..8].to_owned();
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
        refused.extend(key.and_then(|key| RouteKey::parse(key).err()));
        refused
    }

    fn put<'a>(&'a self, world: &'a World, wish: &'a Wish) -> BoxFuture<'a, Result<Made, String>> {
        async move {
            let id = wish.id(world, "r")[..8].to_owned();
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
            _ => vec!["StageName is not $default.".to_owned()],
        }
    }

    fn put<'a>(&'a self, world: &'a World, wish: &'a Wish) -> BoxFuture<'a, Result<Made, String>> {
        async move {
            let api = api_of(world, wish.text("ApiId"))?;
            let settings = &wish.properties["DefaultRouteSettings"];
            let rate = number(&settings["ThrottlingRateLimit"]);
            let burst = number(&settings["ThrottlingBurstLimit"]);
            let throttle = rate
                .zip(burst)
                .map(|(rate, burst)| Throttle::new(rate, burst));
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
        async { Ok(()) }.boxed()
    }
}

fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::local::files::Files;

    const REFUSED: &str = "CorsConfiguration has AllowCredentials: true and `*` in AllowOrigins: any site could act for \
         whoever is signed in. Name the origins, or leave AllowCredentials out.";

    #[test]
    fn credentials_for_every_origin_are_refused_in_the_template() {
        let refused = |cors: Value| {
            Api.refuse(&json!({"Name": "x", "ProtocolType": "HTTP", "CorsConfiguration": cors}))
        };
        let both = json!({"AllowOrigins": ["https://a.example", "*"], "AllowCredentials": true});
        assert_eq!(refused(both), [REFUSED]);
        let as_text = json!({"AllowOrigins": ["*"], "AllowCredentials": "true"});
        assert_eq!(refused(as_text), [REFUSED]);
        for fine in [
            json!({"AllowOrigins": ["*"]}),
            json!({"AllowOrigins": ["*"], "AllowCredentials": false}),
            json!({"AllowOrigins": ["https://a.example"], "AllowCredentials": true}),
            Value::Null,
        ] {
            assert_eq!(refused(fine.clone()), [""; 0], "{fine}");
        }
    }

    /// The template named a parameter, of which nobody knew the value before.
    #[tokio::test]
    async fn credentials_for_every_origin_are_refused_when_a_parameter_gives_them() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::new(folder.path().to_owned());
        let world = World::new("test", files, folder.path()).await.unwrap();
        let wish = Wish {
            stack: "api".to_owned(),
            logical_id: "Api".to_owned(),
            properties: json!({
                "Name": "x", "ProtocolType": "HTTP",
                "CorsConfiguration": {"AllowOrigins": ["*"], "AllowCredentials": true},
            }),
            before: None,
        };
        assert_eq!(Api.put(&world, &wish).await.unwrap_err(), REFUSED);
        let id = wish.id(&world, "a")[..10].to_owned();
        assert!(world.apis.get(&id).is_none(), "nothing listens");
    }
}
