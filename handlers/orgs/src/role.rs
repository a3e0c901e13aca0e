//! A role, as it is stored and as it is shown.

use miyabi_core::{ApiError, Timestamp, Tx};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::{authority::Authority, permission_set::PermissionSet, role_name::RoleName};

/// A role of the organization.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Role {
    /// Name, unique in the organization. It cannot be changed.
    pub(crate) name: String,
    /// What members with this role may do.
    pub(crate) permissions: PermissionSet,
    /// Whether every organization has the role. A built-in role cannot be changed.
    built_in: bool,
    /// Version, 1 for a new role; also in the `ETag`.
    #[schema(minimum = 1)]
    pub(crate) version: i64,
    /// Time of creation.
    created_at: Timestamp,
}

/// A role as it is stored.
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) permissions: Vec<String>,
    pub(crate) built_in: bool,
    pub(crate) version: i64,
    pub(crate) created_at: Timestamp,
}

impl From<Row> for Role {
    fn from(row: Row) -> Role {
        Role {
            permissions: PermissionSet::stored(&row.permissions),
            name: row.name,
            built_in: row.built_in,
            version: row.version,
            created_at: row.created_at,
        }
    }
}

impl Role {
    /// A role of the organization; 404 when there is none of that name.
    pub(crate) async fn find(tx: &mut Tx, name: &str) -> Result<Role, ApiError> {
        // What has not the shape of a name could hold what the database does not take.
        let name = RoleName::parse(name).ok_or(ApiError::NotFound)?;
        let row = sqlx::query_as!(
            Row,
            r#"select name, array(select jsonb_array_elements_text(permissions)) as "permissions!", built_in, version,
                    created_at as "created_at: Timestamp"
               from roles where name = $1"#,
            name.as_str()
        )
        .fetch_optional(&mut **tx)
        .await?
        .ok_or(ApiError::NotFound)?;
        Ok(row.into())
    }

    /// Whether the caller may change or delete the role.
    ///
    /// # Errors
    ///
    /// 409 for a built-in role; 403 for the caller's own, and for one with permissions that the
    /// caller lacks.
    pub(crate) fn may_be_edited(&self, authority: &Authority) -> Result<(), ApiError> {
        if self.built_in {
            return Err(ApiError::conflict(
                "built_in_role",
                "A built-in role cannot be changed. Create a role of your own.",
            ));
        }
        if self.name == authority.role {
            return Err(ApiError::forbidden(
                "own_role",
                "This is your own role. Ask somebody with another role to change it.",
            ));
        }
        authority.covers(&self.name, &self.permissions)
    }

    /// For the audit trail.
    pub(crate) fn fields(&self) -> serde_json::Value {
        json!({ "name": self.name, "permissions": self.permissions.to_json() })
    }
}
