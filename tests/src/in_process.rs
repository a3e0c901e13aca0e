//! A function in the process of the test: the same router and state as in its program, with a clock
//! and futures that the test has in its hands. For what cannot be seen from outside of a process.

use std::collections::BTreeMap;

use axum::Router;
use miyabi_core::Clock;
use serde_json::Value;
use tower::ServiceExt;

use crate::{
    Database, Secrets, Setup, environment,
    event::http_event,
    http::{Response, collected},
};

/// The host that [`http_event`] names: what the function takes for its own.
const ORIGIN: &str = "http://api.example.com";

/// One environment of a function.
#[derive(Clone)]
pub struct InProcess {
    /// Its state.
    pub app: miyabi_core::App,
    /// Its clock.
    pub clock: Clock,
    router: Router,
}

impl std::fmt::Debug for InProcess {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "InProcess({:?})", self.app)
    }
}

impl InProcess {
    /// An environment of `auth`, `activity` or `tasks` on that database.
    pub fn start(function: &str, database: &Database, secrets: &Secrets) -> InProcess {
        InProcess::with(function, database, secrets, &Setup::default())
    }

    /// The same with a setup that differs.
    pub fn with(
        function: &str,
        database: &Database,
        secrets: &Secrets,
        setup: &Setup,
    ) -> InProcess {
        let function = miyabi_catalog::function(function).unwrap();
        let mut variables: BTreeMap<String, String> =
            environment::variables(function, database, setup, "http://127.0.0.1:9");
        variables.extend(environment::of_lambda(9));
        variables.insert("AWS_ENDPOINT_URL".to_owned(), secrets.origin());
        let clock = Clock::system();
        let variable = |name: &str| variables.get(name).cloned();
        let app = miyabi_core::App::new(function, &variable, clock.clone()).unwrap();
        let router = match function.name {
            "auth" => miyabi_auth::router(),
            "activity" => miyabi_activity::router(),
            "inbox" => miyabi_inbox::router(),
            "orgs" => miyabi_orgs::router(),
            "tasks" => miyabi_tasks::router(),
            other => panic!("`{other}` has no router for tests"),
        };
        let router = miyabi_core::wrap(router, &app);
        InProcess { app, clock, router }
    }

    /// Answers the event of API Gateway that [`http_event`] makes.
    pub async fn answer(&self, event: &Value) -> Response {
        let request = miyabi_core::request_of_event(&event.to_string()).unwrap();
        collected(self.router.clone().oneshot(request).await.unwrap()).await
    }

    /// A request with an access token.
    pub async fn call(
        &self,
        route: &str,
        path: &str,
        token: &str,
        body: Option<&Value>,
    ) -> Response {
        let authorization = format!("Bearer {token}");
        let headers = [
            ("authorization", authorization.as_str()),
            ("content-type", "application/json"),
        ];
        let body = body.map(Value::to_string);
        self.answer(&http_event(route, path, &headers, body.as_deref()))
            .await
    }

    /// GET of a route without parameters.
    pub async fn get(&self, path: &str, token: &str) -> Response {
        let bare = path.split('?').next().unwrap();
        self.call(&format!("GET {bare}"), path, token, None).await
    }

    /// A request of our own page with the cookies of a session.
    pub async fn with_cookies(&self, path: &str, refresh: &str, csrf: &str) -> Response {
        let mut event = http_event(
            &format!("POST {path}"),
            path,
            &[("origin", ORIGIN), ("x-csrf-token", csrf)],
            None,
        );
        event["cookies"] = serde_json::json!([format!("__Secure-rt={refresh}")]);
        self.answer(&event).await
    }
}
