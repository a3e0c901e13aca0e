//! A transaction in an organization.

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
    audit::{Actor, Audit},
    begin::Mode,
    bounded_connection::BoundedConnection,
    connection::ConnectionGuard,
    credential::Credential,
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

    pub(crate) fn enter(&mut self, credential: &Credential, role: &str, permissions: &str) {
        self.user = Some(credential.user());
        self.organization = Some(credential.organization());
        self.api_token = credential.api_token();
        self.session = credential.session();
        role.clone_into(&mut self.role);
        self.permissions = permissions
            .split(',')
            .filter_map(|name| {
                Permission::ALL
                    .into_iter()
                    .find(|permission| permission.as_str() == name)
            })
            .collect();
    }

    /// The caller's role in the organization, as it is now; empty in the transactions of `auth`
    /// that have no caller.
    pub fn role(&self) -> &str {
        &self.role
    }

    /// What the caller may do in the organization, as it is now.
    pub fn permissions(&self) -> &[Permission] {
        &self.permissions
    }

    /// Whether the caller may do that.
    pub fn may(&self, permission: Permission) -> bool {
        self.permissions.contains(&permission)
    }

    /// Asks for one more permission, where only some requests to a route need it. Ask before
    /// anything is done in the transaction: a refusal is written down and committed.
    ///
    /// # Errors
    ///
    /// 403 when the caller's role does not have it.
    pub async fn require(mut self, needed: Permission) -> Result<Tx, ApiError> {
        if self.may(needed) {
            return Ok(self);
        }
        let refused = self.lacks(needed);
        self.audit_refusal(Audit::refusal(needed)).await?;
        self.commit().await?;
        Err(refused)
    }

    /// The 403 of somebody whose role or API token does not have a permission.
    pub(crate) fn lacks(&self, needed: Permission) -> ApiError {
        let (role, needed) = (&self.role, needed.as_str());
        let detail = match self.api_token {
            None => format!("Your role `{role}` does not have the permission `{needed}`."),
            Some(_) => format!(
                "This API token does not have the permission `{needed}`, or your role `{role}` does not."
            ),
        };
        ApiError::forbidden("missing_permission", detail)
    }

    /// For `auth` only: makes this the transaction of a user, after finding out who it is.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn select_user(&mut self, user: Uuid) -> Result<(), ApiError> {
        sqlx::query_scalar!(
            "select set_config('app.current_user_id', $1, true)",
            user.to_string()
        )
        .fetch_one(&mut **self)
        .await?;
        self.user = Some(user);
        Ok(())
    }

    /// For `auth` only: names the session that this transaction is one of, for the audit trail.
    pub fn select_session(&mut self, session: Uuid) {
        self.session = Some(session);
    }

    /// For `auth` and `orgs` only: makes this a transaction in another organization of its user.
    ///
    /// # Errors
    ///
    /// 403 when the user is not, or no longer, a member.
    pub async fn select_organization(&mut self, organization: Uuid) -> Result<(), ApiError> {
        let member = sqlx::query!(
            r#"select current_setting('app.current_user_id')::uuid as "user_id!",
                set_config('app.current_org_id', id::text, true)
             from app.my_organizations() where id = $1"#,
            organization
        )
        .fetch_optional(&mut **self)
        .await?
        .ok_or_else(|| {
            ApiError::forbidden("not_a_member", "You are not a member of this organization.")
        })?;
        self.user = Some(member.user_id);
        self.organization = Some(organization);
        Ok(())
    }

    /// For the functions of live updates only: makes this a transaction in the organization that the
    /// database named for a ticket or a connection.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn enter_organization(&mut self, organization: Uuid) -> Result<(), ApiError> {
        sqlx::query_scalar!(
            "select set_config('app.current_org_id', $1, true)",
            organization.to_string()
        )
        .fetch_one(&mut **self)
        .await?;
        self.is_in(organization);
        Ok(())
    }

    /// The database has been told that this is a transaction in that organization.
    pub(crate) fn is_in(&mut self, organization: Uuid) {
        self.organization = Some(organization);
    }

    /// Writes a line of the audit trail. It is there exactly when this transaction is committed.
    ///
    /// # Errors
    ///
    /// Those of the database; 500 when no organization is selected.
    pub async fn audit(&mut self, line: Audit) -> Result<(), ApiError> {
        self.audit_all(vec![line]).await
    }

    /// Writes the line of a refusal: at most 100 an hour of one person in one organization. Commit
    /// after it, and nothing else.
    ///
    /// # Errors
    ///
    /// Those of the database; 500 when no user or no organization is selected.
    pub async fn audit_refusal(&mut self, line: Audit) -> Result<(), ApiError> {
        let (Some(organization), Some(user)) = (self.organization, self.user) else {
            return Err(ApiError::Internal(
                "The line of a refusal needs a user and an organization.".to_owned(),
            ));
        };
        let actor = self.actor();
        line.insert_refusal(self, organization, user, actor).await
    }

    /// Writes several lines at once.
    ///
    /// # Errors
    ///
    /// As [`Tx::audit`].
    pub async fn audit_all(&mut self, lines: Vec<Audit>) -> Result<(), ApiError> {
        let actor = self.actor();
        let organization = self
            .organization
            .ok_or_else(|| ApiError::Internal("An audit row needs an organization.".to_owned()))?;
        Audit::insert(lines, self, organization, actor).await
    }

    fn actor(&self) -> Actor {
        Actor {
            user: self.user,
            api_token: self.api_token,
            session: self.session,
        }
    }

    /// Tells the sockets of the organization that something changed. The event gets its number when
    /// the transaction is committed.
    pub fn emit(&mut self, event: Event) {
        self.events.push(event);
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
