//! The refresh cookie for an access token: exchanged at each use, for the one child that it has.
//!
//! The child is derived from the token and the stage's key, so that everybody who comes with the
//! same token within the grace gets the same child, although only hashes are stored: a second tab,
//! twenty at once, and who never got the first answer.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use miyabi_core::{ApiError, App, Audit, Json, Problem, Tx};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    access::{self, AccessToken},
    cookies,
    csrf::RefreshCookie,
    family::{self, Family, Standing},
    opaque::Opaque,
    organizations::{self, Membership},
};

/// Gives a new access token and the next refresh cookie.
#[utoipa::path(
    post, path = "/api/auth/refresh", tag = "auth",
    responses(
        (status = 200, body = AccessToken),
        (status = 403, description = "Not from this site; or a member of no organization any more", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn refresh(
    State(app): State<App>,
    cookie: RefreshCookie,
) -> Result<Response, ApiError> {
    let csrf = cookie.csrf.clone();
    let (mut tx, family) = family::prove(&app, cookie).await?;
    let membership = organizations::enter(&mut tx, family.organization)
        .await?
        .ok_or_else(|| {
            ApiError::forbidden(
                "no_organization",
                "You are a member of no organization any more. Sign in again to begin one of your own.",
            )
        })?;
    exchange(&app, tx, &family, membership, &csrf).await
}

/// The organization to go on in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Switch {
    /// Its id.
    organization_id: Uuid,
}

/// Gives an access token for another organization of the same person.
#[utoipa::path(
    post, path = "/api/auth/switch", tag = "auth", request_body = Switch,
    responses(
        (status = 200, body = AccessToken),
        (status = 404, description = "No organization of this person", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn switch(
    State(app): State<App>,
    cookie: RefreshCookie,
    Json(body): Json<Switch>,
) -> Result<Response, ApiError> {
    let csrf = cookie.csrf.clone();
    let (mut tx, family) = family::prove(&app, cookie).await?;
    let memberships = organizations::all(&mut tx).await?;
    let membership = memberships
        .into_iter()
        .find(|membership| membership.id == body.organization_id)
        .ok_or(ApiError::NotFound)?;
    tx.select_organization(membership.id).await?;
    let before = json!({ "organization_id": family.organization });
    tx.audit(Audit::new("auth.switch", "session", family.session).before(before))
        .await?;
    exchange(&app, tx, &family, membership, &csrf).await
}

/// Exchanges the token of a session for its child, and commits.
async fn exchange(
    app: &App,
    mut tx: Tx,
    family: &Family,
    membership: Membership,
    csrf: &Opaque,
) -> Result<Response, ApiError> {
    let organization = membership.id;
    let child = match &family.standing {
        Standing::Newest { generation } => {
            let child = derive(app, &family.token).await?;
            insert(&mut tx, family, &child, *generation).await?;
            child
        }
        Standing::Exchanged { child_hash } => find_derived(app, &family.token, child_hash).await?,
    };
    sqlx::query!(
        "update sessions set last_seen_at = clock_timestamp(), selected_organization_id = $2 where id = $1",
        family.session,
        organization
    )
    .execute(&mut *tx)
    .await?;
    let token = access::issue(app, &mut tx, family.user, family.session, membership).await?;
    tx.commit().await?;
    Ok((cookies::of_session(&child, csrf), Json(token)).into_response())
}

const PURPOSE: &str = "refresh token of";

/// The child of a token, by the key that we know as the current one.
async fn derive(app: &App, parent: &Opaque) -> Result<Opaque, ApiError> {
    let derived = app.keys()?.mac(PURPOSE, parent.bytes()).await?;
    let first = derived.first().copied().map(Opaque::of);
    first.ok_or_else(|| ApiError::Internal("There is no signing key.".to_owned()))
}

/// The child with that hash: by a key that we know, or by one that somebody else knew already.
async fn find_derived(app: &App, parent: &Opaque, hash: &[u8]) -> Result<Opaque, ApiError> {
    let is_it = |child: &Opaque| child.hash() == hash;
    let keys = app.keys()?;
    let known = keys.mac(PURPOSE, parent.bytes()).await?;
    if let Some(child) = known.into_iter().map(Opaque::of).find(is_it) {
        return Ok(child);
    }
    let fresh = keys.fresh_mac(PURPOSE, parent.bytes()).await?;
    fresh
        .into_iter()
        .map(Opaque::of)
        .find(is_it)
        .ok_or_else(|| {
            ApiError::Unavailable("A refresh token was derived from a key that is gone.".to_owned())
        })
}

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
