//! `GET /api/tasks/snapshot`: what a client begins with.

use axum::extract::State;
use miyabi_core::{ApiError, Caller, Day, Db, Json, Timestamp, fits, permission::tasks};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{Priority, Status};

/// Most tasks of a snapshot.
const MAX: i64 = 5_000;
/// How long closed tasks are in it after their last change.
const CLOSED_DAYS: i32 = 30;

/// The open tasks, and those that were closed lately.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Snapshot {
    /// `seq` of the last event before the snapshot: continue with `/api/changes?after=seq`. The
    /// tasks may be newer.
    #[schema(minimum = 0)]
    seq: i64,
    /// Key of the organization, which stands before the numbers of its tasks: `MIY` of `MIY-12`.
    #[schema(pattern = "^[A-Z]{2,5}$")]
    task_key: String,
    /// Tasks, the last changed first.
    tasks: Vec<SnapshotTask>,
    /// `true`: there are more than these 5,000.
    truncated: bool,
}

/// A task with its people and labels by their ids, without description and metadata.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SnapshotTask {
    /// Id.
    id: Uuid,
    /// Number in the organization, counted from 1.
    #[schema(minimum = 1)]
    number: i64,
    /// One-line title.
    title: String,
    /// Status.
    status: Status,
    /// Priority.
    priority: Priority,
    /// Assignee; null when unassigned.
    assignee_id: Option<Uuid>,
    /// Parent task; null for a top-level task.
    parent_id: Option<Uuid>,
    /// Project; null: in none.
    project_id: Option<Uuid>,
    /// Exact time at which it is due; null when it has none.
    due_at: Option<Timestamp>,
    /// Day on which it is due; null when it has none.
    due_on: Option<Day>,
    /// Labels.
    label_ids: Vec<Uuid>,
    /// Place in the order that people made: keys sort as their bytes do.
    rank: String,
    /// Version, 1 for a new task.
    #[schema(minimum = 1)]
    version: i64,
    /// Creator.
    created_by: Uuid,
    /// Time of creation.
    created_at: Timestamp,
    /// Time of the last change.
    updated_at: Timestamp,
}

/// Gets the tasks that a client keeps.
///
/// The open tasks and those closed that were changed in the last 30 days, at most 5,000.
#[utoipa::path(
    get,
    path = "/api/tasks/snapshot",
    tag = "tasks",
    operation_id = "getSnapshot",
    responses(
        (status = 200, description = "The tasks.", body = Snapshot),
    ),
)]
pub(crate) async fn snapshot(
    caller: Caller<tasks::Read>,
    State(db): State<Db>,
) -> Result<Json<Snapshot>, ApiError> {
    let mut tx = db.read(&caller).await?;
    // Before the tasks: what is committed between the two is in them, and comes again as an event.
    // The other way round it would be in neither.
    let before = sqlx::query!(
        r#"select last_seq, (select task_key from organizations where id = $1) as "task_key!"
           from outbox_sequences where organization_id = $1"#,
        caller.organization_id()
    )
    .fetch_one(&mut *tx)
    .await?;
    tx.plan_for_values().await?;
    // Status by status, since an index begins with it. Labels are read for the tasks that are left,
    // task by task: see `list::listed`.
    let mut tasks = sqlx::query_as!(
        SnapshotTask,
        r#"select s.id as "id!", s.number as "number!", s.title as "title!", s.status as "status!: Status", s.priority as "priority!: Priority",
                s.assignee_id, s.parent_id, s.project_id, s.due_at as "due_at: Timestamp", s.due_on as "due_on: Day",
                array(select l.label_id from task_labels l where l.organization_id = $1 and l.task_id = s.id limit 20) as "label_ids!",
                s.rank as "rank!", s.version as "version!", s.created_by as "created_by!", s.created_at as "created_at!: Timestamp",
                s.updated_at as "updated_at!: Timestamp"
            from (
                select t.*
                from (values
                    ('pending', '-infinity'::timestamptz), ('in_progress', '-infinity'),
                    ('completed', now() - make_interval(days => $3)), ('failed', now() - make_interval(days => $3)),
                    ('cancelled', now() - make_interval(days => $3))
                ) as wanted (status, since)
                cross join lateral (
                    select id, number, title, status, priority, assignee_id, parent_id, project_id, due_at, due_on, rank, version, created_by, created_at, updated_at
                    from tasks
                    where organization_id = $1 and deleted_at is null and status = wanted.status and updated_at > wanted.since
                    order by updated_at desc, id desc limit $2
                ) t
                order by t.updated_at desc, t.id desc limit $2
            ) s
            order by s.updated_at desc, s.id desc"#,
        caller.organization_id(),
        MAX + 1,
        CLOSED_DAYS,
    )
    .fetch_all(&mut *tx)
    .await?;
    tx.commit().await?;
    let most = usize::try_from(MAX).unwrap_or_default();
    let fitting = fits(&tasks)?.min(most);
    let truncated = tasks.len() > fitting;
    tasks.truncate(fitting);
    Ok(Json(Snapshot {
        seq: before.last_seq,
        task_key: before.task_key,
        tasks,
        truncated,
    }))
}
