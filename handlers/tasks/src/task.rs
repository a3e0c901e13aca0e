//! A task, as clients see it, and how it is read.

use miyabi_core::{ApiError, BoundedConnection, Day, RawJson, Timestamp};
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, types::Json};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{Priority, Status, list::FoundIn};

/// A task.
#[derive(Debug, Serialize, FromRow, ToSchema)]
pub struct Task {
    /// Id.
    pub id: Uuid,
    /// Number in the organization, counted from 1. Never changes.
    #[schema(minimum = 1)]
    pub number: i64,
    /// Key of the organization and number, as people write it: `MIY-12`.
    pub key: String,
    /// One-line title.
    pub title: String,
    /// Description, of any number of lines.
    pub description: String,
    /// Status.
    pub status: Status,
    /// Priority.
    pub priority: Priority,
    /// Assignee; null when unassigned.
    #[schema(value_type = Option<Person>)]
    pub assignee: Option<Json<Person>>,
    /// Parent task; null for a top-level task.
    pub parent_id: Option<Uuid>,
    /// Project; null: in none.
    pub project_id: Option<Uuid>,
    /// Exact time at which it is due; null when it has none.
    pub due_at: Option<Timestamp>,
    /// Day on which it is due, until its end wherever the reader is; null when it has none. Never
    /// together with `due_at`.
    pub due_on: Option<Day>,
    /// Labels, sorted by name.
    #[schema(value_type = Vec<TaskLabel>)]
    pub labels: Json<Vec<TaskLabel>>,
    /// Free members for programs.
    #[schema(value_type = HashMap<String, serde_json::Value>)]
    pub metadata: RawJson,
    /// Sub-tasks that are not deleted.
    #[schema(value_type = SubTasks)]
    pub sub_tasks: Json<SubTasks>,
    /// Comments, at most 1,000 of which are counted.
    #[schema(minimum = 0, maximum = 1000)]
    pub comments: i64,
    /// Place in the order that people made: keys sort as their bytes do. `after` of a change moves the
    /// task; a new one comes last.
    pub rank: String,
    /// Version, 1 for a new task; also in the `ETag`. Renaming a label, a sub-task or a comment do
    /// not change it.
    #[schema(minimum = 1)]
    pub version: i64,
    /// Creator.
    #[schema(value_type = Person)]
    pub created_by: Json<Person>,
    /// Time of creation.
    pub created_at: Timestamp,
    /// Time of the last change.
    pub updated_at: Timestamp,
    /// Beginning of work: the last change to `in_progress`. Null while it has not begun, or when nothing
    /// is known of it.
    pub started_at: Option<Timestamp>,
    /// Time of completion; null unless the task is completed, and when it was completed before the audit
    /// trail begins.
    pub completed_at: Option<Timestamp>,
}

/// A task in a list: without description and metadata.
#[derive(Debug, Serialize, ToSchema)]
pub struct TaskSummary {
    /// Id.
    pub id: Uuid,
    /// Number in the organization, counted from 1. Never changes.
    #[schema(minimum = 1)]
    pub number: i64,
    /// Key of the organization and number, as people write it: `MIY-12`.
    pub key: String,
    /// One-line title.
    pub title: String,
    /// Status.
    pub status: Status,
    /// Priority.
    pub priority: Priority,
    /// Assignee; null when unassigned.
    pub assignee: Option<Person>,
    /// Parent task; null for a top-level task.
    pub parent_id: Option<Uuid>,
    /// Project; null: in none.
    pub project_id: Option<Uuid>,
    /// Exact time at which it is due; null when it has none.
    pub due_at: Option<Timestamp>,
    /// Day on which it is due, until its end wherever the reader is; null when it has none. Never
    /// together with `due_at`.
    pub due_on: Option<Day>,
    /// Labels, sorted by name.
    pub labels: Vec<TaskLabel>,
    /// Sub-tasks that are not deleted.
    pub sub_tasks: SubTasks,
    /// Comments, at most 1,000 of which are counted.
    #[schema(minimum = 0, maximum = 1000)]
    pub comments: i64,
    /// Place in the order that people made: keys sort as their bytes do.
    pub rank: String,
    /// Version, 1 for a new task.
    #[schema(minimum = 1)]
    pub version: i64,
    /// Creator.
    pub created_by: Person,
    /// Time of creation.
    pub created_at: Timestamp,
    /// Time of the last change.
    pub updated_at: Timestamp,
    /// Time of deletion; only present in a list of deleted tasks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
    /// Texts of the task with a word of the search, none when it was found by its number; only present in
    /// a search.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found_in: Option<Vec<FoundIn>>,
}

