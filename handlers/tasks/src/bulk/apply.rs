//! Carries out what a bulk request asks for.

use std::collections::BTreeMap;

use http::StatusCode;
use miyabi_core::{ApiError, Audit, Caller, Tx, permission::tasks};
use uuid::Uuid;

use super::{BulkAction, BulkItem, of_item};
use crate::{Task, change::TaskChange, fields::Fields, notifications::Act, place, remove};

/// Most tasks that one request deletes or restores, sub-tasks included.
const MAX_MOVED: usize = 1000;

/// A task as it was when the request came.
struct Found {
    version: i64,
    is_deleted: bool,
}

/// Lines of the trail, and the tasks that changed with their versions.
type Applied = (Vec<Audit>, BTreeMap<Uuid, i64>);

/// Carries out all of them.
///
/// # Errors
///
/// Those of one task, with the number of the item.
pub(super) async fn all(
    tx: &mut Tx,
    caller: &Caller<tasks::Write>,
    items: Vec<BulkItem>,
) -> Result<Applied, ApiError> {
    let ids: Vec<Uuid> = items.iter().map(|item| item.id).collect();
    let found = lock(tx, &ids).await?;
    // A missing task is reported before a stale version, as on the routes of one task.
    for check in [BulkItem::check_presence, BulkItem::check_version] {
        for (number, item) in items.iter().enumerate() {
            check(item, &found).map_err(|error| of_item(error, number))?;
        }
    }
    let locked = Task::lock(tx, &ids).await?;
    let locked: BTreeMap<Uuid, Task> = locked.into_iter().map(|task| (task.id, task)).collect();
    let mut applied = Applied::default();
    let (mut deleted, mut restored) = (Vec::new(), Vec::new());
    // Changes first: a task may be deleted with another one of the request.
    for (number, item) in items.into_iter().enumerate() {
        match (item.action, item.change, locked.get(&item.id)) {
            (BulkAction::Delete, ..) => deleted.push((number, item.id)),
            (BulkAction::Restore, ..) => restored.push((number, item.id)),
            (BulkAction::Change, Some(change), Some(task)) => {
                let changed = update(tx, caller, task, change, &mut applied).await;
                changed.map_err(|error| of_item(error, number))?;
            }
            (BulkAction::Change, ..) => {}
        }
    }
    for (number, id) in deleted {
        let done = delete(tx, id, &mut applied).await;
        done.map_err(|error| of_item(error, number))?;
    }
    restore(tx, restored, &mut applied).await?;
    Ok(applied)
}

/// The tasks of the request, deleted ones too, which nobody else changes until this transaction ends.
/// In the order of their ids, as [`Task::lock`] takes them.
async fn lock(tx: &mut Tx, ids: &[Uuid]) -> Result<BTreeMap<Uuid, Found>, ApiError> {
    let rows = sqlx::query!(
        r#"select id, version, deleted_at is not null as "is_deleted!" from tasks
           where id = any($1) order by id for no key update"#,
        ids
    )
    .fetch_all(&mut **tx)
    .await?;
    let found = rows.into_iter().map(|row| {
        let (version, is_deleted) = (row.version, row.is_deleted);
        (
            row.id,
            Found {
                version,
                is_deleted,
            },
        )
    });
    Ok(found.collect())
}

async fn update(
    tx: &mut Tx,
    caller: &Caller<tasks::Write>,
    task: &Task,
    change: TaskChange,
    (lines, changed): &mut Applied,
) -> Result<(), ApiError> {
    let before = Fields::of(task);
    let organization = caller.organization_id();
    let placed = place::asked(tx, organization, task.id, change.after).await?;
    let mut after = change.apply_to(&before)?;
    changed.extend(place::put(placed, &mut after.rank));
    if after != before {
        lines.push(after.update(tx, organization, task).await?);
        Act::of(caller, task.id)
            .changed(tx, &before, &after)
            .await?;
        // It may have made room for another one of the request before.
        *changed.entry(task.id).or_insert(task.version) += 1;
    }
    Ok(())
}

/// Deletes a task, unless it was deleted with another one.
async fn delete(tx: &mut Tx, id: Uuid, (lines, changed): &mut Applied) -> Result<(), ApiError> {
    let deleted = match remove::delete(tx, id).await {
        Err(ApiError::NotFound) => return Ok(()),
        deleted => deleted?,
    };
    lines.extend(deleted.iter().map(|task| task.line("task.delete")));
    changed.extend(deleted.iter().map(|task| (task.id, task.version)));
    check_count(changed)
}

/// Restores tasks, those that others are a part of first.
async fn restore(
    tx: &mut Tx,
    mut restored: Vec<(usize, Uuid)>,
    (lines, changed): &mut Applied,
) -> Result<(), ApiError> {
    while !restored.is_empty() {
        let mut refused = Vec::new();
        let count = restored.len();
        let mut reason = None;
        for (number, id) in restored {
            match remove::undelete(tx, id).await {
                Ok(tasks) => {
                    lines.extend(tasks.iter().map(|task| task.line("task.restore")));
                    changed.extend(tasks.iter().map(|task| (task.id, task.version)));
                    check_count(changed).map_err(|error| of_item(error, number))?;
                }
                Err(error @ ApiError::Refused { .. }) => {
                    reason = reason.or(Some(of_item(error, number)));
                    refused.push((number, id));
                }
                Err(error) => return Err(error),
            }
        }
        // A parent may have been restored meanwhile; when nothing was, none ever will be.
        match reason {
            Some(reason) if refused.len() == count => return Err(reason),
            _ => restored = refused,
        }
    }
    Ok(())
}

fn check_count(changed: &BTreeMap<Uuid, i64>) -> Result<(), ApiError> {
    if changed.len() <= MAX_MOVED {
        return Ok(());
    }
    Err(ApiError::conflict(
        "too_many_subtasks",
        format!("With its sub-tasks, more than {MAX_MOVED} tasks would change. Send fewer tasks."),
    ))
}

fn no_such_task() -> ApiError {
    ApiError::invalid("id", "is not a task of this organization")
}

impl BulkItem {
    fn check_presence(&self, found: &BTreeMap<Uuid, Found>) -> Result<(), ApiError> {
        match found.get(&self.id) {
            Some(task) if !task.is_deleted || self.action == BulkAction::Restore => Ok(()),
            _ => Err(no_such_task()),
        }
    }

    fn check_version(&self, found: &BTreeMap<Uuid, Found>) -> Result<(), ApiError> {
        let task = found.get(&self.id).ok_or_else(no_such_task)?;
        if task.version == self.version {
            return Ok(());
        }
        Err(ApiError::refused(
            StatusCode::PRECONDITION_FAILED,
            "stale_version",
            format!(
                "It was changed since version {}; now it is at {}.",
                self.version, task.version
            ),
        ))
    }
}
