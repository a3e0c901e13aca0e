//! The one connection of a function, and how it is made.
//!
//! It is no pool: a function answers one request at a time, and a pool would ask the server whether
//! a connection is well each time that it comes back, while the answer waits.
//!
//! Lazily: a function that is asked nothing of the database does not connect. What proves the role,
//! password or token, is fetched before the first connection and again when it has become old.

use std::{
    ops::{Deref, DerefMut},
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use serde::Deserialize;
use sqlx::{
    ConnectOptions, Connection, PgConnection,
    postgres::{PgConnectOptions, PgSslMode},
};
use tokio::{
    sync::{Mutex, OwnedMutexGuard},
    time::timeout,
};

use crate::{
    ApiError,
    aws::Aws,
    config::{DatabaseConfig, Login},
};

/// A token of RDS is good for 15 minutes; a new one is made well before.
const TOKEN_AGE: Duration = Duration::from_secs(600);
/// Longest to wait for a connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// Connects as the function's role.
pub(crate) struct Connector {
    config: DatabaseConfig,
    aws: Arc<Aws>,
    /// `None` before the first request, and after a connection has died.
    connection: Arc<Mutex<Option<PgConnection>>>,
    /// How to connect, and since when the proof in it is good.
    proven: Mutex<Option<(PgConnectOptions, Instant)>>,
}

/// The connection, lent to whoever has this. Nobody else gets it before this is dropped.
#[derive(Debug)]
pub(crate) struct Lent(OwnedMutexGuard<Option<PgConnection>>);

impl Lent {
    /// Ends the connection: whoever comes next makes a new one.
    pub(crate) fn close(mut self) {
        *self.0 = None;
    }
}

const IS_LENT_CONNECTED: &str = "`lend` connects, and only `close`, which consumes this, ends it.";

impl Deref for Lent {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        self.0.as_ref().expect(IS_LENT_CONNECTED)
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut PgConnection {
        self.0.as_mut().expect(IS_LENT_CONNECTED)
    }
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
            connection: Arc::default(),
            proven: Mutex::default(),
        }
    }

    /// The connection, made when there is none.
    ///
    /// # Errors
    ///
    /// 503 when there is none to be had.
    pub(crate) async fn acquire(&self) -> Result<Lent, ApiError> {
        timeout(ACQUIRE_TIMEOUT, self.lend()).await.map_err(|_| {
            ApiError::Unavailable(format!(
                "There was no connection to the database within {} seconds.",
                ACQUIRE_TIMEOUT.as_secs()
            ))
        })?
    }

    async fn lend(&self) -> Result<Lent, ApiError> {
        let mut connection = Arc::clone(&self.connection).lock_owned().await;
        if connection.is_none() {
            *connection = Some(self.connect().await?);
        }
        Ok(Lent(connection))
    }

    async fn connect(&self) -> Result<PgConnection, ApiError> {
        let options = self.proven_options(false).await?;
        match PgConnection::connect_with(&options).await {
            Err(sqlx::Error::Database(error))
                if matches!(error.code().as_deref(), Some("28P01" | "28000")) =>
            {
                // The password was changed since we read it.
                let options = self.proven_options(true).await?;
                Ok(PgConnection::connect_with(&options).await?)
            }
            other => Ok(other?),
        }
    }

    /// Fetches what is needed to connect, without connecting.
    pub(crate) async fn prepare(&self) -> Result<(), ApiError> {
        self.proven_options(false).await.map(drop)
    }

    /// How to connect, with a proof of the role that is not too old.
    async fn proven_options(&self, prove_again: bool) -> Result<PgConnectOptions, ApiError> {
        let mut proven = self.proven.lock().await;
        match &*proven {
            Some((options, since)) if !prove_again && self.is_good(*since) => Ok(options.clone()),
            _ => {
                let options = self.options().await?;
                *proven = Some((options.clone(), Instant::now()));
                Ok(options)
            }
        }
    }

    fn is_good(&self, since: Instant) -> bool {
        match &self.config.login {
            Login::Iam => since.elapsed() <= TOKEN_AGE,
            Login::Password(_) => true,
        }
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