/// A member of the organization, or a former one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Person {
    /// Id of the user.
    pub id: Uuid,
    /// Login at GitHub.
    pub login: String,
    /// Display name.
    pub name: Option<String>,
    /// URL of a picture.
    pub avatar_url: Option<String>,
}

/// How many sub-tasks a task has. At most 1,000 are counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SubTasks {
    /// Closed ones: completed, failed or cancelled.
    #[schema(minimum = 0, maximum = 1000)]
    pub done: i64,
    /// All that are not deleted.
    #[schema(minimum = 0, maximum = 1000)]
    pub total: i64,
}

/// A label on a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TaskLabel {
    /// Id of the label.
    pub id: Uuid,
    /// Name.
    pub name: String,
    /// Colour, `#rrggbb` in lower case.
    pub color: String,
}

/// Tasks with their people and labels; what follows chooses which, and locks them.
macro_rules! select_tasks {
    ($which:literal, $($argument:expr),*) => {
        sqlx::query_as!(
            Task,
            r#"select t.id, t.number as "number!",
                (select o.task_key from organizations o where o.id = t.organization_id) || '-' || t.number as "key!",
                t.title, t.description, t.status as "status: Status", t.priority as "priority: Priority",
                case when a.id is not null then
                    jsonb_build_object('id', a.id, 'login', a.login, 'name', a.name, 'avatar_url', a.avatar_url)
                end as "assignee: Json<Person>",
                t.parent_id, t.project_id, t.due_at as "due_at: Timestamp", t.due_on as "due_on: Day",
                (select coalesce(jsonb_agg(jsonb_build_object('id', l.id, 'name', l.name, 'color', l.color) order by l.name_key), '[]')
                    from task_labels tl join labels l on l.organization_id = tl.organization_id and l.id = tl.label_id
                    where tl.organization_id = t.organization_id and tl.task_id = t.id) as "labels!: Json<Vec<TaskLabel>>",
                (select jsonb_build_object('done', count(*) filter (where s.status not in ('pending', 'in_progress')), 'total', count(*))
                    from (
                        select s.status from tasks s
                        where s.organization_id = t.organization_id and s.parent_id = t.id and s.deleted_at is null limit 1000
                    ) s) as "sub_tasks!: Json<SubTasks>",
                (select count(*) from (
                    select from task_comments m
                    where m.organization_id = t.organization_id and m.task_id = t.id and m.deleted_at is null limit 1000
                ) m) as "comments!",
                t.metadata::text as "metadata!: RawJson", t.rank as "rank!", t.version,
                jsonb_build_object('id', c.id, 'login', c.login, 'name', c.name, 'avatar_url', c.avatar_url)
                    as "created_by!: Json<Person>",
                t.created_at as "created_at: Timestamp", t.updated_at as "updated_at: Timestamp",
                t.started_at as "started_at: Timestamp", t.completed_at as "completed_at: Timestamp"
            from tasks t left join users a on a.id = t.assignee_id join users c on c.id = t.created_by
            where t.deleted_at is null and "# + $which,
            $($argument),*
        )
    };
}

impl Task {
    /// A task of the caller's organization.
    ///
    /// # Errors
    ///
    /// 404 when there is none, or it is deleted.
    pub(crate) async fn find(
        connection: &mut BoundedConnection,
        id: Uuid,
    ) -> Result<Task, ApiError> {
        select_tasks!("t.id = $1", id)
            .fetch_optional(connection)
            .await?
            .ok_or(ApiError::NotFound)
    }

    /// Tasks that nobody else changes until this transaction ends, in the order of their ids, so
    /// that two who want the same ones do not wait for each other for ever. Those that are not
    /// there are missing.
    pub(crate) async fn lock(
        connection: &mut BoundedConnection,
        ids: &[Uuid],
    ) -> Result<Vec<Task>, ApiError> {
        let tasks = select_tasks!("t.id = any($1) order by t.id for no key update of t", ids);
        Ok(tasks.fetch_all(connection).await?)
    }
}
