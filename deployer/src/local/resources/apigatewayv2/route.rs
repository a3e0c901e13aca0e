//! A route of an API.

use async_trait::async_trait;
use serde_json::Value;

use super::{api_of, socket};
use crate::{
    local::{
        gateway::RouteKey,
        resources::{Made, Provider, PutRequest, Record, RunningStage},
    },
    target::Health,
};

pub(in crate::local::resources) struct Route;

#[async_trait]
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

    async fn put(&self, running: &RunningStage, request: &PutRequest) -> Result<Made, String> {
        let id = request.id(running, "r")[..8].to_owned();
        if let Some(api) = running.sockets.get(request.text("ApiId")) {
            return socket::put_route(&api, id, request);
        }
        let api = api_of(running, request.text("ApiId"))?;
        let key = RouteKey::parse(request.text("RouteKey"))?;
        let target = request
            .text("Target")
            .trim_start_matches("integrations/")
            .to_owned();
        api.set_route(&id, Some((key, target)));
        Ok(Made::new(&id).with("RouteId", id.as_str()))
    }

    async fn delete(&self, running: &RunningStage, record: &Record) -> Result<(), String> {
        if let Some(api) = running.apis.get(record.text("ApiId")) {
            api.set_route(&record.reference, None);
        }
        if let Some(api) = running.sockets.get(record.text("ApiId")) {
            api.set_route(&record.reference, None);
        }
        Ok(())
    }

    async fn health(&self, _: &RunningStage, record: &Record) -> (Health, String) {
        let key = record.text("RouteKey").to_owned();
        (Health::Ok, key)
    }
}
