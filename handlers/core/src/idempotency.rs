//! `Idempotency-Key`: a request that is sent again has its effect once and gets the same answer.
//!
//! The key is a row in the transaction of the effect. Of two requests at the same time the second
//! waits for the first at the row's key; when the first is undone, so is its row.

use axum::{
    extract::FromRequestParts,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts};
use ring::digest;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::{
    IntoParams,
    openapi::{
        ObjectBuilder, Required,
        path::{Parameter, ParameterBuilder, ParameterIn},
        schema::Type,
    },
};
use uuid::Uuid;

use crate::{ApiError, Caller, Tx, answer, permission::Requires};

const HEADER: HeaderName = HeaderName::from_static("idempotency-key");

/// The key of the request, when it has one. 400 when it has two, or one that is not 1 to 255
/// visible ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(Option<String>);

impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<IdempotencyKey, ApiError> {
        parse(&parts.headers).map(IdempotencyKey)
    }
}

impl IntoParams for IdempotencyKey {
    fn into_params(_: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let key = ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^[!-~]{1,255}$"))
            .min_length(Some(1))
            .max_length(Some(255));
        let parameter = ParameterBuilder::new()
            .name("Idempotency-Key")
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .description(Some(
                "A new random value for each request, 1 to 255 visible ASCII characters. The same \
                 request sent again with the same key within 24 hours takes effect once and gets \
                 the same response, with the header `Idempotency-Replayed: true`. The same key with \
                 another body is 422 `idempotency_key_reused`.",
            ))
            .schema(Some(key));
        vec![parameter.build()]
    }
}

fn parse(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let mut values = headers.get_all(HEADER).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let key = value.to_str().ok().filter(|key| {
        values.next().is_none()
            && (1..=255).contains(&key.len())
            && key.bytes().all(|byte| byte.is_ascii_graphic())
    });
    match key {
        Some(key) => Ok(Some(key.to_owned())),
        None => Err(ApiError::bad_request(
            "bad_idempotency_key",
            "`Idempotency-Key` must be one value of 1 to 255 visible ASCII characters.",
        )),
    }
}

/// What to do with a request.
#[derive(Debug)]
pub enum Idempotency {
    /// It is new: execute it, and end with [`FirstRequest::commit_with`].
    Execute(FirstRequest),
    /// It was executed before: this is its response. There is nothing to commit.
    Replay(Response),
}

/// A request that was not executed before, and is executed by this transaction alone.
#[derive(Debug)]
pub struct FirstRequest {
    row: Option<Row>,
}

#[derive(Debug)]
struct Row {
    organization: Uuid,
    user: Uuid,
    route: &'static str,
    key: String,
}

impl IdempotencyKey {
    /// Takes the key for this request, in the transaction of its effect. `route` is its name in
    /// the catalogue, `POST /api/tasks`; `body` is what was asked.
    ///
    /// # Errors
    ///
    /// 422 when the key was used for another request; those of the database.
    pub async fn take<P: Requires>(
        self,
        tx: &mut Tx,
        caller: &Caller<P>,
        route: &'static str,
        body: &impl Serialize,
    ) -> Result<Idempotency, ApiError> {
        let Some(key) = self.0 else {
            return Ok(Idempotency::Execute(FirstRequest { row: None }));
        };
        let body =
            serde_json::to_vec(body).map_err(|error| ApiError::Internal(error.to_string()))?;
        let hash = digest::digest(&digest::SHA256, &body);
        let row = Row {
            organization: caller.organization_id(),
            user: caller.user_id(),
            route,
            key,
        };
        if row.take(tx, hash.as_ref()).await? {
            return Ok(Idempotency::Execute(FirstRequest { row: Some(row) }));
        }
        row.answer_again(tx, hash.as_ref())
            .await
            .map(Idempotency::Replay)
    }
}

impl Row {
    /// Whether the key was free, or free again after its day.
    async fn take(&self, tx: &mut Tx, hash: &[u8]) -> Result<bool, ApiError> {
        let taken = sqlx::query!(
            "insert into idempotency_keys as k (organization_id, user_id, route, key, request_hash)
             values ($1, $2, $3, $4, $5)
             on conflict (organization_id, user_id, route, key) do update
                set request_hash = excluded.request_hash, status = null, headers = null, body = null, answer = null,
                    created_at = now(), expires_at = now() + interval '24 hours'
                where k.expires_at < now()",
            self.organization,
            self.user,
            self.route,
            self.key,
            hash,
        )
        .execute(&mut **tx)
        .await?;
        Ok(taken.rows_affected() == 1)
    }

