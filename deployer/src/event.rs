//! The event that an HTTP API sends to a function, payload format 2.0, for a request that no
//! gateway has seen: `invoke --route 'POST /api/tasks'`.

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};
use time::{format_description::BorrowedFormatItem, macros::format_description};
use url::Url;

use crate::Error;

/// The host of a request that no gateway has seen.
const HOST: &str = "invoke.local";

/// `23/Nov/2026:08:25:00 +0000`, as API Gateway writes the time of a request.
const COMMON_LOG_TIME: &[BorrowedFormatItem<'_>] =
    format_description!("[day]/[month repr:short]/[year]:[hour]:[minute]:[second] +0000");

/// A time as API Gateway writes it into `requestContext.time`.
pub(crate) fn common_log_time(at: std::time::SystemTime) -> String {
    time::OffsetDateTime::from(at)
        .format(COMMON_LOG_TIME)
        .unwrap_or_default()
}

/// A request for a function.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// `POST`
    pub method: String,
    /// The path as a client sends it, percent-encoded: `/api/tasks/a%20b`.
    pub path: String,
    /// The query as a client sends it, without its question mark: `status=pending`.
    pub query: String,
    /// Names in lowercase, and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Option<String>,
}

impl Request {
    /// Parses `POST /api/tasks?x=y`. Path and query are encoded as a browser encodes an address
    /// (<https://url.spec.whatwg.org/>); what is percent-encoded already stays as it is.
    ///
    /// # Errors
    ///
    /// Usage: the text is not a method and a path.
    pub fn parse(route: &str) -> Result<Request, Error> {
        let wrong = || {
            Error::usage(
                format!("`{route}` is not a route: a method and a path are required."),
                "For example: `--route 'GET /api/tasks?status=pending'`",
            )
        };
        let (method, address) = route.trim().split_once(' ').ok_or_else(wrong)?;
        let address = address.trim();
        if !address.starts_with('/') || !method.chars().all(|letter| letter.is_ascii_alphabetic()) {
            return Err(wrong());
        }
        let url = Url::parse(&format!("http://{HOST}{address}")).map_err(|_| wrong())?;
        Ok(Request {
            method: method.to_uppercase(),
            path: url.path().to_owned(),
            query: url.query().unwrap_or_default().to_owned(),
            ..Request::default()
        })
    }

    /// The event that the function gets: its route is the one of the catalogue that fits.
    pub fn event(&self, function: &str) -> Result<Value, Error> {
        // API Gateway decodes the path and not the query.
        let path = percent_decode_str(&self.path).decode_utf8_lossy();
        let query = self.query.as_str();
        let (route, parameters) = find_route(function, &self.method, &path)?;
        let mut headers = Map::new();
        for (name, value) in &self.headers {
            headers.insert(name.to_lowercase(), json!(value));
        }
        headers.entry("host").or_insert_with(|| json!(HOST));
        headers
            .entry("x-forwarded-proto")
            .or_insert_with(|| json!("http"));
        let now = time::OffsetDateTime::now_utc();
        let mut event = json!({
            "version": "2.0",
            "routeKey": format!("{} {route}", self.method),
            "rawPath": path,
            "rawQueryString": query,
            "headers": headers,
            "requestContext": {
                "accountId": "000000000000",
                "apiId": "invoke",
                "domainName": HOST,
                "domainPrefix": "invoke",
                "http": {
                    "method": self.method,
                    "path": path,
                    "protocol": "HTTP/1.1",
                    "sourceIp": "127.0.0.1",
                    "userAgent": "cargo xtask invoke",
                },
                "requestId": format!("invoke-{}", now.unix_timestamp_nanos()),
                "routeKey": format!("{} {route}", self.method),
                "stage": "$default",
                "time": common_log_time(now.into()),
                "timeEpoch": now.unix_timestamp_nanos() / 1_000_000,
            },
            "isBase64Encoded": false,
        });
        if !query.is_empty() {
            event["queryStringParameters"] = Value::Object(query_parameters(query));
        }
        if !parameters.is_empty() {
            event["pathParameters"] = Value::Object(parameters);
        }
        if let Some(body) = &self.body {
            event["body"] = json!(body);
        }
        Ok(event)
    }
}

