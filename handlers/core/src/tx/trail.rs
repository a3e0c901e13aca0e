//! What a transaction leaves in the audit trail, in the name of whoever it belongs to.

use super::Tx;
use crate::{
    ApiError,
    audit::{Actor, Audit},
};

impl Tx {
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
}
