//! Routes of HTTP APIs.

use std::collections::BTreeMap;

use super::{Findings, Template};

const ROUTE: &str = "AWS::ApiGatewayV2::Route";
const METHODS: &[&str] = &[
    "ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT",
];
const MOST: usize = 300;

pub(super) fn keys(template: &Template<'_>, findings: &mut Findings) {
    for (id, properties) in template.of_type(ROUTE) {
        // A key without a blank is `$default` or one of a WebSocket API.
        let key = properties["RouteKey"].as_str().unwrap_or_default();
        if let Some((method, path)) = key.split_once(' ')
            && let Some(why) = refused(method, path)
        {
            findings.add(id, "Properties.RouteKey", format!("Found `{key}`: {why}."));
        }
    }
}

fn refused(method: &str, path: &str) -> Option<String> {
    if !METHODS.contains(&method) {
        return Some(format!("the method must be one of {}", METHODS.join(", ")));
    }
    if !path.starts_with('/') {
        return Some("the path must begin with a slash".to_owned());
    }
    if path.len() > 1 && path.ends_with('/') {
        return Some("API Gateway refuses a path that ends in a slash".to_owned());
    }
    let segments: Vec<&str> = path[1..].split('/').collect();
    let greedy = segments.iter().position(|segment| segment.ends_with("+}"));
    if greedy.is_some_and(|position| position + 1 != segments.len()) {
        return Some("a greedy variable must be the last segment".to_owned());
    }
    let has_brace = |segment: &str| segment.contains(['{', '}']);
    let broken = segments
        .iter()
        .find(|segment| has_brace(segment) && !is_variable(segment));
    broken.map(|segment| format!("a variable is a whole segment, `{{name}}`; found `{segment}`"))
}

fn is_variable(segment: &str) -> bool {
    let name = segment
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'));
    name.is_some_and(|name| {
        let name = name.strip_suffix('+').unwrap_or(name);
        !name.is_empty() && !name.contains(['{', '}', '+'])
    })
}

pub(super) fn count(template: &Template<'_>, findings: &mut Findings) {
    let mut routes: BTreeMap<String, usize> = BTreeMap::new();
    for (_, properties) in template.of_type(ROUTE) {
        *routes.entry(properties["ApiId"].to_string()).or_default() += 1;
    }
    if let Some(count) = routes.into_values().find(|count| *count > MOST) {
        findings.add(
            "Resources",
            "",
            format!("There are {count} routes of one API; API Gateway takes {MOST} at most."),
        );
    }
}
