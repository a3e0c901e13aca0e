//! What of a task people set: as it is, as it shall be, and the writing of the difference.

use std::collections::BTreeMap;

use miyabi_core::{ApiError, Audit, Day, OnConstraint, RawJson, Timestamp, Tx};
use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::{Priority, Status, Task, hierarchy, label_ids::LabelIds};

/// The fields of a task that people set, as the audit trail names them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Fields {
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) status: Status,
    pub(crate) priority: Priority,
    pub(crate) assignee_id: Option<Uuid>,
    pub(crate) parent_id: Option<Uuid>,
    pub(crate) project_id: Option<Uuid>,
    pub(crate) due_at: Option<Timestamp>,
    pub(crate) due_on: Option<Day>,
    pub(crate) label_ids: LabelIds,
    pub(crate) metadata: RawJson,
    /// Of a new task, the database makes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rank: Option<String>,
}

impl Fields {
    /// How a task is.
    pub(crate) fn of(task: &Task) -> Fields {
        Fields {
            title: task.title.clone(),
            description: task.description.clone(),
            status: task.status,
            priority: task.priority,
            assignee_id: task.assignee.as_ref().map(|assignee| assignee.id),
            parent_id: task.parent_id,
            project_id: task.project_id,
            due_at: task.due_at,
            due_on: task.due_on,
            label_ids: LabelIds(task.labels.iter().map(|label| label.id).collect()),
            metadata: task.metadata.clone(),
            rank: Some(task.rank.clone()),
        }
    }

    /// Makes a task of them, and its line of the audit trail.
    ///
    /// # Errors
    ///
    /// 422 for what is not there, or too large.
    pub(crate) async fn insert(
        &self,
        tx: &mut Tx,
        organization: Uuid,
        creator: Uuid,
        id: Uuid,
    ) -> Result<Audit, ApiError> {
        if let Some(assignee) = self.assignee_id {
            check_assignee(tx, assignee).await?;
        }
        if let Some(parent) = self.parent_id {
            hierarchy::check_parent(tx, None, parent).await?;
        }
        let row = sqlx::query!(
            r#"insert into tasks (organization_id, id, title, description, status, priority, assignee_id, parent_id, project_id, due_at, due_on, metadata, created_by)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::text::jsonb, $13)
             returning created_at as "created_at: Timestamp""#,
            organization,
            id,
            self.title,
            self.description,
            self.status.as_str(),
            self.priority.as_str(),
            self.assignee_id,
            self.parent_id,
            self.project_id,
            self.due_at.map(Timestamp::get),
            self.due_on.map(Day::get),
            self.metadata.as_str(),
            creator,
        )
        .fetch_one(&mut **tx)
        .await
        .on_constraint("tasks_project_fkey", no_such_project)
        .on_constraint("tasks_metadata_size", metadata_too_large)?;
        self.write_labels(tx, organization, id, row.created_at)
            .await?;
        Ok(Audit::new("task.create", "task", id).after(to_json(self)?))
    }

    /// Writes them over those of a task, with a new version, and the line of the audit trail.
    ///
    /// # Errors
    ///
    /// 422 for what is not there, or too large.
    pub(crate) async fn update(
        &self,
        tx: &mut Tx,
        organization: Uuid,
        task: &Task,
    ) -> Result<Audit, ApiError> {
        let before = Fields::of(task);
        match self.assignee_id {
            Some(assignee) if before.assignee_id != self.assignee_id => {
                check_assignee(tx, assignee).await?;
            }
            _ => {}
        }
        match self.parent_id {
            Some(parent) if before.parent_id != self.parent_id => {
                hierarchy::check_parent(tx, Some(task.id), parent).await?;
            }
            _ => {}
        }
        // Written only where a change names it: what nobody touches stays as it is, to the digit.
        let changed_metadata = (before.metadata != self.metadata).then(|| self.metadata.as_str());
        sqlx::query!(
            "update tasks set title = $2, description = $3, status = $4, priority = $5, assignee_id = $6, parent_id = $7,
                project_id = $8, due_at = $9, due_on = $10, metadata = coalesce($11::text::jsonb, metadata), rank = coalesce($12, rank), version = version + 1, updated_at = now()
             where id = $1",
            task.id,
            self.title,
            self.description,
            self.status.as_str(),
            self.priority.as_str(),
            self.assignee_id,
            self.parent_id,
            self.project_id,
            self.due_at.map(Timestamp::get),
            self.due_on.map(Day::get),
            changed_metadata,
            self.rank,
        )
        .execute(&mut **tx)
        .await
        .on_constraint("tasks_project_fkey", no_such_project)
        .on_constraint("tasks_metadata_size", metadata_too_large)?;
        if before.label_ids != self.label_ids {
            sqlx::query!(
                "delete from task_labels where task_id = $1 and label_id <> all($2)",
                task.id,
                &self.label_ids.to_vec()
            )
            .execute(&mut **tx)
            .await?;
            self.write_labels(tx, organization, task.id, task.created_at)
                .await?;
        }
        let (mut before, mut after) = (members(&before)?, members(self)?);
        keep_differences(&mut before, &mut after);
        Ok(Audit::new("task.update", "task", task.id)
            .before(to_json(&before)?)
            .after(to_json(&after)?))
    }

