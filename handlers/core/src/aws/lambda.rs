//! Lambda: Invoke, and wait for the answer.

use std::time::Duration;

use http::Method;
use serde_json::Value;

use super::{Aws, AwsError, Call};
use crate::http_client::Limits;

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
        let escaped = arn.replace(':', "%3A").replace('$', "%24");
        let call = Call {
            service: SERVICE,
            method: Method::POST,
            url: format!(
                "{}/2015-03-31/functions/{escaped}/invocations",
                self.lambda()
            ),
            headers: &[("content-type", "application/json")],
            body: payload.to_string().into(),
            limits: Limits {
                timeout,
                max_body: MAX_ANSWER,
            },
        };
        let answer = self
            .send(call)
            .await
            .map_err(|error: AwsError| InvokeError(error.to_string()))?;
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
}
