//! Lines of a function: its own, in JSON as `miyabi-core` writes them, its metrics, and Lambda's, in
//! JSON or as text.

use serde_json::{Map, Value};

use super::{
    Level,
    entry::{Answered, Entry, Kind, Message},
};

/// Fields that every line has and no reader needs beside the sentence.
const FRAME: [&str; 4] = ["timestamp", "level", "message", "span"];
/// How a plain line of Lambda begins
/// (<https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-view.html>).
const PLATFORM: [&str; 5] = [
    "START RequestId: ",
    "END RequestId: ",
    "REPORT RequestId: ",
    "INIT_START ",
    "INIT_REPORT ",
];
/// How Lambda names the end of an invocation that did not go well, in the `status` of
/// `platform.runtimeDone` and `platform.report`
/// (<https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html>).
const ENDED_BADLY: [&str; 3] = ["error", "failure", "timeout"];

pub(super) fn parse(text: &str) -> Option<Entry> {
    match serde_json::from_str(text) {
        Ok(Value::Object(line)) => json(&line),
        _ => plain(text),
    }
}

fn json(line: &Map<String, Value>) -> Option<Entry> {
    if let Some(declared) = line.get("_aws") {
        return Some(Entry {
            kind: Kind::Metrics(metrics(line, declared)),
            level: Level::Info,
            request_id: None,
        });
    }
    if line.get("type").is_some_and(is_platform) {
        return Some(platform(line));
    }
    let text = line.get("message")?.as_str()?.to_owned();
    let span = line.get("span");
    let of_span = |name: &str| span.and_then(|span| span[name].as_str()).map(str::to_owned);
    let request = of_span("method").zip(of_span("route"));
    let answered = request.as_ref().and_then(|request| answered(line, request));
    let level = match &answered {
        Some(answered) if answered.status >= 500 => Level::Error,
        Some(_) => Level::Info,
        None => level(line.get("level")),
    };
    Some(Entry {
        kind: match answered {
            Some(answered) => Kind::Answered(answered),
            None => Kind::Message(Message {
                text,
                request,
                fields: fields(line),
            }),
        },
        level,
        request_id: of_span("request_id"),
    })
}

/// The line with which `miyabi-core` ends a request.
fn answered(line: &Map<String, Value>, request: &(String, String)) -> Option<Answered> {
    let id = |name: &str| line.get(name).and_then(Value::as_str).map(str::to_owned);
    Some(Answered {
        method: request.0.clone(),
        route: request.1.clone(),
        status: u16::try_from(line.get("status")?.as_u64()?).ok()?,
        milliseconds: line.get("milliseconds")?.as_u64()?,
        user: id("user"),
        organization: id("organization"),
    })
}

fn fields(line: &Map<String, Value>) -> Vec<(String, String)> {
    let others = line
        .iter()
        .filter(|(name, _)| !FRAME.contains(&name.as_str()));
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    others
        .map(|(name, value)| (name.clone(), text(value)))
        .collect()
}

fn level(name: Option<&Value>) -> Level {
    match name.and_then(Value::as_str) {
        Some("ERROR" | "FATAL") => Level::Error,
        Some("WARN") => Level::Warn,
        _ => Level::Info,
    }
}

/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>
fn metrics(line: &Map<String, Value>, declared: &Value) -> Vec<(String, f64)> {
    let sets = declared["CloudWatchMetrics"].as_array();
    let names = sets
        .into_iter()
        .flatten()
        .filter_map(|set| set["Metrics"].as_array())
        .flatten()
        .filter_map(|metric| metric["Name"].as_str());
    names
        .filter_map(|name| Some((name.to_owned(), line.get(name)?.as_f64()?)))
        .collect()
}

fn is_platform(kind: &Value) -> bool {
    kind.as_str()
        .is_some_and(|kind| kind.starts_with("platform."))
}

fn platform(line: &Map<String, Value>) -> Entry {
    let record = &line.get("record").cloned().unwrap_or_default();
    let status = record["status"].as_str().unwrap_or_default();
    Entry {
        kind: Kind::Platform,
        level: if ENDED_BADLY.contains(&status) {
            Level::Error
        } else {
            Level::Info
        },
        request_id: record["requestId"].as_str().map(str::to_owned),
    }
}

