//! The stage of an API: its throttle and its access log.

use async_trait::async_trait;
use serde_json::Value;

use super::{api_of, socket, throttle};
use crate::local::{
    gateway::AccessLog,
    resources::{Made, Provider, PutRequest, Record, RunningStage, logs::group_of},
};

pub(in crate::local::resources) struct Stage;

#[async_trait]
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

    async fn put(&self, running: &RunningStage, request: &PutRequest) -> Result<Made, String> {
        if let Some(api) = running.sockets.get(request.text("ApiId")) {
            return socket::put_stage(&api, request);
        }
        let api = api_of(running, request.text("ApiId"))?;
        if request.text("StageName") != "$default" {
            return Err("The one stage of an HTTP API is `$default` here.".to_owned());
        }
        let throttle = throttle(&request.properties);
        let settings = &request.properties["AccessLogSettings"];
        let format = settings["Format"].as_str().unwrap_or_default();
        let group = settings["DestinationArn"].as_str().map(group_of);
        let log = group.map(|group| running.log(group)).transpose()?;
        let log = log.map(|log| AccessLog::new(log, format));
        api.set_stage(throttle, log);
        Ok(Made::new(request.text("StageName")))
    }

    async fn delete(&self, running: &RunningStage, record: &Record) -> Result<(), String> {
        if let Some(api) = running.apis.get(record.text("ApiId")) {
            api.set_stage(None, None);
        }
        if let Some(api) = running.sockets.get(record.text("ApiId")) {
            api.set_stage(None);
        }
        Ok(())
    }
}
