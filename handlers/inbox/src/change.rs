//! `PATCH /api/notifications/{notification_id}`.

use axum::{extract::State, response::Response};
use miyabi_core::{ApiError, Caller, Db, Json, Path, Timestamp, permission::tasks};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    notification::{Notification, Row},
    signal,
};

/// A change to a notification, as a JSON merge patch (RFC 7396). Absent members stay unchanged.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NotificationChange {
    /// Whether it was read.
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(nullable = false)]
    read: Option<bool>,
    /// Whether it is archived.
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(nullable = false)]
    archived: Option<bool>,
    /// Time before which it is not in the inbox; null ends it.
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<Timestamp>)]
    snoozed_until: Option<Option<Timestamp>>,
}

/// A member that is present, null or not: null is a value of the field that allows it.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Updates a notification of the caller.
///
/// Nobody else changes it, so it has no version: the last change counts.
#[utoipa::path(
    patch,
    path = "/api/notifications/{notification_id}",
    tag = "inbox",
    operation_id = "updateNotification",
    params(("notification_id" = Uuid, Path, description = "Id of the notification.")),
    request_body = NotificationChange,
    responses((status = 200, description = "The notification.", body = Notification)),
)]
pub(crate) async fn change(
    caller: Caller<tasks::Read>,
    State(db): State<Db>,
    path: Result<Path<Uuid>, ApiError>,
    body: Result<Json<NotificationChange>, ApiError>,
) -> Result<Response, ApiError> {
    let mut tx = db.write(&caller).await?;
    let (Path(id), Json(change)) = (path?, body?);
    let snoozed_until = change.snoozed_until.flatten().map(Timestamp::get);
    // What is read or archived already keeps its time.
    sqlx::query!(
        "update notifications set
            read_at = case when $2 then coalesce(read_at, now()) when not $2 then null else read_at end,
            archived_at = case when $3 then coalesce(archived_at, now()) when not $3 then null else archived_at end,
            snoozed_until = case when $4 then $5 else snoozed_until end
         where id = $1",
        id,
        change.read as Option<bool>,
        change.archived as Option<bool>,
        change.snoozed_until.is_some(),
        snoozed_until,
    )
    .execute(&mut *tx)
    .await?;
    let row = sqlx::query_as!(
        Row,
        r#"select n.id, n.task_id, t.title, n.reasons, n.actor_id, u.login, u.name, u.avatar_url,
                n.created_at as "created_at: Timestamp", n.updated_at as "updated_at: Timestamp",
                n.read_at as "read_at: Timestamp", n.archived_at as "archived_at: Timestamp",
                n.snoozed_until as "snoozed_until: Timestamp"
           from notifications n
           join tasks t on t.organization_id = n.organization_id and t.id = n.task_id and t.deleted_at is null
           join users u on u.id = n.actor_id
           where n.id = $1"#,
        id,
    )
    .fetch_optional(&mut *tx)
    .await?
    .ok_or(ApiError::NotFound)?;
    signal::send(&mut tx, caller.organization_id(), caller.user_id()).await?;
    tx.commit_with((), &Notification::from(row)).await
}
