//! The only door to the database: transactions that already carry the caller's organization.
//!
//! `begin`, the settings that row-level security reads, the check that the token was not withdrawn
//! and the caller's present role travel in one round trip. A role that was changed, a membership
//! that ended and a session that was signed out take effect with the next request.

use std::{sync::Arc, time::Instant};

use sqlx::{Executor, Row, postgres::PgRow};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    ApiError, Caller,
    audit::Audit,
    bounded_connection::STATEMENT_TIMEOUT_MS,
    connection::Connector,
    database_error::is_lost,
    nudge::Nudge,
    permission::Requires,
    request,
    revocation::{Revocations, TokenIds},
    tx::Tx,
};

/// Longest a statement may wait for a lock, in milliseconds.
const LOCK_TIMEOUT_MS: u32 = 5_000;

/// The database, as a function's role sees it. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    connector: Option<Arc<Connector>>,
    revocations: Arc<dyn Revocations>,
    nudge: Arc<Nudge>,
}

impl std::fmt::Debug for Db {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Db")
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Read,
    Write,
}

impl Db {
    pub(crate) fn new(
        connector: Option<Arc<Connector>>,
        revocations: Arc<dyn Revocations>,
        nudge: Arc<Nudge>,
    ) -> Db {
        Db {
            connector,
            revocations,
            nudge,
        }
    }

    /// A READ ONLY transaction in the caller's organization.
    ///
    /// # Errors
    ///
    /// 401 when the token was withdrawn, 403 when the caller is no member or lacks the permission,
    /// 503 when the database or the list of withdrawn tokens does not answer.
    pub async fn read<P: Requires>(&self, caller: &Caller<P>) -> Result<Tx, ApiError> {
        self.tenant(caller, Mode::Read).await
    }

    /// A transaction in the caller's organization that may write. It is undone unless
    /// [`Tx::commit`] is called.
    ///
    /// # Errors
    ///
    /// As [`Db::read`].
    pub async fn write<P: Requires>(&self, caller: &Caller<P>) -> Result<Tx, ApiError> {
        self.tenant(caller, Mode::Write).await
    }

    /// For `auth` and `ws-connect` only: a transaction that knows nobody yet. Row-level security shows it no row of
    /// any tenant; an organization or user that is not set is an error.
    ///
    /// # Errors
    ///
    /// 503 when the database does not answer.
    pub async fn before_sign_in(&self) -> Result<Tx, ApiError> {
        self.begin(&begin(Mode::Write, None, None))
            .await
            .map(|(tx, _)| tx)
    }

    /// For `auth` only: a transaction of a user in whichever organization, for what is the user's
    /// own. Who calls must know that it is this user.
    ///
    /// # Errors
    ///
    /// 503 when the database does not answer.
    pub async fn for_user(&self, user: Uuid) -> Result<Tx, ApiError> {
        self.begin(&begin(Mode::Write, None, Some(user)))
            .await
            .map(|(tx, _)| tx)
    }

    /// For the functions of live updates only: a transaction of nobody, in the organization that an
    /// invocation names. Who calls shows nothing of it but to connections of that organization.
    ///
    /// # Errors
    ///
    /// 503 when the database does not answer.
    pub async fn in_organization(&self, organization: Uuid) -> Result<Tx, ApiError> {
        let sql = format!(
            "{}; select set_config('app.current_org_id', '{organization}', true)",
            begin(Mode::Write, None, None)
        );
        let (mut tx, _) = self.begin(&sql).await?;
        tx.is_in(organization);
        Ok(tx)
    }

    async fn tenant<P: Requires>(&self, caller: &Caller<P>, mode: Mode) -> Result<Tx, ApiError> {
        let claims = caller.claims();
        let token = TokenIds::of(claims)?;
        if self.revocations.is_known_withdrawn(&token).await {
            return Err(withdrawn_error());
        }
        let sql = begin(mode, Some((&token, claims.org, true)), Some(claims.sub));
        let (mut tx, row) = self.begin(&sql).await?;
        let row = row.ok_or_else(|| ApiError::Internal("app.enter gave no row.".to_owned()))?;
        let role: Option<&str> = row.try_get("role")?;
        let permissions: Option<&str> = row.try_get("permissions")?;
        let verdict = row.try_get::<&str, _>("verdict")?;
        self.revocations.learn(&token, verdict == "withdrawn");
        match verdict {
            "welcome" => tx.enter(
                claims,
                role.unwrap_or_default(),
                permissions.unwrap_or_default(),
            ),
            "withdrawn" => return Err(withdrawn_error()),
            _ => {
                let refused = ApiError::forbidden(
                    "not_a_member",
                    "You are not a member of the organization that this access token is for.",
                );
                // Of a stranger there is no role. Nothing is written down then: nobody may fill the
                // trail of an organization that they have never been in.
                let Some(role) = role else {
                    return Err(refused);
                };
                tx.enter(claims, role, "");
                let line = Audit::not_a_member(claims.sub, P::PERMISSION);
                return Err(self.refuse(tx, caller, mode, line, refused).await);
            }
        }
        match P::PERMISSION {
            Some(needed) if !tx.may(needed) => {
                let refused = tx.lacks(needed);
                let line = Audit::refusal(needed);
                Err(self.refuse(tx, caller, mode, line, refused).await)
            }
            _ => Ok(tx),
        }
    }

