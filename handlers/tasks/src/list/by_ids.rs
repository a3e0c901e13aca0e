//! Tasks by their ids: for `GET /api/tasks?ids=..`, which an event named, and after a bulk change.

use miyabi_core::{ApiError, Day, Limit, Page, Timestamp, Tx};
use uuid::Uuid;

use super::listed::Listed;
use crate::{Priority, Status, TaskSummary};

/// The tasks with these ids, as far as they exist and are not deleted.
///
/// # Errors
///
/// Those of the database.
pub(super) async fn find(
    tx: &mut Tx,
    organization: Uuid,
    ids: &[Uuid],
) -> Result<Page<TaskSummary>, ApiError> {
    let tasks = read(tx, organization, ids, false).await?;
    // 100 summaries always fit: there is no second page, and no cursor.
    Page::new(&tasks, Limit::parse(Some("100"))?, |_| {
        Err(ApiError::Internal(
            "100 summaries of tasks do not fit into a response.".to_owned(),
        ))
    })
}

/// The tasks with these ids in their order, deleted ones too.
///
/// # Errors
///
/// Those of the database.
pub(crate) async fn in_order(
    tx: &mut Tx,
    organization: Uuid,
    ids: &[Uuid],
) -> Result<Vec<TaskSummary>, ApiError> {
    let mut tasks = read(tx, organization, ids, true).await?;
    tasks.sort_by_key(|task| ids.iter().position(|id| *id == task.id));
    Ok(tasks)
}

async fn read(
    tx: &mut Tx,
    organization: Uuid,
    ids: &[Uuid],
    with_deleted: bool,
) -> Result<Vec<TaskSummary>, ApiError> {
    // `any($2)` alone is planned for an average organization, which reads all of a large one.
    let rows = sqlx::query_as!(
        Listed,
        r#"select t.id, t.number as "number!", t.title, t.status as "status: Status", t.priority as "priority: Priority", t.assignee_id, t.parent_id, t.project_id,
                t.due_at as "due_at: Timestamp", t.due_on as "due_on: Day", t.version, t.created_by, t.created_at as "created_at: Timestamp",
                t.updated_at as "updated_at: Timestamp", t.deleted_at as "deleted_at: Timestamp", t.title_key as "title_key!", t.rank as "rank!"
            from tasks t
            where t.organization_id = $1 and t.id = any(array(select unnest($2::uuid[]))) and ($3 or t.deleted_at is null)
            order by t.id"#,
        organization,
        ids,
        with_deleted,
    )
    .fetch_all(&mut **tx)
    .await?;
    Listed::show(rows, tx).await
}
