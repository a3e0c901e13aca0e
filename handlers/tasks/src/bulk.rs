//! `POST /api/tasks/bulk`: changes to many tasks, all or none.

mod apply;

use std::collections::BTreeSet;

use axum::{extract::State, response::Response};
use http::StatusCode;
use miyabi_core::{
    ApiError, Caller, Db, Event, FieldError, Idempotency, IdempotencyKey, Json, Permission,
    Problem, permission::tasks,
};
use serde::{Deserialize, Deserializer, Serialize, de};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{TaskSummary, change::TaskChange, hierarchy, list, rank};

/// Most tasks of one request.
const MAX: usize = 100;

/// Changes to several tasks.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BulkChange {
    /// One change for each task, 1 to 100.
    #[serde(deserialize_with = "bounded")]
    #[schema(value_type = HashSet<BulkItem>, min_items = 1, max_items = 100)]
    items: Vec<BulkItem>,
}

/// What is done with one task: a change, its deletion, or its restoration.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BulkItem {
    /// Id of the task.
    id: Uuid,
    /// Version of the task that the change was made from.
    #[serde(deserialize_with = "from_one")]
    #[schema(minimum = 1)]
    version: i64,
    /// What is done with the task; `change` by default. `delete` and `restore` include its sub-tasks,
    /// and require `tasks.delete`.
    #[serde(default, skip_serializing_if = "BulkAction::is_change")]
    action: BulkAction,
    /// The change. Cannot be given with another action.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    change: Option<TaskChange>,
}

/// What is done with a task.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BulkAction {
    /// It is changed.
    #[default]
    Change,
    /// It is deleted.
    Delete,
    /// It is restored.
    Restore,
}

impl BulkAction {
    fn is_change(&self) -> bool {
        *self == BulkAction::Change
    }
}

/// The tasks after the changes.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BulkChanged {
    /// In the order of the request.
    items: Vec<TaskSummary>,
}

/// Versions count from 1.
fn from_one<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let version = i64::deserialize(deserializer)?;
    if version < 1 {
        return Err(de::Error::custom("must be 1 or more"));
    }
    Ok(version)
}

fn bounded<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<BulkItem>, D::Error> {
    let items = Vec::<BulkItem>::deserialize(deserializer)?;
    if !(1..=MAX).contains(&items.len()) {
        return Err(de::Error::custom(format_args!(
            "must be 1 to {MAX} changes"
        )));
    }
    let ids: BTreeSet<Uuid> = items.iter().map(|item| item.id).collect();
    if ids.len() < items.len() {
        return Err(de::Error::custom("must name each task once"));
    }
    Ok(items)
}

/// Updates, deletes or restores several tasks, all or none.
///
/// An error names its item. A task that is deleted or restored together with another one of the
/// request is not an error.
#[utoipa::path(
    post,
    path = "/api/tasks/bulk",
    tag = "tasks",
    operation_id = "updateTasks",
    params(IdempotencyKey),
    request_body = BulkChange,
    responses(
        (status = 200, description = "The tasks after the changes.", body = BulkChanged),
        (status = 409, description = "`bad_transition`: the status cannot change to this one. `too_many_subtasks`: more than 1,000 tasks would be deleted or restored. `parent_is_deleted`, `too_deep`: as for one task. `try_again`: somebody changed the same rows at the same moment.", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "`stale_version`: a task has another version.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid`: fields with invalid values, in `errors`; also an `id` that is not a task of the organization. `idempotency_key_reused`.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn bulk(
    caller: Caller<tasks::Write>,
    State(db): State<Db>,
    key: Result<IdempotencyKey, ApiError>,
    body: Result<Json<BulkChange>, ApiError>,
) -> Result<Response, ApiError> {
    let mut tx = db.write(&caller).await?;
    let (key, Json(bulk)) = (key?, body?);
    if bulk.any(TaskChange::assigns) {
        tx = tx.require(Permission::TasksAssign).await?;
    }
    let deletes = !bulk.items.iter().all(|item| item.action.is_change());
    if deletes {
        tx = tx.require(Permission::TasksDelete).await?;
    }
    for (number, item) in bulk.items.iter().enumerate() {
        item.check().map_err(|error| of_item(error, number))?;
    }
    let taken = key.take(&mut tx, &caller, "POST /api/tasks/bulk", &bulk);
    let request = match taken.await? {
        Idempotency::Execute(request) => request,
        Idempotency::Replay(response) => return tx.rollback().await.map(|()| response),
    };
    let organization = caller.organization_id();
    if deletes || bulk.any(TaskChange::moves) {
        hierarchy::lock(&mut tx, organization).await?;
    }
    if bulk.any(TaskChange::places) {
        rank::lock(&mut tx, organization).await?;
    }
    let ids: Vec<Uuid> = bulk.items.iter().map(|item| item.id).collect();
    let (lines, changed) = apply::all(&mut tx, &caller, bulk.items).await?;
    if !lines.is_empty() {
        tx.audit_all(lines).await?;
    }
    if !changed.is_empty() {
        let mut tasks: Vec<(Uuid, i64)> = changed.into_iter().collect();
        // As in the request, sub-tasks last.
        tasks.sort_by_key(|(task, _)| ids.iter().position(|id| id == task).unwrap_or(usize::MAX));
        tx.emit(Event::TasksChanged { tasks });
    }
    let changed = BulkChanged {
        items: list::in_order(&mut tx, organization, &ids).await?,
    };
    request.commit_with(tx, StatusCode::OK, (), &changed).await
}

impl BulkChange {
    /// Whether one of the changes does that.
    fn any(&self, does: impl Fn(&TaskChange) -> bool) -> bool {
        let mut changes = self.items.iter().filter_map(|item| item.change.as_ref());
        changes.any(does)
    }
}

impl BulkItem {
    /// # Errors
    ///
    /// 422 for a change beside another action.
    fn check(&self) -> Result<(), ApiError> {
        if self.action.is_change() || self.change.is_none() {
            return Ok(());
        }
        Err(ApiError::invalid(
            "action",
            "cannot be given with `change`, unless it is `change`",
        ))
    }
}

/// Says which item an error is about.
fn of_item(error: ApiError, number: usize) -> ApiError {
    match error {
        ApiError::Invalid(errors) => ApiError::Invalid(
            errors
                .into_iter()
                .map(|FieldError { field, detail }| {
                    let field = match field.as_str() {
                        "id" | "action" => format!("items[{number}].{field}"),
                        field => format!("items[{number}].change.{field}"),
                    };
                    FieldError { field, detail }
                })
                .collect(),
        ),
        ApiError::Refused {
            status,
            code,
            detail,
            about,
        } => ApiError::Refused {
            status,
            code,
            detail: format!("`items[{number}]`: {detail} Nothing was changed."),
            about,
        },
        other => other,
    }
}
