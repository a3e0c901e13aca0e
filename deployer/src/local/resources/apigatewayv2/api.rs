//! An API, and the port on which it answers.

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use super::{DRAIN, api_of, socket};
use crate::{
    local::{
        gateway::{Cors, HttpApi},
        resources::{Made, Provider, PutRequest, Record, RunningStage},
    },
    target::Health,
};

/// The port that is taken for an API when it is free.
const PREFERRED_PORT: u16 = 8788;

pub(in crate::local::resources) struct Api;

#[async_trait]
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

    async fn put(&self, running: &RunningStage, request: &PutRequest) -> Result<Made, String> {
        if request.text("ProtocolType") == socket::PROTOCOL {
            return socket::put_api(running, request).await;
        }
        // Again, now that a parameter among the origins has its value.
        if let Some(why) = Cors::refuse(&request.properties["CorsConfiguration"]) {
            return Err(why);
        }
        let id = request.id(running, "a")[..10].to_owned();
        if running.apis.get(&id).is_none() {
            let api = Arc::new(HttpApi::new(&id, running.functions.clone()));
            let answering = api.clone();
            let name = format!("api/{}", request.logical_id);
            let server = running
                .listen(
                    &name,
                    PREFERRED_PORT,
                    request.before.is_none(),
                    move |request| {
                        let api = answering.clone();
                        async move { api.serve(request).await }
                    },
                )
                .await?;
            api.set_domain(&format!("127.0.0.1:{}", server.port()));
            running.apis.insert(&id, api, server);
        }
        let api = api_of(running, &id)?;
        api.set_metrics(running.metrics.clone());
        api.set_cors(Cors::parse(&request.properties["CorsConfiguration"]));
        Ok(Made::new(&id)
            .with("ApiId", id.as_str())
            .with("ApiEndpoint", format!("http://{}", api.domain())))
    }

    async fn delete(&self, running: &RunningStage, record: &Record) -> Result<(), String> {
        socket::delete_api(running, &record.reference).await;
        running.apis.remove(&record.reference, DRAIN).await;
        Ok(())
    }

    async fn health(&self, running: &RunningStage, record: &Record) -> (Health, String) {
        let there = running.apis.get(&record.reference).is_some()
            || running.sockets.get(&record.reference).is_some();
        let endpoint = record.attributes.get("ApiEndpoint").and_then(Value::as_str);
        let health = if there { Health::Ok } else { Health::Missing };
        (health, endpoint.unwrap_or_default().to_owned())
    }
}
