//! Who calls: the access token or API token of the request, verified.
//!
//! Extracting a [`Caller`] proves who somebody is. What they may do is asked of the database when
//! the transaction opens, in the same round trip: see [`crate::Db`].

use std::{marker::PhantomData, sync::Arc};

use axum::extract::{FromRef, FromRequestParts, MatchedPath};
use http::{HeaderMap, header, request::Parts};
use miyabi_catalog::{Limit, limits::Counts};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::{
    ApiError, App, api_token,
    credential::Credential,
    keys::{KeySet, Keys},
    limits::Subject,
    permission::{OfSession, Requires, SignedIn},
    request,
    token::Claims,
};

/// A user with a valid access token or API token, who must have the permission `P`.
#[derive(Debug)]
pub struct Caller<P: Requires = SignedIn> {
    credential: Credential,
    keys: Arc<KeySet>,
    permission: PhantomData<P>,
}

impl<P: Requires> Caller<P> {
    /// The user.
    pub fn user_id(&self) -> Uuid {
        self.credential.user()
    }

    /// The organization that the token is good for.
    pub fn organization_id(&self) -> Uuid {
        self.credential.organization()
    }

    pub(crate) fn credential(&self) -> &Credential {
        &self.credential
    }

    /// Makes a cursor: a position in a list, opaque and unforgeable, good only for this
    /// organization and this `scope`, which names the list, its sort and its filters.
    ///
    /// # Errors
    ///
    /// 500 when position or scope cannot be serialized.
    pub fn seal_cursor(
        &self,
        scope: &impl Serialize,
        position: &impl Serialize,
    ) -> Result<String, ApiError> {
        let payload =
            serde_json::to_vec(position).map_err(|error| ApiError::Internal(error.to_string()))?;
        Ok(self.keys.seal(&self.scope(scope)?, &payload))
    }

    /// The position that [`Caller::seal_cursor`] put into a cursor for the same scope.
    ///
    /// # Errors
    ///
    /// 400 when it is not from there: changed, of another organization, another sort or filter.
    pub fn open_cursor<T: DeserializeOwned>(
        &self,
        scope: &impl Serialize,
        cursor: &str,
    ) -> Result<T, ApiError> {
        let refused = || {
            ApiError::bad_request(
                "bad_cursor",
                "The cursor is not one of this list with this sort and these filters. Begin without a cursor.",
            )
        };
        let payload = self
            .keys
            .open(&self.scope(scope)?, cursor)
            .ok_or_else(refused)?;
        serde_json::from_slice(&payload).map_err(|_| refused())
    }

    fn scope(&self, scope: &impl Serialize) -> Result<Vec<u8>, ApiError> {
        serde_json::to_vec(&(self.organization_id(), scope))
            .map_err(|error| ApiError::Internal(error.to_string()))
    }
}

impl<P: OfSession> Caller<P> {
    /// The session that the access token belongs to.
    ///
    /// # Errors
    ///
    /// 500 for an API token, which the extractor refuses.
    pub fn session_id(&self) -> Result<Uuid, ApiError> {
        Ok(self.claims()?.sid)
    }

    /// Everything that the access token says.
    ///
    /// # Errors
    ///
    /// As [`Caller::session_id`].
    pub fn claims(&self) -> Result<&Claims, ApiError> {
        match &self.credential {
            Credential::Session(claims) => Ok(claims),
            Credential::ApiToken(_) => Err(ApiError::Internal(
                "An API token has no session.".to_owned(),
            )),
        }
    }
}

impl<S, P> FromRequestParts<S> for Caller<P>
where
    S: Send + Sync,
    P: Requires,
    App: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let token = bearer(&parts.headers)?;
        let app = App::from_ref(state);
        let (credential, keys) = verify(&app, app.keys()?, token).await?;
        request::set_caller(credential.user(), credential.organization());
        count(&app, &credential, parts)?;
        let caller = Caller {
            credential,
            keys,
            permission: PhantomData,
        };
        // Here, and not only when a transaction opens: no handler of such a route runs.
        if P::SESSION_ONLY && caller.credential.api_token().is_some() {
            app.db().write(&caller).await?;
            return Err(ApiError::Internal(
                "An API token was let in where a session is needed.".to_owned(),
            ));
        }
        Ok(caller)
    }
}

/// Counts a request for its caller and API token, and for the limit that its route has of each
/// person.
fn count(app: &App, credential: &Credential, parts: &Parts) -> Result<(), ApiError> {
    let person = Subject::Id(credential.user());
    app.limits().count(Limit::Person, person)?;
    if let Some(token) = credential.api_token() {
        app.limits().count(Limit::ApiToken, Subject::Id(token))?;
    }
    let route = parts.extensions.get::<MatchedPath>();
    match route.and_then(|route| Limit::of_route(parts.method.as_str(), route.as_str())) {
        Some(limit) if limit.counts() == Counts::People => app.limits().count(limit, person),
        _ => Ok(()),
    }
}

async fn verify(
    app: &App,
    keys: &Keys,
    token: &str,
) -> Result<(Credential, Arc<KeySet>), ApiError> {
    if !api_token::is_one(token) {
        let (claims, keys) = keys.verify(token).await?;
        return Ok((Credential::Session(claims), keys));
    }
    let refused = || ApiError::unauthenticated("The access token is not accepted.");
    let hash = api_token::parse(token).ok_or_else(refused)?;
    let owner = app.db().find_api_token(hash).await?.ok_or_else(refused)?;
    // For cursors alone.
    Ok((Credential::ApiToken(owner), keys.to_verify().await?))
}

/// The token of `Authorization: Bearer ..`.
fn bearer(headers: &HeaderMap) -> Result<&str, ApiError> {
    let missing =
        || ApiError::unauthenticated("This needs an access token in `Authorization: Bearer ..`.");
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next().ok_or_else(missing)?;
    if values.next().is_some() {
        return Err(missing());
    }
    let (scheme, token) = value
        .to_str()
        .ok()
        .and_then(|value| value.split_once(' '))
        .ok_or_else(missing)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(missing());
    }
    Ok(token)
}
