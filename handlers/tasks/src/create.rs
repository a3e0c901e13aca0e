//! `POST /api/tasks`.

use axum::{extract::State, response::Response};
use http::StatusCode;
use miyabi_core::{
    ApiError, Caller, Db, ETag, Event, IdempotencyKey, Json, Line, Metadata, Once, Permission,
    Problem, Text, Timestamp, permission::tasks,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{Priority, Status, Task, fields::Fields, hierarchy, label_ids::LabelIds};

/// A task to make.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTask {
    /// What is to be done, in a line.
    title: Line<200>,
    /// What is to be done, at length.
    #[serde(default)]
    description: Text<20_000>,
    /// Where it stands already; `pending` when not given.
    #[serde(default = "pending")]
    status: Status,
    /// How urgent it is; `p2` when not given.
    #[serde(default)]
    priority: Priority,
    /// Who is to do it: a member of the organization. Needs `tasks.assign`.
    #[serde(default)]
    assignee_id: Option<Uuid>,
    /// The task that it is a part of.
    #[serde(default)]
    parent_id: Option<Uuid>,
    /// When it must be done.
    #[serde(default)]
    due_at: Option<Timestamp>,
    /// Its labels, 20 at most.
    #[serde(default)]
    #[schema(value_type = Vec<Uuid>)]
    label_ids: LabelIds,
    /// Whatever programs keep with it: an object of up to 16 KiB.
    #[serde(default)]
    #[schema(value_type = Object)]
    metadata: Metadata,
}

fn pending() -> Status {
    Status::Pending
}

/// Makes a task.
///
/// With an `Idempotency-Key` the same request can be sent again for 24 hours: it has its effect
/// once, and the answer is the same.
#[utoipa::path(
    post,
    path = "/api/tasks",
    tag = "tasks",
    params(("Idempotency-Key" = Option<String>, Header, description = "1 to 255 visible ASCII characters, a new one for each request.")),
    request_body = NewTask,
    responses(
        (status = 201, description = "The task.", body = Task, headers(("ETag" = String, description = "Its version, for `If-Match`."))),
        (status = 422, description = "`invalid`, `idempotency_key_reused`", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn create(
    caller: Caller<tasks::Write>,
    State(db): State<Db>,
    key: Result<IdempotencyKey, ApiError>,
    body: Result<Json<NewTask>, ApiError>,
) -> Result<Response, ApiError> {
    let mut tx = db.write(&caller).await?;
    let (key, Json(new)) = (key?, body?);
    if new.assignee_id.is_some() {
        tx = tx.require(Permission::TasksAssign).await?;
    }
    let first = match key.take(&mut tx, &caller, "POST /api/tasks", &new).await? {
        Once::First(first) => first,
        Once::Again(answer) => return tx.rollback().await.map(|()| answer),
    };
    if new.parent_id.is_some() {
        hierarchy::lock(&mut tx, caller.organization_id()).await?;
    }
    let id = Uuid::now_v7();
    let fields = Fields::from(new);
    let line = fields
        .insert(&mut tx, caller.organization_id(), caller.user_id(), id)
        .await?;
    tx.audit(line).await?;
    tx.emit(Event::TaskChanged { id });
    let task = Task::find(&mut tx, id).await?;
    let etag = ETag(task.version);
    let answer = first
        .answer(&mut tx, StatusCode::CREATED, etag, &task)
        .await?;
    tx.commit().await?;
    Ok(answer)
}

impl From<NewTask> for Fields {
    fn from(new: NewTask) -> Fields {
        Fields {
            title: new.title.into(),
            description: new.description.into(),
            status: new.status,
            priority: new.priority,
            assignee_id: new.assignee_id,
            parent_id: new.parent_id,
            due_at: new.due_at,
            label_ids: new.label_ids,
            metadata: new.metadata.to_json(),
        }
    }
}
