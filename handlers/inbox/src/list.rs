//! `GET /api/notifications`.

use axum::extract::State;
use miyabi_core::{
    ApiError, Caller, Db, Json, Limit, Page, Problem, Query, Timestamp, permission::tasks,
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::notification::{Notification, Row};

/// Query parameters of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListNotificationsQuery {
    /// Which notifications; `inbox` when it is missing.
    #[param(inline)]
    state: Option<Shown>,
    /// `next_cursor` of the previous page, of the same state.
    #[param(min_length = 1, pattern = "^[A-Za-z0-9_-]+$")]
    cursor: Option<String>,
    /// Maximum number of items, 1 to 100.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 100, default = 50)]
    limit: Option<String>,
}

/// Which notifications a list has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = NotificationState)]
pub(crate) enum Shown {
    /// Read or not, neither archived nor snoozed.
    Inbox,
    /// Those of the inbox that are unread.
    Unread,
    /// Those of the inbox that were read.
    Read,
    /// Not archived, and snoozed until later.
    Snoozed,
    /// Archived.
    Archived,
}

impl Shown {
    fn as_str(self) -> &'static str {
        match self {
            Shown::Inbox => "inbox",
            Shown::Unread => "unread",
            Shown::Read => "read",
            Shown::Snoozed => "snoozed",
            Shown::Archived => "archived",
        }
    }
}

/// Lists the notifications of the caller, the one with the newest cause first.
///
/// Those of deleted tasks are left out.
#[utoipa::path(
    get,
    path = "/api/notifications",
    tag = "inbox",
    operation_id = "listNotifications",
    params(ListNotificationsQuery),
    responses(
        (status = 200, description = "A page of notifications.", body = Page<Notification>),
        (status = 400, description = "`bad_cursor`: not a cursor of this list. `bad_limit`.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid`: an unknown state.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn list(
    caller: Caller<tasks::Read>,
    State(db): State<Db>,
    query: Result<Query<ListNotificationsQuery>, ApiError>,
) -> Result<Json<Page<Notification>>, ApiError> {
    let mut tx = db.read(&caller).await?;
    let Query(query) = query?;
    let limit = Limit::parse(query.limit.as_deref())?;
    let shown = query.state.unwrap_or(Shown::Inbox);
    let scope = ("notifications", caller.user_id(), shown);
    let open = |cursor: &String| caller.open_cursor::<(Timestamp, Uuid)>(&scope, cursor);
    let before = query.cursor.as_ref().map(open).transpose()?;
    let (before_at, before_id) = before.map(|(at, id)| (at.get(), id)).unzip();
    let rows = sqlx::query_as!(
        Row,
        r#"select n.id, n.task_id, t.title, n.reasons, n.actor_id, u.login, u.name, u.avatar_url,
                n.created_at as "created_at: Timestamp", n.updated_at as "updated_at: Timestamp",
                n.read_at as "read_at: Timestamp", n.archived_at as "archived_at: Timestamp",
                n.snoozed_until as "snoozed_until: Timestamp"
           from notifications n
           join tasks t on t.organization_id = n.organization_id and t.id = n.task_id and t.deleted_at is null
           join users u on u.id = n.actor_id
           where n.organization_id = $1 and n.user_id = $2
                and (n.archived_at is not null) = ($3 = 'archived')
                and ($3 = 'archived' or coalesce(n.snoozed_until > now(), false) = ($3 = 'snoozed'))
                and ($3 not in ('unread', 'read') or (n.read_at is null) = ($3 = 'unread'))
                and ($4::timestamptz is null or (n.updated_at, n.id) < ($4, $5::uuid))
           order by n.updated_at desc, n.id desc limit $6"#,
        caller.organization_id(),
        caller.user_id(),
        shown.as_str(),
        before_at,
        before_id,
        limit.rows(),
    )
    .fetch_all(&mut *tx)
    .await?;
    tx.commit().await?;
    let items: Vec<Notification> = rows.into_iter().map(Notification::from).collect();
    let page = Page::new(&items, limit, |last| {
        caller.seal_cursor(&scope, &(items[last].updated_at, items[last].id))
    })?;
    Ok(Json(page))
}
