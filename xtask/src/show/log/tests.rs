//! Tests of [`super`].

use std::time::{Duration, SystemTime};

use super::*;

const TASKS: LogSource = LogSource::Function("tasks");
const REQUEST: &str = "JKJaXmPLvHcESHA=";

fn at(millis: u64, source: LogSource, text: &str) -> Understood {
    let line = LogLine {
        source,
        at: SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_756_401_123 + millis),
        text: text.to_owned(),
    };
    let entry = Entry::parse(source, &line.text);
    (line, entry)
}

fn message(level: &str, text: &str, rest: &str) -> String {
    format!(
        r#"{{"timestamp":"t","level":"{level}","message":"{text}"{rest},"span":{{"method":"GET","request_id":"{REQUEST}","route":"/api/tasks/{{task_id}}","name":"request"}}}}"#
    )
}

fn answered(status: u16) -> String {
    let rest = format!(
        r#","status":{status},"user":"019ac6a2-1111-7000-8000-00009f3a1c2e","organization":"019ac6a2-2222-7000-8000-000077aa01bb","milliseconds":12"#
    );
    message("INFO", "Answered.", &rest)
}

fn shown(lines: &[Understood]) -> String {
    Pretty::new(
        &[LogSource::Gateway, TASKS, LogSource::Database],
        Paint::new(false),
    )
    .text(lines)
}

#[test]
fn a_request_is_one_line_and_what_went_wrong_stands_below_it() {
    let cause = r#","error":"no route to host\nsecond line","tries":2"#;
    let lines = [
        at(0, TASKS, &answered(200)),
        at(
            1,
            TASKS,
            &message("WARN", "Something needed is unavailable.", cause),
        ),
        at(
            2,
            LogSource::Gateway,
            r#"{"requestId":"r2","ip":"192.0.2.1","route":"-","status":"404","latencyMs":"1","error":"Not Found"}"#,
        ),
        at(3, TASKS, &answered(503)),
        at(4, TASKS, "r9 Task timed out after 3.00 seconds"),
        at(
            5,
            LogSource::Database,
            "2026-11-27 05:13:21.123 UTC [1] ERROR:  relation \"x\" does not exist\n\tat character 15",
        ),
    ];
    insta::assert_snapshot!(shown(&lines));
}

#[test]
fn a_message_whose_request_is_not_answered_yet_stands_by_itself() {
    let lines = [at(
        0,
        TASKS,
        &message("ERROR", "The request failed.", r#","error":"bad""#),
    )];
    insta::assert_snapshot!(shown(&lines));
}

#[test]
fn the_day_is_shown_once_and_when_it_changes() {
    let mut pretty = Pretty::new(&[TASKS], Paint::new(false));
    let day = 86_400_000;
    let days = |text: String| text.matches("UTC --").count();
    assert_eq!(days(pretty.text(&[at(0, TASKS, &answered(200))])), 1);
    assert_eq!(days(pretty.text(&[at(1, TASKS, &answered(200))])), 0);
    assert_eq!(days(pretty.text(&[at(day, TASKS, &answered(200))])), 1);
}

#[test]
fn no_line_of_a_log_can_control_the_terminal_or_look_like_another_line() {
    let nasty = "x\u{1b}[2J\u{9b}31m\u{7}\r\n05:13:21.123  tasks  GET /forged 200\u{202e}";
    let inside = serde_json::json!(nasty).to_string();
    let inside = inside.trim_matches('"');
    let lines = [
        at(0, TASKS, nasty),
        at(
            1,
            TASKS,
            &message(
                "WARN",
                inside,
                &format!(r#","error":"{inside}","{inside}":"{inside}""#),
            ),
        ),
        at(
            2,
            TASKS,
            &answered(500).replace("/api/tasks/{task_id}", inside),
        ),
        at(
            3,
            LogSource::Gateway,
            &format!(
                r#"{{"requestId":"{inside}","ip":"{inside}","route":"{inside}","status":"500","error":"{inside}"}}"#
            ),
        ),
        at(4, LogSource::Database, &format!("[1] ERROR:  {nasty}")),
        at(
            5,
            TASKS,
            &format!(
                r#"{{"_aws":{{"CloudWatchMetrics":[{{"Metrics":[{{"Name":"{inside}"}}]}}]}},"{inside}":1}}"#
            ),
        ),
    ];
    let text = shown(&lines);
    let control = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
    assert!(!text.chars().any(control), "{text:?}");
    let forged = text
        .lines()
        .filter(|line| line.starts_with("05:13:21.123  tasks  GET"));
    assert_eq!(forged.count(), 0, "{text}");
}
