//! An integration: the alias that a route goes to.

use async_trait::async_trait;
use serde_json::Value;

use super::{api_of, socket};
use crate::{
    local::resources::{Made, Provider, PutRequest, Record, RunningStage},
    target::Health,
};

pub(in crate::local::resources) struct Integration;

#[async_trait]
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

    async fn put(&self, running: &RunningStage, request: &PutRequest) -> Result<Made, String> {
        let id = request.id(running, "i")[..8].to_owned();
        if let Some(api) = running.sockets.get(request.text("ApiId")) {
            return socket::put_integration(&api, id, request.text("IntegrationUri"));
        }
        if request.properties["PayloadFormatVersion"] != "2.0" {
            return Err("An integration of an HTTP API has PayloadFormatVersion 2.0.".to_owned());
        }
        let api = api_of(running, request.text("ApiId"))?;
        api.set_integration(&id, Some(request.text("IntegrationUri").to_owned()));
        Ok(Made::new(&id).with("IntegrationId", id.as_str()))
    }

    async fn delete(&self, running: &RunningStage, record: &Record) -> Result<(), String> {
        if let Some(api) = running.apis.get(record.text("ApiId")) {
            api.set_integration(&record.reference, None);
        }
        if let Some(api) = running.sockets.get(record.text("ApiId")) {
            api.set_integration(&record.reference, None);
        }
        Ok(())
    }

    async fn health(&self, _: &RunningStage, record: &Record) -> (Health, String) {
        let uri = record.text("IntegrationUri").to_owned();
        (Health::Ok, uri)
    }
}
