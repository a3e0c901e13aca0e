//! Tasks within tasks: a parent is a task of the same organization, nothing is below itself, and
//! nothing is nested too deep.
//!
//! Two moves that are each right can be wrong together, and a task can be put below one that is
//! being deleted: whoever changes the hierarchy of an organization holds its lock first, before any
//! task is locked.

use miyabi_core::{ApiError, Tx};
use uuid::Uuid;

/// How deep tasks are nested at most: a task without a parent is the first level.
pub(crate) const MAX_DEPTH: i32 = 8;

/// Makes everybody else wait who wants to change the hierarchy of this organization, until this
/// transaction ends.
pub(crate) async fn lock(tx: &mut Tx, organization: Uuid) -> Result<(), ApiError> {
    let (high, low) = organization.as_u64_pair();
    // The random bits of both halves. That two organizations share a lock would cost a wait, no more.
    let key = i64::from_ne_bytes((high ^ low).to_ne_bytes());
    sqlx::query!("select pg_advisory_xact_lock($1)", key)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Checks that a task can be put below another. `moved` is `None` for a task that is being made.
///
/// # Errors
///
/// 422 for `parent_id`.
pub(crate) async fn check_parent(
    tx: &mut Tx,
    moved: Option<Uuid>,
    parent: Uuid,
) -> Result<(), ApiError> {
    let found = sqlx::query!(
        r#"with recursive up as (
                select id, parent_id, 1 as depth from tasks where id = $1 and deleted_at is null
                union all
                select t.id, t.parent_id, up.depth + 1 from up join tasks t on t.id = up.parent_id
                    where up.depth < 64
            ), down as (
                select id, 1 as height from tasks where id = $2
                union all
                select t.id, down.height + 1 from down join tasks t on t.parent_id = down.id
                    where t.deleted_at is null and down.height < 64
            )
            select (select max(depth) from up) as depth,
                coalesce((select bool_or(id = $2) from up), false) as "is_below_itself!",
                coalesce((select max(height) from down), 1) as "height!""#,
        parent,
        moved,
    )
    .fetch_one(&mut **tx)
    .await?;
    let refused = |detail: &str| Err(ApiError::invalid("parent_id", detail));
    match found.depth {
        None => refused("is not a task of this organization"),
        Some(_) if found.is_below_itself => {
            refused("must not be the task itself or one of its sub-tasks")
        }
        Some(depth) if depth + found.height > MAX_DEPTH => {
            refused(&format!("would nest tasks deeper than {MAX_DEPTH} levels"))
        }
        Some(_) => Ok(()),
    }
}

/// Whether a task would be nested too deep with those of its deleted sub-tasks that come back with
/// it, under the parent that it has.
pub(crate) async fn is_too_deep(
    tx: &mut Tx,
    restored: Uuid,
    with: &[Uuid],
) -> Result<bool, ApiError> {
    let is_too_deep = sqlx::query_scalar!(
        r#"with recursive up as (
                select parent_id, 1 as depth from tasks where id = $1
                union all
                select t.parent_id, up.depth + 1 from up join tasks t on t.id = up.parent_id
                    where up.depth < 64
            ), down as (
                select id, 1 as height from tasks where id = $1
                union all
                select t.id, down.height + 1 from down join tasks t on t.parent_id = down.id
                    where t.id = any($2) and down.height < 64
            )
            select (select max(depth) from up) + (select max(height) from down) - 1 > $3 as "is_too_deep!""#,
        restored,
        with,
        MAX_DEPTH,
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(is_too_deep)
}
