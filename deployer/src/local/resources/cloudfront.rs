//! Distributions: a port each, on which the CDN answers, and what they are made of.

use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;

use super::{Made, Provider, PutRequest, Record, RunningStage};
use crate::{
    local::cdn::{
        Distribution as Settings, HeadersPolicy, ViewerFunction, distribution_arn,
        refuse_distribution, refuse_headers,
    },
    mutex::lock,
    target::Health,
};

/// The port that is taken for a distribution when it is free.
const PREFERRED_PORT: u16 = 8787;
/// How long requests that run may go on after their distribution was removed.
const DRAIN: Duration = Duration::from_secs(30);

pub(super) struct Distribution;
pub(super) struct Function;
pub(super) struct OriginAccessControl;
pub(super) struct ResponseHeadersPolicy;

/// An API is an origin by its name at AWS, `a1b2.execute-api.region.amazonaws.com`; here it is
/// reached at its port.
fn reach_apis(running: &RunningStage, config: &mut Value) -> Result<(), String> {
    for origin in config["Origins"].as_array_mut().into_iter().flatten() {
        let domain = origin["DomainName"].as_str().unwrap_or_default();
        if let Some((id, _)) = domain.split_once(".execute-api.") {
            let api = running.apis.get(id);
            let api =
                api.ok_or_else(|| format!("Its origin {domain} is not an API of this stage."))?;
            origin["DomainName"] = Value::from(api.domain());
        }
    }
    Ok(())
}

#[async_trait]
impl Provider for Distribution {
    fn properties(&self) -> &'static [&'static str] {
        &["DistributionConfig", "Tags"]
    }

    fn refuse(&self, properties: &Value) -> Vec<String> {
        refuse_distribution(&properties["DistributionConfig"])
    }

    async fn put(&self, running: &RunningStage, request: &PutRequest) -> Result<Made, String> {
        let id = request.id(running, "E")[..14].to_uppercase();
        let mut config = with_secrets(running, &request.properties["DistributionConfig"])?;
        reach_apis(running, &mut config)?;
        let settings = Settings::parse(&config)?;
        let listening = lock(&running.sites)
            .get(&id)
            .map(crate::local::http::Server::port);
        let port = match listening {
            Some(port) => port,
            None => {
                let (cdn, of_handler) = (running.cdn.clone(), id.clone());
                let name = format!("site/{}", request.logical_id);
                let server = running
                    .listen(
                        &name,
                        PREFERRED_PORT,
                        request.before.is_none(),
                        move |request| {
                            let (cdn, id) = (cdn.clone(), of_handler.clone());
                            async move { cdn.serve(&id, request).await }
                        },
                    )
                    .await?;
                let port = server.port();
                lock(&running.sites).insert(id.clone(), server);
                port
            }
        };
        running.cdn.set_distribution(&id, Some((settings, port)));
        Ok(Made::new(&id)
            .with("Id", id.as_str())
            .with("Arn", distribution_arn(&id))
            .with("DomainName", format!("127.0.0.1:{port}")))
    }

    async fn delete(&self, running: &RunningStage, record: &Record) -> Result<(), String> {
        let server = lock(&running.sites).remove(&record.reference);
        if let Some(server) = server {
            server.stop(DRAIN).await;
        }
        running.cdn.set_distribution(&record.reference, None);
        Ok(())
    }

    async fn health(&self, running: &RunningStage, record: &Record) -> (Health, String) {
        let port = lock(&running.sites)
            .get(&record.reference)
            .map(crate::local::http::Server::port);
        match port {
            Some(port) => (Health::Ok, format!("http://127.0.0.1:{port}")),
            None => (Health::Missing, String::new()),
        }
    }
}

/// The configuration with the values of the secrets that the headers of its origins refer to. It is
/// never recorded.
fn with_secrets(running: &RunningStage, config: &Value) -> Result<Value, String> {
    let mut config = config.clone();
    for origin in config["Origins"].as_array_mut().into_iter().flatten() {
        for header in origin["OriginCustomHeaders"]
            .as_array_mut()
            .into_iter()
            .flatten()
        {
            if let Some(text) = header["HeaderValue"].as_str() {
                header["HeaderValue"] = Value::String(running.resolve_secrets(text)?);
            }
        }
    }
    Ok(config)
}

#[async_trait]
impl Provider for Function {
    fn properties(&self) -> &'static [&'static str] {
        &[
            "AutoPublish",
            "FunctionCode",
            "FunctionConfig",
            "Name",
            "Tags",
        ]
    }

    fn refuse(&self, properties: &Value) -> Vec<String> {
        match ViewerFunction::of_code(properties["FunctionCode"].as_str().unwrap_or_default()) {
            Some(_) => Vec::new(),
            None => vec![
                "FunctionCode is not made from a rule of stacks/src/rewrite.rs, and no other code runs here.".to_owned(),
            ],
        }
    }

    async fn put(&self, running: &RunningStage, request: &PutRequest) -> Result<Made, String> {
        let arn = format!(
            "{}/{}",
            function_arn_prefix(),
            request.name(running, "Name")
        );
        let function = ViewerFunction::of_code(request.text("FunctionCode"))
            .ok_or_else(|| "Its code is not known here.".to_owned())?;
        running.cdn.set_function(&arn, Some(function));
        Ok(Made::new(&arn)
            .with("FunctionARN", arn.as_str())
            .with("Stage", "LIVE"))
    }

    async fn delete(&self, running: &RunningStage, record: &Record) -> Result<(), String> {
        running.cdn.set_function(&record.reference, None);
        Ok(())
    }
}

fn function_arn_prefix() -> String {
    format!("arn:aws:cloudfront::{}:function", crate::local::ACCOUNT)
}

#[async_trait]
impl Provider for OriginAccessControl {
    fn properties(&self) -> &'static [&'static str] {
        &["OriginAccessControlConfig"]
    }

    async fn put(&self, running: &RunningStage, request: &PutRequest) -> Result<Made, String> {
        let id = request.id(running, "E")[..14].to_uppercase();
        Ok(Made::new(&id).with("Id", id.as_str()))
    }
}

#[async_trait]
impl Provider for ResponseHeadersPolicy {
    fn properties(&self) -> &'static [&'static str] {
        &["ResponseHeadersPolicyConfig"]
    }

    fn refuse(&self, properties: &Value) -> Vec<String> {
        refuse_headers(&properties["ResponseHeadersPolicyConfig"])
    }

    async fn put(&self, running: &RunningStage, request: &PutRequest) -> Result<Made, String> {
        let id = request.id(running, "");
        let policy = HeadersPolicy::parse(&request.properties["ResponseHeadersPolicyConfig"])?;
        running.cdn.set_policy(&id, Some(policy));
        Ok(Made::new(&id).with("Id", id.as_str()))
    }

    async fn delete(&self, running: &RunningStage, record: &Record) -> Result<(), String> {
        running.cdn.set_policy(&record.reference, None);
        Ok(())
    }
}
