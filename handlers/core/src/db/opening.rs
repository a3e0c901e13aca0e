//! How a transaction is opened: one round trip on the connection of this environment, which asks the
//! rate limits as well.

use std::{sync::Arc, time::Instant};

use sqlx::{Executor, postgres::PgRow};

use super::Db;
use crate::{
    ApiError,
    connection::Connector,
    database_error::is_lost,
    limits::{self, Given, Take},
    request,
    tx::Tx,
};

impl Db {
    /// Opens a transaction, unless a rate limit refuses the request.
    pub(super) async fn begin(&self, sql: &str) -> Result<(Tx, Option<PgRow>), ApiError> {
        let takes = self.limits.to_ask().await?;
        self.begin_asking(&takes, sql).await
    }

    /// Opens a transaction with one simple query, which asks the rate limits as well. A connection
    /// that was lost since the last request is replaced once: nothing has been done on it, but that
    /// the limits may have been asked twice.
    pub(super) async fn begin_asking(
        &self,
        takes: &[Take],
        sql: &str,
    ) -> Result<(Tx, Option<PgRow>), ApiError> {
        let connector = self.connector.as_ref().ok_or_else(|| {
            ApiError::Internal("This function has no database role in the catalogue.".to_owned())
        })?;
        let sql = limits::ask_database(takes, sql);
        let mut opened = self.open(connector, &sql).await;
        if let Err(ApiError::Database(error)) = &opened
            && is_lost(error)
            && !is_timeout(error)
        {
            opened = self.open(connector, &sql).await;
        }
        let (tx, mut rows) = opened?;
        let given = rows.drain(..takes.len().min(rows.len()));
        let given: Vec<Given> = given
            .map(|row| Given::of_row(&row))
            .collect::<Result<_, _>>()?;
        if let Err(refused) = self.limits.settle(takes, &given) {
            tx.rollback().await?;
            return Err(refused);
        }
        Ok((tx, rows.pop()))
    }

    /// The transaction is there before its first statement is sent: whoever drops this future at any
    /// point drops the transaction, which ends it.
    async fn open(&self, connector: &Connector, sql: &str) -> Result<(Tx, Vec<PgRow>), ApiError> {
        let began = Instant::now();
        let acquired = connector.acquire().await;
        let connection = acquired.inspect_err(|_| request::add_database_time(began.elapsed()))?;
        let mut tx = Tx::new(
            connection,
            Arc::clone(&self.revocations),
            Arc::clone(&self.nudge),
            began,
        );
        let rows = tx.fetch_all(sqlx::raw_sql(sql)).await?;
        Ok((tx, rows))
    }
}

/// A server that hangs is not asked a second time: the request has waited long enough.
fn is_timeout(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Io(error) if error.kind() == std::io::ErrorKind::TimedOut)
}
