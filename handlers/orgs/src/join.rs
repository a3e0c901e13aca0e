//! From a code to a membership: what `/join/?code=..` asks and does.
//!
//! The code comes in a body, which nothing logs, and is looked up by its hash. Whoever has none that
//! fits is answered as for a code that never was.

use axum::{extract::State, response::Response};
use http::StatusCode;
use miyabi_core::{
    About, ApiError, Audit, Caller, ClosedCause, Db, Event, Json, Opaque, Problem, Timestamp, Tx,
};
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::json;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, schema::Type},
};
use uuid::Uuid;

use crate::{authority, organizations};

/// The code of the refusal of an invitation that lets nobody in any more.
const CLOSED: &str = "invitation_closed";

/// The code of an invitation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InvitationCode {
    /// Code of the link.
    code: Code,
}

/// 256 random bits as base64url.
#[derive(Debug)]
pub(crate) struct Code(Opaque);

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Code, D::Error> {
        let text = String::deserialize(deserializer)?;
        Opaque::parse(&text)
            .map(Code)
            .ok_or_else(|| de::Error::custom("must be the code of an invitation, 43 characters"))
    }
}

impl PartialSchema for Code {
    fn schema() -> RefOr<Schema> {
        // The last character holds four bits.
        ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(43))
            .max_length(Some(43))
            .pattern(Some("^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$"))
            .into()
    }
}

impl ToSchema for Code {}

/// What an invitation offers the caller.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InvitationPreview {
    /// Id of the organization.
    organization_id: Uuid,
    /// Name of the organization.
    organization_name: String,
    /// Role that it grants.
    role: String,
    /// Login at GitHub of the only person who can use it; null: whoever has the link.
    login: Option<String>,
    /// Time at which it expires.
    expires_at: Timestamp,
}

