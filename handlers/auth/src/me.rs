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
    /// The organization that the access token is for, with the role as it is now.
    organization: Membership,
    /// What the role allows now.
    permissions: Vec<&'static str>,
    /// All organizations, oldest membership first.
    organizations: Vec<Membership>,
    /// The session that the access token is of.
    session_id: Uuid,
}

/// A person.
#[derive(Serialize, ToSchema)]
pub(crate) struct User {
    id: Uuid,
    /// Login at GitHub, as of the last sign-in.
    login: String,
    name: Option<String>,
    avatar_url: Option<String>,
    /// Primary address at GitHub, when it is verified.
    email: Option<String>,
}

/// Says who the caller is.
#[utoipa::path(
    get, path = "/api/auth/me", tag = "auth",
    responses(
        (status = 200, body = Me),
    )
)]
pub(crate) async fn me(caller: Caller, State(db): State<Db>) -> Result<Json<Me>, ApiError> {
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
        session_id: caller.session_id(),
    }))
}
