//! `/api/tasks/{task_id}/comments`: what people say about a task, oldest first.
//!
//! Whoever may write tasks may comment. Only its author changes a comment; its author deletes it,
//! and so does whoever may manage members.

mod comment;

use comment::Comment;

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use miyabi_core::{
    ApiError, Audit, Caller, Db, ETag, Event, Idempotency, IdempotencyKey, IfMatch, Json,
    OptionalIfMatch, Page, PageQuery, Path, Permission, Problem, Query, TaskRef, Text, Timestamp,
    Tx, is_blank, permission::tasks,
};
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::json;
use utoipa::{ToSchema, openapi::Object};
use uuid::Uuid;

use crate::notifications::Act;

/// The text of a comment.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CommentText {
    /// Text, of any number of lines, not blank.
    #[serde(deserialize_with = "not_blank")]
    #[schema(schema_with = body_schema)]
    body: Text<10_000>,
}

fn body_schema() -> Object {
    Text::<10_000>::not_blank_schema()
        .description(Some("Text, of any number of lines, not blank."))
        .build()
}

fn not_blank<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Text<10_000>, D::Error> {
    let text = Text::deserialize(deserializer)?;
    if is_blank(text.as_str()) {
        return Err(de::Error::custom("must not be blank"));
    }
    Ok(text)
}

