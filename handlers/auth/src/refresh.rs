//! The refresh cookie for an access token: exchanged at each use, for the one child that it has.
//!
//! The child is derived from the token and the stage's key, so that everybody who comes with the
//! same token within the grace gets the same child, although only hashes are stored: a second tab,
//! twenty at once, and who never got the first answer.

use axum::{extract::State, response::Response};
use miyabi_core::{ApiError, App, Audit, Json, KeySet, Opaque, Problem, Tx};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    access::{self, AccessToken},
    cookies,
    csrf::RefreshCookie,
    family::{self, Family, Standing},
    organizations::{self, Membership},
};

/// Issues a new access token.
///
/// Also sets the next refresh cookie.
#[utoipa::path(
    post, path = "/api/auth/refresh", tag = "auth", operation_id = "refreshToken",
    responses(
        (status = 200, description = "The access token.", body = AccessToken),
        (status = 403, description = "`csrf`: the request does not come from a page of this site. `no_organization`: the caller is not a member of any organization.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn refresh(
    State(app): State<App>,
    cookie: RefreshCookie,
) -> Result<Response, ApiError> {
    exchange(&app, &cookie, None).await
}

/// The organization to switch to.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Switch {
    /// Id of the organization.
    organization_id: Uuid,
}

/// Switches to another organization.
///
/// Issues an access token for it, and sets the next refresh cookie.
#[utoipa::path(
    post, path = "/api/auth/switch", tag = "auth", operation_id = "switchOrganization", request_body = Switch,
    responses(
        (status = 200, description = "The access token.", body = AccessToken),
        (status = 404, description = "`not_found`: the caller is not a member of this organization.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn switch(
    State(app): State<App>,
    cookie: RefreshCookie,
    body: Result<Json<Switch>, ApiError>,
) -> Result<Response, ApiError> {
    let asked = match body {
        Ok(Json(body)) => body.organization_id,
        // Whoever is not signed in is told that, and nothing about the body.
        Err(error) => return Err(family::prove(&app, &cookie).await.err().unwrap_or(error)),
    };
    exchange(&app, &cookie, Some(asked)).await
}

/// Exchanges the cookie, for a token of the organization that was asked for or of the present one.
///
/// The signing keys are read before the transaction opens, so that no lock waits for Secrets
/// Manager. When another environment derived the child with a key that this one does not know yet,
/// it is done once more with the keys as they are in the secret now.
async fn exchange(
    app: &App,
    cookie: &RefreshCookie,
    asked: Option<Uuid>,
) -> Result<Response, ApiError> {
    let keys = app.keys()?;
    if let Some(response) = try_exchange(app, cookie, asked, &*keys.to_sign().await?).await? {
        return Ok(response);
    }
    let current = keys.current().await?;
    let response = try_exchange(app, cookie, asked, &current).await?;
    response.ok_or_else(|| {
        ApiError::Unavailable("A refresh token was derived from a key that is gone.".to_owned())
    })
}

/// `None`: the child was derived from another key than these.
async fn try_exchange(
    app: &App,
    cookie: &RefreshCookie,
    asked: Option<Uuid>,
    keys: &KeySet,
) -> Result<Option<Response>, ApiError> {
    let (mut tx, family) = family::prove(app, cookie).await?;
    let Some(child) = child(&mut tx, &family, keys).await? else {
        tx.rollback().await?;
        return Ok(None);
    };
    let membership = match asked {
        None => present(&mut tx, &family).await?,
        Some(asked) => match switch_to(&mut tx, &family, asked).await? {
            Some(membership) => membership,
            None => return Err(refuse_switch(app, cookie, tx, asked).await),
        },
    };
    sqlx::query!(
        "update sessions set last_seen_at = clock_timestamp(), selected_organization_id = $2 where id = $1",
        family.session,
        membership.id
    )
    .execute(&mut *tx)
    .await?;
    let token = access::issue(app, keys, family.user, family.session, membership)?;
    let cookies = cookies::of_session(&child, &cookie.csrf);
    tx.commit_with(cookies, &token).await.map(Some)
}

/// The organization that the session is in, or the first one when it is no longer there.
async fn present(tx: &mut Tx, family: &Family) -> Result<Membership, ApiError> {
    let membership = organizations::enter(tx, family.organization).await?;
    membership.ok_or_else(|| {
        ApiError::forbidden(
            "no_organization",
            "You are a member of no organization any more. Sign in again to begin one of your own.",
        )
    })
}

/// `None`: it is not an organization of the user.
async fn switch_to(
    tx: &mut Tx,
    family: &Family,
    asked: Uuid,
) -> Result<Option<Membership>, ApiError> {
    let memberships = organizations::all(tx).await?;
    let found = memberships
        .into_iter()
        .find(|membership| membership.id == asked);
    if found.is_some() {
        tx.select_organization(asked).await?;
        let before = json!({ "organization_id": family.organization });
        tx.audit(Audit::new("auth.switch", "session", family.session).before(before))
            .await?;
    }
    Ok(found)
}

/// 404, with a line in the trail of the organization that the session is in. The same for an
/// organization of others and for none. The cookie stays good: nothing else is committed.
async fn refuse_switch(app: &App, cookie: &RefreshCookie, tx: Tx, asked: Uuid) -> ApiError {
    let refused = async {
        tx.rollback().await?;
        let (mut tx, family) = family::prove(app, cookie).await?;
        let present = organizations::enter(&mut tx, family.organization).await?;
        if present.is_some() {
            let after = json!({ "organization_id": asked });
            let line = Audit::denied("auth.switch", "session", family.session).after(after);
            tx.audit_refusal(line).await?;
        }
        tx.commit().await
    };
    match refused.await {
        Ok(()) => ApiError::NotFound,
        Err(error) => error,
    }
}

/// The child of the family's token: made with the current key, or found again.
async fn child(tx: &mut Tx, family: &Family, keys: &KeySet) -> Result<Option<Opaque>, ApiError> {
    let derived = keys.mac(PURPOSE, family.token.bytes());
    let mut derived = derived.into_iter().map(Opaque::of);
    match &family.standing {
        Standing::Exchanged { child_hash } => Ok(derived.find(|child| child.hash() == *child_hash)),
        Standing::Newest { generation } => {
            let child = derived
                .next()
                .ok_or_else(|| ApiError::Internal("There is no signing key.".to_owned()))?;
            insert(tx, family, &child, *generation).await?;
            Ok(Some(child))
        }
    }
}

const PURPOSE: &str = "refresh token of";

async fn insert(
    tx: &mut Tx,
    family: &Family,
    child: &Opaque,
    generation: i64,
) -> Result<(), ApiError> {
    sqlx::query!(
        "with used as (
            update refresh_tokens set used_at = clock_timestamp() where token_hash = $3
         )
         insert into refresh_tokens (token_hash, session_id, parent_hash, generation, expires_at)
         select $1, id, $3, $4, least(clock_timestamp() + make_interval(secs => $5), expires_at)
         from sessions where id = $2",
        child.hash(),
        family.session,
        family.token.hash(),
        generation + 1,
        f64::from(cookies::IDLE),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
