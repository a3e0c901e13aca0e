//! A task, as clients see it, and how it is read.

use miyabi_core::{ApiError, BoundedConnection, RawJson, Timestamp};
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
    /// Due date; null when it has none.
    pub due_at: Option<Timestamp>,
    /// Labels, sorted by name.
    #[schema(value_type = Vec<TaskLabel>)]
    pub labels: Json<Vec<TaskLabel>>,
    /// Free members for programs.
    #[schema(value_type = HashMap<String, serde_json::Value>)]
    pub metadata: RawJson,
    /// Version, 1 for a new task; also in the `ETag`. Renaming a label does not change it.
    #[schema(minimum = 1)]
    pub version: i64,
    /// Creator.
    #[schema(value_type = Person)]
    pub created_by: Json<Person>,
    /// Time of creation.
    pub created_at: Timestamp,
    /// Time of the last change.
    pub updated_at: Timestamp,
}

/// A task in a list: without description and metadata.
#[derive(Debug, Serialize, ToSchema)]
pub struct TaskSummary {
    /// Id.
    pub id: Uuid,
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
    /// Due date; null when it has none.
    pub due_at: Option<Timestamp>,
    /// Labels, sorted by name.
    pub labels: Vec<TaskLabel>,
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
    /// Texts of the task with a word of the search; only present in a search.
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
            r#"select t.id, t.title, t.description, t.status as "status: Status", t.priority as "priority: Priority",
                case when a.id is not null then
                    jsonb_build_object('id', a.id, 'login', a.login, 'name', a.name, 'avatar_url', a.avatar_url)
                end as "assignee: Json<Person>",
                t.parent_id, t.due_at as "due_at: Timestamp",
                (select coalesce(jsonb_agg(jsonb_build_object('id', l.id, 'name', l.name, 'color', l.color) order by l.name_key), '[]')
                    from task_labels tl join labels l on l.organization_id = tl.organization_id and l.id = tl.label_id
                    where tl.organization_id = t.organization_id and tl.task_id = t.id) as "labels!: Json<Vec<TaskLabel>>",
                t.metadata::text as "metadata!: RawJson", t.version,
                jsonb_build_object('id', c.id, 'login', c.login, 'name', c.name, 'avatar_url', c.avatar_url)
                    as "created_by!: Json<Person>",
                t.created_at as "created_at: Timestamp", t.updated_at as "updated_at: Timestamp"
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

impl From<Task> for TaskSummary {
    fn from(task: Task) -> TaskSummary {
        TaskSummary {
            id: task.id,
            title: task.title,
            status: task.status,
            priority: task.priority,
            assignee: task.assignee.map(|person| person.0),
            parent_id: task.parent_id,
            due_at: task.due_at,
            labels: task.labels.0,
            version: task.version,
            created_by: task.created_by.0,
            created_at: task.created_at,
            updated_at: task.updated_at,
            deleted_at: None,
            found_in: None,
        }
    }
}
