//! The HTTP API of API Gateway on this machine: routes, throttling, CORS and limits of the
//! template, events of payload format 2.0, answers as API Gateway words them.

mod access_log;
mod cors;
mod event;
mod routes;
#[cfg(test)]
mod tests;
mod throttle;

use std::{
    collections::BTreeMap,
    sync::{Arc, RwLock},
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use serde_json::json;

pub use access_log::AccessLog;
pub use cors::Cors;
pub use routes::RouteKey;
pub(super) use routes::decode;
pub use throttle::Throttle;

use access_log::Entry;

use super::{
    http::{CLIENT_PATIENCE, Reply, head_size, json as answer},
    lambda::{Outcome, Refusal},
    metrics::{Metric, Metrics},
    registry::Functions,
};

/// The largest request body (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html>).
const BODY_LIMIT: usize = 10 * 1024 * 1024;
/// The request line and all header lines together.
const HEADER_LIMIT: usize = 10_240;

/// How long the gateway waits.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For a function; then the response is 503. The function itself runs on to its own timeout.
    pub integration: Duration,
    /// For the body of a request; then the response is 408.
    pub body: Duration,
}

impl Default for Patience {
    fn default() -> Patience {
        Patience {
            integration: Duration::from_secs(30),
            body: CLIENT_PATIENCE,
        }
    }
}

/// An HTTP API. Its parts are added and removed as the resources of the template are.
#[derive(Debug)]
pub struct HttpApi {
    id: String,
    functions: Functions,
    patience: Patience,
    parts: RwLock<Parts>,
}

#[derive(Debug, Default)]
struct Parts {
    /// `127.0.0.1:8788`: the name under which it is called.
    domain: String,
    /// Route id -> what it matches and the integration that it goes to.
    routes: BTreeMap<String, (RouteKey, String)>,
    /// Integration id -> ARN of an alias.
    integrations: BTreeMap<String, String>,
    /// Aliases that API Gateway may invoke.
    permitted: BTreeMap<String, String>,
    throttle: Option<Arc<Throttle>>,
    access_log: Option<AccessLog>,
    cors: Option<Arc<Cors>>,
    metrics: Option<Metrics>,
}

/// Who called, as the gateway sees it.
#[derive(Debug, Clone)]
pub struct Client {
    /// Its address; the gateway says so to the function in `sourceIp` and `x-forwarded-for`.
    pub ip: String,
}

impl HttpApi {
    /// An API without routes. `functions` is where it finds the aliases that integrations name.
    pub fn new(id: &str, functions: Functions) -> HttpApi {
        HttpApi::with_patience(id, functions, Patience::default())
    }

    /// The same with other limits in time.
    pub fn with_patience(id: &str, functions: Functions, patience: Patience) -> HttpApi {
        HttpApi {
            id: id.to_owned(),
            functions,
            patience,
            parts: RwLock::default(),
        }
    }

    /// Sets the name under which it is called, `127.0.0.1:8788`: `requestContext.domainName`.
    pub fn set_domain(&self, domain: &str) {
        self.write().domain = domain.to_owned();
    }

    /// The name under which it is called.
    pub fn domain(&self) -> String {
        self.read().domain.clone()
    }

    /// Sets the `CorsConfiguration`; `None`: it answers no preflight.
    pub fn set_cors(&self, cors: Option<Cors>) {
        self.write().cors = cors.map(Arc::new);
    }

    /// Sets the route of that id, with the id of its integration; `None` removes it.
    pub fn set_route(&self, id: &str, route: Option<(RouteKey, String)>) {
        set(&mut self.write().routes, id, route);
    }

    /// Sets the integration of that id, the ARN of an alias; `None` removes it.
    pub fn set_integration(&self, id: &str, alias: Option<String>) {
        set(&mut self.write().integrations, id, alias);
    }

    /// Lets the API invoke an alias, by its ARN; `None` takes that back. Without it, a request that
    /// goes there is answered with 500, as on AWS.
    pub fn set_permission(&self, id: &str, alias: Option<String>) {
        set(&mut self.write().permitted, id, alias);
    }

    /// Sets the throttle of each route and where each request is logged.
    pub fn set_stage(&self, throttle: Option<Throttle>, access_log: Option<AccessLog>) {
        let mut parts = self.write();
        parts.throttle = throttle.map(Arc::new);
        parts.access_log = access_log;
    }

    /// Sets where each request is measured.
    pub(super) fn set_metrics(&self, metrics: Metrics) {
        self.write().metrics = Some(metrics);
    }

