//! The only door to the database: transactions that already carry the caller's organization.
//!
//! `begin`, the settings that row-level security reads, the check that the token was not withdrawn
//! and the caller's present role travel in one round trip. A role that was changed, a membership
//! that ended and a session that was signed out take effect with the next request.

mod admission;
mod opening;

use std::sync::Arc;

use miyabi_catalog::Limit;
use sqlx::Row;
use uuid::Uuid;

use crate::{
    ApiError, Caller,
    api_token::{ApiToken, Hash, KnownApiTokens},
    begin::{Mode, begin},
    connection::Connector,
    limits::{Limits, Subject},
    nudge::Nudge,
    permission::Requires,
    revocation::Revocations,
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
}
