//! The WebSocket API of API Gateway on this machine: real sockets, routes by the template's route
//! selection expression, limits and close codes of AWS, and the `@connections` endpoint.
//!
//! A connection exists from the moment when `$connect` has accepted it and the handshake is done
//! until its socket is closed, for whatever reason. Then `$disconnect` is invoked, once and without a
//! retry.

mod connection;
mod event;
mod handshake;
mod limits;
mod management;
mod message;
mod selection;
mod signature;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::Duration,
};

use http::{Request, StatusCode};
use hyper::body::Incoming;
use serde_json::{Value, json};
use tokio::task::JoinSet;

pub use limits::{FRAME, Limits, MESSAGE};
pub use selection::Selection;

use super::{
    gateway::Throttle,
    http::{Reply, json as answer},
    lambda::{Outcome, Version},
    metrics::{Metric, Metrics},
    registry::Functions,
};
use crate::mutex::lock;
use connection::{Closing, Connection};

/// The longest address, in characters.
const URL: usize = 4_096;

/// A WebSocket API. Its parts are added and removed as the resources of the template are.
#[derive(Debug)]
pub struct SocketApi {
    id: String,
    functions: Functions,
    limits: Limits,
    arrivals: Throttle,
    parts: RwLock<Parts>,
    connections: Mutex<BTreeMap<String, Arc<Connection>>>,
    /// What drives them.
    running: Mutex<JoinSet<()>>,
}

#[derive(Debug, Default)]
struct Parts {
    /// `127.0.0.1:8790`: the name under which it is called.
    domain: String,
    selection: Option<Selection>,
    /// Route id -> route.
    routes: BTreeMap<String, Route>,
    /// Integration id -> ARN of an alias.
    integrations: BTreeMap<String, String>,
    /// Permission id -> ARN of an alias that API Gateway may invoke.
    permitted: BTreeMap<String, String>,
    /// Route response id -> route id.
    responses: BTreeMap<String, String>,
    stage: Option<Stage>,
    metrics: Option<Metrics>,
}

/// What a route key leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// `$connect`
    pub key: String,
    /// Id of its integration.
    pub integration: String,
    /// Whether it has `RouteResponseSelectionExpression: $default`.
    pub selects_response: bool,
}

#[derive(Debug)]
struct Stage {
    name: String,
    throttle: Option<Throttle>,
}

/// A route as it is at one moment.
#[derive(Debug)]
struct Target {
    key: String,
    /// `None`: the route has no integration, or API Gateway may not invoke its function.
    alias: Option<String>,
    /// Whether what the function returns is sent to the client.
    answers: bool,
}

/// Why a function gave no usable response: the status and the words of API Gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Failed {
    status: StatusCode,
    message: &'static str,
}

/// The function failed or did not answer.
const INTEGRATION_ERROR: &str = "IntegrationError";
/// The function could not be called.
const EXECUTION_ERROR: &str = "ExecutionError";

const INTERNAL: Failed = Failed {
    status: StatusCode::INTERNAL_SERVER_ERROR,
    message: "Internal server error",
};

impl SocketApi {
    /// An API without routes. `functions` is where it finds the aliases that integrations name.
    pub fn new(id: &str, functions: Functions) -> SocketApi {
        SocketApi::with_limits(id, functions, Limits::default())
    }

    /// The same with other limits.
    pub fn with_limits(id: &str, functions: Functions, limits: Limits) -> SocketApi {
        SocketApi {
            id: id.to_owned(),
            functions,
            limits,
            arrivals: Throttle::new(limits.connections, limits.connections),
            parts: RwLock::default(),
            connections: Mutex::default(),
            running: Mutex::default(),
        }
    }

    /// Sets the name under which it is called, `127.0.0.1:8790`: `requestContext.domainName`.
    pub fn set_domain(&self, domain: &str) {
        domain.clone_into(&mut self.write().domain);
    }

    /// The name under which it is called.
    pub fn domain(&self) -> String {
        self.read().domain.clone()
    }

    /// Sets where connections and messages are measured.
    pub(super) fn set_metrics(&self, metrics: Metrics) {
        self.write().metrics = Some(metrics);
    }

    /// Sets what selects the route of a message.
    pub fn set_selection(&self, selection: Selection) {
        self.write().selection = Some(selection);
    }

    /// Sets the route of that id; `None` removes it.
    pub fn set_route(&self, id: &str, route: Option<Route>) {
        set(&mut self.write().routes, id, route);
    }

    /// Whether it has a route.
    pub fn has_routes(&self) -> bool {
        !self.read().routes.is_empty()
    }

    /// Sets the integration of that id, the ARN of an alias; `None` removes it.
    pub fn set_integration(&self, id: &str, alias: Option<String>) {
        set(&mut self.write().integrations, id, alias);
    }

    /// Lets the API invoke an alias, by its ARN; `None` takes that back.
    pub fn set_permission(&self, id: &str, alias: Option<String>) {
        set(&mut self.write().permitted, id, alias);
    }

    /// Sets the route response of that id, by the id of its route; `None` removes it.
    pub fn set_response(&self, id: &str, route: Option<String>) {
        set(&mut self.write().responses, id, route);
    }

