//! The HTTP API of API Gateway on this machine: routes, throttling, CORS and limits of the
//! template, events of payload format 2.0, answers as API Gateway words them.

mod access_log;
mod answer;
mod cors;
mod event;
mod routes;
#[cfg(test)]
mod tests;
mod throttle;

use std::{
    collections::BTreeMap,
    sync::{Arc, RwLock},
    time::Duration,
};

use http::Method;

pub use access_log::AccessLog;
pub use cors::Cors;
pub use routes::RouteKey;
pub(super) use routes::decode;
pub use throttle::Throttle;

use super::{http::CLIENT_PATIENCE, metrics::Metrics, registry::Functions};

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
