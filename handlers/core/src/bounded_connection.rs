//! A connection to PostgreSQL whose round trips all end.
//!
//! `statement_timeout` is the server's own limit, and a server that hangs keeps none. So each round
//! trip also has a limit on this side. What always holds: a connection on which a round trip did not
//! end, because its time was up, its future was dropped or the server said goodbye, runs no other
//! statement. Nobody knows what is still to come on it.

use std::{
    fmt, io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use futures_util::{Stream, StreamExt, future::BoxFuture, stream::BoxStream};
use sqlx::{
    Either, Execute, Executor, PgConnection, Postgres,
    postgres::{PgQueryResult, PgRow, PgStatement, PgTypeInfo},
};
use tokio::time::{Instant, Sleep};

use crate::database_error::is_lost;

/// Longest that a statement may run, in milliseconds: well before the 30 s of API Gateway, so that
/// the response is ours.
pub(crate) const STATEMENT_TIMEOUT_MS: u32 = 10_000;
/// Longest round trip: a second longer than the server gives a statement.
pub(crate) const ROUND_TRIP_LIMIT: Duration =
    Duration::from_millis(STATEMENT_TIMEOUT_MS as u64 + 1_000);

type Step = Either<PgQueryResult, PgRow>;

/// A connection each of whose round trips ends within 11 seconds. Queries run on it as on a
/// [`PgConnection`], which it does not give out.
pub struct BoundedConnection {
    connection: PgConnection,
    state: State,
    /// When the round trip must have ended. One timer for all of them: a new one each time would wake
    /// the runtime while it waits for the response.
    limit: Pin<Box<Sleep>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Between two round trips.
    Idle,
    /// Within one; this is also how one stays whose future was dropped.
    InFlight,
    /// One ended without its response.
    Broken,
}

impl fmt::Debug for BoundedConnection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "BoundedConnection({:?})", self.state)
    }
}

impl BoundedConnection {
    pub(crate) fn new(connection: PgConnection) -> BoundedConnection {
        BoundedConnection {
            connection,
            state: State::Idle,
            limit: Box::pin(tokio::time::sleep(ROUND_TRIP_LIMIT)),
        }
    }

    /// Whether every round trip on it has ended, so that another may begin.
    pub(crate) fn is_idle(&self) -> bool {
        self.state == State::Idle
    }

    /// Begins a round trip.
    fn begin(&mut self) -> Result<(&mut PgConnection, RoundTrip<'_>), sqlx::Error> {
        if self.state != State::Idle {
            return Err(sqlx::Error::Io(io::Error::new(
                io::ErrorKind::NotConnected,
                "An earlier round trip on this connection to the database did not end.",
            )));
        }
        self.state = State::InFlight;
        let mut limit = self.limit.as_mut();
        limit.as_mut().reset(Instant::now() + ROUND_TRIP_LIMIT);
        let round_trip = RoundTrip {
            state: &mut self.state,
            limit,
        };
        Ok((&mut self.connection, round_trip))
    }
}

/// One round trip, with the time that is left of it.
struct RoundTrip<'c> {
    state: &'c mut State,
    limit: Pin<&'c mut Sleep>,
}

impl RoundTrip<'_> {
    /// The time is up: the error, and the end of the connection.
    fn poll_limit<T>(&mut self, context: &mut Context<'_>) -> Poll<Result<T, sqlx::Error>> {
        match self.limit.as_mut().poll(context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(()) => {
                *self.state = State::Broken;
                Poll::Ready(Err(sqlx::Error::Io(io::Error::new(
                    io::ErrorKind::TimedOut,
                    format!(
                        "The database did not respond within {} s.",
                        ROUND_TRIP_LIMIT.as_secs()
                    ),
                ))))
            }
        }
    }

    /// The server responded, or the connection failed.
    fn end(&mut self, error: Option<&sqlx::Error>) {
        *self.state = match error {
            None => State::Idle,
            // The server refused a statement and waits for the next.
            Some(error @ sqlx::Error::Database(_)) if !is_lost(error) => State::Idle,
            Some(_) => State::Broken,
        };
    }
}

/// The results of a query, bounded in time as a whole.
struct Bounded<'e> {
    results: BoxStream<'e, Result<Step, sqlx::Error>>,
    round_trip: RoundTrip<'e>,
}

impl Stream for Bounded<'_> {
    type Item = Result<Step, sqlx::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.results.as_mut().poll_next(context) {
            Poll::Pending => self.round_trip.poll_limit(context).map(Some),
            Poll::Ready(None) => {
                self.round_trip.end(None);
                Poll::Ready(None)
            }
            Poll::Ready(Some(result)) => {
                if let Err(error) = &result {
                    self.round_trip.end(Some(error));
                }
                Poll::Ready(Some(result))
            }
        }
    }
}

async fn bounded<T>(
    mut answer: BoxFuture<'_, Result<T, sqlx::Error>>,
    mut round_trip: RoundTrip<'_>,
) -> Result<T, sqlx::Error> {
    std::future::poll_fn(move |context| match answer.as_mut().poll(context) {
        Poll::Pending => round_trip.poll_limit(context),
        Poll::Ready(result) => {
            round_trip.end(result.as_ref().err());
            Poll::Ready(result)
        }
    })
    .await
}

impl<'c> Executor<'c> for &'c mut BoundedConnection {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(self, query: E) -> BoxStream<'e, Result<Step, sqlx::Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        match self.begin() {
            Ok((connection, round_trip)) => Box::pin(Bounded {
                results: connection.fetch_many(query),
                round_trip,
            }),
            Err(error) => futures_util::stream::iter([Err(error)]).boxed(),
        }
    }

    fn fetch_optional<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxFuture<'e, Result<Option<PgRow>, sqlx::Error>>
    where
        'c: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        match self.begin() {
            Ok((connection, round_trip)) => {
                Box::pin(bounded(connection.fetch_optional(query), round_trip))
            }
            Err(error) => Box::pin(std::future::ready(Err(error))),
        }
    }

    fn prepare_with<'e, 'q: 'e>(
        self,
        sql: &'q str,
        parameters: &'e [PgTypeInfo],
    ) -> BoxFuture<'e, Result<PgStatement<'q>, sqlx::Error>>
    where
        'c: 'e,
    {
        match self.begin() {
            Ok((connection, round_trip)) => Box::pin(bounded(
                connection.prepare_with(sql, parameters),
                round_trip,
            )),
            Err(error) => Box::pin(std::future::ready(Err(error))),
        }
    }

    fn describe<'e, 'q: 'e>(
        self,
        sql: &'q str,
    ) -> BoxFuture<'e, Result<sqlx::Describe<Postgres>, sqlx::Error>>
    where
        'c: 'e,
    {
        match self.begin() {
            Ok((connection, round_trip)) => Box::pin(bounded(connection.describe(sql), round_trip)),
            Err(error) => Box::pin(std::future::ready(Err(error))),
        }
    }
}
