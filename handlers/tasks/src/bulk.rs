//! `POST /api/tasks/bulk`: changes to many tasks, all or none.

use std::collections::{BTreeMap, BTreeSet};

use axum::{extract::State, response::Response};
use http::StatusCode;
use miyabi_core::{
    ApiError, Caller, Db, Event, FieldError, IdempotencyKey, Json, Once, Permission, Problem,
    permission::tasks,
};
use serde::{Deserialize, Deserializer, Serialize, de};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{Task, TaskSummary, change::TaskChange, fields::Fields, hierarchy, notifications::Act};

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

/// A change to one task.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BulkItem {
    /// Id of the task.
    id: Uuid,
    /// Version of the task that the change was made from.
    #[serde(deserialize_with = "from_one")]
    #[schema(minimum = 1)]
    version: i64,
    /// The change.
    change: TaskChange,
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

/// Updates several tasks, all or none.
///
/// An error names its item.
#[utoipa::path(
    post,
    path = "/api/tasks/bulk",
    tag = "tasks",
    operation_id = "updateTasks",
    params(IdempotencyKey),
    request_body = BulkChange,
    responses(
        (status = 200, description = "The tasks after the changes.", body = BulkChanged),
        (status = 409, description = "`bad_transition`: the status cannot change to this one. `try_again`: somebody changed the same rows at the same moment.", body = Problem, content_type = "application/problem+json"),
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
    if bulk.items.iter().any(|item| item.change.assigns()) {
        tx = tx.require(Permission::TasksAssign).await?;
    }
    let taken = key.take(&mut tx, &caller, "POST /api/tasks/bulk", &bulk);
    let first = match taken.await? {
        Once::First(first) => first,
        Once::Again(answer) => return tx.rollback().await.map(|()| answer),
    };
    if bulk.items.iter().any(|item| item.change.moves()) {
        hierarchy::lock(&mut tx, caller.organization_id()).await?;
    }
    let ids: Vec<Uuid> = bulk.items.iter().map(|item| item.id).collect();
    let found = by_id(Task::lock(&mut tx, &ids).await?);
    // A missing task is reported before a stale version, as on the routes of one task.
    if let Some(number) = ids.iter().position(|id| !found.contains_key(id)) {
        return Err(of_item(no_such_task(), number));
    }
    let (mut lines, mut changed) = (Vec::new(), Vec::new());
    for (number, item) in bulk.items.into_iter().enumerate() {
        let planned = item.plan(&found).map_err(|error| of_item(error, number))?;
        let Some((task, after)) = planned else {
            continue;
        };
        let updated = after.update(&mut tx, caller.organization_id(), task).await;
        lines.push(updated.map_err(|error| of_item(error, number))?);
        Act::of(&caller, task.id)
            .changed(&mut tx, &Fields::of(task), &after)
            .await?;
        changed.push(task.id);
    }
    if !changed.is_empty() {
        tx.audit_all(lines).await?;
    }
    let mut now = by_id(Task::lock(&mut tx, &ids).await?);
    if !changed.is_empty() {
        let versions = changed.iter().filter_map(|id| now.get(id));
        let tasks = versions.map(|task| (task.id, task.version)).collect();
        tx.emit(Event::TasksChanged { tasks });
    }
    let items = ids.iter().filter_map(|id| now.remove(id)).map(Into::into);
    let changed = BulkChanged {
        items: items.collect(),
    };
    let answer = first.answer(&mut tx, StatusCode::OK, (), &changed).await?;
    tx.commit().await?;
    Ok(answer)
}

fn no_such_task() -> ApiError {
    ApiError::invalid("id", "is not a task of this organization")
}

fn by_id(tasks: Vec<Task>) -> BTreeMap<Uuid, Task> {
    tasks.into_iter().map(|task| (task.id, task)).collect()
}

impl BulkItem {
    /// The task and what it shall be; `None` when it is so already.
    fn plan(self, found: &BTreeMap<Uuid, Task>) -> Result<Option<(&Task, Fields)>, ApiError> {
        let task = found.get(&self.id).ok_or_else(no_such_task)?;
        if task.version != self.version {
            return Err(ApiError::refused(
                StatusCode::PRECONDITION_FAILED,
                "stale_version",
                format!(
                    "It was changed since version {}; now it is at {}.",
                    self.version, task.version
                ),
            ));
        }
        let before = Fields::of(task);
        let after = self.change.apply_to(&before)?;
        Ok((after != before).then_some((task, after)))
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
                        "id" => format!("items[{number}].id"),
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
        } => ApiError::Refused {
            status,
            code,
            detail: format!("`items[{number}]`: {detail} Nothing was changed."),
        },
        other => other,
    }
}