/// `START RequestId: ID Version: 3`, `2f.. Task timed out after 3.00 seconds`,
/// `RequestId: ID Error: Runtime exited with error: exit status 1`.
fn plain(text: &str) -> Option<Entry> {
    let words = || text.split_whitespace();
    let id = |id: Option<&str>| id.map(str::to_owned);
    let (level, request_id) = if PLATFORM.iter().any(|begin| text.starts_with(begin)) {
        let of_request = text.contains("RequestId: ");
        (Level::Info, id(words().nth(2).filter(|_| of_request)))
    } else if text.contains(" Task timed out after ") {
        let at = words().position(|word| word == "Task")?;
        (Level::Error, id(words().nth(at.checked_sub(1)?)))
    } else if text.starts_with("RequestId: ") && text.contains(" Error: ") {
        (Level::Error, id(words().nth(1)))
    } else {
        return None;
    };
    Some(Entry {
        kind: Kind::Platform,
        level,
        request_id,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(text: &str) -> Entry {
        parse(text).unwrap_or_else(|| panic!("not understood: {text}"))
    }

    #[test]
    fn the_line_that_ends_a_request_has_its_method_route_status_time_and_who() {
        let line = r#"{"timestamp":"2026-11-27T05:00:00Z","level":"INFO","message":"Answered.","status":503,"user":"u1","organization":"o1","milliseconds":12,"span":{"method":"GET","request_id":"r1","route":"/api/tasks","name":"request"}}"#;
        let entry = entry(line);
        assert_eq!(entry.request_id.as_deref(), Some("r1"));
        assert_eq!(entry.level, Level::Error, "a 503 is an error");
        let Kind::Answered(answered) = entry.kind else {
            panic!("{entry:?}");
        };
        assert_eq!((answered.status, answered.milliseconds), (503, 12));
        assert_eq!(answered.user.as_deref(), Some("u1"));
    }

    #[test]
    fn a_message_keeps_its_fields_in_order_and_its_request() {
        let line = r#"{"timestamp":"t","level":"WARN","message":"Something needed is unavailable.","error":"no route to host","tries":2,"span":{"method":"GET","request_id":"r1","route":"/api/tasks","name":"request"}}"#;
        let entry = entry(line);
        assert_eq!(entry.level, Level::Warn);
        let Kind::Message(message) = entry.kind else {
            panic!("{entry:?}");
        };
        assert_eq!(message.request, Some(("GET".into(), "/api/tasks".into())));
        let fields = [("error", "no route to host"), ("tries", "2")];
        assert_eq!(message.fields, fields.map(|(a, b)| (a.into(), b.into())));
    }

    #[test]
    fn lambdas_lines_are_known_as_text_and_as_json_and_a_bad_end_is_an_error() {
        for (line, level, id) in [
            ("START RequestId: r1 Version: 3", Level::Info, Some("r1")),
            (
                "REPORT RequestId: r1\tDuration: 1.20 ms",
                Level::Info,
                Some("r1"),
            ),
            (
                "INIT_START Runtime Version: provided:al2023.v1",
                Level::Info,
                None,
            ),
            (
                "r1 Task timed out after 3.00 seconds",
                Level::Error,
                Some("r1"),
            ),
            (
                "2026-11-27T05:00:00.000Z r1 Task timed out after 3.00 seconds",
                Level::Error,
                Some("r1"),
            ),
            (
                "RequestId: r1 Error: Runtime exited with error: exit status 1",
                Level::Error,
                Some("r1"),
            ),
            (
                r#"{"time":"t","type":"platform.report","record":{"requestId":"r1","status":"success"}}"#,
                Level::Info,
                Some("r1"),
            ),
            (
                r#"{"time":"t","type":"platform.report","record":{"requestId":"r1","status":"timeout"}}"#,
                Level::Error,
                Some("r1"),
            ),
        ] {
            let entry = entry(line);
            assert_eq!(entry.kind, Kind::Platform, "{line}");
            assert_eq!(
                (entry.level, entry.request_id.as_deref()),
                (level, id),
                "{line}"
            );
        }
        assert_eq!(parse("thread 'main' panicked"), None);
        assert_eq!(parse(r#"{"hello": 1}"#), None);
    }

    #[test]
    fn metrics_are_those_that_the_line_declares() {
        let line = r#"{"_aws":{"CloudWatchMetrics":[{"Metrics":[{"Name":"latency","Unit":"Milliseconds"},{"Name":"absent"}]}]},"latency":1.5,"status":200}"#;
        let entry = entry(line);
        assert_eq!(entry.kind, Kind::Metrics(vec![("latency".into(), 1.5)]));
        assert!(entry.is_routine());
    }
}