    async fn write_labels(
        &self,
        tx: &mut Tx,
        organization: Uuid,
        task: Uuid,
        created_at: Timestamp,
    ) -> Result<(), ApiError> {
        if self.label_ids.0.is_empty() {
            return Ok(());
        }
        sqlx::query!(
            "insert into task_labels (organization_id, task_id, label_id, task_created_at)
             select $1, $2, label_id, $4 from unnest($3::uuid[]) label_id
             on conflict do nothing",
            organization,
            task,
            &self.label_ids.to_vec(),
            created_at.get(),
        )
        .execute(&mut **tx)
        .await
        .on_constraint("task_labels_label_fkey", || {
            ApiError::invalid(
                "label_ids",
                "names a label that this organization does not have",
            )
        })?;
        Ok(())
    }
}

/// # Errors
///
/// 422 when it is nobody who is in the organization now.
async fn check_assignee(tx: &mut Tx, assignee: Uuid) -> Result<(), ApiError> {
    let is_member = sqlx::query_scalar!(
        r#"select exists (select from memberships where user_id = $1 and removed_at is null) as "is_member!""#,
        assignee
    )
    .fetch_one(&mut **tx)
    .await?;
    if is_member {
        return Ok(());
    }
    Err(ApiError::invalid(
        "assignee_id",
        "is not a member of this organization",
    ))
}

/// # Errors
///
/// 422 for a task that is to be due both at a time and on a day.
pub(crate) fn check_due(at: Option<Timestamp>, on: Option<Day>) -> Result<(), ApiError> {
    if at.and(on).is_none() {
        return Ok(());
    }
    Err(ApiError::invalid("due_on", "cannot be given with `due_at`"))
}

/// Changes when a task is due: a time takes the place of a day, and a day that of a time.
///
/// # Errors
///
/// 422 when it is to be due at both.
pub(crate) fn apply_due(
    (at, on): (Option<Option<Timestamp>>, Option<Option<Day>>),
    after: &mut Fields,
) -> Result<(), ApiError> {
    check_due(at.flatten(), on.flatten())?;
    if matches!(on, Some(Some(_))) {
        after.due_at = None;
    }
    if matches!(at, Some(Some(_))) {
        after.due_on = None;
    }
    after.due_at = at.unwrap_or(after.due_at);
    after.due_on = on.unwrap_or(after.due_on);
    Ok(())
}

fn no_such_project() -> ApiError {
    ApiError::invalid("project_id", "is not a project of this organization")
}

fn metadata_too_large() -> ApiError {
    ApiError::invalid("metadata", "must not be larger than 16 KiB")
}

/// Fields as the members of a JSON object, as they are written.
type Members = BTreeMap<String, Box<RawValue>>;

fn members(fields: &Fields) -> Result<Members, ApiError> {
    let members = serde_json::to_string(fields).and_then(|json| serde_json::from_str(&json));
    members.map_err(|error| ApiError::Internal(error.to_string()))
}

fn to_json(value: &impl Serialize) -> Result<RawJson, ApiError> {
    RawJson::of(value).map_err(|error| ApiError::Internal(error.to_string()))
}

/// Keeps the members that differ, on both sides.
fn keep_differences(before: &mut Members, after: &mut Members) {
    before.retain(|name, value| {
        let is_same = after.get(name).is_some_and(|new| new.get() == value.get());
        if is_same {
            after.remove(name);
        }
        !is_same
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trail_keeps_only_what_differs() {
        let parse = |text| serde_json::from_str::<Members>(text).unwrap();
        let mut before = parse(r#"{"title": "a", "status": "pending", "metadata": {"x": 0.1}}"#);
        let mut after = parse(r#"{"title": "a", "status": "completed", "metadata": {"x": 0.10}}"#);
        keep_differences(&mut before, &mut after);
        let written = |members| serde_json::to_string(&members).unwrap();
        assert_eq!(
            written(before),
            r#"{"metadata":{"x": 0.1},"status":"pending"}"#
        );
        assert_eq!(
            written(after),
            r#"{"metadata":{"x": 0.10},"status":"completed"}"#
        );
    }
}
