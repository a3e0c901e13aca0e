//! What a function has: made once at start, shared by its handlers.

use std::{sync::Arc, time::Duration};

use axum::extract::FromRef;
use http::HeaderMap;
use miyabi_catalog::{Function, metrics::Metric};

use crate::{
    ApiError, Clock, Connections, Db, HttpClient,
    aws::{Aws, InvokeError},
    cache::Cache,
    config::{Config, ConfigError},
    connection::Connector,
    invocation,
    keys::Keys,
    limits::Limits,
    metrics,
    nudge::{self, Nudge},
    origin_secret::{OriginSecret, OriginSecrets},
    revocation::{InPostgres, InValkey, Revocations},
};

/// The state of a function's router. Cheap to clone. Nothing in it has touched the network yet.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    config: Config,
    aws: Arc<Aws>,
    http: Arc<HttpClient>,
    connections: Option<Connections>,
    nudge: Arc<Nudge>,
    db: Db,
    limits: Arc<Limits>,
    connector: Option<Arc<Connector>>,
    keys: Option<Arc<Keys>>,
    origin_secrets: Option<OriginSecrets>,
}

impl std::fmt::Debug for App {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "App({})", self.0.config.function)
    }
}

impl App {
    /// A function with its variables, as docs/ARCHITECTURE.md lists them.
    ///
    /// [`crate::serve`] makes it from the environment of the process. Whoever makes one in a process
    /// of its own, as tests do, may give it a clock that differs.
    ///
    /// # Errors
    ///
    /// A sentence that names the variable that is missing or wrong.
    pub fn new(
        function: &'static Function,
        variable: &dyn Fn(&str) -> Option<String>,
        clock: Clock,
    ) -> Result<App, ConfigError> {
        let config = Config::read(function, variable)?;
        let http = Arc::new(HttpClient::default());
        let aws = Arc::new(Aws::new(Arc::clone(&http), variable)?);
        let cache = match &config.cache {
            Some(cache) => {
                let cache = Cache::new(cache, &config.stage).map_err(ConfigError)?;
                Some(Arc::new(cache))
            }
            None => None,
        };
        let revocations: Arc<dyn Revocations> = match &cache {
            Some(cache) => Arc::new(InValkey::new(Arc::clone(cache))),
            None => Arc::new(InPostgres),
        };
        let rates = config.rate_limits.clone();
        let limits = Arc::new(Limits::new(rates, cache, clock.clone()));
        let connector = config
            .database
            .clone()
            .map(|database| Arc::new(Connector::new(database, Arc::clone(&aws), clock.clone())));
        let keys = config.jwt_keys_secret.clone().map(|secret| {
            let stage = config.stage.clone();
            Arc::new(Keys::new(Arc::clone(&aws), secret, stage, clock.clone()))
        });
        let origin_secrets = config
            .origin_secret
            .clone()
            .map(|secret| OriginSecrets::new(Arc::clone(&aws), secret, clock));
        let broadcast = config.invokes.get(nudge::BROADCAST).cloned();
        let nudge = Arc::new(Nudge::new(Arc::clone(&aws), broadcast));
        let db = Db::new(
            connector.clone(),
            revocations,
            Arc::clone(&nudge),
            Arc::clone(&limits),
        );
        let connections = match &config.connections_endpoint {
            Some(endpoint) => Some(Connections::new(endpoint, variable)?),
            None => None,
        };
        Ok(App(Arc::new(Inner {
            config,
            aws,
            http,
            connections,
            nudge,
            db,
            limits,
            connector,
            keys,
            origin_secrets,
        })))
    }

    /// Name of the stage.
    pub fn stage(&self) -> &str {
        &self.0.config.stage
    }