    /// Sets the one stage, with the throttle of each of its routes; `None` removes it.
    pub fn set_stage(&self, stage: Option<(&str, Option<Throttle>)>) {
        self.write().stage = stage.map(|(name, throttle)| Stage {
            name: name.to_owned(),
            throttle,
        });
    }

    /// How many connections are open.
    pub fn open(&self) -> usize {
        lock(&self.connections).len()
    }

    /// Answers a request that came over the network: a handshake, or one of the `@connections`.
    pub async fn serve(self: &Arc<Self>, request: Request<Incoming>) -> Reply {
        if request.uri().to_string().chars().count() > URL {
            return refusal(StatusCode::URI_TOO_LONG, "Request-URI Too Long");
        }
        let path = request.uri().path().trim_start_matches('/').to_owned();
        let (stage, rest) = path.split_once('/').unwrap_or((&path, ""));
        if self.read().stage.as_ref().map(|stage| stage.name.as_str()) != Some(stage) {
            return refusal(StatusCode::FORBIDDEN, "Forbidden");
        }
        match rest.strip_prefix("@connections/") {
            Some(connection) => self.manage(connection, request).await,
            None if rest.is_empty() => self.connect(request).await,
            None => refusal(StatusCode::FORBIDDEN, "Forbidden"),
        }
    }

    /// Closes every connection and returns when `$disconnect` of each was invoked, or after `within`.
    pub async fn close(&self, within: Duration) {
        let all: Vec<Arc<Connection>> = lock(&self.connections).values().cloned().collect();
        for connection in all {
            connection.close(Closing::going_away());
        }
        let mut running = std::mem::take(&mut *lock(&self.running));
        let ended = async { while running.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(within, ended).await;
    }

    /// The route of that key; of a message that no route has, `$default`.
    fn target(&self, key: &str) -> Option<Target> {
        let parts = self.read();
        let (id, route) = parts.routes.iter().find(|(_, route)| route.key == key)?;
        let alias = parts.integrations.get(&route.integration);
        let alias = alias.filter(|alias| parts.permitted.values().any(|known| known == *alias));
        Some(Target {
            key: route.key.clone(),
            alias: alias.cloned(),
            answers: route.selects_response && parts.responses.values().any(|known| known == id),
        })
    }

    /// Whether the throttle of a route lets one more pass.
    fn takes(&self, key: &str) -> bool {
        let parts = self.read();
        let throttle = parts
            .stage
            .as_ref()
            .and_then(|stage| stage.throttle.as_ref());
        throttle.is_none_or(|throttle| throttle.take(key))
    }

    /// Records what API Gateway measures of each connection and message
    /// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-logging.html>).
    /// `failed`: the metric of its failure.
    fn measure(&self, target: &Target, failed: Option<&str>) {
        let parts = self.read();
        let (Some(metrics), Some(stage)) = (&parts.metrics, &parts.stage) else {
            return;
        };
        let record = |name: &str, value: f64| {
            let dimensions = [("ApiId", self.id.as_str()), ("Stage", stage.name.as_str())];
            metrics.record(Metric::new("AWS/ApiGateway", name, dimensions), value);
        };
        match target.key.as_str() {
            "$connect" => record("ConnectCount", 1.0),
            "$disconnect" => {}
            _ => record("MessageCount", 1.0),
        }
        for name in [INTEGRATION_ERROR, EXECUTION_ERROR] {
            record(name, f64::from(u8::from(failed == Some(name))));
        }
    }

    /// Invokes the function of a route and gives what it returned.
    async fn invoke(&self, target: &Target, event: &Value) -> Result<Value, Failed> {
        let result = self.call(target, event).await;
        let failed = result.as_ref().err().map(|failed| match failed.status {
            StatusCode::INTERNAL_SERVER_ERROR => EXECUTION_ERROR,
            _ => INTEGRATION_ERROR,
        });
        self.measure(target, failed);
        result
    }

    async fn call(&self, target: &Target, event: &Value) -> Result<Value, Failed> {
        let version = self.version(target).ok_or(INTERNAL)?;
        let invoked = version.invoke(event.to_string().into_bytes());
        match tokio::time::timeout(self.limits.integration, invoked).await {
            Err(_) => Err(Failed {
                status: StatusCode::GATEWAY_TIMEOUT,
                message: "Endpoint request timed out",
            }),
            Ok(Outcome::Answer(payload)) => serde_json::from_slice(&payload).map_err(|_| INTERNAL),
            Ok(Outcome::Unhandled(_)) => Err(Failed {
                status: StatusCode::BAD_GATEWAY,
                ..INTERNAL
            }),
            Ok(Outcome::Refused(_)) => Err(INTERNAL),
        }
    }

    fn version(&self, target: &Target) -> Option<Arc<Version>> {
        self.functions.by_arn(target.alias.as_deref()?)
    }

    fn read(&self) -> RwLockReadGuard<'_, Parts> {
        self.parts.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Parts> {
        self.parts.write().unwrap_or_else(PoisonError::into_inner)
    }
}

fn set<T>(map: &mut BTreeMap<String, T>, id: &str, value: Option<T>) {
    match value {
        Some(value) => drop(map.insert(id.to_owned(), value)),
        None => drop(map.remove(id)),
    }
}

/// An answer of API Gateway's own to a request that makes no connection.
fn refusal(status: StatusCode, message: &str) -> Reply {
    answer(status, &json!({ "message": message }))
}
