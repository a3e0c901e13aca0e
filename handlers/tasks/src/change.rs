//! `PATCH /api/tasks/{task_id}`: a JSON merge patch (RFC 7396) of what people set.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use miyabi_core::{
    ApiError, Caller, Day, Db, ETag, Event, IfMatch, Json, Line, Metadata, Path, Permission,
    Problem, TaskRef, Text, Timestamp, permission::tasks,
};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    Priority, Status, Task,
    fields::{Fields, apply_due},
    hierarchy,
    label_ids::LabelIds,
    notifications::Act,
    place, rank,
};

/// A change to a task, as a JSON merge patch (RFC 7396). Absent members stay unchanged.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TaskChange {
    /// One-line title.
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(nullable = false)]
    title: Option<Line<200>>,
    /// Description, of any number of lines.
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(nullable = false)]
    description: Option<Text<20_000>>,
    /// New status. 409 when the current status cannot change to it.
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(nullable = false)]
    status: Option<Status>,
    /// Priority.
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(nullable = false)]
    priority: Option<Priority>,
    /// Assignee, a member of the organization; null unassigns. Requires `tasks.assign`.
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<Uuid>)]
    assignee_id: Option<Option<Uuid>>,
    /// Parent task; null makes it a top-level task.
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<Uuid>)]
    parent_id: Option<Option<Uuid>>,
    /// Project; null takes it out of its project.
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<Uuid>)]
    project_id: Option<Option<Uuid>>,
    /// Moves it behind this task in the order that people make; null: before all others.
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<Uuid>)]
    pub(crate) after: Option<Option<Uuid>>,
    /// Exact time at which it is due, instead of a day; null removes it.
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<Timestamp>)]
    due_at: Option<Option<Timestamp>>,
    /// Day on which it is due, instead of an exact time; null removes it. Cannot be given with
    /// `due_at`.
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<Day>)]
    due_on: Option<Option<Day>>,
    /// Replaces all labels, at most 20.
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<HashSet<Uuid>>, max_items = 20, nullable = false)]
    label_ids: Option<LabelIds>,
    /// Labels that it gets besides those that it has, 20 in all at most.
    #[serde(default, skip_serializing_if = "LabelIds::is_empty")]
    #[schema(value_type = HashSet<Uuid>, max_items = 20)]
    add_label_ids: LabelIds,
    /// Labels that it loses; those that it does not have are ignored.
    #[serde(default, skip_serializing_if = "LabelIds::is_empty")]
    #[schema(value_type = HashSet<Uuid>, max_items = 20)]
    remove_label_ids: LabelIds,
    /// Merged into the current metadata member by member; null removes a member.
    #[serde(
        default,
        deserialize_with = "given",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<HashMap<String, serde_json::Value>>, nullable = false)]
    metadata: Option<Metadata>,
}

