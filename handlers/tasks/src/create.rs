//! `POST /api/tasks`.

use axum::{extract::State, response::Response};
use http::StatusCode;
use miyabi_core::{
    ApiError, Caller, Day, Db, ETag, Event, Idempotency, IdempotencyKey, Json, Line, Metadata,
    Permission, Problem, Text, Timestamp, permission::tasks,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    Priority, Status, Task,
    fields::{Fields, check_due},
    hierarchy,
    label_ids::LabelIds,
    notifications::Act,
};

/// A new task.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTask {
    /// One-line title.
    title: Line<200>,
    /// Description, of any number of lines.
    #[serde(default)]
    description: Text<20_000>,
    /// Initial status; `pending` by default.
    #[serde(default = "pending")]
    status: Status,
    /// Priority; `p2` by default.
    #[serde(default)]
    priority: Priority,
    /// Assignee, a member of the organization. Requires `tasks.assign`.
    #[serde(default)]
    assignee_id: Option<Uuid>,
    /// Parent task.
    #[serde(default)]
    parent_id: Option<Uuid>,
    /// Project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    project_id: Option<Uuid>,
    /// Exact time at which it is due.
    #[serde(default)]
    due_at: Option<Timestamp>,
    /// Day on which it is due. Cannot be given with `due_at`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    due_on: Option<Day>,
    /// Labels, at most 20.
    #[serde(default)]
    #[schema(value_type = HashSet<Uuid>, max_items = 20)]
    label_ids: LabelIds,
    /// Free members for programs, at most 16 KiB as JSON.
    #[serde(default)]
    #[schema(value_type = HashMap<String, serde_json::Value>)]
    metadata: Metadata,
}

impl NewTask {
    /// Whether it has an assignee, which needs `tasks.assign`.
    pub(crate) fn assigns(&self) -> bool {
        self.assignee_id.is_some()
    }
}

fn pending() -> Status {
    Status::Pending
}

/// Creates a task.
#[utoipa::path(
    post,
    path = "/api/tasks",
    tag = "tasks",
    operation_id = "createTask",
    params(IdempotencyKey),
    request_body = NewTask,
    responses(
        (status = 201, description = "The task.", body = Task, headers(("ETag" = String, description = "The version, for `If-Match`."))),
        (status = 422, description = "`invalid`: fields with invalid values, in `errors`. `idempotency_key_reused`.", body = Problem, content_type = "application/problem+json"),
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
    if new.assigns() {
        tx = tx.require(Permission::TasksAssign).await?;
    }
    check_due(new.due_at, new.due_on)?;
    let request = match key.take(&mut tx, &caller, "POST /api/tasks", &new).await? {
        Idempotency::Execute(request) => request,
        Idempotency::Replay(response) => return tx.rollback().await.map(|()| response),
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
    let task = Task::find(&mut tx, id).await?;
    Act::of(&caller, id).created(&mut tx, &fields).await?;
    tx.emit(Event::TaskChanged {
        id,
        version: task.version,
    });
    request
        .commit_with(tx, StatusCode::CREATED, ETag(task.version), &task)
        .await
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
            project_id: new.project_id,
            due_at: new.due_at,
            due_on: new.due_on,
            label_ids: new.label_ids,
            metadata: new.metadata.to_json(),
            rank: None,
        }
    }
}