/// Shows what an invitation offers the caller.
#[utoipa::path(
    post,
    path = "/api/invitations/preview",
    tag = "invitations",
    operation_id = "previewInvitation",
    request_body = InvitationCode,
    responses(
        (status = 200, description = "The invitation.", body = InvitationPreview),
        (status = 403, description = "`wrong_account`: the invitation is for another account, that of `login`. `removed`: the caller left or was removed after it was created. `not_a_member`.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`: not the code of an invitation.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`already_member`: the caller is a member of `organization_id`. `too_many_organizations`: the caller belongs to 100 organizations.", body = Problem, content_type = "application/problem+json"),
        (status = 410, description = "`invitation_closed`: the invitation expired, was revoked or used up (`cause` says which, to whom it was for), or its author may not invite any more.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn preview(
    caller: Caller,
    State(db): State<Db>,
    body: Result<Json<InvitationCode>, ApiError>,
) -> Result<Json<InvitationPreview>, ApiError> {
    let mut tx = db.read(&caller).await?;
    let Json(body) = body?;
    let found = sqlx::query_as!(
        Found,
        r#"select verdict as "verdict!", organization, organization_name, invitation, granted_role, login,
                expires as "expires: Timestamp"
           from app.find_invitation($1)"#,
        body.code.0.hash()
    )
    .fetch_one(&mut *tx)
    .await?;
    let open = match found.check() {
        Err(refusal) => Err(with_cause(&mut tx, &body.code.0, refusal).await?),
        open => open,
    };
    tx.commit().await?;
    Ok(Json(open?.preview))
}

/// Accepts an invitation.
///
/// The access token stays that of the present organization: `POST /api/auth/switch` issues one for
/// the organization that was joined.
#[utoipa::path(
    post,
    path = "/api/invitations/accept",
    tag = "invitations",
    operation_id = "acceptInvitation",
    request_body = InvitationCode,
    responses(
        (status = 200, description = "The caller is a member now.", body = InvitationPreview),
        (status = 403, description = "`wrong_account`: the invitation is for another account, that of `login`. `removed`: the caller left or was removed after it was created. `not_a_member`.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "`not_found`: not the code of an invitation.", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "`already_member`: the caller is a member of `organization_id`. `too_many_organizations`: the caller belongs to 100 organizations.", body = Problem, content_type = "application/problem+json"),
        (status = 410, description = "`invitation_closed`: the invitation expired, was revoked or used up (`cause` says which, to whom it was for), or its author may not invite any more.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn accept(
    caller: Caller,
    State(db): State<Db>,
    body: Result<Json<InvitationCode>, ApiError>,
) -> Result<Response, ApiError> {
    let mut tx = db.write(&caller).await?;
    let Json(body) = body?;
    let found = sqlx::query_as!(
        Found,
        r#"select verdict as "verdict!", organization, organization_name, invitation, granted_role, login,
                expires as "expires: Timestamp"
           from app.accept_invitation($1)"#,
        body.code.0.hash()
    )
    .fetch_one(&mut *tx)
    .await?;
    let invitation = found.invitation;
    let open = match found.check() {
        Ok(open) => open,
        Err(refusal) => {
            let refusal = with_cause(&mut tx, &body.code.0, refusal).await?;
            return Err(refuse(tx, invitation, refusal).await);
        }
    };
    tx.select_organization(open.preview.organization_id).await?;
    let line = Audit::new("invitation.accept", "invitation", open.invitation);
    let after = json!({ "user_id": caller.user_id(), "role": open.preview.role });
    tx.audit(line.after(after)).await?;
    tx.emit(Event::MemberChanged {
        user_id: caller.user_id(),
        version: None,
    });
    tx.emit(Event::InvitationChanged {
        id: open.invitation,
    });
    tx.commit_with((), &open.preview).await
}

/// A refusal, which says why an invitation is closed, as far as that concerns the caller.
///
/// # Errors
///
/// Those of the database.
async fn with_cause(tx: &mut Tx, code: &Opaque, refusal: ApiError) -> Result<ApiError, ApiError> {
    if refusal.code() != CLOSED {
        return Ok(refusal);
    }
    let cause = sqlx::query_scalar!("select app.why_invitation_is_closed($1)", code.hash())
        .fetch_one(&mut **tx)
        .await?;
    let (cause, detail) = match cause.as_deref() {
        Some("expired") => (ClosedCause::Expired, "This invitation has expired."),
        Some("used_up") => (
            ClosedCause::UsedUp,
            "As many people as this invitation was for have used it.",
        ),
        Some("revoked") => (ClosedCause::Revoked, "This invitation was withdrawn."),
        _ => return Ok(refusal),
    };
    let about = About {
        cause: Some(cause),
        ..About::default()
    };
    let detail = format!("{detail} Ask for a new one.");
    Ok(ApiError::refused(StatusCode::GONE, CLOSED, detail).about(about))
}

/// A refusal, with a line in the trail of the organization that the caller is in: of the other one
/// they are a stranger, whose lines nobody wants there.
async fn refuse(tx: Tx, invitation: Option<Uuid>, refusal: ApiError) -> ApiError {
    if refusal.status() != StatusCode::FORBIDDEN {
        return refusal;
    }
    let line = Audit::denied("invitation.accept", "invitation", invitation);
    authority::refuse(tx, line, refusal).await
}

/// What the database says of a code.
struct Found {
    verdict: String,
    organization: Option<Uuid>,
    organization_name: Option<String>,
    invitation: Option<Uuid>,
    granted_role: Option<String>,
    login: Option<String>,
    expires: Option<Timestamp>,
}

/// An invitation that the caller can accept, or has just accepted.
struct Open {
    invitation: Uuid,
    preview: InvitationPreview,
}

impl Found {
    /// The invitation, when it is open to the caller.
    ///
    /// # Errors
    ///
    /// 403, 404, 409 or 410 for each other verdict.
    fn check(self) -> Result<Open, ApiError> {
        let name = self.organization_name.unwrap_or_default();
        let missing = || ApiError::Internal("An open invitation has no content.".to_owned());
        match self.verdict.as_str() {
            "open" => Ok(Open {
                invitation: self.invitation.ok_or_else(missing)?,
                preview: InvitationPreview {
                    organization_id: self.organization.ok_or_else(missing)?,
                    organization_name: name,
                    role: self.granted_role.ok_or_else(missing)?,
                    login: self.login,
                    expires_at: self.expires.ok_or_else(missing)?,
                },
            }),
            "wrong_account" => {
                let detail = format!(
                    "This invitation is for the GitHub account `{}`. Sign in with that account, or ask for an invitation of your own.",
                    self.login.as_deref().unwrap_or_default()
                );
                Err(ApiError::forbidden("wrong_account", detail).about(About {
                    login: self.login,
                    ..About::default()
                }))
            }
            "removed" => Err(ApiError::forbidden(
                "removed",
                format!(
                    "You left {name} or were removed after this invitation was created. Ask for a new one."
                ),
            )),
            "already_member" => {
                let detail = format!("You are a member of {name} already.");
                Err(ApiError::conflict("already_member", detail).about(About {
                    organization_id: self.organization,
                    ..About::default()
                }))
            }
            "closed" => Err(ApiError::refused(
                StatusCode::GONE,
                CLOSED,
                "This invitation expired, was revoked or was used up. Ask for a new one.",
            )),
            "no_room" => Err(organizations::too_many()),
            _ => Err(ApiError::NotFound),
        }
    }
}
