//! A transaction in an organization: how it begins and ends, and what happens after its commit.
//!
//! Whose it is, is in [`identity`]; what it leaves in the audit trail, in [`trail`].

mod identity;
mod trail;

use std::{
    fmt,
    ops::{Deref, DerefMut},
    sync::Arc,
    time::Instant,
};

use miyabi_catalog::Permission;
use sqlx::Executor;
use tokio::runtime::Handle;
use uuid::Uuid;

use crate::{
    ApiError,
    begin::Mode,
    bounded_connection::BoundedConnection,
    connection::ConnectionGuard,
    nudge::Nudge,
    outbox::{self, Event},
    request,
    revocation::{self, Revocations, Withdrawal},
};

/// A transaction that carries its organization. Queries run on `&mut *tx`. Dropped without
/// [`Tx::commit`] it is rolled back, before anybody else gets its connection.
pub struct Tx {
    /// `None` once it is over.
    connection: Option<ConnectionGuard>,
    revocations: Arc<dyn Revocations>,
    nudge: Arc<Nudge>,
    began: Instant,
    user: Option<Uuid>,
    organization: Option<Uuid>,
    /// The API token of the caller.
    api_token: Option<Uuid>,
    /// The session of the caller.
    session: Option<Uuid>,
    role: String,
    permissions: Vec<Permission>,
    events: Vec<Event>,
    withdrawals: Vec<Withdrawal>,
    /// Organizations to look after although no event of this transaction is in them.
    nudged: Vec<Uuid>,
    /// Whether it can write.
    mode: Mode,
    /// The statement that ends it when it is dropped.
    ending: &'static str,
}

impl fmt::Debug for Tx {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Tx({:?})", self.organization)
    }
}

impl Tx {
    /// `began`: when the connection was asked for.
    pub(crate) fn new(
        connection: ConnectionGuard,
        revocations: Arc<dyn Revocations>,
        nudge: Arc<Nudge>,
        began: Instant,
    ) -> Tx {
        Tx {
            connection: Some(connection),
            revocations,
            nudge,
            began,
            user: None,
            organization: None,
            api_token: None,
            session: None,
            role: String::new(),
            permissions: Vec::new(),
            events: Vec::new(),
            withdrawals: Vec::new(),
            nudged: Vec::new(),
            mode: Mode::Write,
            ending: "rollback",
        }
    }

    /// It was opened read only.
    pub(crate) fn only_reads(&mut self) {
        self.mode = Mode::Read;
    }

    /// Tells the sockets of the organization that something changed. The event gets its number when
    /// the transaction is committed.
    pub fn emit(&mut self, event: Event) {
        self.events.push(event);
    }

    /// Plans each statement of this transaction for its values. A plan that is kept is made for the
    /// average organization: it reads and sorts all rows of a large one, and cannot see which filters
    /// are absent.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn plan_for_values(&mut self) -> Result<(), ApiError> {
        self.execute("set local plan_cache_mode = force_custom_plan")
            .await?;
        Ok(())
    }

    /// Has `ws-broadcast` look after the organization once this transaction is committed, without an
    /// event: for signals to single people.
    pub fn nudge(&mut self) {
        self.nudged.extend(self.organization);
    }

    /// Withdraws access tokens. It counts when this transaction is committed; then the connections
    /// of a session are closed, in every organization.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn withdraw(&mut self, what: Withdrawal) -> Result<(), ApiError> {
        revocation::write(self, what).await?;
        self.withdrawals.push(what);
        if let Withdrawal::Session(session) = what {
            let organizations = sqlx::query_scalar!(
                r#"select app.ws_organizations_of_session($1) as "id!""#,
                session
            )
            .fetch_all(&mut **self)
            .await?;
            self.nudged.extend(organizations);
        }
        Ok(())
    }

    /// Makes everything of this transaction permanent, with its events, in one round trip. Then
    /// nudges `ws-broadcast`, which cannot fail the request and delays it by half a second at most.
    ///
    /// A transaction that only reads has nothing to make permanent, so nobody waits for its end: it is
    /// sent before the response, and the next request waits for it.
    ///
    /// # Errors
    ///
    /// Those of the database; 500 when there are events but no organization.
    pub async fn commit(mut self) -> Result<(), ApiError> {
        // An event of a transaction that cannot write is a fault of ours, and the database says so below.
        if self.mode == Mode::Read && self.events.is_empty() && self.nudged.is_empty() {
            self.ending = "commit";
            return Ok(());
        }
        let mut sql = String::new();
        let mut nudged = std::mem::take(&mut self.nudged);
        if !self.events.is_empty() {
            let organization = self
                .organization
                .ok_or_else(|| ApiError::Internal("An event needs an organization.".to_owned()))?;
            sql = outbox::insert(organization, &std::mem::take(&mut self.events));
            nudged.push(organization);
        }
        sql.push_str("commit");
        let withdrawals = std::mem::take(&mut self.withdrawals);
        let (revocations, nudge) = (Arc::clone(&self.revocations), Arc::clone(&self.nudge));
        self.end(&sql).await?;
        // Not before: a transaction that is rolled back has withdrawn and written nothing.
        let withdraw = async {
            if !withdrawals.is_empty() {
                revocations.committed(&withdrawals).await;
            }
        };
        nudged.sort_unstable();
        nudged.dedup();
        futures_util::future::join(withdraw, nudge.send(&nudged)).await;
        Ok(())
    }

    /// Undoes everything now. Dropping does the same, but nobody knows when.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn rollback(self) -> Result<(), ApiError> {
        self.end("rollback").await
    }

    async fn end(mut self, sql: &str) -> Result<(), ApiError> {
        self.execute(sqlx::raw_sql(sql)).await?;
        // Dropping it gives it back.
        self.connection = None;
        Ok(())
    }
}

impl Deref for Tx {
    type Target = BoundedConnection;

    fn deref(&self) -> &BoundedConnection {
        self.connection
            .as_ref()
            .expect("Only `end`, which consumes the transaction, takes the connection.")
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut BoundedConnection {
        self.connection
            .as_mut()
            .expect("Only `end`, which consumes the transaction, takes the connection.")
    }
}

impl Drop for Tx {
    fn drop(&mut self) {
        request::add_database_time(self.began.elapsed());
        let Some(mut connection) = self.connection.take() else {
            return;
        };
        let ending = self.ending;
        match Handle::try_current() {
            // Nobody else gets the connection before this task ends, at the limit of a round trip.
            Ok(runtime) if connection.is_idle() => drop(runtime.spawn(async move {
                if connection.execute(sqlx::raw_sql(ending)).await.is_err() {
                    connection.close();
                }
            })),
            _ => connection.close(),
        }
    }
}
