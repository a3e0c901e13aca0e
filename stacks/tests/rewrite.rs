//! The rule in Rust and the code that CloudFront runs do the same.

use std::{
    io::Write,
    process::{Command, Stdio},
};

#[test]
fn the_cloudfront_function_rewrites_as_the_rule_does() {
    let paths = [
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
    ];
    let script = format!(
        "{}\nconst paths = {};\nconsole.log(JSON.stringify(paths.map(uri => handler({{request: {{uri}}}}).uri)));",
        stacks::rewrite::javascript(),
        serde_json::to_string(&paths).unwrap()
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
    let by_node: Vec<String> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(by_node, paths.map(stacks::rewrite::apply));
}

#[test]
fn the_viewer_function_overwrites_what_a_client_claims() {
    let script = format!(
        "{}\nconst request = handler({{viewer: {{ip: '203.0.113.7'}}, request: {{headers: {{host: {{value: 'site'}}, 'x-viewer-ip': {{value: 'liar'}}, 'x-viewer-host': {{value: 'liar'}}}}}}}});\nconsole.log(JSON.stringify(request.headers));",
        stacks::rewrite::viewer_javascript(),
    );
    let output = Command::new("node").args(["-e", &script]).output().unwrap();
    let headers: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
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
