//! A comment, as clients see it, and how it is read.

use miyabi_core::{ApiError, Timestamp, Tx};
use serde::Serialize;
use sqlx::types::Json as Jsonb;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::Person;

/// A comment.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Comment {
    /// Id.
    pub(super) id: Uuid,
    /// Id of the task.
    task_id: Uuid,
    /// Author.
    #[schema(value_type = Person)]
    pub(super) author: Jsonb<Person>,
    /// Text.
    pub(super) body: String,
    /// Version, 1 for a new comment; also in the `ETag`.
    #[schema(minimum = 1)]
    pub(super) version: i64,
    /// Time of creation.
    pub(super) created_at: Timestamp,
    /// Time of the last change.
    updated_at: Timestamp,
}

/// Comments with their authors; what follows chooses which.
macro_rules! select_comments {
    ($which:literal, $($argument:expr),*) => {
        sqlx::query_as!(
            Comment,
            r#"select m.id, m.task_id,
                jsonb_build_object('id', u.id, 'login', u.login, 'name', u.name, 'avatar_url', u.avatar_url)
                    as "author!: Jsonb<Person>",
                m.body, m.version, m.created_at as "created_at: Timestamp", m.updated_at as "updated_at: Timestamp"
            from task_comments m join users u on u.id = m.author_id
            where m.deleted_at is null and "# + $which,
            $($argument),*
        )
    };
}

impl Comment {
    /// Comments of a task, oldest first, after that place.
    pub(super) async fn after(
        tx: &mut Tx,
        task: Uuid,
        after: Option<(OffsetDateTime, Uuid)>,
        most: i64,
    ) -> Result<Vec<Comment>, ApiError> {
        let (time, id) = after.unzip();
        let comments = select_comments!(
            "m.task_id = $1 and ($2::timestamptz is null or (m.created_at, m.id) > ($2, $3::uuid))
        order by m.created_at, m.id limit $4",
            task,
            time,
            id,
            most
        );
        Ok(comments.fetch_all(&mut **tx).await?)
    }

    /// A comment of a task; 404 when there is none.
    pub(super) async fn find(tx: &mut Tx, task: Uuid, id: Uuid) -> Result<Comment, ApiError> {
        select_comments!("m.task_id = $1 and m.id = $2", task, id)
            .fetch_optional(&mut **tx)
            .await?
            .ok_or(ApiError::NotFound)
    }

    /// A comment that nobody else changes until this transaction ends.
    pub(super) async fn lock(tx: &mut Tx, task: Uuid, id: Uuid) -> Result<Comment, ApiError> {
        select_comments!(
            "m.task_id = $1 and m.id = $2 for no key update of m",
            task,
            id
        )
        .fetch_optional(&mut **tx)
        .await?
        .ok_or(ApiError::NotFound)
    }
}
