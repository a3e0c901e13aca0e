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
            credentials: configuration["AllowCredentials"] == Value::Bool(true),
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

fn set(headers: &mut HeaderMap, name: header::HeaderName, value: &str) {
    if let Ok(value) = value.parse::<HeaderValue>()
        && !value.is_empty()
    {
        headers.insert(name, value);
    }
}