    /// Writes down that somebody tried what they may not, and says so.
    async fn refuse<P: Requires>(
        &self,
        tx: Tx,
        caller: &Caller<P>,
        mode: Mode,
        line: Audit,
        refused: ApiError,
    ) -> ApiError {
        match self.audit_refusal(tx, caller, mode, line).await {
            Ok(()) => refused,
            Err(error) => error,
        }
    }

    async fn audit_refusal<P: Requires>(
        &self,
        tx: Tx,
        caller: &Caller<P>,
        mode: Mode,
        line: Audit,
    ) -> Result<(), ApiError> {
        let mut tx = if mode == Mode::Write {
            tx
        } else {
            tx.rollback().await?;
            let claims = caller.claims();
            let token = TokenIds::of(claims)?;
            // Into the same organization, whatever it says of the caller by now: what was refused
            // was refused.
            let enter = Some((&token, claims.org, false));
            let (mut tx, _) = self
                .begin(&begin(Mode::Write, enter, Some(claims.sub)))
                .await?;
            tx.enter(claims, "", "");
            tx
        };
        tx.audit_refusal(line).await?;
        tx.commit().await
    }

    /// Opens a transaction with one simple query. A connection that was lost since the last request
    /// is replaced once: nothing has been done on it.
    async fn begin(&self, sql: &str) -> Result<(Tx, Option<PgRow>), ApiError> {
        let connector = self.connector.as_ref().ok_or_else(|| {
            ApiError::Internal("This function has no database role in the catalogue.".to_owned())
        })?;
        let mut opened = self.open(connector, sql).await;
        if let Err(ApiError::Database(error)) = &opened
            && is_lost(error)
            && !is_timeout(error)
        {
            opened = self.open(connector, sql).await;
        }
        opened
    }

    /// The transaction is there before its first statement is sent: whoever drops this future at any
    /// point drops the transaction, which ends it.
    async fn open(
        &self,
        connector: &Connector,
        sql: &str,
    ) -> Result<(Tx, Option<PgRow>), ApiError> {
        let began = Instant::now();
        let acquired = connector.acquire().await;
        let connection = acquired.inspect_err(|_| request::add_database_time(began.elapsed()))?;
        let mut tx = Tx::new(
            connection,
            Arc::clone(&self.revocations),
            Arc::clone(&self.nudge),
            began,
        );
        let mut rows = tx.fetch_all(sqlx::raw_sql(sql)).await?;
        Ok((tx, rows.pop()))
    }
}

/// A server that hangs is not asked a second time: the request has waited long enough.
fn is_timeout(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Io(error) if error.kind() == std::io::ErrorKind::TimedOut)
}

fn withdrawn_error() -> ApiError {
    tracing::info!("An access token is refused: it was withdrawn.");
    ApiError::unauthenticated("The access token is not accepted.")
}

/// The statements that open a transaction. Only ids and numbers are put in, never text: this is a
/// simple query, without parameters, because only that does everything in one round trip.
fn begin(mode: Mode, enter: Option<(&TokenIds, Uuid, bool)>, user: Option<Uuid>) -> String {
    let begin = match mode {
        Mode::Read => "begin read only",
        Mode::Write => "begin",
    };
    // Statements of their own: a select that sets a timeout is not yet governed by it.
    let limits = format!(
        "set local statement_timeout = {STATEMENT_TIMEOUT_MS}; set local lock_timeout = {LOCK_TIMEOUT_MS}"
    );
    let mut columns = Vec::new();
    if let Some(user) = user {
        columns.push(format!("set_config('app.current_user_id', '{user}', true)"));
    }
    let mut entered = String::new();
    if let Some((token, organization, ask)) = enter {
        let TokenIds {
            user,
            session,
            token,
            issued_at,
        } = token;
        let issued_at = issued_at.unix_timestamp();
        columns.push(format!(
            "set_config('app.current_org_id', '{organization}', true), \
             entered.verdict, entered.role, entered.permissions"
        ));
        entered = format!(
            " from app.enter('{user}', '{organization}', '{session}', '{token}', to_timestamp({issued_at}), {ask}) entered"
        );
    }
    if columns.is_empty() {
        return format!("{begin}; {limits}");
    }
    format!("{begin}; {limits}; select {}{entered}", columns.join(", "))
}

impl TokenIds {
    fn of(claims: &crate::token::Claims) -> Result<TokenIds, ApiError> {
        let issued_at =
            OffsetDateTime::from_unix_timestamp(claims.iat).map_err(|_| withdrawn_error())?;
        Ok(TokenIds {
            user: claims.sub,
            session: claims.sid,
            token: claims.jti,
            issued_at,
        })
    }
}
