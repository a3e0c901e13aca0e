//! The stage of an API: its throttle and its access log.

use async_trait::async_trait;
use serde_json::Value;

use super::{api_of, socket, throttle};
use crate::local::{
    gateway::AccessLog,
    resources::{Made, Provider, Record, Wish, World, logs::group_of},
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

    async fn put(&self, world: &World, wish: &Wish) -> Result<Made, String> {
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

    async fn delete(&self, world: &World, record: &Record) -> Result<(), String> {
        if let Some(api) = world.apis.get(record.text("ApiId")) {
            api.set_stage(None, None);
        }
        if let Some(api) = world.sockets.get(record.text("ApiId")) {
            api.set_stage(None);
        }
        Ok(())
    }
}