/// The route of the function's catalogue entry that fits a path, literal segments before
/// variables, and the values of its variables.
fn find_route(
    function: &str,
    method: &str,
    path: &str,
) -> Result<(&'static str, Map<String, Value>), Error> {
    let routes = miyabi_catalog::function(function)
        .map(|function| function.routes)
        .unwrap_or(&[]);
    let fitting = routes
        .iter()
        .filter(|route| route.method.as_str() == method)
        .filter_map(|route| Some((route.path, matched(route.path, path)?)))
        .min_by_key(|(_, parameters)| parameters.len());
    fitting.ok_or_else(|| {
        let known: Vec<String> = routes
            .iter()
            .map(|route| format!("`{} {}`", route.method.as_str(), route.path))
            .collect();
        let hint = match known.as_slice() {
            [] => format!("It is invoked with an event: `cargo xtask invoke {function} --stage local --event FILE`"),
            known => format!("Its routes: {}", known.join(", ")),
        };
        Error::usage(format!("The function `{function}` has no route `{method} {path}`."), hint)
    })
}

fn matched(template: &str, path: &str) -> Option<Map<String, Value>> {
    let mut parameters = Map::new();
    let mut rest = path.trim_start_matches('/').split('/');
    for part in template.trim_start_matches('/').split('/') {
        let variable = part
            .strip_prefix('{')
            .and_then(|part| part.strip_suffix('}'));
        match variable {
            Some(name) if name.ends_with('+') => {
                let all: Vec<&str> = rest.by_ref().collect();
                if all.is_empty() {
                    return None;
                }
                parameters.insert(name.trim_end_matches('+').to_owned(), json!(all.join("/")));
            }
            Some(name) => {
                let value = rest.next().filter(|value| !value.is_empty())?;
                parameters.insert(name.to_owned(), json!(value));
            }
            None if rest.next() == Some(part) => (),
            None => return None,
        }
    }
    rest.next().is_none().then_some(parameters)
}

/// As API Gateway gives them: decoded, several values of one name joined by commas.
fn query_parameters(query: &str) -> Map<String, Value> {
    let mut parameters: Map<String, Value> = Map::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let joined = match parameters.get(&*name).and_then(Value::as_str) {
            Some(before) => format!("{before},{value}"),
            None => value.into_owned(),
        };
        parameters.insert(name.into_owned(), json!(joined));
    }
    parameters
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_literal_segment_wins_over_a_variable() {
        let stats = find_route("tasks", "GET", "/api/tasks/stats").unwrap();
        assert_eq!(stats.0, "/api/tasks/stats");
        let one = find_route("tasks", "GET", "/api/tasks/0198").unwrap();
        assert_eq!(
            (one.0, one.1["task_id"].as_str()),
            ("/api/tasks/{task_id}", Some("0198"))
        );
        let rest = find_route("docs", "GET", "/swagger-ui/a/b.css").unwrap();
        assert_eq!(rest.1["proxy"], "a/b.css");
    }

    #[test]
    fn a_route_that_the_function_lacks_is_refused_with_those_it_has() {
        let error = Request::parse("PUT /api/activity")
            .unwrap()
            .event("activity")
            .unwrap_err();
        assert_eq!(
            error.message(),
            "The function `activity` has no route `PUT /api/activity`."
        );
        assert!(
            error
                .hint()
                .starts_with("Its routes: `GET /api/activity`, "),
            "{}",
            error.hint()
        );
        assert!(
            Request::parse("/api/tasks")
                .unwrap_err()
                .message()
                .contains("is not a route")
        );
    }

    #[test]
    fn an_address_is_encoded_as_a_client_encodes_it() {
        let request = Request::parse("GET /api/tasks?q=買い物 \"x\"&status=pending#part").unwrap();
        assert_eq!(
            request.query,
            "q=%E8%B2%B7%E3%81%84%E7%89%A9%20%22x%22&status=pending"
        );
        let request = Request::parse("GET /api/tasks/a b%2Fc").unwrap();
        assert_eq!(request.path, "/api/tasks/a%20b%2Fc");
        let event = Request::parse("GET /swagger-ui/a%20b.css").unwrap();
        assert_eq!(
            event.event("docs").unwrap()["rawPath"],
            "/swagger-ui/a b.css"
        );
    }

    #[test]
    fn queries_are_decoded_and_joined() {
        let event = Request::parse("get /api/tasks?q=a%20b+c&label=x&label=y").unwrap();
        let event = event.event("tasks").unwrap();
        assert_eq!(
            event["queryStringParameters"],
            json!({"q": "a b c", "label": "x,y"})
        );
        assert_eq!(event["rawQueryString"], "q=a%20b+c&label=x&label=y");
        assert_eq!(event["routeKey"], "GET /api/tasks");
    }
}
