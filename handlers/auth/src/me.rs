//! Who the caller is, and what they may do where.

use axum::extract::State;
use miyabi_core::{ApiError, Caller, Db, Json};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::organizations::{self, Membership};

/// The caller.
#[derive(Serialize, ToSchema)]
pub(crate) struct Me {
    user: User,
    /// Organization of the access token, with the current role.
    organization: Membership,
    /// Permissions of the current role.
    permissions: Vec<&'static str>,
    /// All organizations of the caller, oldest membership first.
    organizations: Vec<Membership>,
    /// Session of the access token.
    session_id: Uuid,
}

/// A person.
#[derive(Serialize, ToSchema)]
pub(crate) struct User {
    /// Id.
    id: Uuid,
    /// Login at GitHub at the last sign-in.
    login: String,
    /// Display name at GitHub.
    name: Option<String>,
    /// URL of a picture.
    avatar_url: Option<String>,
    /// Primary e-mail address at GitHub; null unless it is verified.
    email: Option<String>,
}

/// Gets the caller.
#[utoipa::path(
    get, path = "/api/auth/me", tag = "auth", operation_id = "getMe",
    responses(
        (status = 200, description = "The caller.", body = Me),
    )
)]
pub(crate) async fn me(caller: Caller, State(db): State<Db>) -> Result<Json<Me>, ApiError> {
    let session_id = caller.session_id()?;
    let mut tx = db.read(&caller).await?;
    let user = sqlx::query_as!(
        User,
        "select id, login, name, avatar_url, email from users where id = $1",
        caller.user_id()
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or(ApiError::NotFound)?;
    let organizations = organizations::all(&mut tx).await?;
    let organization = organizations
        .iter()
        .find(|membership| membership.id == caller.organization_id())
        .cloned()
        .ok_or(ApiError::NotFound)?;
    let permissions = tx
        .permissions()
        .iter()
        .map(|permission| permission.as_str())
        .collect();
    tx.commit().await?;
    Ok(Json(Me {
        user,
        organization,
        permissions,
        organizations,
        session_id,
    }))
}
