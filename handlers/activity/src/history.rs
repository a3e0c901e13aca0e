//! `GET /api/tasks/{task_id}/history` and `GET /api/tasks/activity`: what was done to tasks, for
//! everybody who may read them.
//!
//! The same rows as the audit trail, and less of them: no refusals, and nothing of members, roles,
//! sessions and tokens. Which columns and actions a member sees is said here alone.

use axum::extract::State;
use miyabi_core::{
    ApiError, Caller, Db, Json, Limit, Page, PageQuery, Path, Problem, Query, RawJson, TaskRef,
    Timestamp, Tx, permission::tasks,
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::entry::Actor;

/// What is done to a task and its comments.
const OF_A_TASK: [&str; 7] = [
    "task.create",
    "task.update",
    "task.delete",
    "task.restore",
    "comment.create",
    "comment.update",
    "comment.delete",
];
/// The same, and what is done to labels.
const OF_TASKS: [&str; 10] = [
    "task.create",
    "task.update",
    "task.delete",
    "task.restore",
    "comment.create",
    "comment.update",
    "comment.delete",
    "label.create",
    "label.update",
    "label.delete",
];

/// Something that was done to a task, a comment or a label.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HistoryEntry {
    /// Id; sorts by time of writing.
    id: Uuid,
    /// Time at which it was done.
    at: Timestamp,
    /// Action: `create`, `update` or `delete` of a `task`, `comment` or `label`, or `task.restore`;
    /// for example `task.update`.
    action: String,
    /// Who did it; null when that is not known.
    actor: Option<Actor>,
    /// `task`, `comment` or `label`.
    target_type: String,
    /// Id of the task, comment or label.
    target_id: Uuid,
    /// The task, also of a comment; null for a label.
    task_id: Option<Uuid>,
    /// Members of the task or label that changed, with their values before; null when there are none,
    /// and for a comment.
    #[schema(value_type = Option<serde_json::Value>)]
    before: Option<RawJson>,
    /// Members of the task or label that changed, with their values after; null when there are none,
    /// and for a comment.
    #[schema(value_type = Option<serde_json::Value>)]
    after: Option<RawJson>,
}

/// A line of the trail.
struct Row {
    id: Uuid,
    created_at: Timestamp,
    action: String,
    actor_id: Option<Uuid>,
    login: Option<String>,
    name: Option<String>,
    avatar_url: Option<String>,
    target_type: String,
    target_id: Uuid,
    task_id: Option<Uuid>,
    before: Option<RawJson>,
    after: Option<RawJson>,
}

/// The last entry of the page before.
type Position = (Timestamp, Uuid);

