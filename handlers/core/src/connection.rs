//! How the one connection of a function is made.
//!
//! Lazily: a function that is asked nothing of the database does not connect. What proves the role,
//! password or token, is fetched before the first connection and again when it has become old.

use std::{
    sync::{Arc, OnceLock},
    time::{Duration, Instant, SystemTime},
};

use serde::Deserialize;
use sqlx::{
    ConnectOptions, PgPool, Postgres,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPoolOptions, PgSslMode},
};
use tokio::sync::Mutex;

use crate::{
    ApiError,
    aws::Aws,
    config::{DatabaseConfig, Login},
};

/// A token of RDS is good for 15 minutes; a new one is made well before.
const TOKEN_AGE: Duration = Duration::from_secs(600);
/// Longest to wait for a connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// Makes connections as the function's role.
pub(crate) struct Connector {
    config: DatabaseConfig,
    aws: Arc<Aws>,
    pool: OnceLock<PgPool>,
    proven: Mutex<Option<Instant>>,
}

#[derive(Deserialize)]
struct Secret {
    username: String,
    password: String,
}

impl Connector {
    pub(crate) fn new(config: DatabaseConfig, aws: Arc<Aws>) -> Connector {
        Connector {
            config,
            aws,
            pool: OnceLock::new(),
            proven: Mutex::new(None),
        }
    }

    /// The connection, made when there is none.
    ///
    /// # Errors
    ///
    /// 503 when there is none to be had.
    pub(crate) async fn acquire(&self) -> Result<PoolConnection<Postgres>, ApiError> {
        match self.pool(false).await?.acquire().await {
            Err(sqlx::Error::Database(error))
                if matches!(error.code().as_deref(), Some("28P01" | "28000")) =>
            {
                // The password was changed since we read it.
                Ok(self.pool(true).await?.acquire().await?)
            }
            other => Ok(other?),
        }
    }

    /// Fetches what is needed to connect, without connecting.
    pub(crate) async fn prepare(&self) -> Result<(), ApiError> {
        self.pool(false).await.map(drop)
    }

    async fn pool(&self, prove_again: bool) -> Result<&PgPool, ApiError> {
        let mut proven = self.proven.lock().await;
        let is_old = match (&*proven, &self.config.login) {
            (None, _) => true,
            (Some(at), Login::Iam) => at.elapsed() > TOKEN_AGE,
            (Some(_), Login::Password(_)) => false,
        };
        if is_old || prove_again {
            let options = self.options().await?;
            match self.pool.get() {
                Some(pool) => pool.set_connect_options(options),
                None => drop(self.pool.set(lazy_pool(options))),
            }
            *proven = Some(Instant::now());
        }
        self.pool
            .get()
            .ok_or_else(|| ApiError::Internal("The pool was not made.".to_owned()))
    }

    /// # Errors
    ///
    /// 503 when the secret cannot be read; 500 when it is not of this role.
    pub(crate) async fn options(&self) -> Result<PgConnectOptions, ApiError> {
        let config = &self.config;
        let options = PgConnectOptions::new_without_pgpass()
            .host(&config.host)
            .port(config.port)
            .database(&config.name)
            .username(&config.user)
            .application_name(&config.user)
            .disable_statement_logging();
        let options = match &config.tls {
            Some(pem) => options
                .ssl_mode(PgSslMode::VerifyFull)
                .ssl_root_cert_from_pem(pem.clone()),
            None => options.ssl_mode(PgSslMode::Disable),
        };
        let proof = match &config.login {
            Login::Iam => self
                .aws
                .database_token(&config.host, config.port, &config.user, SystemTime::now())
                .map_err(|error| ApiError::Internal(error.to_string()))?,
            Login::Password(arn) => self.password(arn).await?,
        };
        Ok(options.password(&proof))
    }

    async fn password(&self, arn: &str) -> Result<String, ApiError> {
        let secret = self
            .aws
            .secret(arn)
            .await
            .map_err(|error| ApiError::Unavailable(error.to_string()))?;
        let secret: Secret = serde_json::from_str(&secret).map_err(|_| {
            ApiError::Internal(format!(
                "The secret {arn} is not {{\"username\": .., \"password\": ..}}."
            ))
        })?;
        if secret.username != self.config.user {
            return Err(ApiError::Internal(format!(
                "The secret {arn} is not that of {}.",
                self.config.user
            )));
        }
        Ok(secret.password)
    }
}

fn lazy_pool(options: PgConnectOptions) -> PgPool {
    PgPoolOptions::new()
        .max_connections(1)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        // A round trip for each request; a dead connection is noticed when a transaction begins.
        .test_before_acquire(false)
        .connect_lazy_with(options)
}
