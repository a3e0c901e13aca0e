//! The account of the caller: its deletion in 14 days, a change of mind, and everything that is kept
//! about it.
//!
//! Nothing is deleted here: the schedule does it when the time has come (`app.delete_accounts`). Until
//! then the account works as before. What somebody wrote in an organization belongs to it and stays,
//! as that of a former member.

use axum::{extract::State, response::Response};
use http::StatusCode;
use miyabi_core::{
    About, ApiError, Audit, Caller, Db, Json, NdjsonPart, Problem, Query, RawJson, Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Rows that are read at once: what is kept in memory beside the part itself.
const AT_ONCE: i32 = 200;

/// What `app.my_data` knows, in the order of an export.
const TABLES: [&str; 7] = [
    "user",
    "sessions",
    "memberships",
    "api_tokens",
    "notifications",
    "tasks",
    "task_comments",
];

/// The account of the caller.
#[derive(Serialize, ToSchema)]
pub(crate) struct Account {
    /// Time at which it is deleted; null when nobody asked for it.
    deletes_at: Option<Timestamp>,
}

/// Gets the account of the caller.
#[utoipa::path(
    get, path = "/api/account", tag = "account", operation_id = "getAccount",
    responses((status = 200, description = "The account.", body = Account))
)]
pub(crate) async fn get(caller: Caller, State(db): State<Db>) -> Result<Json<Account>, ApiError> {
    let mut tx = db.read(&caller).await?;
    let deletes_at = sqlx::query_scalar!(
        r#"select deletes_at as "deletes_at: Timestamp" from users where id = $1"#,
        caller.user_id()
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or(ApiError::NotFound)?;
    tx.commit().await?;
    Ok(Json(Account { deletes_at }))
}

/// Has the account of the caller deleted in 14 days.
///
/// Until then it works as before, and `POST /api/account/keep` keeps it. Then name, login, address and
/// picture are forgotten, sessions and API tokens end, and what the caller wrote is that of a former
/// member. Organizations in which the caller is alone are deleted with it.
#[utoipa::path(
    delete, path = "/api/account", tag = "account", operation_id = "deleteAccount",
    responses(
        (status = 200, description = "When it is deleted.", body = Account),
        (status = 409, description = "`last_owner`: the caller is the only owner of organizations with other members; the problem names them.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn delete(caller: Caller, State(db): State<Db>) -> Result<Response, ApiError> {
    let user = caller.user_id();
    let mut tx = db.write(&caller).await?;
    let requested = sqlx::query!(
        r#"select verdict as "verdict!", organizations as "organizations!", deletion as "deletion: Timestamp"
           from app.request_account_deletion()"#
    )
    .fetch_one(&mut *tx)
    .await?;
    if requested.verdict == "last_owner" {
        let organizations = requested.organizations;
        let names = organizations.join(", ");
        let after = json!({ "reason": "last_owner", "organizations": &organizations });
        tx.audit_refusal(Audit::denied("account.request_deletion", "user", user).after(after))
            .await?;
        tx.commit().await?;
        return Err(ApiError::conflict(
            "last_owner",
            format!(
                "You are the only owner of {names}. Make another member an owner, or delete the organization, and then the account."
            ),
        )
        .about(About {
            organizations,
            ..About::default()
        }));
    }
    let deletes_at = requested.deletion;
    let line = Audit::new("account.request_deletion", "user", user);
    tx.audit(line.after(json!({ "deletes_at": deletes_at })))
        .await?;
    tx.commit_with((), &Account { deletes_at }).await
}

/// Keeps the account of the caller, whose deletion was requested.
#[utoipa::path(
    post, path = "/api/account/keep", tag = "account", operation_id = "keepAccount",
    responses((status = 204, description = "The account is not deleted."))
)]
pub(crate) async fn keep(caller: Caller, State(db): State<Db>) -> Result<StatusCode, ApiError> {
    let mut tx = db.write(&caller).await?;
    let was_due = sqlx::query_scalar!(r#"select app.cancel_account_deletion() as "was_due!""#)
        .fetch_one(&mut *tx)
        .await?;
    if was_due {
        tx.audit(Audit::new("account.keep", "user", caller.user_id()))
            .await?;
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Query parameters of the export.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Export {
    /// `X-Next-Cursor` of the previous part.
    #[param(min_length = 1, pattern = "^[A-Za-z0-9_-]+$")]
    cursor: Option<String>,
}

/// The table in which a part begins, by its place in [`TABLES`], and the last row of it that was in
/// the part before.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Position {
    table: usize,
    after: Option<Uuid>,
}

/// A line.
#[derive(Serialize)]
struct Line<'a> {
    table: &'a str,
    row: &'a RawJson,
}

/// Exports what is kept about the caller.
///
/// Each line is `{"table": "..", "row": {..}}`: the person, sessions, memberships, API tokens,
/// notifications, and the tasks and comments that the caller wrote in organizations that they are in. A
/// part has at most 4 MiB; the header `X-Next-Cursor` is the `cursor` of the next part, and is missing
/// in the last one. Each row is as it is when its part is read.
#[utoipa::path(
    get, path = "/api/account/export", tag = "account", operation_id = "exportAccount", params(Export),
    responses(
        (status = 200, description = "A part: one row a line.", body = String, content_type = "application/x-ndjson", headers(("X-Next-Cursor" = String, description = "Cursor of the next part; missing in the last one."))),
        (status = 400, description = "`bad_cursor`: not a cursor of this export.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn export(
    caller: Caller,
    State(db): State<Db>,
    query: Result<Query<Export>, ApiError>,
) -> Result<Response, ApiError> {
    let mut tx = db.read(&caller).await?;
    let Query(export) = query?;
    // Of this person alone: the rows of another one would be found after the same place.
    let scope = ("account", caller.user_id());
    let mut position = match &export.cursor {
        None => Position::default(),
        Some(cursor) => caller.open_cursor(&scope, cursor)?,
    };
    let mut part = NdjsonPart::default();
    while let Some(table) = TABLES.get(position.table) {
        let rows = sqlx::query!(
            r#"select key as "key!", data::text as "data!: RawJson" from app.my_data($1, $2, $3)"#,
            *table,
            position.after,
            AT_ONCE,
        )
        .fetch_all(&mut *tx)
        .await?;
        let is_last = i32::try_from(rows.len()).unwrap_or(AT_ONCE) < AT_ONCE;
        for row in rows {
            if !part.push(&Line {
                table,
                row: &row.data,
            })? {
                let cursor = caller.seal_cursor(&scope, &position)?;
                tx.commit().await?;
                return part.into_response(Some(cursor));
            }
            position.after = Some(row.key);
        }
        if is_last {
            position = Position {
                table: position.table + 1,
                after: None,
            };
        }
    }
    tx.commit().await?;
    part.into_response(None)
}
