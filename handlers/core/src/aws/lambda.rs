//! Lambda: Invoke, with its answer or without.

use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::Value;

use super::{Aws, AwsError, Call};
use crate::http_client::{Answer, Limits};

const SERVICE: &str = "lambda";
/// Largest answer to a synchronous invocation (Lambda quotas).
const MAX_ANSWER: usize = 6 * 1024 * 1024;

/// Why another function gave no answer. The text is for the log.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{0}")]
pub struct InvokeError(String);

impl InvokeError {
    pub(crate) fn not_in_the_catalogue(function: &str) -> InvokeError {
        InvokeError(format!(
            "By the catalogue this function does not invoke `{function}`."
        ))
    }
}

impl Aws {
    /// Invokes a function by the ARN of its alias.
    ///
    /// # Errors
    ///
    /// When Lambda does not answer within `timeout`, refuses, or the function failed.
    pub(crate) async fn invoke(
        &self,
        arn: &str,
        payload: &Value,
        timeout: Duration,
    ) -> Result<Value, InvokeError> {
        let headers = [("content-type", "application/json")];
        let answer = self.call_function(arn, payload, &headers, timeout).await?;
        if !answer.status.is_success() {
            return Err(InvokeError(format!(
                "Lambda refused to invoke {arn} with status {}.",
                answer.status
            )));
        }
        if let Some(kind) = answer.headers.get("x-amz-function-error") {
            return Err(InvokeError(format!(
                "{arn} failed: {}.",
                kind.to_str().unwrap_or("unknown")
            )));
        }
        serde_json::from_slice(&answer.body)
            .map_err(|_| InvokeError(format!("{arn} answered with no JSON.")))
    }

    /// Invokes a function by the ARN of its alias without waiting for what it does.
    ///
    /// # Errors
    ///
    /// When Lambda does not accept the invocation within `timeout`.
    pub(crate) async fn invoke_event(
        &self,
        arn: &str,
        payload: &Value,
        timeout: Duration,
    ) -> Result<(), InvokeError> {
        let headers = [
            ("content-type", "application/json"),
            ("x-amz-invocation-type", "Event"),
        ];
        let answer = self.call_function(arn, payload, &headers, timeout).await?;
        if answer.status != StatusCode::ACCEPTED {
            return Err(InvokeError(format!(
                "Lambda did not accept an invocation of {arn}: status {}.",
                answer.status
            )));
        }
        Ok(())
    }

    async fn call_function(
        &self,
        arn: &str,
        payload: &Value,
        headers: &[(&'static str, &'static str)],
        timeout: Duration,
    ) -> Result<Answer, InvokeError> {
        let escaped = arn.replace(':', "%3A").replace('$', "%24");
        let call = Call {
            service: SERVICE,
            method: Method::POST,
            url: format!(
                "{}/2015-03-31/functions/{escaped}/invocations",
                self.lambda()
            ),
            headers,
            body: payload.to_string().into(),
            limits: Limits {
                timeout,
                max_body: MAX_ANSWER,
            },
        };
        self.send(call)
            .await
            .map_err(|error: AwsError| InvokeError(error.to_string()))
    }
}
