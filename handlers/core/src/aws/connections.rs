//! The connections of the WebSocket API: `PostToConnection` and `DeleteConnection`, signed for
//! `execute-api` at the address of the API's own stage.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{Method, StatusCode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Aws, AwsError, Call};
use crate::{
    config::ConfigError,
    http_client::{HttpClient, Limits},
};

const SERVICE: &str = "execute-api";
/// What a connection id may hold as it is in a path: the unreserved characters of RFC 3986.
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');
/// A refusal has a sentence in it, and nothing else comes.
const MAX_ANSWER: usize = 16 * 1024;

/// What became of a message to a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Posted {
    /// The gateway has it.
    Sent,
    /// 410: there is no such connection any more.
    Gone,
    /// 429, `LimitExceededException`: the client must read, or we must send, more slowly.
    LimitExceeded,
    /// Anything else. The text is for the log.
    Failed(String),
}

/// The connections of the stage's WebSocket API.
#[derive(Debug)]
pub struct Connections {
    aws: Aws,
    endpoint: String,
}

impl Connections {
    /// How many requests may be under way at once without a new TCP connection for each.
    pub const CONCURRENCY: usize = 64;

    /// `endpoint`: `https://HOST/STAGE`, without a slash at the end.
    pub(crate) fn new(
        endpoint: &str,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Connections, ConfigError> {
        let http = Arc::new(HttpClient::keeping(Connections::CONCURRENCY));
        Ok(Connections {
            aws: Aws::new(http, variable)?,
            endpoint: endpoint.to_owned(),
        })
    }

    /// Sends a message, at most 131,072 bytes of text, to a connection by its id. When the first try
    /// finds no server, it tries once more: it may have used a connection that was closed while the
    /// process was frozen. So a message may arrive twice.
    pub async fn post(&self, id: &str, message: &Bytes, limit: Duration) -> Posted {
        let first = self.call(Method::POST, id, message, limit).await;
        let answer = match first {
            Err(AwsError::Unreachable { error, .. }) if !error.is_timeout() => {
                self.call(Method::POST, id, message, limit).await
            }
            other => other,
        };
        match answer {
            Ok(StatusCode::OK) => Posted::Sent,
            Ok(StatusCode::GONE) => Posted::Gone,
            Ok(StatusCode::TOO_MANY_REQUESTS) => Posted::LimitExceeded,
            Ok(status) => Posted::Failed(format!("the WebSocket API answered {status}")),
            Err(error) => Posted::Failed(error.to_string()),
        }
    }

    /// Closes a connection. One that is gone already counts as closed.
    ///
    /// # Errors
    ///
    /// Why it is not closed, for the log.
    pub async fn close(&self, id: &str, limit: Duration) -> Result<(), String> {
        let answer = self.call(Method::DELETE, id, &Bytes::new(), limit).await;
        match answer.map_err(|error| error.to_string())? {
            StatusCode::GONE => Ok(()),
            status if status.is_success() => Ok(()),
            status => Err(format!("the WebSocket API answered {status}")),
        }
    }

    async fn call(
        &self,
        method: Method,
        id: &str,
        body: &Bytes,
        timeout: Duration,
    ) -> Result<StatusCode, AwsError> {
        let id = utf8_percent_encode(id, IN_PATH);
        let call = Call {
            service: SERVICE,
            method,
            url: format!("{}/@connections/{id}", self.endpoint),
            headers: &[],
            body: body.clone(),
            limits: Limits {
                timeout,
                max_body: MAX_ANSWER,
            },
        };
        Ok(self.aws.send(call).await?.status)
    }
}
