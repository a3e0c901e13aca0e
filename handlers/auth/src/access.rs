//! Issuing access tokens.

use std::time::Duration;

use miyabi_core::{
    ApiError, App, Tx,
    token::{Claims, LIFETIME},
};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::organizations::Membership;

/// Longest to wait for the end of a second, when somebody signs in just after signing out
/// everywhere: clocks of two machines differ.
const LONGEST_WAIT: Duration = Duration::from_secs(3);

/// What a client gets for its refresh cookie.
#[derive(Serialize, ToSchema)]
pub(crate) struct AccessToken {
    /// For `Authorization: Bearer ..`. Keep it in memory.
    access_token: String,
    /// Always `Bearer`.
    token_type: &'static str,
    /// Seconds that it is good for.
    expires_in: i64,
    /// The organization that it is good for.
    organization: Membership,
}

/// Signs an access token of a session for an organization.
///
/// # Errors
///
/// 503 when the keys cannot be read.
pub(crate) async fn issue(
    app: &App,
    tx: &mut Tx,
    user: Uuid,
    session: Uuid,
    organization: Membership,
) -> Result<AccessToken, ApiError> {
    wait_for_a_second_that_counts(tx, user).await?;
    let keys = app.keys()?;
    let claims = Claims::issue(
        keys.stage(),
        user,
        organization.id,
        &organization.role,
        session,
    );
    Ok(AccessToken {
        access_token: keys.sign(&claims).await?,
        token_type: "Bearer",
        expires_in: LIFETIME,
        organization,
    })
}

/// Signing out everywhere withdraws what was issued up to the end of its second. A token of a new
/// session that was issued in the same second would be withdrawn with them.
async fn wait_for_a_second_that_counts(tx: &mut Tx, user: Uuid) -> Result<(), ApiError> {
    let withdrawn_at = sqlx::query_scalar!(
        r#"select issued_before as "issued_before!" from revoked_tokens where kind = 'user' and id = $1"#,
        user
    )
    .fetch_optional(&mut **tx)
    .await?;
    let Some(withdrawn_at) = withdrawn_at else {
        return Ok(());
    };
    let now = OffsetDateTime::now_utc();
    let first = withdrawn_at.unix_timestamp() + 1;
    if now.unix_timestamp() < first {
        let until = OffsetDateTime::from_unix_timestamp(first).unwrap_or(now) - now;
        let wait = Duration::try_from(until).unwrap_or_default();
        tokio::time::sleep(wait.min(LONGEST_WAIT)).await;
    }
    Ok(())
}
