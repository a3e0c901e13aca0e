//! Who is let into a transaction: the token was not withdrawn, the membership stands, and the role has
//! the permission. Each refusal of a member leaves its line in the audit trail.

use sqlx::Row;

use super::Db;
use crate::{
    ApiError, Caller,
    audit::Audit,
    begin::{Entry, Mode, begin},
    credential::Credential,
    permission::Requires,
    revocation::{TokenIds, withdrawn_error},
    tx::Tx,
};

impl Db {
    /// Opens the caller's transaction, or refuses it.
    ///
    /// # Errors
    ///
    /// As [`Db::read`].
    pub(super) async fn tenant<P: Requires>(
        &self,
        caller: &Caller<P>,
        mode: Mode,
    ) -> Result<Tx, ApiError> {
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
}
