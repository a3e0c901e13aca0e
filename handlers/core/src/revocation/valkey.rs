//! The list in Valkey or Redis, in front of the one in the database.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use redis::aio::MultiplexedConnection;
use time::OffsetDateTime;
use tokio::sync::Mutex;

use super::{Revocations, TokenIds, Withdrawal, epoch_margin, postgres, remembered};
use crate::{ApiError, BoundedConnection, Db};

/// Longest to wait for the cache: it answers within a millisecond or is down.
const TIMEOUT: std::time::Duration = std::time::Duration::from_millis(500);

/// The list in a cache. Says "withdrawn" by a key that expires; says "complete" by a key that does
/// not, so that a cache that lost everything is filled again instead of being believed.
pub(crate) struct InValkey {
    client: redis::Client,
    connection: Arc<Mutex<Option<MultiplexedConnection>>>,
    prefix: String,
}

impl InValkey {
    /// # Errors
    ///
    /// A sentence when the address is no good.
    pub(crate) fn new(url: &str, stage: &str) -> Result<InValkey, String> {
        let client = redis::Client::open(url)
            .map_err(|error| format!("VALKEY_URL cannot be used: {error}."))?;
        Ok(InValkey {
            client,
            connection: Arc::default(),
            prefix: format!("miyabi:{stage}:withdrawn:"),
        })
    }

    fn key(&self, kind: &str, id: impl std::fmt::Display) -> String {
        format!("{}{kind}:{id}", self.prefix)
    }

    /// Runs one command or pipeline, on a new connection when the old one is of no use any more.
    async fn ask<T: redis::FromRedisValue>(
        &self,
        pipeline: &redis::Pipeline,
    ) -> Result<T, ApiError> {
        let mut slot = self.connection.lock().await;
        let mut last = None;
        for _ in 0..2 {
            let connection = match slot.take() {
                Some(connection) => Ok(connection),
                None => within(self.client.get_multiplexed_async_connection()).await,
            };
            let asked = match connection {
                Ok(mut connection) => within(pipeline.query_async(&mut connection))
                    .await
                    .inspect(|_| *slot = Some(connection)),
                Err(error) => Err(error),
            };
            match asked {
                Ok(value) => return Ok(value),
                Err(error) => last = Some(error),
            }
        }
        Err(ApiError::Unavailable(format!(
            "The list of withdrawn tokens does not answer: {}",
            last.unwrap_or_default()
        )))
    }

    async fn withdrawn(&self, token: &TokenIds, db: &Db) -> Result<bool, ApiError> {
        let mut pipeline = redis::pipe();
        pipeline
            .cmd("MGET")
            .arg(self.key("complete", "yes"))
            .arg(self.key("session", token.session))
            .arg(self.key("token", token.token))
            .arg(self.key("user", token.user));
        let (found,): (Vec<Option<String>>,) = self.ask(&pipeline).await?;
        let [complete, session, one, user] = found.as_slice() else {
            return Err(ApiError::Unavailable(
                "The cache answered with another number of values.".to_owned(),
            ));
        };
        if complete.is_none() {
            self.fill(db).await?;
            return postgres::InPostgres.is_withdrawn(token, db).await;
        }
        let before: Option<i64> = user.as_deref().and_then(|seconds| seconds.parse().ok());
        let is_old = user.is_some()
            && before.is_none_or(|before| token.issued_at.unix_timestamp() <= before);
        Ok(session.is_some() || one.is_some() || is_old)
    }

    /// Copies the list from the database into an empty cache. What is withdrawn meanwhile is
    /// written to the cache by who withdraws it.
    async fn fill(&self, db: &Db) -> Result<(), ApiError> {
        let rows = db
            .with_connection(async |connection| {
                sqlx::query!(
                    r#"select kind as "kind!", id as "id!", issued_before, expires_at as "expires_at!" from app.withdrawals()"#
                )
                .fetch_all(connection)
                .await
            })
            .await?;
        let mut pipeline = redis::pipe();
        let now = OffsetDateTime::now_utc();
        for row in rows {
            let left = (row.expires_at - now).whole_seconds().max(1);
            let value = row
                .issued_before
                .map_or_else(|| "1".to_owned(), |at| at.unix_timestamp().to_string());
            pipeline
                .cmd("SET")
                .arg(self.key(&row.kind, row.id))
                .arg(value)
                .arg("EX")
                .arg(left)
                .arg("NX")
                .ignore();
        }
        pipeline
            .cmd("SET")
            .arg(self.key("complete", "yes"))
            .arg("1")
            .ignore();
        self.ask(&pipeline).await
    }

    async fn write(&self, what: Withdrawal, now: OffsetDateTime) -> Result<(), ApiError> {
        let value = match what {
            Withdrawal::User(_) => (now - epoch_margin()).unix_timestamp().to_string(),
            Withdrawal::Session(_) | Withdrawal::Token(_) => "1".to_owned(),
        };
        let mut pipeline = redis::pipe();
        pipeline
            .cmd("SET")
            .arg(self.key(what.kind(), what.id()))
            .arg(value)
            .arg("EX")
            .arg(remembered().whole_seconds())
            .ignore();
        self.ask(&pipeline).await
    }
}

async fn within<T>(answer: impl Future<Output = redis::RedisResult<T>>) -> Result<T, String> {
    match tokio::time::timeout(TIMEOUT, answer).await {
        Ok(result) => result.map_err(|error| error.to_string()),
        Err(_) => Err(format!("no answer within {} ms", TIMEOUT.as_millis())),
    }
}

impl Revocations for InValkey {
    fn withdraw<'a>(
        &'a self,
        connection: &'a mut BoundedConnection,
        what: Withdrawal,
    ) -> BoxFuture<'a, Result<(), ApiError>> {
        Box::pin(async move {
            postgres::write(connection, what).await?;
            // Before the commit: withdrawn for nothing is safe, committed and not withdrawn is not.
            self.write(what, OffsetDateTime::now_utc()).await
        })
    }

    fn is_withdrawn<'a>(
        &'a self,
        token: &'a TokenIds,
        db: &'a Db,
    ) -> BoxFuture<'a, Result<bool, ApiError>> {
        Box::pin(self.withdrawn(token, db))
    }

    fn is_in_the_database(&self) -> bool {
        false
    }
}