    /// Short name of the function in the catalogue.
    pub fn function(&self) -> &'static str {
        self.0.config.function
    }

    /// Writes one value of a metric that no request has.
    pub fn write_metric(&self, metric: Metric, value: f64) {
        metrics::write_value(self.stage(), self.function(), metric, value);
    }

    /// `https`, or `http` where the stage says so.
    pub(crate) fn public_scheme(&self) -> &'static str {
        self.0.config.public_scheme
    }

    /// The database.
    pub fn db(&self) -> &Db {
        &self.0.db
    }

    /// The rate limits.
    pub(crate) fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// The keys that sign access tokens.
    ///
    /// # Errors
    ///
    /// 500 in a function that does not read them by the catalogue.
    pub fn keys(&self) -> Result<&Arc<Keys>, ApiError> {
        self.0.keys.as_ref().ok_or_else(|| {
            ApiError::Internal(
                "This function does not read the signing keys, by the catalogue.".to_owned(),
            )
        })
    }

    /// The connections of the WebSocket API.
    ///
    /// # Errors
    ///
    /// 500 in a function that does not post to them by the catalogue.
    pub fn connections(&self) -> Result<&Connections, ApiError> {
        self.0.connections.as_ref().ok_or_else(|| {
            ApiError::Internal(
                "This function does not post to connections, by the catalogue.".to_owned(),
            )
        })
    }

    /// Months that the audit trail is kept.
    ///
    /// # Errors
    ///
    /// 500 in a function that is not on the schedule by the catalogue.
    pub fn audit_retention_months(&self) -> Result<i32, ApiError> {
        self.0.config.audit_retention_months.ok_or_else(|| {
            ApiError::Internal("This function is not on the schedule, by the catalogue.".to_owned())
        })
    }

    /// Has `ws-broadcast` look after an organization, without an event. Cannot fail, and takes half
    /// a second at most.
    pub async fn nudge(&self, organization: uuid::Uuid) {
        self.0.nudge.send(&[organization]).await;
    }

    /// Requests to other servers.
    pub fn http(&self) -> &HttpClient {
        &self.0.http
    }

    /// The text of a secret, by its ARN. Read it once and keep it.
    ///
    /// # Errors
    ///
    /// 503 when it cannot be read.
    pub async fn secret(&self, arn: &str) -> Result<String, ApiError> {
        self.0
            .aws
            .secret(arn)
            .await
            .map_err(|error| ApiError::Unavailable(error.to_string()))
    }

    /// The text of a secret that somebody must put in place by hand: `None` when nobody has yet.
    ///
    /// # Errors
    ///
    /// 503 when it cannot be read.
    pub async fn secret_if_any(&self, arn: &str) -> Result<Option<String>, ApiError> {
        match self.0.aws.secret(arn).await {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.is_absence() => Ok(None),
            Err(error) => Err(ApiError::Unavailable(error.to_string())),
        }
    }

    /// Invokes another function by its short name in the catalogue, and waits for its answer. The id
    /// of the request goes along.
    ///
    /// # Errors
    ///
    /// When it does not answer within `timeout`, or fails, or when the catalogue does not say that
    /// this function invokes it.
    pub async fn invoke(
        &self,
        function: &str,
        payload: &serde_json::Value,
        timeout: Duration,
    ) -> Result<serde_json::Value, InvokeError> {
        let arn = self
            .0
            .config
            .invokes
            .get(function)
            .ok_or_else(|| InvokeError::not_in_the_catalogue(function))?;
        let payload = invocation::with_request_id(payload);
        self.0.aws.invoke(arn, &payload, timeout).await
    }

    /// How `migrate` connects: outside of [`Db`], since it is no tenant's.
    ///
    /// # Errors
    ///
    /// 503 when the secret of the role cannot be read.
    pub async fn connect_options(&self) -> Result<sqlx::postgres::PgConnectOptions, ApiError> {
        match &self.0.connector {
            Some(connector) => connector.options().await,
            None => Err(ApiError::Internal(
                "This function has no database role in the catalogue.".to_owned(),
            )),
        }
    }

    /// The origin secret for a request with these headers; `None`: the stage has none.
    pub(crate) async fn origin_secret_for(
        &self,
        headers: &HeaderMap,
    ) -> Result<Option<Arc<OriginSecret>>, ApiError> {
        match &self.0.origin_secrets {
            Some(secrets) => secrets.for_request(headers).await.map(Some),
            None => Ok(None),
        }
    }

    /// Reads the secrets that requests will need, while the first one is still to come.
    ///
    /// # Errors
    ///
    /// A sentence when one is there and is no good: the function must not run with it. What cannot
    /// be read now is tried again by the first request.
    pub(crate) async fn check_secrets(&self) -> Result<(), String> {
        let keys = async {
            match &self.0.keys {
                Some(keys) => keys.check().await,
                None => Ok(()),
            }
        };
        let origin = async {
            match &self.0.origin_secrets {
                Some(secrets) => secrets.check().await,
                None => Ok(()),
            }
        };
        let database = async {
            match &self.0.connector {
                Some(connector) => match connector.prepare().await {
                    Err(ApiError::Internal(sentence)) => Err(sentence),
                    _ => Ok(()),
                },
                None => Ok(()),
            }
        };
        let (keys, origin, database) = futures_util::future::join3(keys, origin, database).await;
        keys.and(origin).and(database)
    }
}

impl FromRef<App> for Db {
    fn from_ref(app: &App) -> Db {
        app.0.db.clone()
    }
}
