//! Issuing access tokens.

use miyabi_core::{ApiError, App, KeySet, token::LIFETIME};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::organizations::Membership;

/// An access token for one organization.
#[derive(Serialize, ToSchema)]
pub(crate) struct AccessToken {
    /// For `Authorization: Bearer ..`. Keep it in memory.
    access_token: String,
    /// Always `Bearer`.
    token_type: &'static str,
    /// Lifetime in seconds.
    #[schema(minimum = 1)]
    expires_in: i64,
    /// Organization of the token.
    organization: Membership,
}

/// Signs an access token of a session for an organization.
///
/// # Errors
///
/// 500 when it cannot be signed.
pub(crate) fn issue(
    app: &App,
    keys: &KeySet,
    user: Uuid,
    session: Uuid,
    organization: Membership,
) -> Result<AccessToken, ApiError> {
    let claims = app
        .keys()?
        .claims(user, organization.id, &organization.role, session);
    Ok(AccessToken {
        access_token: keys.sign(&claims)?,
        token_type: "Bearer",
        expires_in: LIFETIME,
        organization,
    })
}
