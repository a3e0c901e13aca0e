//! What the caller may give to others: no more than they have at this moment.
//!
//! [`lock`] makes the changes of members, roles and invitations of an organization wait for each
//! other, then reads what the caller may do. What the transaction learned when it opened can be
//! from before the change that it waited for.

use miyabi_core::{ApiError, Audit, Caller, Permission, Tx, permission::Requires};
use serde_json::json;

use crate::permission_set::PermissionSet;

/// The caller in the locked organization.
#[derive(Debug)]
pub(crate) struct Authority {
    /// The caller's role.
    pub(crate) role: String,
    permissions: PermissionSet,
}

/// Locks the organization of the caller until the transaction ends, and reads the caller's role.
///
/// # Errors
///
/// 403 when the caller left, lost the permission `P` or the organization was deleted meanwhile;
/// those of the database.
pub(crate) async fn lock<P: Requires>(
    mut tx: Tx,
    caller: &Caller<P>,
) -> Result<(Tx, Authority), ApiError> {
    // Not `for update`, for which every insert that names the organization would wait.
    let organization = sqlx::query!(
        "select deleted_at is null as \"exists!\" from organizations where id = $1 for no key update",
        caller.organization_id()
    )
    .fetch_optional(&mut *tx)
    .await?;
    let member = sqlx::query!(
        r#"select m.role, array(select jsonb_array_elements_text(r.permissions)) as "permissions!"
           from memberships m join roles r on r.organization_id = m.organization_id and r.name = m.role
           where m.organization_id = $1 and m.user_id = $2 and m.removed_at is null"#,
        caller.organization_id(),
        caller.user_id()
    )
    .fetch_optional(&mut *tx)
    .await?;
    let (Some(member), true) = (member, organization.is_some_and(|row| row.exists)) else {
        let line = Audit::denied("access.denied", "membership", caller.user_id());
        let refusal = ApiError::forbidden(
            "not_a_member",
            "You are not a member of the organization that this access token is for.",
        );
        return Err(refuse(tx, line.after(json!({ "reason": "not_a_member" })), refusal).await);
    };
    let permissions = PermissionSet::stored(&member.permissions);
    if let Some(needed) = P::PERMISSION.filter(|needed| !permissions.has(*needed)) {
        let line = Audit::denied("access.denied", "permission", None);
        let refusal = lacks(&member.role, needed);
        return Err(refuse(
            tx,
            line.after(json!({ "needed": needed.as_str() })),
            refusal,
        )
        .await);
    }
    let role = member.role;
    Ok((tx, Authority { role, permissions }))
}

impl Authority {
    /// Whether the caller has every one of these permissions, those of the role `role`.
    ///
    /// # Errors
    ///
    /// 403 that names the permissions which the caller lacks.
    pub(crate) fn covers(&self, role: &str, permissions: &PermissionSet) -> Result<(), ApiError> {
        let beyond = permissions.beyond(&self.permissions);
        if beyond.is_empty() {
            return Ok(());
        }
        Err(ApiError::forbidden(
            "exceeds_own_permissions",
            format!(
                "The role `{role}` has permissions that your role `{}` does not have: {}. Ask somebody who has them.",
                self.role,
                beyond.join(", ")
            ),
        ))
    }
}

/// The permissions of a role of the organization; `None` for an unknown role.
///
/// # Errors
///
/// Those of the database.
pub(crate) async fn permissions_of(
    tx: &mut Tx,
    role: &str,
) -> Result<Option<PermissionSet>, ApiError> {
    let names = sqlx::query_scalar!(
        r#"select array(select jsonb_array_elements_text(permissions)) as "permissions!" from roles where name = $1"#,
        role
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(names.map(|names| PermissionSet::stored(&names)))
}

/// Writes down what was refused, commits that, and returns the refusal. Nothing else may have been
/// done in the transaction.
pub(crate) async fn refuse(mut tx: Tx, line: Audit, refusal: ApiError) -> ApiError {
    let written = async {
        tx.audit_refusal(line).await?;
        tx.commit().await
    };
    written.await.err().unwrap_or(refusal)
}

/// The 403 for a permission that a role does not have.
pub(crate) fn lacks(role: &str, needed: Permission) -> ApiError {
    ApiError::forbidden(
        "missing_permission",
        format!(
            "Your role `{role}` does not have the permission `{}`.",
            needed.as_str()
        ),
    )
}