/// Lists the comments of a task, oldest first.
#[utoipa::path(
    get,
    path = "/api/tasks/{task_id}/comments",
    tag = "comments",
    operation_id = "listComments",
    params(("task_id" = inline(TaskRef), Path, description = "Id of the task, or its number with the key of the organization: `MIY-12`."), PageQuery),
    responses(
        (status = 200, description = "A page of comments.", body = Page<Comment>),
        (status = 400, description = "`bad_cursor`: not a cursor of this list. `bad_limit`.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn list(
    caller: Caller<tasks::Read>,
    State(db): State<Db>,
    path: Result<Path<TaskRef>, ApiError>,
    query: Result<Query<PageQuery>, ApiError>,
) -> Result<Json<Page<Comment>>, ApiError> {
    let mut tx = db.read(&caller).await?;
    let (Path(task), Query(query)) = (path?, query?);
    let task = task.id(&mut tx, caller.organization_id()).await?;
    let scope = ("comments", task);
    let (limit, after) = query.parse::<_, (Timestamp, Uuid)>(&caller, &scope)?;
    check_task(&mut tx, task).await?;
    let after = after.map(|(time, id)| (time.get(), id));
    let comments = Comment::after(&mut tx, task, after, limit.rows()).await?;
    tx.commit().await?;
    let page = Page::new(&comments, limit, |last| {
        let last = &comments[last];
        caller.seal_cursor(&scope, &(last.created_at, last.id))
    })?;
    Ok(Json(page))
}

/// Adds a comment to a task.
#[utoipa::path(
    post,
    path = "/api/tasks/{task_id}/comments",
    tag = "comments",
    operation_id = "createComment",
    params(
        ("task_id" = inline(TaskRef), Path, description = "Id of the task, or its number with the key of the organization: `MIY-12`."),
        IdempotencyKey,
    ),
    request_body = CommentText,
    responses(
        (status = 201, description = "The comment.", body = Comment, headers(("ETag" = String, description = "The version, for `If-Match`."))),
        (status = 422, description = "`invalid`: fields with invalid values, in `errors`. `idempotency_key_reused`.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn create(
    caller: Caller<tasks::Write>,
    State(db): State<Db>,
    path: Result<Path<TaskRef>, ApiError>,
    key: Result<IdempotencyKey, ApiError>,
    body: Result<Json<CommentText>, ApiError>,
) -> Result<Response, ApiError> {
    let mut tx = db.write(&caller).await?;
    let (Path(task), key, Json(new)) = (path?, key?, body?);
    let task = task.id(&mut tx, caller.organization_id()).await?;
    check_task(&mut tx, task).await?;
    let route = "POST /api/tasks/{task_id}/comments";
    let request = match key.take(&mut tx, &caller, route, &(task, &new)).await? {
        Idempotency::Execute(request) => request,
        Idempotency::Replay(response) => return tx.rollback().await.map(|()| response),
    };
    let id = Uuid::now_v7();
    sqlx::query!(
        "insert into task_comments (organization_id, id, task_id, author_id, body) values ($1, $2, $3, $4, $5)",
        caller.organization_id(),
        id,
        task,
        caller.user_id(),
        new.body.as_str(),
    )
    .execute(&mut *tx)
    .await?;
    let line = Audit::new("comment.create", "comment", id);
    tx.audit(line.after(json!({ "task_id": task, "body": new.body })))
        .await?;
    Act::of(&caller, task)
        .commented(&mut tx, None, new.body.as_str())
        .await?;
    let comment = Comment::find(&mut tx, task, id).await?;
    tx.emit(Event::CommentChanged {
        task_id: task,
        id,
        version: comment.version,
    });
    request
        .commit_with(tx, StatusCode::CREATED, ETag(comment.version), &comment)
        .await
}

/// Updates a comment.
///
/// Only its author may.
#[utoipa::path(
    patch,
    path = "/api/tasks/{task_id}/comments/{comment_id}",
    tag = "comments",
    operation_id = "updateComment",
    params(
        ("task_id" = inline(TaskRef), Path, description = "Id of the task, or its number with the key of the organization: `MIY-12`."),
        ("comment_id" = Uuid, Path, description = "Id of the comment."),
        IfMatch,
    ),
    request_body = CommentText,
    responses(
        (status = 200, description = "The comment.", body = Comment, headers(("ETag" = String, description = "The version, for `If-Match`."))),
        (status = 403, description = "`not_the_author`: somebody else wrote the comment. `missing_permission`, `not_a_member`.", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "`stale_version`: `If-Match` is not the current version.", body = Problem, content_type = "application/problem+json"),
        (status = 428, description = "`version_required`: `If-Match` is missing.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn change(
    caller: Caller<tasks::Write>,
    State(db): State<Db>,
    path: Result<Path<(TaskRef, Uuid)>, ApiError>,
    if_match: Result<IfMatch, ApiError>,
    body: Result<Json<CommentText>, ApiError>,
) -> Result<Response, ApiError> {
    let mut tx = db.write(&caller).await?;
    let (Path((task, id)), if_match, Json(change)) = (path?, if_match?, body?);
    let task = task.id(&mut tx, caller.organization_id()).await?;
    check_task(&mut tx, task).await?;
    let comment = Comment::lock(&mut tx, task, id).await?;
    if comment.author.id != caller.user_id() {
        return Err(refuse(tx, "comment.update", id).await);
    }
    if_match.check(comment.version)?;
    if comment.body == change.body.as_str() {
        tx.rollback().await?;
        return Ok((ETag(comment.version), Json(comment)).into_response());
    }
    sqlx::query!(
        "update task_comments set body = $2, version = version + 1, updated_at = now() where id = $1",
        id,
        change.body.as_str()
    )
    .execute(&mut *tx)
    .await?;
    let line = Audit::new("comment.update", "comment", id);
    tx.audit(
        line.before(json!({ "body": comment.body }))
            .after(json!({ "body": change.body })),
    )
    .await?;
    Act::of(&caller, task)
        .commented(&mut tx, Some(&comment.body), change.body.as_str())
        .await?;
    let comment = Comment::find(&mut tx, task, id).await?;
    tx.emit(Event::CommentChanged {
        task_id: task,
        id,
        version: comment.version,
    });
    tx.commit_with(ETag(comment.version), &comment).await
}

/// Deletes a comment.
///
/// Its author may, and whoever has `members.manage`.
#[utoipa::path(
    delete,
    path = "/api/tasks/{task_id}/comments/{comment_id}",
    tag = "comments",
    operation_id = "deleteComment",
    params(
        ("task_id" = inline(TaskRef), Path, description = "Id of the task, or its number with the key of the organization: `MIY-12`."),
        ("comment_id" = Uuid, Path, description = "Id of the comment."),
        OptionalIfMatch,
    ),
    responses(
        (status = 204, description = "The comment was deleted."),
        (status = 403, description = "`not_the_author`: somebody else wrote the comment. `missing_permission`, `not_a_member`.", body = Problem, content_type = "application/problem+json"),
        (status = 412, description = "`stale_version`: `If-Match` is not the current version.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn remove(
    caller: Caller<tasks::Write>,
    State(db): State<Db>,
    path: Result<Path<(TaskRef, Uuid)>, ApiError>,
    if_match: Result<Option<IfMatch>, ApiError>,
) -> Result<StatusCode, ApiError> {
    let mut tx = db.write(&caller).await?;
    let (Path((task, id)), if_match) = (path?, if_match?);
    let task = task.id(&mut tx, caller.organization_id()).await?;
    check_task(&mut tx, task).await?;
    let comment = Comment::lock(&mut tx, task, id).await?;
    if comment.author.id != caller.user_id() && !tx.may(Permission::MembersManage) {
        return Err(refuse(tx, "comment.delete", id).await);
    }
    if let Some(if_match) = if_match {
        if_match.check(comment.version)?;
    }
    sqlx::query!(
        "update task_comments set deleted_at = now(), version = version + 1, updated_at = now() where id = $1",
        id
    )
    .execute(&mut *tx)
    .await?;
    let line = Audit::new("comment.delete", "comment", id);
    tx.audit(line.before(json!({ "task_id": task, "body": comment.body })))
        .await?;
    tx.emit(Event::CommentChanged {
        task_id: task,
        id,
        version: comment.version + 1,
    });
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// # Errors
///
/// 404 when the task is not there, or deleted: then its comments are not there either.
async fn check_task(tx: &mut Tx, task: Uuid) -> Result<(), ApiError> {
    let is_there = sqlx::query_scalar!(
        r#"select exists (select from tasks where id = $1 and deleted_at is null) as "is_there!""#,
        task
    )
    .fetch_one(&mut **tx)
    .await?;
    if is_there {
        Ok(())
    } else {
        Err(ApiError::NotFound)
    }
}

/// Writes down that somebody tried to touch another's comment.
async fn refuse(mut tx: Tx, action: &'static str, comment: Uuid) -> ApiError {
    let refused = ApiError::forbidden("not_the_author", "Somebody else wrote this comment.");
    let written = tx
        .audit_refusal(Audit::denied(action, "comment", comment))
        .await;
    match written {
        Ok(()) => tx.commit().await.err().unwrap_or(refused),
        Err(error) => error,
    }
}
