//! What a function asks of AWS: a secret, another function, a database token, the connections of
//! the WebSocket API.
//!
//! Signed by AWS's own `aws-sigv4`, sent by hyper. Not the AWS SDK: see
//! docs/decisions/0001-no-aws-sdk-in-functions.md.

mod connections;
mod database_token;
mod lambda;
mod secrets;

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4::SigningParams,
};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request};

pub use connections::{Connections, Posted};
pub use database_token::database_token;
pub use lambda::InvokeError;

use crate::{
    config::ConfigError,
    http_client::{Answer, HttpClient, HttpError, Limits},
};

/// Why AWS did not do it.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum AwsError {
    #[error("{service} does not answer: {error}")]
    Unreachable {
        service: &'static str,
        error: HttpError,
    },
    #[error("{service} refused with status {status}: {message}")]
    Refused {
        service: &'static str,
        status: u16,
        message: String,
    },
    #[error("{0}")]
    Signing(String),
}

impl AwsError {
    /// Whether there is no such thing, or nothing in it: Secrets Manager says the same of a secret
    /// without a value.
    pub(crate) fn is_absence(&self) -> bool {
        matches!(self, AwsError::Refused { message, .. } if message.starts_with("ResourceNotFoundException"))
    }
}

/// Access to AWS, or to what stands in for it, with the function's own credentials.
#[derive(Debug)]
pub(crate) struct Aws {
    http: Arc<HttpClient>,
    region: String,
    credentials: Credentials,
    endpoints: Endpoints,
}

#[derive(Debug, Clone, Default)]
struct Endpoints {
    all: Option<String>,
    secrets_manager: Option<String>,
    lambda: Option<String>,
    dual_stack: bool,
}

/// A request before it is signed.
struct Call<'a> {
    service: &'static str,
    method: Method,
    url: String,
    headers: &'a [(&'static str, &'static str)],
    body: Bytes,
    limits: Limits,
}

impl Aws {
    /// # Errors
    ///
    /// A sentence that names the variable that is missing.
    pub(crate) fn new(
        http: Arc<HttpClient>,
        get: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Aws, ConfigError> {
        let require = |name: &str| {
            get(name).ok_or_else(|| {
                ConfigError(format!(
                    "{name} is not set. Lambda sets it; so does the local target."
                ))
            })
        };
        let credentials = Credentials::new(
            require("AWS_ACCESS_KEY_ID")?,
            require("AWS_SECRET_ACCESS_KEY")?,
            get("AWS_SESSION_TOKEN"),
            None,
            "environment",
        );
        let endpoints = Endpoints {
            all: get("AWS_ENDPOINT_URL"),
            secrets_manager: get("AWS_ENDPOINT_URL_SECRETS_MANAGER"),
            lambda: get("AWS_ENDPOINT_URL_LAMBDA"),
            dual_stack: get("AWS_USE_DUALSTACK_ENDPOINT")
                .is_some_and(|value| value.eq_ignore_ascii_case("true")),
        };
        Ok(Aws {
            http,
            region: require("AWS_REGION")?,
            credentials,
            endpoints,
        })
    }

    /// Signs and sends. Any status is an answer.
    async fn send(&self, call: Call<'_>) -> Result<Answer, AwsError> {
        let service = call.service;
        let mut request = Request::builder().method(&call.method).uri(&call.url);
        for (name, value) in call.headers {
            request = request.header(*name, *value);
        }
        let mut request = request
            .body(call.body.clone())
            .map_err(|error| AwsError::Signing(error.to_string()))?;
        let identity = self.credentials.clone().into();
        let params = SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(service)
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()
            .map_err(|error| AwsError::Signing(error.to_string()))?;
        let signable = SignableRequest::new(
            call.method.as_str(),
            &call.url,
            call.headers.iter().copied(),
            SignableBody::Bytes(&call.body),
        )
        .map_err(|error| AwsError::Signing(error.to_string()))?;
        let (instructions, _) = sign(signable, &params.into())
            .map_err(|error| AwsError::Signing(error.to_string()))?
            .into_parts();
        for (name, value) in instructions.headers() {
            let name =
                HeaderName::try_from(name).map_err(|error| AwsError::Signing(error.to_string()))?;
            let value = HeaderValue::try_from(value)
                .map_err(|error| AwsError::Signing(error.to_string()))?;
            request.headers_mut().insert(name, value);
        }
        self.http
            .send(request, call.limits)
            .await
            .map_err(|error| AwsError::Unreachable { service, error })
    }

    fn secrets_manager(&self) -> String {
        self.endpoints.of(
            "secretsmanager",
            self.endpoints.secrets_manager.as_ref(),
            &self.region,
        )
    }

    fn lambda(&self) -> String {
        self.endpoints
            .of("lambda", self.endpoints.lambda.as_ref(), &self.region)
    }
}

impl Endpoints {
    /// The origin of a service, without a slash at the end.
    fn of(&self, service: &str, own: Option<&String>, region: &str) -> String {
        if let Some(url) = own.or(self.all.as_ref()) {
            return url.trim_end_matches('/').to_owned();
        }
        if self.dual_stack {
            format!("https://{service}.{region}.api.aws")
        } else if region.starts_with("cn-") {
            format!("https://{service}.{region}.amazonaws.com.cn")
        } else {
            format!("https://{service}.{region}.amazonaws.com")
        }
    }
}

/// Limits of a call that answers at once.
fn quick() -> Limits {
    Limits {
        timeout: Duration::from_secs(3),
        max_body: 128 * 1024,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_follow_the_environment() {
        let endpoints = Endpoints {
            dual_stack: true,
            ..Endpoints::default()
        };
        assert_eq!(
            endpoints.of("lambda", None, "eu-west-1"),
            "https://lambda.eu-west-1.api.aws"
        );
        let endpoints = Endpoints::default();
        assert_eq!(
            endpoints.of("lambda", None, "eu-west-1"),
            "https://lambda.eu-west-1.amazonaws.com"
        );
        let endpoints = Endpoints {
            all: Some("http://127.0.0.1:1/".to_owned()),
            ..endpoints
        };
        assert_eq!(
            endpoints.of("lambda", None, "eu-west-1"),
            "http://127.0.0.1:1"
        );
        let own = "http://127.0.0.1:2".to_owned();
        assert_eq!(
            endpoints.of("lambda", Some(&own), "eu-west-1"),
            "http://127.0.0.1:2"
        );
    }
}
