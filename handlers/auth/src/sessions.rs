//! The sessions of the caller: where they are signed in, and an end to one of them.

use axum::extract::State;
use http::StatusCode;
use miyabi_core::{ApiError, App, Audit, Caller, Db, Event, Json, Path, Problem, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::family::{self, End};

/// Sessions of the caller.
#[derive(Serialize, ToSchema)]
pub(crate) struct Sessions {
    /// Active sessions, newest first.
    items: Vec<Session>,
}

/// An active session.
#[derive(Serialize, ToSchema)]
pub(crate) struct Session {
    /// Id.
    id: Uuid,
    /// Whether the access token of this request belongs to it.
    current: bool,
    /// User agent of the browser that signed in.
    user_agent: Option<String>,
    /// IP address of the sign-in.
    ip_address: Option<String>,
    /// Time of the sign-in.
    created_at: Timestamp,
    /// Time of the last refresh.
    last_seen_at: Timestamp,
    /// Time at which it ends, even when it is refreshed.
    expires_at: Timestamp,
}

/// Lists the sessions of the caller.
#[utoipa::path(
    get, path = "/api/auth/sessions", tag = "auth", operation_id = "listSessions",
    responses(
        (status = 200, description = "The active sessions.", body = Sessions),
    )
)]
pub(crate) async fn list(caller: Caller, State(db): State<Db>) -> Result<Json<Sessions>, ApiError> {
    let mut tx = db.read(&caller).await?;
    // A session whose refresh token lay unused for too long is over, too: the newest token says so.
    let items = sqlx::query_as!(
        Session,
        r#"select s.id, s.id = $2 as "current!", s.user_agent, s.ip_address,
                s.created_at as "created_at: Timestamp", s.last_seen_at as "last_seen_at: Timestamp", s.expires_at as "expires_at: Timestamp"
           from sessions s
           where s.user_id = $1 and s.revoked_at is null and s.expires_at > now()
             and exists (select from refresh_tokens t where t.session_id = s.id and t.used_at is null and t.expires_at > now())
           order by s.created_at desc, s.id desc"#,
        caller.user_id(),
        caller.session_id()?,
    )
    .fetch_all(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(Json(Sessions { items }))
}

/// Ends a session of the caller.
#[utoipa::path(
    delete, path = "/api/auth/sessions/{session_id}", tag = "auth", operation_id = "endSession",
    params(("session_id" = Uuid, Path, description = "Id of the session.")),
    responses(
        (status = 204, description = "The session was ended and its access tokens are revoked."),
        (status = 404, description = "`not_found`: not an active session of the caller.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn end(
    caller: Caller,
    State(app): State<App>,
    path: Result<Path<Uuid>, ApiError>,
) -> Result<StatusCode, ApiError> {
    let user = caller.user_id();
    let mut tx = app.db().write(&caller).await?;
    let Path(session) = path?;
    if !family::end(&mut tx, user, session, End::Revoked).await? {
        return Err(ApiError::NotFound);
    }
    tx.audit(Audit::new("auth.end_session", "session", session))
        .await?;
    tx.emit(Event::MemberChanged {
        user_id: user,
        version: None,
    });
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
