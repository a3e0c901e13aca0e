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
    time::{Duration, SystemTime},
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
    ApiError, CachedSecret, Clock,
    aws::Aws,
    bounded_connection::{BoundedConnection, STATEMENT_TIMEOUT_MS},
    config::{DatabaseConfig, Login},
};

/// Longest to wait for a connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// Longest a statement may wait for a lock, in milliseconds.
const LOCK_TIMEOUT_MS: u32 = 5_000;

/// Connects as the function's role.
pub(crate) struct Connector {
    config: DatabaseConfig,
    aws: Arc<Aws>,
    /// `None` before the first request, and after a connection was lost.
    connection: Arc<Mutex<Option<BoundedConnection>>>,
    /// The password of the role, where it has one.
    password: CachedSecret<String>,
}

/// The right to use the connection. Nobody else gets it before this is dropped. A connection on which
/// a round trip did not end goes with it.
#[derive(Debug)]
pub(crate) struct ConnectionGuard(OwnedMutexGuard<Option<BoundedConnection>>);

impl ConnectionGuard {
    /// Closes the connection: the next request makes a new one.
    pub(crate) fn close(mut self) {
        *self.0 = None;
    }
}

impl Drop for ConnectionGuard {
    fn drop(&mut self) {
        if self
            .0
            .as_ref()
            .is_some_and(|connection| !connection.is_idle())
        {
            *self.0 = None;
        }
    }
}

const GUARD_HAS_ONE: &str = "`guard` connects, and only `close`, which consumes this, closes it.";

impl Deref for ConnectionGuard {
    type Target = BoundedConnection;

    fn deref(&self) -> &BoundedConnection {
        self.0.as_ref().expect(GUARD_HAS_ONE)
    }
}

impl DerefMut for ConnectionGuard {
    fn deref_mut(&mut self) -> &mut BoundedConnection {
        self.0.as_mut().expect(GUARD_HAS_ONE)
    }
}

#[derive(Deserialize)]
struct Secret {
    username: String,
    password: String,
}

impl Connector {
    pub(crate) fn new(config: DatabaseConfig, aws: Arc<Aws>, clock: Clock) -> Connector {
        Connector {
            config,
            aws,
            connection: Arc::default(),
            password: CachedSecret::new("the database role", Duration::MAX, clock),
        }
    }

    /// The connection, made when there is none.
    ///
    /// # Errors
    ///
    /// 503 when there is none to be had.
    pub(crate) async fn acquire(&self) -> Result<ConnectionGuard, ApiError> {
        timeout(ACQUIRE_TIMEOUT, self.guard()).await.map_err(|_| {
            ApiError::Unavailable(format!(
                "There was no connection to the database within {} seconds.",
                ACQUIRE_TIMEOUT.as_secs()
            ))
        })?
    }

    async fn guard(&self) -> Result<ConnectionGuard, ApiError> {
        let mut connection = Arc::clone(&self.connection).lock_owned().await;
        if connection.is_none() {
            *connection = Some(BoundedConnection::new(self.connect().await?));
        }
        Ok(ConnectionGuard(connection))
    }

    /// The server's limits come with the connection, not with each transaction: so they hold from its
    /// first statement on, and cost no statement of their own.
    async fn connect(&self) -> Result<PgConnection, ApiError> {
        let limited = async || {
            let options = self.options().await?;
            Ok::<_, ApiError>(options.options([
                ("statement_timeout", STATEMENT_TIMEOUT_MS),
                ("lock_timeout", LOCK_TIMEOUT_MS),
            ]))
        };
        let options = limited().await?;
        match PgConnection::connect_with(&options).await {
            Err(sqlx::Error::Database(error))
                if matches!(error.code().as_deref(), Some("28P01" | "28000"))
                    && matches!(self.config.login, Login::Password(_)) =>
            {
                // The password was changed since we read it.
                self.password.forget();
                let options = limited().await?;
                Ok(PgConnection::connect_with(&options).await?)
            }
            other => Ok(other?),
        }
    }

    /// Fetches what is needed to connect, without connecting.
    pub(crate) async fn prepare(&self) -> Result<(), ApiError> {
        self.options().await.map(drop)
    }

    /// How to connect. A token of RDS is signed each time, which costs less than to keep it; a
    /// password is read once.
    ///
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
        let read = async {
            let text = self.aws.secret(arn).await;
            text.map_err(|error| ApiError::Unavailable(error.to_string()))
        };
        let password = self.password.get(Duration::MAX, read, |text| {
            let secret: Secret = serde_json::from_str(text).map_err(|_| {
                format!("The secret {arn} is not {{\"username\": .., \"password\": ..}}.")
            })?;
            if secret.username != self.config.user {
                return Err(format!(
                    "The secret {arn} is not that of {}.",
                    self.config.user
                ));
            }
            Ok(secret.password)
        });
        Ok(password.await?.as_ref().clone())
    }
}
