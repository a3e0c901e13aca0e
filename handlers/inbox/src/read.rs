//! `POST /api/notifications/read`.

use axum::{extract::State, response::Response};
use miyabi_core::{ApiError, Caller, Db, Json, permission::tasks};
use serde::{Deserialize, Deserializer, Serialize, de};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::signal;

/// Most ids of one request.
const MAX: usize = 100;

/// Notifications to mark as read.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReadNotifications {
    /// Ids of notifications, at most 100; null or missing: all of the caller in the organization.
    #[serde(default, deserialize_with = "bounded")]
    #[schema(value_type = Option<HashSet<Uuid>>, max_items = 100)]
    ids: Option<Vec<Uuid>>,
}

fn bounded<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<Uuid>>, D::Error> {
    let Some(mut ids) = Option::<Vec<Uuid>>::deserialize(deserializer)? else {
        return Ok(None);
    };
    if ids.len() > MAX {
        return Err(de::Error::custom(format_args!("must be at most {MAX} ids")));
    }
    let given = ids.len();
    ids.sort_unstable();
    ids.dedup();
    if ids.len() < given {
        return Err(de::Error::custom("must name each notification once"));
    }
    Ok(Some(ids))
}

/// What was marked.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NotificationsRead {
    /// Number of notifications that were unread.
    #[schema(minimum = 0)]
    read: u64,
}

/// Marks notifications of the caller as read.
///
/// Ids that are not of notifications of the caller are ignored.
#[utoipa::path(
    post,
    path = "/api/notifications/read",
    tag = "inbox",
    operation_id = "readNotifications",
    request_body = ReadNotifications,
    responses((status = 200, description = "They are read.", body = NotificationsRead)),
)]
pub(crate) async fn read(
    caller: Caller<tasks::Read>,
    State(db): State<Db>,
    body: Result<Json<ReadNotifications>, ApiError>,
) -> Result<Response, ApiError> {
    let mut tx = db.write(&caller).await?;
    let Json(ReadNotifications { ids }) = body?;
    let done = sqlx::query!(
        "update notifications set read_at = now()
         where organization_id = $1 and user_id = $2 and read_at is null and ($3::uuid[] is null or id = any($3))",
        caller.organization_id(),
        caller.user_id(),
        ids.as_deref(),
    )
    .execute(&mut *tx)
    .await?;
    let read = done.rows_affected();
    if read > 0 {
        signal::send(&mut tx, caller.organization_id(), caller.user_id()).await?;
    }
    tx.commit_with((), &NotificationsRead { read }).await
}
