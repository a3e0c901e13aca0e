//! CloudWatch's three reads, in its JSON protocol, signed by AWS's own `aws-sigv4`.
//!
//! Not its SDK crate: that turns on a feature of a crate that all other SDK crates have in common, for a
//! compression of uploads that nothing here makes, and each of them would be compiled again.

use std::time::{Duration, SystemTime};

use aws_sdk_sts::config::{ProvideCredentials, SharedCredentialsProvider};
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningParams, SigningSettings, sign},
    sign::v4,
};
use http::Method;
use serde_json::Value;

use crate::{
    Error,
    http_client::{self, Answer},
};

/// How often a request is tried before its error is believed.
const ATTEMPTS: u32 = 6;
const FIRST_DELAY: Duration = Duration::from_millis(200);
const ANSWER_WITHIN: Duration = Duration::from_secs(20);
/// What CloudWatch's JSON protocol calls its operations
/// (<https://github.com/boto/botocore/blob/develop/botocore/data/cloudwatch/2010-08-01/service-2.json>).
const TARGET: &str = "GraniteServiceVersion20100801";
const CONTENT_TYPE: &str = "application/x-amz-json-1.0";

/// A client of CloudWatch in one region.
#[derive(Debug, Clone)]
pub(super) struct CloudWatch {
    url: String,
    region: String,
    credentials: Option<SharedCredentialsProvider>,
}

impl CloudWatch {
    /// In that region, or at `endpoint`.
    pub(super) fn new(
        region: &str,
        endpoint: Option<&str>,
        credentials: Option<SharedCredentialsProvider>,
    ) -> CloudWatch {
        let url = match endpoint {
            Some(endpoint) => format!("{}/", endpoint.trim_end_matches('/')),
            None => format!("https://monitoring.{region}.amazonaws.com/"),
        };
        CloudWatch {
            url,
            region: region.to_owned(),
            credentials,
        }
    }

    /// Calls an operation that changes nothing, and again after an answer that asks for a later attempt.
    ///
    /// # Errors
    ///
    /// What CloudWatch answered, with the action.
    pub(super) async fn read(&self, operation: &str, input: &Value) -> Result<Value, Error> {
        let mut delay = FIRST_DELAY;
        let mut attempts = ATTEMPTS;
        loop {
            attempts -= 1;
            let answer = self.send(operation, input).await?;
            if answer.status.is_success() {
                return serde_json::from_slice(&answer.body).map_err(|cause| {
                    unusable(operation, "CloudWatch's answer is not JSON.").because(cause)
                });
            }
            let problem: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            let code = problem["__type"].as_str().unwrap_or_default();
            let code = code.rsplit('#').next().unwrap_or_default();
            let is_passing = answer.status.is_server_error()
                || answer.status.as_u16() == 429
                || code.starts_with("Throttling");
            if !is_passing || attempts == 0 {
                let message = problem["message"].as_str().or(problem["Message"].as_str());
                let refused = format!(
                    "CloudWatch answered {} {code}: {}",
                    answer.status.as_u16(),
                    message.map_or_else(|| answer.text(300), str::to_owned)
                );
                return Err(unusable(operation, &refused));
            }
            tokio::time::sleep(delay).await;
            delay *= 2;
        }
    }

    async fn send(&self, operation: &str, input: &Value) -> Result<Answer, Error> {
        let body = input.to_string();
        let target = format!("{TARGET}.{operation}");
        let mut headers = vec![
            ("content-type".to_owned(), CONTENT_TYPE.to_owned()),
            ("x-amz-target".to_owned(), target),
        ];
        headers.extend(self.signature(operation, &headers, body.as_bytes()).await?);
        let headers: Vec<(&str, &str)> = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        http_client::send(Method::POST, &self.url, &headers, body, ANSWER_WITHIN).await
    }

    /// The headers that sign a request.
    async fn signature(
        &self,
        operation: &str,
        headers: &[(String, String)],
        body: &[u8],
    ) -> Result<Vec<(String, String)>, Error> {
        let without = |cause: Box<dyn std::error::Error + Send + Sync>| {
            Error::failed(
                format!("cloudwatch:{operation} cannot be signed."),
                "Check the credentials: `aws sts get-caller-identity`",
            )
            .because(cause)
        };
        let provider = self.credentials.as_ref();
        let provider = provider.ok_or_else(|| without("there are no credentials".into()))?;
        let credentials = provider.provide_credentials().await;
        let identity = credentials.map_err(|cause| without(cause.into()))?.into();
        let parameters: SigningParams<'_> = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name("monitoring")
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()
            .map_err(|cause| without(cause.into()))?
            .into();
        let named = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let body = SignableBody::Bytes(body);
        let request = SignableRequest::new("POST", &self.url, named, body);
        let request = request.map_err(|cause| without(cause.into()))?;
        let signed = sign(request, &parameters).map_err(|cause| without(cause.into()))?;
        let (instructions, _) = signed.into_parts();
        Ok(instructions
            .headers()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect())
    }
}

fn unusable(operation: &str, why: &str) -> Error {
    Error::failed(
        format!("The alarms cannot be read: {why}"),
        format!("Allow `cloudwatch:{operation}`, and check `aws cloudwatch describe-alarms`."),
    )
}
