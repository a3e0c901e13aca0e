//! HTTP requests of payload format 2.0 with something odd in them. The path is none that a function
//! has.

use std::collections::BTreeMap;

use miyabi_tests::{Value, http_event, json};

use super::Odd;

/// Requests by what is odd in them.
#[derive(Default)]
struct Requests(BTreeMap<String, Value>);

impl Requests {
    /// Adds the request that a change makes of one that nothing is odd in.
    fn add(&mut self, what: String, change: &dyn Fn(&mut Value)) {
        let mut event = http_event("GET /api/odd", "/api/odd", &[], None);
        change(&mut event);
        self.0.insert(what, event);
    }
}

pub(super) fn odd_requests() -> Vec<Odd> {
    let mut requests = Requests::default();
    odd_texts(&mut requests);
    odd_parts(&mut requests);
    members_of_other_kinds(&mut requests);
    large(&mut requests);
    let events = requests.0;
    events
        .into_iter()
        .map(|(what, event)| Odd {
            what,
            event: event.to_string().into(),
            is_http: true,
        })
        .collect()
}

/// The same odd text in each part of a request that is text.
fn odd_texts(requests: &mut Requests) {
    for text in [
        " ",
        "\"",
        "<",
        ">",
        "a b",
        "é",
        "日本",
        "💥",
        "%",
        "%zz",
        "%00",
        "\0",
        "\r\n",
        "#",
        "?",
        "[",
        "\\",
        "^",
        "`",
        "{}",
        "|",
        "//evil.example",
        "\u{202e}",
        "\u{feff}",
        &"a".repeat(8192),
        &"é".repeat(30_000),
    ] {
        let short: String = text.chars().take(8).collect();
        requests.add(format!("query {short:?}"), &|event| {
            event["rawQueryString"] = json!(text)
        });
        requests.add(format!("path {short:?}"), &|event| {
            event["rawPath"] = json!(format!("/api/odd/{text}"))
        });
        requests.add(format!("host {short:?}"), &|event| {
            event["headers"]["host"] = json!(text)
        });
        requests.add(format!("header {short:?}"), &|event| {
            event["headers"]["x-odd"] = json!(text)
        });
        requests.add(format!("domain {short:?}"), &|event| {
            event["requestContext"]["domainName"] = json!(text)
        });
        requests.add(format!("cookie {short:?}"), &|event| {
            event["cookies"] = json!([text])
        });
    }
}

/// Hosts, paths, methods and bodies that their own formats do not allow.
fn odd_parts(requests: &mut Requests) {
    for host in [
        "[::1",
        "a:b:c",
        "user@host",
        "host:99999",
        "",
        "..",
        "a/b",
        "-",
    ] {
        requests.add(format!("host {host:?}"), &|event| {
            event["headers"]["host"] = json!(host)
        });
    }
    for path in [
        "",
        "api",
        "*",
        "http://example.com/",
        "/..",
        "/api/odd/../../..",
        "//",
        "/;a=b",
    ] {
        requests.add(format!("path {path:?}"), &|event| {
            event["rawPath"] = json!(path)
        });
    }
    for method in ["", "get", "CONNECT", "TRACE", "A B", "GÉT", "\0", "X-ODD"] {
        requests.add(format!("method {method:?}"), &|event| {
            event["requestContext"]["http"]["method"] = json!(method)
        });
    }
    for body in ["%%%", "a", "YQ", "YQ==YQ==", "é", "\n"] {
        requests.add(format!("base64 {body:?}"), &|event| {
            event["body"] = json!(body);
            event["isBase64Encoded"] = json!(true);
        });
    }
}

/// Members of the event that are of another kind than the format says.
fn members_of_other_kinds(requests: &mut Requests) {
    for (name, value) in [
        ("headers", json!(null)),
        ("headers", json!([])),
        ("headers", json!({"a b": "c"})),
        ("headers", json!({"": "c"})),
        ("headers", json!({"a": null})),
        ("headers", json!({"a": ["b"]})),
        ("cookies", json!("a=b")),
        ("cookies", json!([null])),
        ("body", json!({})),
        ("body", json!(7)),
        ("isBase64Encoded", json!("yes")),
        ("isBase64Encoded", json!(null)),
        ("rawPath", json!(null)),
        ("rawPath", json!(7)),
        ("rawQueryString", json!(null)),
        ("rawQueryString", json!({})),
        ("stageVariables", json!(7)),
        ("pathParameters", json!([])),
        ("routeKey", json!(null)),
    ] {
        requests.add(format!("{name} {value}"), &|event| {
            event[name] = value.clone()
        });
    }
}

/// As much as Lambda hands over, and more than a request may have.
fn large(requests: &mut Requests) {
    requests.add("40,000 headers".to_owned(), &|event| {
        let headers = (0..40_000).map(|n| (format!("x-{n}"), json!("a")));
        event["headers"] = headers.collect::<serde_json::Map<_, _>>().into();
    });
    requests.add("a body of 6 MB".to_owned(), &|event| {
        event["body"] = json!("a".repeat(5_900_000))
    });
    requests.add("a body of 4 MB in base64".to_owned(), &|event| {
        event["body"] = json!("A".repeat(5_900_000));
        event["isBase64Encoded"] = json!(true);
    });
}
