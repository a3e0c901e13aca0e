//! A task, as clients see it, and how it is read.

use miyabi_core::{ApiError, BoundedConnection, RawJson, Timestamp};
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, types::Json};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{Priority, Status};

/// A task.
#[derive(Debug, Serialize, FromRow, ToSchema)]
pub struct Task {
    /// Never changes.
    pub id: Uuid,
    /// What is to be done, in a line.
    pub title: String,
    /// What is to be done, at length.
    pub description: String,
    /// Where it stands.
    pub status: Status,
    /// How urgent it is.
    pub priority: Priority,
    /// Who is to do it; null: nobody yet.
    #[schema(value_type = Option<Person>)]
    pub assignee: Option<Json<Person>>,
    /// The task that this one is a part of; null: none.
    pub parent_id: Option<Uuid>,
    /// When it must be done; null: never.
    pub due_at: Option<Timestamp>,
    /// Its labels, by name.
    #[schema(value_type = Vec<TaskLabel>)]
    pub labels: Json<Vec<TaskLabel>>,
    /// Whatever programs keep with it.
    #[schema(value_type = Object)]
    pub metadata: RawJson,
    /// Counts its changes from 1; also in the `ETag`. Labels that are renamed do not count.
    pub version: i64,
    /// Who made it.
    #[schema(value_type = Person)]
    pub created_by: Json<Person>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// A task in a list: without description and metadata.
#[derive(Debug, Serialize, ToSchema)]
pub struct TaskSummary {
    /// Never changes.
    pub id: Uuid,
    /// What is to be done, in a line.
    pub title: String,
    /// Where it stands.
    pub status: Status,
    /// How urgent it is.
    pub priority: Priority,
    /// Who is to do it; null: nobody yet.
    pub assignee: Option<Person>,
    /// The task that this one is a part of; null: none.
    pub parent_id: Option<Uuid>,
    /// When it must be done; null: never.
    pub due_at: Option<Timestamp>,
    /// Its labels, by name.
    pub labels: Vec<TaskLabel>,
    /// Counts its changes from 1.
    pub version: i64,
    /// Who made it.
    pub created_by: Person,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// When it was deleted; only there in a list of deleted tasks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<Timestamp>,
}

/// Somebody in the organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Person {
    /// The user.
    pub id: Uuid,
    /// Login at GitHub.
    pub login: String,
    /// Name to show.
    pub name: Option<String>,
    /// Address of a picture.
    pub avatar_url: Option<String>,
}

/// A label on a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TaskLabel {
    /// The label.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Its colour, `#rrggbb`.
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
        }
    }
}
