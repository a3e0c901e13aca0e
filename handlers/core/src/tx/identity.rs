//! Whose transaction it is: the caller, what their role may do now, and the organization.

use miyabi_catalog::Permission;
use uuid::Uuid;

use super::Tx;
use crate::{ApiError, audit::Audit, credential::Credential};

impl Tx {
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
}
