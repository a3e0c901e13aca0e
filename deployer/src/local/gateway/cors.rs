//! CORS as API Gateway does it when the API has a `CorsConfiguration`: it answers preflights itself
//! and adds the headers to every answer for an allowed origin, and to no other.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use serde_json::Value;

use crate::local::http::{Reply, bytes};

/// The `CorsConfiguration` of an API.
#[derive(Debug, Clone, Default)]
pub struct Cors {
    origins: Vec<String>,
    methods: String,
    headers: String,
    expose: String,
    max_age: Option<i64>,
    credentials: bool,
}

impl Cors {
    /// From the property of the template; `None` when there is none.
    pub fn parse(configuration: &Value) -> Option<Cors> {
        configuration.as_object()?;
        let list = |name: &str| -> Vec<String> {
            let items = configuration[name].as_array().into_iter().flatten();
            items.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        Some(Cors {
            origins: list("AllowOrigins"),
            methods: list("AllowMethods").join(","),
            headers: list("AllowHeaders").join(","),
            expose: list("ExposeHeaders").join(","),
            max_age: configuration["MaxAge"].as_i64(),
            credentials: is_true(&configuration["AllowCredentials"]),
        })
    }

    /// Why API Gateway would not take the property; `None` when it would.
    pub fn refuse(configuration: &Value) -> Option<String> {
        let cors = Cors::parse(configuration)?;
        let everyone = cors.origins.iter().any(|origin| origin == "*");
        (everyone && cors.credentials).then(|| {
            "CorsConfiguration has AllowCredentials: true and `*` in AllowOrigins: any site could act for \
             whoever is signed in. Name the origins, or leave AllowCredentials out."
                .to_owned()
        })
    }

    /// The answer to a preflight; `None` when the request is none.
    pub(super) fn preflight(&self, request: &Request<Bytes>) -> Option<Reply> {
        let headers = request.headers();
        let origin = headers.get(header::ORIGIN)?;
        if request.method() != Method::OPTIONS
            || !headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
        {
            return None;
        }
        let mut reply = bytes(StatusCode::NO_CONTENT, "", Bytes::new());
        if self.allows(origin) {
            self.decorate(origin, reply.headers_mut());
            let age = self.max_age.map(|age| age.to_string()).unwrap_or_default();
            for (name, value) in [
                (header::ACCESS_CONTROL_ALLOW_METHODS, &self.methods),
                (header::ACCESS_CONTROL_ALLOW_HEADERS, &self.headers),
                (header::ACCESS_CONTROL_MAX_AGE, &age),
            ] {
                set(reply.headers_mut(), name, value);
            }
        }
        Some(reply)
    }

    /// Adds the headers for an allowed origin.
    pub(super) fn decorate(&self, origin: &HeaderValue, headers: &mut HeaderMap) {
        if !self.allows(origin) {
            return;
        }
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(header::VARY, HeaderValue::from_static("origin"));
        set(headers, header::ACCESS_CONTROL_EXPOSE_HEADERS, &self.expose);
        if self.credentials {
            headers.insert(
                header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
                HeaderValue::from_static("true"),
            );
        }
    }

    fn allows(&self, origin: &HeaderValue) -> bool {
        self.origins
            .iter()
            .any(|allowed| allowed == "*" || allowed.as_bytes() == origin.as_bytes())
    }
}

/// A boolean of a template; CloudFormation takes the word in quotes as well.
fn is_true(value: &Value) -> bool {
    value.as_bool().unwrap_or(*value == "true")
}

fn set(headers: &mut HeaderMap, name: header::HeaderName, value: &str) {
    if let Ok(value) = value.parse::<HeaderValue>()
        && !value.is_empty()
    {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn cors(origins: &[&str], credentials: bool) -> Cors {
        let configuration = json!({
            "AllowOrigins": origins,
            "AllowMethods": ["GET", "POST"],
            "AllowHeaders": ["authorization", "if-match"],
            "ExposeHeaders": ["etag"],
            "MaxAge": 600,
            "AllowCredentials": credentials,
        });
        Cors::parse(&configuration).unwrap()
    }

    /// The headers that an answer to that origin gets, a line each.
    fn decorated(cors: &Cors, origin: &str) -> String {
        let mut headers = HeaderMap::new();
        cors.decorate(&origin.parse().unwrap(), &mut headers);
        lines(&headers)
    }

    fn lines(headers: &HeaderMap) -> String {
        let mut lines: Vec<String> = headers
            .iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        lines.sort();
        lines.join("\n")
    }

    fn request(method: Method, headers: &[(&str, &str)]) -> Request<Bytes> {
        let mut request = Request::builder().method(method).uri("/api/tasks");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(Bytes::new()).unwrap()
    }

    #[test]
    fn only_an_origin_that_is_named_to_the_letter_gets_headers() {
        let named = cors(&["https://a.example", "https://b.example:8443"], true);
        insta::assert_snapshot!(decorated(&named, "https://a.example"), @r"
        access-control-allow-credentials: true
        access-control-allow-origin: https://a.example
        access-control-expose-headers: etag
        vary: origin
        ");
        assert!(decorated(&named, "https://b.example:8443").contains("https://b.example:8443"));
        for other in [
            "https://a.example.evil.example",
            "https://a.exampl",
            "https://evil-a.example",
            "https://evil.example/https://a.example",
            "a.example",
            "http://a.example",
            "https://a.example/",
            "https://a.example:443",
            "https://b.example",
            "https://A.example",
            "null",
            "*",
            "",
        ] {
            assert_eq!(decorated(&named, other), "", "{other}");
        }
    }

    #[test]
    fn the_origin_null_is_one_like_others() {
        assert_eq!(decorated(&cors(&[], true), "null"), "");
        assert!(decorated(&cors(&["null"], false), "null").contains("origin: null"));
    }

    #[test]
    fn credentials_are_allowed_only_when_the_template_says_so() {
        for origins in [["https://a.example"], ["*"]] {
            let headers = decorated(&cors(&origins, false), "https://a.example");
            assert!(headers.contains("access-control-allow-origin: https://a.example"));
            assert!(!headers.contains("credentials"), "{headers}");
        }
    }

    #[test]
    fn a_preflight_is_answered_and_nothing_else_is() {
        let cors = cors(&["https://a.example"], true);
        let asks = |origin| {
            let headers = [("origin", origin), ("access-control-request-method", "PUT")];
            cors.preflight(&request(Method::OPTIONS, &headers)).unwrap()
        };
        let answer = asks("https://a.example");
        assert_eq!(answer.status(), StatusCode::NO_CONTENT);
        let mut headers = answer.headers().clone();
        headers.remove(header::CONTENT_TYPE);
        insta::assert_snapshot!(lines(&headers), @r"
        access-control-allow-credentials: true
        access-control-allow-headers: authorization,if-match
        access-control-allow-methods: GET,POST
        access-control-allow-origin: https://a.example
        access-control-expose-headers: etag
        access-control-max-age: 600
        vary: origin
        ");
        let refused = asks("https://a.example.evil.example");
        assert_eq!(refused.status(), StatusCode::NO_CONTENT);
        assert!(!lines(refused.headers()).contains("access-control"));

        let origin = ("origin", "https://a.example");
        let method = ("access-control-request-method", "PUT");
        for (verb, headers) in [
            (Method::GET, vec![origin, method]),
            (Method::OPTIONS, vec![origin]),
            (Method::OPTIONS, vec![method]),
        ] {
            assert!(cors.preflight(&request(verb, &headers)).is_none());
        }
    }
}
