//! The access log of an API: one line a request, as the template's `Format` says
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html>).

use std::{collections::BTreeMap, time::Duration};

use crate::local::lambda::Log;

/// Where requests are logged, and how.
#[derive(Debug, Clone)]
pub struct AccessLog {
    log: Log,
    format: String,
}

/// What is known of one request.
pub(super) struct Entry<'a> {
    pub(super) request_id: &'a str,
    pub(super) source_ip: &'a str,
    pub(super) method: &'a str,
    pub(super) path: &'a str,
    pub(super) route_key: &'a str,
    pub(super) status: u16,
    pub(super) latency: Duration,
    /// `None`: no function was called.
    pub(super) integration: Option<Duration>,
    /// What the gateway itself answered.
    pub(super) error: Option<&'a str>,
}

impl AccessLog {
    /// `format` has variables such as `$context.requestId`; one that is not known here is a `-`, as
    /// one without a value is at API Gateway.
    pub fn new(log: Log, format: &str) -> AccessLog {
        AccessLog {
            log,
            format: format.to_owned(),
        }
    }

    pub(super) fn write(&self, entry: &Entry<'_>) {
        self.log.line(&render(&self.format, entry));
    }
}

fn render(format: &str, entry: &Entry<'_>) -> String {
    let milliseconds = |duration: Duration| duration.as_millis().to_string();
    let values: BTreeMap<&str, String> = [
        ("requestId", entry.request_id.to_owned()),
        ("identity.sourceIp", entry.source_ip.to_owned()),
        ("httpMethod", entry.method.to_owned()),
        ("path", entry.path.to_owned()),
        ("routeKey", entry.route_key.to_owned()),
        ("status", entry.status.to_string()),
        ("responseLatency", milliseconds(entry.latency)),
        (
            "integrationLatency",
            entry.integration.map(milliseconds).unwrap_or_default(),
        ),
        ("error.message", entry.error.unwrap_or_default().to_owned()),
    ]
    .into();
    let mut out = String::new();
    let mut parts = format.split("$context.");
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let end = part
            .find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '.')
            .unwrap_or(part.len());
        let (name, rest) = part.split_at(end);
        let value = values.get(name).filter(|value| !value.is_empty());
        // A quote or a line break of the client must not end the text that it stands in.
        let value = value.map_or("-".to_owned(), |value| {
            value.replace(['"', '\\', '\n', '\r'], "_")
        });
        out.push_str(&value);
        out.push_str(rest);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_format_of_the_template_is_kept() {
        let entry = Entry {
            request_id: "r1",
            source_ip: "127.0.0.1",
            method: "GET",
            path: "/a\"b",
            route_key: "GET /{x}",
            status: 503,
            latency: Duration::from_millis(12),
            integration: None,
            error: Some("Service Unavailable"),
        };
        let format = r#"{"id":"$context.requestId","ms":"$context.responseLatency","i":"$context.integrationLatency","e":"$context.error.message","x":"$context.unknown","p":"$context.path"} $context.status"#;
        assert_eq!(
            render(format, &entry),
            r#"{"id":"r1","ms":"12","i":"-","e":"Service Unavailable","x":"-","p":"/a_b"} 503"#
        );
    }
}
