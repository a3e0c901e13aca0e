//! The rule in Rust and the code that CloudFront runs do the same.

#![allow(clippy::unwrap_used)]

use std::{
    io::Write,
    process::{Command, Stdio},
};

use serde_json::{Value, json};
use stacks::rewrite::{NOT_FOUND, Pages};

const PATHS: [&str; 17] = [
    "/",
    "/index.html",
    "/dashboard",
    "/dashboard/",
    "/a/b.c/d",
    "/_next/static/x.js",
    "/a.b/",
    "//",
    "/%2e%2e/x",
    "/é",
    "/tasks/view",
    "/.well-known",
    "/x?y",
    "/404.html",
    "/404",
    "/nothing.html",
    "",
];

/// What Node prints of an expression, with the function for pages and [`PATHS`] before it.
fn run(pages: &Pages, expression: &str) -> Value {
    let script = format!(
        "{}\nconst paths = {};\nconsole.log(JSON.stringify({expression}));",
        pages.javascript(),
        json!(PATHS)
    );
    let mut node = Command::new("node")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("this test runs the generated code with Node; install Node 20 or newer");
    node.stdin
        .take()
        .unwrap()
        .write_all(script.as_bytes())
        .unwrap();
    let output = node.wait_with_output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

fn pages() -> Pages {
    Pages::of([
        "404.html",
        "dashboard/index.html",
        "index.html",
        "tasks/view/index.html",
    ])
}

#[test]
fn the_cloudfront_function_rewrites_as_the_rule_does() {
    let by_node = run(
        &pages(),
        "paths.map(uri => handler({request: {uri, headers: {}}}).uri)",
    );
    let by_rule = PATHS.map(|path| {
        let file = pages().file(path);
        file.unwrap_or_else(|| format!("/{NOT_FOUND}"))
    });
    assert_eq!(by_node, json!(by_rule));
}

/// `request.uri` in a response may be what the viewer sent or what the function put there: the
/// status is the same.
#[test]
fn an_unknown_page_is_404_and_no_other_response_gets_another_status() {
    let by_node = run(
        &pages(),
        "paths.map(sent => {
          const uri = handler({request: {uri: sent, headers: {}}}).uri;
          const status = (uri, statusCode) => handler({request: {uri, headers: {}}, response: {statusCode}}).statusCode;
          return [status(sent, 200), status(uri, 200), status(sent, 304)];
        })",
    );
    let by_rule = PATHS.map(|path| {
        let status = if pages().file(path).is_some() {
            200
        } else {
            404
        };
        [status, status, 304]
    });
    assert_eq!(by_node, json!(by_rule));
}

#[test]
fn the_page_for_unknown_ones_is_asked_for_whole() {
    let headers = run(
        &pages(),
        "['/', '/nothing'].map(uri => {
          const headers = {range: {}, 'if-range': {}, 'if-match': {}, 'if-none-match': {},
            'if-modified-since': {}, 'if-unmodified-since': {}, accept: {}};
          return Object.keys(handler({request: {uri, headers}}).headers).length;
        })",
    );
    assert_eq!(headers, json!([7, 1]));
}

#[test]
fn a_site_with_200_pages_fits_into_a_cloudfront_function() {
    let keys: Vec<String> = (0..200)
        .map(|number| format!("projects/area-{number}/index.html"))
        .collect();
    let code = Pages::of(keys.iter().map(String::as_str)).javascript();
    assert!(code.len() <= 10_240, "{} bytes", code.len());
}

#[test]
fn the_viewer_function_overwrites_what_a_client_claims() {
    let script = format!(
        "{}\nconst request = handler({{viewer: {{ip: '203.0.113.7'}}, request: {{headers: {{host: {{value: 'site'}}, 'x-viewer-ip': {{value: 'liar'}}, 'x-viewer-host': {{value: 'liar'}}}}}}}});\nconsole.log(JSON.stringify(request.headers));",
        stacks::rewrite::viewer_javascript(),
    );
    let output = Command::new("node").args(["-e", &script]).output().unwrap();
    let headers: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(headers["x-viewer-ip"]["value"], "203.0.113.7");
    assert_eq!(headers["x-viewer-host"]["value"], "site");
}

#[test]
fn the_viewer_function_changes_paths_as_the_rule_does() {
    let paths = [
        "/swagger-ui/",
        "/swagger-ui",
        "/swagger-ui/x.css",
        "/api/tasks/",
    ];
    let script = format!(
        "{}\nconst paths = {};\nconst run = uri => handler({{viewer: {{ip: ''}}, request: {{uri, headers: {{host: {{value: ''}}}}}}}}).uri;\nconsole.log(JSON.stringify(paths.map(run)));",
        stacks::rewrite::viewer_javascript(),
        serde_json::to_string(&paths).unwrap()
    );
    let output = Command::new("node").args(["-e", &script]).output().unwrap();
    let by_node: Vec<String> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(by_node, paths.map(stacks::rewrite::api_path));
}