    /// Answers a request that came over the network.
    pub async fn serve(&self, request: Request<Incoming>) -> Reply {
        let (head, body) = request.into_parts();
        if head_size(&head) > HEADER_LIMIT {
            return message(
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                "Request Header Fields Too Large",
            );
        }
        let body = Limited::new(body, BODY_LIMIT).collect();
        let Ok(body) = tokio::time::timeout(self.patience.body, body).await else {
            return message(StatusCode::REQUEST_TIMEOUT, "Request Timeout");
        };
        match body {
            Ok(body) => {
                let request = Request::from_parts(head, body.to_bytes());
                self.answer(
                    request,
                    &Client {
                        ip: "127.0.0.1".to_owned(),
                    },
                )
                .await
            }
            Err(_) => message(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large"),
        }
    }

    /// Answers a request.
    pub async fn answer(&self, request: Request<Bytes>, client: &Client) -> Reply {
        let begun = Instant::now();
        let request_id = uuid::Uuid::new_v4().to_string();
        let (throttle, log, cors) = {
            let parts = self.read();
            (
                parts.throttle.clone(),
                parts.access_log.clone(),
                parts.cors.clone(),
            )
        };
        let origin = request.headers().get(header::ORIGIN).cloned();
        if let Some(cors) = &cors
            && let Some(preflight) = cors.preflight(&request)
        {
            return preflight;
        }
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let route = self.route(&method, &path);
        let route_key = route
            .as_ref()
            .map_or(String::new(), |found| found.key.clone());
        let mut integration = None;
        let mut reply = match route {
            None => message(StatusCode::NOT_FOUND, "Not Found"),
            Some(_) if throttle.is_some_and(|throttle| !throttle.take(&route_key)) => {
                message(StatusCode::TOO_MANY_REQUESTS, "Too Many Requests")
            }
            Some(route) => {
                let begun = Instant::now();
                let reply = self.integrate(request, &route, client, &request_id).await;
                integration = Some(begun.elapsed());
                reply
            }
        };
        if let (Some(cors), Some(origin)) = (&cors, origin) {
            cors.decorate(&origin, reply.headers_mut());
        }
        if let Ok(value) = request_id.parse() {
            reply
                .headers_mut()
                .entry("apigw-requestid")
                .or_insert(value);
        }
        self.measure(reply.status(), begun.elapsed());
        if let Some(log) = log {
            log.write(&Entry {
                request_id: &request_id,
                source_ip: &client.ip,
                method: method.as_str(),
                path: &path,
                route_key: &route_key,
                status: reply.status().as_u16(),
                latency: begun.elapsed(),
                integration,
                error: reply.extensions().get::<OwnWords>().map(|own| own.0),
            });
        }
        reply
    }

    /// Records what API Gateway measures of each request
    /// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html>).
    fn measure(&self, status: StatusCode, took: Duration) {
        let Some(metrics) = self.read().metrics.clone() else {
            return;
        };
        let one_if = |condition: bool| f64::from(u8::from(condition));
        for (name, value) in [
            ("Count", 1.0),
            ("4xx", one_if(status.is_client_error())),
            ("5xx", one_if(status.is_server_error())),
            ("Latency", took.as_secs_f64() * 1000.0),
        ] {
            let dimensions = [("ApiId", self.id.as_str()), ("Stage", "$default")];
            metrics.record(Metric::new("AWS/ApiGateway", name, dimensions), value);
        }
    }

    async fn integrate(
        &self,
        request: Request<Bytes>,
        route: &Found,
        client: &Client,
        request_id: &str,
    ) -> Reply {
        let Some(alias) = &route.alias else {
            // No permission: API Gateway may not invoke the function.
            return message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error");
        };
        let Some(version) = self.functions.by_arn(alias) else {
            return message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error");
        };
        let event = event::request(
            &request,
            route,
            &self.id,
            &self.read().domain,
            client,
            request_id,
        );
        let invoked = tokio::time::timeout(self.patience.integration, version.invoke(event));
        match invoked.await {
            Err(_) => message(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable"),
            Ok(Outcome::Answer(payload)) => event::response(&payload).unwrap_or_else(|| {
                message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
            }),
            Ok(Outcome::Unhandled(_) | Outcome::Refused(Refusal::InvalidJson)) => {
                message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
            }
            Ok(Outcome::Refused(Refusal::RequestTooLarge)) => {
                message(StatusCode::PAYLOAD_TOO_LARGE, "Request Entity Too Large")
            }
            Ok(Outcome::Refused(Refusal::TooManyRequests)) => {
                message(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable")
            }
        }
    }

    fn route(&self, method: &Method, path: &str) -> Option<Found> {
        let parts = self.read();
        let (key, integration, parameters) =
            routes::best(parts.routes.values(), method.as_str(), path)?;
        let alias = parts.integrations.get(integration);
        let alias = alias.filter(|alias| {
            parts
                .permitted
                .values()
                .any(|permitted| permitted == *alias)
        });
        Some(Found {
            key: key.to_string(),
            alias: alias.cloned(),
            parameters,
        })
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Parts> {
        self.parts
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, Parts> {
        self.parts
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// A route that fits a request.
struct Found {
    /// `GET /api/tasks/{task_id}`
    key: String,
    alias: Option<String>,
    parameters: BTreeMap<String, String>,
}

fn set<T>(map: &mut BTreeMap<String, T>, id: &str, value: Option<T>) {
    match value {
        Some(value) => drop(map.insert(id.to_owned(), value)),
        None => drop(map.remove(id)),
    }
}

/// What the gateway itself said in an answer.
#[derive(Debug, Clone, Copy)]
struct OwnWords(&'static str);

/// An answer of the gateway's own.
fn message(status: StatusCode, text: &'static str) -> Reply {
    let mut reply = answer(status, &json!({ "message": text }));
    reply.extensions_mut().insert(OwnWords(text));
    reply
}

/// Text of a header; API Gateway gives bytes beyond ASCII as they are.
fn text(headers: &HeaderMap, name: impl header::AsHeaderName) -> Option<String> {
    headers
        .get(name)
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}
