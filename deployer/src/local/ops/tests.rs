//! Tests of [`super`]: what the page shows of which metrics.

use http::Request;
use http_body_util::BodyExt;
use serde_json::json;

use super::*;
use crate::local::metrics::Metric;

fn body() -> String {
    let line = |name: &str, label: &str| json!(["AWS/Lambda", name, "FunctionName", "tasks", {"stat": "Sum", "label": label}]);
    let widget = |title: &str, lines: Vec<serde_json::Value>| json!({"type": "metric", "properties": {"title": title, "period": 10, "metrics": lines}});
    json!({"widgets": [
        widget("Failed <invocations>", vec![line("Errors", "tasks & more"), line("Throttles", "none")]),
        widget("Longest", vec![line("Duration", "tasks")]),
    ]})
    .to_string()
}

fn ops(metrics: &Metrics) -> Ops {
    let ops = Ops::new("local", metrics.clone());
    ops.set_dashboard("d", Some(Panel::parse_all(&body()).unwrap()));
    ops
}

async fn get(ops: &Ops, path: &str) -> (StatusCode, http::HeaderMap, String) {
    let (head, ()) = Request::get(path).body(()).unwrap().into_parts();
    let (head, body) = ops.serve(&head).unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (
        head.status,
        head.headers,
        String::from_utf8(body.to_vec()).unwrap(),
    )
}

#[tokio::test]
async fn the_page_draws_what_was_measured_and_says_where_nothing_was() {
    let metrics = Metrics::default();
    let errors = Metric::new("AWS/Lambda", "Errors", [("FunctionName", "tasks")]);
    for (ago, value) in [(40, 1.0), (30, 4.0)] {
        metrics.record_at(errors.clone(), value, now() - ago);
    }
    let (status, headers, page) = get(&ops(&metrics), "/_ops").await;
    assert_eq!(status, StatusCode::OK);
    assert!(
        page.contains("Metrics of this machine, not of CloudWatch"),
        "{page}"
    );
    assert!(page.contains("Failed &lt;invocations&gt;"), "{page}");
    assert!(page.contains("tasks &amp; more"), "{page}");
    assert!(page.contains("<td>4</td><td>4</td>"), "{page}");
    assert!(page.contains("class=\"top\">5<"), "{page}");
    assert_eq!(
        page.matches("No data point in the last 15 minutes.")
            .count(),
        1
    );
    // Only what the page itself serves; and nothing that the policy refuses.
    let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"));
    assert!(!page.contains("style=") && !page.contains("http"), "{page}");
    for asset in ["/_ops/style.css", "/_ops/refresh.js"] {
        assert!(page.contains(asset));
        assert_eq!(get(&ops(&metrics), asset).await.0, StatusCode::OK);
    }
}

#[tokio::test]
async fn without_metrics_or_a_dashboard_the_page_says_so() {
    let metrics = Metrics::default();
    let (_, _, page) = get(&ops(&metrics), "/_ops/?minutes=60").await;
    assert!(page.contains("No metrics yet"), "{page}");
    assert_eq!(
        page.matches("No data point in the last 60 minutes.")
            .count(),
        2
    );
    assert!(
        page.contains("minutes=60\" aria-current=\"page\""),
        "{page}"
    );
    let (_, _, page) = get(&Ops::new("local", metrics), "/_ops").await;
    assert!(page.contains("cargo xtask deploy --stage local"), "{page}");
}

#[tokio::test]
async fn the_page_is_only_read_and_other_paths_are_not_its_own() {
    let ops = ops(&Metrics::default());
    let (head, ()) = Request::post("/_ops").body(()).unwrap().into_parts();
    let reply = ops.serve(&head).unwrap();
    assert_eq!(reply.status(), StatusCode::METHOD_NOT_ALLOWED);
    for path in ["/", "/_opsx", "/_ops/other", "/api/health"] {
        let (head, ()) = Request::get(path).body(()).unwrap().into_parts();
        assert!(ops.serve(&head).is_none(), "{path}");
    }
}

#[test]
fn a_dashboard_that_cannot_be_drawn_is_refused_with_the_reason() {
    for (body, reason) in [
        ("{", "is not JSON"),
        ("{}", "has no widgets"),
        (r#"{"widgets": [{"type": "text"}]}"#, "\"text\""),
        (
            r#"{"widgets": [{"type": "metric", "properties": {"period": 15}}]}"#,
            "15 s",
        ),
        (
            r#"{"widgets": [{"type": "metric", "properties": {"metrics": [["N", "m", {"stat": "tm90"}]]}}]}"#,
            "tm90",
        ),
    ] {
        let refused = Panel::parse_all(body).unwrap_err();
        assert!(refused.contains(reason), "{refused}");
    }
}