    async fn answer_again(&self, tx: &mut Tx, hash: &[u8]) -> Result<Response, ApiError> {
        let row = sqlx::query!(
            "select request_hash, status, headers, coalesce(answer, body::text) as answer from idempotency_keys
             where organization_id = $1 and user_id = $2 and route = $3 and key = $4",
            self.organization,
            self.user,
            self.route,
            self.key,
        )
        .fetch_one(&mut **tx)
        .await?;
        if row.request_hash != hash {
            return Err(ApiError::refused(
                StatusCode::UNPROCESSABLE_ENTITY,
                "idempotency_key_reused",
                "This `Idempotency-Key` was used for another request. Take a new one for each request.",
            ));
        }
        let status = row
            .status
            .and_then(|status| StatusCode::from_u16(u16::try_from(status).ok()?).ok());
        let (Some(status), Some(answer)) = (status, row.answer) else {
            return Err(ApiError::Internal(
                "An idempotency key was committed without its answer.".to_owned(),
            ));
        };
        let content_type = [(header::CONTENT_TYPE, "application/json")];
        let mut response = (status, content_type, answer).into_response();
        for (name, value) in row
            .headers
            .as_ref()
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            let name = HeaderName::try_from(name.as_str());
            let value = value.as_str().map(HeaderValue::from_str);
            if let (Ok(name), Some(Ok(value))) = (name, value) {
                response.headers_mut().insert(name, value);
            }
        }
        response
            .headers_mut()
            .insert("idempotency-replayed", HeaderValue::from_static("true"));
        Ok(response)
    }
}

impl FirstRequest {
    /// Commits with this answer, which is remembered for a day: see [`FirstRequest::answer`].
    ///
    /// # Errors
    ///
    /// Those of [`FirstRequest::answer`] and of [`Tx::commit`].
    pub async fn commit_with(
        self,
        mut tx: Tx,
        status: StatusCode,
        headers: impl axum::response::IntoResponseParts,
        body: &impl Serialize,
    ) -> Result<Response, ApiError> {
        let response = self.answer(&mut tx, status, headers, body).await?;
        tx.commit().await?;
        Ok(response)
    }

    /// The answer, remembered for a day. Commit after it. `headers` is what comes before the body
    /// in an axum answer, for example an [`crate::ETag`]; `ETag` and `Location` are remembered.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub async fn answer(
        self,
        tx: &mut Tx,
        status: StatusCode,
        headers: impl axum::response::IntoResponseParts,
        body: &impl Serialize,
    ) -> Result<Response, ApiError> {
        // Idempotency to text, and the same text now and when it is repeated.
        let body = answer::Body::new(body)?;
        let answer = body.text().to_owned();
        let response = (status, headers, body).into_response();
        let Some(row) = self.row else {
            return Ok(response);
        };
        let kept = [header::ETAG, header::LOCATION].map(|name| {
            let value = response
                .headers()
                .get(&name)
                .and_then(|value| value.to_str().ok());
            (name.as_str().to_owned(), json!(value))
        });
        sqlx::query!(
            "update idempotency_keys set status = $5, headers = $6, body = $7::text::jsonb, answer = $7
             where organization_id = $1 and user_id = $2 and route = $3 and key = $4",
            row.organization,
            row.user,
            row.route,
            row.key,
            i16::try_from(status.as_u16()).unwrap_or_default(),
            Value::from_iter(kept),
            answer,
        )
        .execute(&mut **tx)
        .await?;
        forget_old(tx, row.organization).await?;
        Ok(response)
    }
}

/// Forgets a few keys whose day is over, so that the table does not grow for ever.
async fn forget_old(tx: &mut Tx, organization: Uuid) -> Result<(), ApiError> {
    sqlx::query!(
        "delete from idempotency_keys where (organization_id, user_id, route, key) in (
            select organization_id, user_id, route, key from idempotency_keys
            where organization_id = $1 and expires_at < now() limit 10 for update skip locked)",
        organization
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests;