/// Lists what was done to a task and its comments, newest first.
///
/// Also of a deleted task. The texts of comments are not among it.
#[utoipa::path(
    get,
    path = "/api/tasks/{task_id}/history",
    tag = "tasks",
    operation_id = "listTaskHistory",
    params(
        ("task_id" = inline(TaskRef), Path, description = "Id of the task, or its number with the key of the organization: `MIY-12`."),
        PageQuery,
    ),
    responses(
        (status = 200, description = "A page of the history.", body = Page<HistoryEntry>),
        (status = 400, description = "`bad_cursor`: not a cursor of this list. `bad_limit`.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn of_task(
    caller: Caller<tasks::Read>,
    State(db): State<Db>,
    path: Result<Path<TaskRef>, ApiError>,
    query: Result<Query<PageQuery>, ApiError>,
) -> Result<Json<Page<HistoryEntry>>, ApiError> {
    let mut tx = db.read(&caller).await?;
    let (Path(task), Query(query)) = (path?, query?);
    let task = task.id(&mut tx, caller.organization_id()).await?;
    let scope = ("task-history", task);
    let (limit, after) = query.parse::<_, Position>(&caller, &scope)?;
    check_task(&mut tx, task).await?;
    let (after_at, after_id) = after.map(|(at, id)| (at.get(), id)).unzip();
    // A range of an index for the task and for each comment: no more than a page of each is read.
    let rows = sqlx::query_as!(
        Row,
        r#"select e.id, e.created_at as "created_at: Timestamp", e.action, e.actor_id, u.login as "login?", u.name, u.avatar_url,
                e.target_type, target.id as "target_id!", $2::uuid as task_id, e.before as "before: RawJson", e.after as "after: RawJson"
            from (
                select $2::uuid as id
                union all
                select c.id from task_comments c where c.organization_id = $1 and c.task_id = $2
            ) target
            cross join lateral (
                select l.id, l.created_at, l.action, l.actor_id, l.target_type,
                    case when l.target_type <> 'comment' then l.before::text end as before,
                    case when l.target_type <> 'comment' then l.after::text end as after
                from audit_log l
                where l.organization_id = $1 and l.target_id = target.id and l.action = any($3) and l.outcome = 'allowed'
                    and ($4::timestamptz is null or (l.created_at, l.id) < ($4, $5::uuid))
                order by l.created_at desc, l.id desc limit $6
            ) e
            left join users u on u.id = e.actor_id
            order by e.created_at desc, e.id desc
            limit $6"#,
        caller.organization_id(),
        task,
        &OF_A_TASK.map(str::to_owned) as &[String],
        after_at,
        after_id,
        limit.rows(),
    )
    .fetch_all(&mut *tx)
    .await?;
    tx.commit().await?;
    page(&caller, &scope, rows, limit)
}

/// Lists what was done to tasks, comments and labels, newest first.
///
/// The texts of comments are not among it.
#[utoipa::path(
    get,
    path = "/api/tasks/activity",
    tag = "tasks",
    operation_id = "listTaskActivity",
    params(PageQuery),
    responses(
        (status = 200, description = "A page of the history.", body = Page<HistoryEntry>),
        (status = 400, description = "`bad_cursor`: not a cursor of this list. `bad_limit`.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn of_tasks(
    caller: Caller<tasks::Read>,
    State(db): State<Db>,
    query: Result<Query<PageQuery>, ApiError>,
) -> Result<Json<Page<HistoryEntry>>, ApiError> {
    let mut tx = db.read(&caller).await?;
    let Query(query) = query?;
    let scope = "task-activity";
    let (limit, after) = query.parse::<_, Position>(&caller, &scope)?;
    let (after_at, after_id) = after.map(|(at, id)| (at.get(), id)).unzip();
    // A range of an index for each action: whatever else fills the trail is not read.
    let rows = sqlx::query_as!(
        Row,
        r#"select e.id, e.created_at as "created_at: Timestamp", a.action as "action!", e.actor_id, u.login as "login?", u.name, u.avatar_url,
                e.target_type, e.target_id as "target_id!",
                case e.target_type
                    when 'task' then e.target_id
                    when 'comment' then (select c.task_id from task_comments c where c.organization_id = $1 and c.id = e.target_id)
                end as task_id,
                e.before as "before: RawJson", e.after as "after: RawJson"
            from unnest($2::text[]) a (action)
            cross join lateral (
                select l.id, l.created_at, l.actor_id, l.target_type, l.target_id,
                    case when l.target_type <> 'comment' then l.before::text end as before,
                    case when l.target_type <> 'comment' then l.after::text end as after
                from audit_log l
                where l.organization_id = $1 and l.action = a.action and l.outcome = 'allowed' and l.target_id is not null
                    and ($3::timestamptz is null or (l.created_at, l.id) < ($3, $4::uuid))
                order by l.created_at desc, l.id desc limit $5
            ) e
            left join users u on u.id = e.actor_id
            order by e.created_at desc, e.id desc
            limit $5"#,
        caller.organization_id(),
        &OF_TASKS.map(str::to_owned) as &[String],
        after_at,
        after_id,
        limit.rows(),
    )
    .fetch_all(&mut *tx)
    .await?;
    tx.commit().await?;
    page(&caller, &scope, rows, limit)
}

/// # Errors
///
/// 404 when the organization has no such task. A deleted task has a history.
async fn check_task(tx: &mut Tx, task: Uuid) -> Result<(), ApiError> {
    let exists = sqlx::query_scalar!(
        r#"select exists (select from tasks where id = $1) as "exists!""#,
        task
    )
    .fetch_one(&mut **tx)
    .await?;
    if exists {
        Ok(())
    } else {
        Err(ApiError::NotFound)
    }
}

fn page(
    caller: &Caller<tasks::Read>,
    scope: &impl Serialize,
    rows: Vec<Row>,
    limit: Limit,
) -> Result<Json<Page<HistoryEntry>>, ApiError> {
    let places: Vec<Position> = rows.iter().map(|row| (row.created_at, row.id)).collect();
    let entries: Vec<HistoryEntry> = rows.into_iter().map(HistoryEntry::from).collect();
    let page = Page::new(&entries, limit, |last| {
        caller.seal_cursor(scope, &places[last])
    })?;
    Ok(Json(page))
}

impl From<Row> for HistoryEntry {
    fn from(row: Row) -> HistoryEntry {
        HistoryEntry {
            id: row.id,
            at: row.created_at,
            action: row.action,
            actor: row.actor_id.map(|id| Actor {
                id,
                login: row.login,
                name: row.name,
                avatar_url: row.avatar_url,
            }),
            target_type: row.target_type,
            target_id: row.target_id,
            task_id: row.task_id,
            before: row.before,
            after: row.after,
        }
    }
}
