//! Lambda on this machine: real `bootstrap` processes behind the real Runtime API, with AWS's
//! limits.
//!
//! [`Version`] is what an alias points to: frozen code and configuration with its own pool of
//! environments. One environment is one process and does one request at a time.

mod asynchronous;
mod environment;
mod log;
mod runtime_api;
#[cfg(test)]
pub(in crate::local) mod tests;
mod version;

use serde::Serialize;
use serde_json::{Value, json};

pub use asynchronous::{Asynchronous, EVENT_LIMIT, Pauses, Retries};
pub use log::Log;
pub(crate) use log::{before as log_before, parse_log_line};
pub use version::{Concurrency, Spec, Version};

/// The largest request of a synchronous invocation, in bytes
/// (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>).
pub const PAYLOAD_LIMIT: usize = 6 * 1024 * 1024;

/// The largest response of a synchronous invocation, in bytes: Lambda leaves 100 for its own.
pub const RESPONSE_LIMIT: usize = 6_291_556;

/// How an invocation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// What the function gave back.
    Answer(Vec<u8>),
    /// The function failed: `{"errorType": .., "errorMessage": ..}`. The caller is told with status
    /// 200 and the header `X-Amz-Function-Error`.
    Unhandled(Vec<u8>),
    /// The function was not called.
    Refused(Refusal),
}

/// Why a function was not called, as the Invoke API says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Every environment that its reserved concurrency allows is busy.
    TooManyRequests,
    /// The request is larger than [`PAYLOAD_LIMIT`], or [`EVENT_LIMIT`] for an asynchronous one.
    RequestTooLarge,
    /// The request is not JSON.
    InvalidJson,
}

impl Refusal {
    /// Status, error type and body of the Invoke API.
    pub fn parts(self) -> (u16, &'static str, Value) {
        match self {
            Refusal::TooManyRequests => (
                429,
                "TooManyRequestsException",
                json!({
                    "Reason": "ReservedFunctionConcurrentInvocationLimitExceeded",
                    "Type": "User",
                    "message": "Rate Exceeded.",
                }),
            ),
            Refusal::RequestTooLarge => (
                413,
                "RequestTooLargeException",
                json!({
                    "Type": "User",
                    "message": format!("Request must be smaller than {PAYLOAD_LIMIT} bytes for the InvokeFunction operation"),
                }),
            ),
            Refusal::InvalidJson => (
                400,
                "InvalidRequestContentException",
                json!({
                    "Type": "User",
                    "message": "Could not parse request body into json: Could not parse payload into json",
                }),
            ),
        }
    }
}

/// An error as Lambda words it.
fn unhandled(error_type: &str, message: &str) -> Outcome {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Failure<'a> {
        error_type: &'a str,
        error_message: &'a str,
    }
    let failure = Failure {
        error_type,
        error_message: message,
    };
    Outcome::Unhandled(serde_json::to_vec(&failure).unwrap_or_default())
}