/// A member that is present, null or not: null is a value of the fields that allow it.
pub(crate) fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Updates a task.
///
/// A change that changes nothing keeps the version.
#[utoipa::path(
    patch,
    path = "/api/tasks/{task_id}",
    operation_id = "updateTask",
    tag = "tasks",
    params(
        ("task_id" = inline(TaskRef), Path, description = "Id of the task, or its number with the key of the organization: `MIY-12`."),
        IfMatch,
    ),
    request_body = TaskChange,
    responses(
        (status = 200, description = "The task.", body = Task, headers(("ETag" = String, description = "The version, for `If-Match`."))),
        (status = 409, description = "`bad_transition`: the status cannot change to this one. `try_again`: somebody changed the same rows at the same moment.", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "`stale_version`: `If-Match` is not the current version.", body = Problem, content_type = "application/problem+json"),
        (status = 428, description = "`version_required`: `If-Match` is missing.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn change(
    caller: Caller<tasks::Write>,
    State(db): State<Db>,
    path: Result<Path<TaskRef>, ApiError>,
    if_match: Result<IfMatch, ApiError>,
    body: Result<Json<TaskChange>, ApiError>,
) -> Result<Response, ApiError> {
    let mut tx = db.write(&caller).await?;
    let (Path(task), if_match, Json(change)) = (path?, if_match?, body?);
    let id = task.id(&mut tx, caller.organization_id()).await?;
    if change.moves() {
        hierarchy::lock(&mut tx, caller.organization_id()).await?;
    }
    if change.places() {
        rank::lock(&mut tx, caller.organization_id()).await?;
    }
    let found = Task::lock(&mut tx, &[id]).await?.pop();
    let task = found.ok_or(ApiError::NotFound)?;
    let before = Fields::of(&task);
    if change.assigns_other_than(before.assignee_id) {
        tx = tx.require(Permission::TasksAssign).await?;
    }
    if_match.check(task.version)?;
    let placed = place::asked(&mut tx, caller.organization_id(), id, change.after).await?;
    let mut after = change.apply_to(&before)?;
    let others = place::put(placed, &mut after.rank);
    if after == before {
        tx.rollback().await?;
        return Ok((ETag(task.version), Json(task)).into_response());
    }
    let line = after
        .update(&mut tx, caller.organization_id(), &task)
        .await?;
    tx.audit(line).await?;
    Act::of(&caller, id)
        .changed(&mut tx, &before, &after)
        .await?;
    let task = Task::find(&mut tx, id).await?;
    tx.emit(Event::TaskChanged {
        id,
        version: task.version,
    });
    if !others.is_empty() {
        tx.emit(Event::TasksChanged { tasks: others });
    }
    tx.commit_with(ETag(task.version), &task).await
}

impl TaskChange {
    /// Whether it may put the task below another.
    pub(crate) fn moves(&self) -> bool {
        matches!(self.parent_id, Some(Some(_)))
    }

    /// Whether it gives the task a place in the order.
    pub(crate) fn places(&self) -> bool {
        self.after.is_some()
    }

    /// Whether it says who is to do the task.
    pub(crate) fn assigns(&self) -> bool {
        self.assignee_id.is_some()
    }

    /// Whether it gives the task to somebody else than that.
    fn assigns_other_than(&self, assignee: Option<Uuid>) -> bool {
        self.assignee_id.is_some_and(|asked| asked != assignee)
    }

    /// How the task is after it.
    ///
    /// # Errors
    ///
    /// 409 when the status may not become that; 422 when the metadata become too large, the labels
    /// too many, or when it is to be due both at a time and on a day.
    pub(crate) fn apply_to(self, before: &Fields) -> Result<Fields, ApiError> {
        let mut after = before.clone();
        let due = (self.due_at, self.due_on);
        if let Some(status) = self.status {
            before.status.check_change(status)?;
            after.status = status;
        }
        if let Some(title) = self.title {
            after.title = title.into();
        }
        if let Some(description) = self.description {
            after.description = description.into();
        }
        if let Some(patch) = self.metadata {
            let stored = Metadata::stored(&before.metadata)?;
            let mut merged = stored.clone();
            merged.merge(patch)?;
            if merged != stored {
                after.metadata = merged.to_json();
            }
        }
        after.priority = self.priority.unwrap_or(after.priority);
        after.assignee_id = self.assignee_id.unwrap_or(after.assignee_id);
        after.parent_id = self.parent_id.unwrap_or(after.parent_id);
        after.project_id = self.project_id.unwrap_or(after.project_id);
        apply_due(due, &mut after)?;
        after.label_ids = self.label_ids.unwrap_or(after.label_ids);
        after
            .label_ids
            .change(self.add_label_ids, &self.remove_label_ids)?;
        Ok(after)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn null_is_a_value_only_where_there_can_be_none() {
        let parse = |value| serde_json::from_value::<TaskChange>(value);
        assert!(parse(json!({"title": null})).is_err());
        assert!(parse(json!({"status": null})).is_err());
        assert_eq!(parse(json!({"due_at": null})).unwrap().due_at, Some(None));
        assert_eq!(parse(json!({})).unwrap().due_at, None);
    }
}
