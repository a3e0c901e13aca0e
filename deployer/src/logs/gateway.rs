//! Lines of the gateway's access log, whose format is in the template
//! (`stacks/src/gateway.rs`).

use serde_json::Value;

use super::{
    Level,
    entry::{Entry, Kind},
};

/// A request that the gateway answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// The route that it found, `GET /api/tasks`; `None`: no route fits.
    pub route: Option<String>,
    /// The status of the response.
    pub status: u16,
    /// From the request to the response.
    pub milliseconds: Option<u64>,
    /// Address of the client, or of CloudFront in front of it.
    pub ip: Option<String>,
    /// The gateway's own words when no function answered: `Not Found`, `Too Many Requests`.
    pub error: Option<String>,
}

pub(super) fn parse(text: &str) -> Option<Entry> {
    let line: Value = serde_json::from_str(text).ok()?;
    // API Gateway writes a hyphen for a variable without a value.
    let value = |name: &str| {
        line[name]
            .as_str()
            .filter(|value| !matches!(*value, "" | "-"))
    };
    let access = Access {
        route: value("route").map(str::to_owned),
        status: value("status")?.parse().ok()?,
        milliseconds: value("latencyMs").and_then(|value| value.parse().ok()),
        ip: value("ip").map(str::to_owned),
        error: value("error").map(str::to_owned),
    };
    Some(Entry {
        level: match access.status {
            500.. => Level::Error,
            _ if access.error.is_some() => Level::Warn,
            _ => Level::Info,
        },
        request_id: value("requestId").map(str::to_owned),
        kind: Kind::Access(access),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_that_no_function_saw_is_not_routine() {
        let line = |status: &str, error: &str| {
            format!(
                r#"{{"requestId":"r1","ip":"192.0.2.1","route":"GET /api/tasks","status":"{status}","latencyMs":"7","integrationMs":"-","error":"{error}"}}"#
            )
        };
        let answered = parse(&line("200", "-")).unwrap();
        assert!(answered.is_routine());
        assert_eq!(answered.request_id.as_deref(), Some("r1"));
        let refused = parse(&line("429", "Too Many Requests")).unwrap();
        assert!(!refused.is_routine());
        assert_eq!(refused.level, Level::Warn);
        let Kind::Access(access) = refused.kind else {
            panic!("{refused:?}");
        };
        assert_eq!(access.milliseconds, Some(7));
        assert_eq!(parse(&line("503", "-")).unwrap().level, Level::Error);
        assert_eq!(parse("nonsense"), None);
    }
}
