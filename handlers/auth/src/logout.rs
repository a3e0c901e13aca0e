//! Signing out: of this session, or everywhere.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use miyabi_core::{ApiError, App, Audit, Caller, Event, Withdrawal};

use crate::{
    cookies,
    csrf::RefreshCookie,
    family::{self, End},
    organizations,
};

/// Ends the current session.
#[utoipa::path(
    post, path = "/api/auth/logout", tag = "auth", operation_id = "signOut",
    responses(
        (status = 204, description = "Signed out. The cookies are deleted."),
    )
)]
pub(crate) async fn logout(
    State(app): State<App>,
    cookie: RefreshCookie,
) -> Result<Response, ApiError> {
    let (mut tx, family) = family::prove(&app, &cookie).await?;
    family::end(&mut tx, family.user, family.session, End::SignOut).await?;
    // Somebody who is a member of nothing any more can still sign out.
    if organizations::enter(&mut tx, family.organization)
        .await?
        .is_some()
    {
        tx.audit(Audit::new("auth.sign_out", "session", family.session))
            .await?;
        tx.emit(Event::MemberChanged {
            user_id: family.user,
            version: None,
        });
    }
    tx.commit().await?;
    Ok((StatusCode::NO_CONTENT, cookies::of_no_session()).into_response())
}

/// Ends all sessions of the caller.
///
/// All access tokens of the caller are revoked.
#[utoipa::path(
    post, path = "/api/auth/logout-all", tag = "auth", operation_id = "signOutEverywhere",
    responses(
        (status = 204, description = "Signed out everywhere. The cookies are deleted."),
    )
)]
pub(crate) async fn logout_all(
    State(app): State<App>,
    caller: Caller,
) -> Result<Response, ApiError> {
    let user = caller.user_id();
    let mut tx = app.db().write(&caller).await?;
    // Waits for exchanges that are under way: what they issue is of one of these sessions. In order,
    // so that two of these do not wait for each other. Sessions that have just ended by themselves
    // may have access tokens that live on.
    let sessions = sqlx::query_scalar!(
        "update sessions set revoked_at = clock_timestamp(), revoked_reason = $2
         where id in (
            select id from sessions
            where user_id = $1 and revoked_at is null and expires_at > clock_timestamp() - interval '1 hour'
            order by id for update)
         returning id",
        user,
        End::SignOutEverywhere.as_str()
    )
    .fetch_all(&mut *tx)
    .await?;
    // By their sessions, which no clock can be wrong about; by time as well.
    for session in sessions {
        tx.withdraw(Withdrawal::Session(session)).await?;
    }
    tx.withdraw(Withdrawal::User(user)).await?;
    tx.audit(Audit::new("auth.sign_out_everywhere", "user", user))
        .await?;
    tx.emit(Event::MemberChanged {
        user_id: user,
        version: None,
    });
    tx.commit().await?;
    Ok((StatusCode::NO_CONTENT, cookies::of_no_session()).into_response())
}
