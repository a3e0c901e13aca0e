//! The only door to the database: transactions that already carry the caller's organization.
//!
//! `begin`, the settings that row-level security reads, the check that the token was not withdrawn
//! and the caller's present role travel in one round trip. A role that was changed, a membership
//! that ended and a session that was signed out take effect with the next request.

use std::{sync::Arc, time::Instant};

use miyabi_catalog::Limit;
use sqlx::{Executor, Row, postgres::PgRow};
use uuid::Uuid;

use crate::{
    ApiError, Caller,
    api_token::{ApiToken, Hash, KnownApiTokens},
    audit::Audit,
    begin::{Entry, Mode, begin},
    connection::Connector,
    credential::Credential,
    database_error::is_lost,
    limits::{self, Given, Limits, Subject, Take},
    nudge::Nudge,
    permission::Requires,
    request,
    revocation::{Revocations, TokenIds},
    tx::Tx,
};

/// The database, as a function's role sees it. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    connector: Option<Arc<Connector>>,
    revocations: Arc<dyn Revocations>,
    nudge: Arc<Nudge>,
    api_tokens: Arc<KnownApiTokens>,
    limits: Arc<Limits>,
}

impl std::fmt::Debug for Db {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Db")
    }
}

impl Db {
    pub(crate) fn new(
        connector: Option<Arc<Connector>>,
        revocations: Arc<dyn Revocations>,
        nudge: Arc<Nudge>,
        limits: Arc<Limits>,
    ) -> Db {
        Db {
            connector,
            revocations,
            nudge,
            api_tokens: Arc::default(),
            limits,
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

    /// Asks the rate limits of this request now, where something else than the database is used first.
    /// Every transaction asks them as well, without a round trip for it.
    ///
    /// # Errors
    ///
    /// 429 when a bucket is empty, 503 when the database does not respond.
    pub async fn check_limits(&self) -> Result<(), ApiError> {
        let takes = self.limits.to_ask().await?;
        if takes.is_empty() {
            return Ok(());
        }
        let sql = begin(Mode::Read, None, None);
        self.begin_asking(&takes, &sql).await?.0.rollback().await
    }

    /// Counts a request for a limit of each person that its route alone does not say. Before the
    /// transaction is opened, which asks for it.
    ///
    /// # Errors
    ///
    /// 429 while the bucket is known to be empty.
    pub fn count<P: Requires>(&self, caller: &Caller<P>, limit: Limit) -> Result<(), ApiError> {
        self.limits.count(limit, Subject::Id(caller.user_id()))
    }

    async fn tenant<P: Requires>(&self, caller: &Caller<P>, mode: Mode) -> Result<Tx, ApiError> {
        let credential = caller.credential();
        let session = match credential {
            Credential::Session(claims) => Some(TokenIds::of(claims)?),
            Credential::ApiToken(_) => None,
        };
        if let Some(token) = &session
            && self.revocations.is_known_withdrawn(token).await
        {
            return Err(withdrawn_error());
        }
        let entry = Entry::of(credential, true)?;
        let sql = begin(mode, Some(&entry), Some(credential.user()));
        let (mut tx, row) = self.begin(&sql).await?;
        if mode == Mode::Read {
            tx.only_reads();
        }
        let row = row.ok_or_else(|| ApiError::Internal("app.enter gave no row.".to_owned()))?;
        let role: Option<&str> = row.try_get("role")?;
        let permissions: Option<&str> = row.try_get("permissions")?;
        let verdict = row.try_get::<&str, _>("verdict")?;
        if let Some(token) = &session {
            self.revocations.learn(token, verdict == "withdrawn");
        }
        match verdict {
            "welcome" => tx.enter(
                credential,
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
                tx.enter(credential, role, "");
                let line = Audit::not_a_member(credential.user(), P::PERMISSION);
                return Err(self.refuse(tx, caller, mode, line, refused).await);
            }
        }
        if P::SESSION_ONLY
            && let Some(token) = credential.api_token()
        {
            let refused = ApiError::forbidden(
                "session_required",
                "API tokens are not accepted here. Sign in, and send the access token of the session.",
            );
            let line = Audit::session_required(token, P::PERMISSION);
            return Err(self.refuse(tx, caller, mode, line, refused).await);
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

    /// Whose API token has that hash, as this environment remembers it or the database says; the use
    /// is noted at most once a minute. `None`: it is not one, or not good any more.
    ///
    /// # Errors
    ///
    /// 503 when the database does not respond.
    pub(crate) async fn find_api_token(&self, hash: Hash) -> Result<Option<ApiToken>, ApiError> {
        if let Some(known) = self.api_tokens.find(hash) {
            return Ok(Some(known));
        }
        let sql = format!(
            "{}; select token, owner, organization from app.use_api_token('{}')",
            begin(Mode::Write, None, None),
            hash.to_bytea()
        );
        let (tx, row) = self.begin(&sql).await?;
        let row =
            row.ok_or_else(|| ApiError::Internal("app.use_api_token returned no row.".to_owned()))?;
        tx.commit().await?;
        let Some(id) = row.try_get::<Option<Uuid>, _>("token")? else {
            tracing::info!("An API token is refused.");
            return Ok(None);
        };
        let token = ApiToken {
            id,
            user: row.try_get("owner")?,
            organization: row.try_get("organization")?,
        };
        self.api_tokens.remember(hash, token);
        Ok(Some(token))
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
            let credential = caller.credential();
            // Into the same organization, whatever it says of the caller by now: what was refused
            // was refused.
            let entry = Entry::of(credential, false)?;
            let sql = begin(Mode::Write, Some(&entry), Some(credential.user()));
            let (mut tx, _) = self.begin(&sql).await?;
            tx.enter(credential, "", "");
            tx
        };
        tx.audit_refusal(line).await?;
        tx.commit().await
    }

    /// Opens a transaction, unless a rate limit refuses the request.
    async fn begin(&self, sql: &str) -> Result<(Tx, Option<PgRow>), ApiError> {
        let takes = self.limits.to_ask().await?;
        self.begin_asking(&takes, sql).await
    }

    /// Opens a transaction with one simple query, which asks the rate limits as well. A connection
    /// that was lost since the last request is replaced once: nothing has been done on it, but that
    /// the limits may have been asked twice.
    async fn begin_asking(
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

pub(crate) fn withdrawn_error() -> ApiError {
    tracing::info!("An access token is refused: it was withdrawn.");
    ApiError::unauthenticated("The access token is not accepted.")
}
