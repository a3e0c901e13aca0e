//! `GET /api/changes`: what a client has missed.

use axum::extract::State;
use miyabi_core::{ApiError, Caller, Db, Json, Problem, Query, fits, permission::tasks};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

/// Most events of one response.
const MAX: i64 = 500;

/// After which event.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListChangesQuery {
    /// The last `seq` that the client has seen; 0 for the beginning.
    #[param(minimum = 0)]
    after: i64,
    /// Maximum number of items, 1 to 500.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 500, default = 500)]
    limit: Option<String>,
}

/// Events of the organization after one of them.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Changes {
    /// The events in their order. When the last one has a smaller `seq` than `last_seq`, ask again
    /// after it.
    items: Vec<Change>,
    /// `seq` of the last event of the organization.
    #[schema(minimum = 0)]
    last_seq: i64,
    /// `true`: events after `after` are not kept any more, or `after` is not from this
    /// organization. Fetch the snapshot.
    resync: bool,
}

/// An event: what changed, never what it says.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Change {
    /// Number of the event in the organization.
    #[schema(minimum = 1)]
    seq: i64,
    /// `task.changed`, `tasks.changed`, `comment.changed`, `label.changed`, `project.changed`, `view.changed`,
    /// `member.changed`, `organization.changed` or `invitation.changed`.
    #[serde(rename = "type")]
    kind: String,
    /// What changed; of a comment its task, then the comment.
    ids: Vec<Uuid>,
    /// For each of `ids` the version after the change; null where it has none or kept it.
    versions: Vec<Option<i64>>,
}

/// Lists the events after the last one that a client has seen.
///
/// Events are kept for 7 days, and at most 10,000 of an organization.
#[utoipa::path(
    get,
    path = "/api/changes",
    tag = "tasks",
    operation_id = "listChanges",
    params(ListChangesQuery),
    responses(
        (status = 200, description = "The events.", body = Changes),
        (status = 400, description = "`bad_limit`.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid`: `after` is not a number of an event.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn changes(
    caller: Caller<tasks::Read>,
    State(db): State<Db>,
    query: Result<Query<ListChangesQuery>, ApiError>,
) -> Result<Json<Changes>, ApiError> {
    let mut tx = db.read(&caller).await?;
    let Query(query) = query?;
    let limit = limit(query.limit.as_deref())?;
    if query.after < 0 {
        return Err(ApiError::invalid("after", "must be 0 or more"));
    }
    // One statement, and so one state of the outbox: what is kept and what is read are the same.
    let rows = sqlx::query!(
        r#"select s.last_seq, oldest.seq as "oldest?", e.seq as "seq?", e.type as "kind?", e.ids as "ids?",
                e.versions as "versions?: Vec<Option<i64>>"
            from outbox_sequences s
            left join lateral (select o.seq from outbox o where o.organization_id = $1 order by o.seq limit 1) oldest on true
            left join lateral (
                select o.seq, o.type, o.ids, o.versions from outbox o
                where o.organization_id = $1 and o.seq > $2 order by o.seq limit $3) e on true
            where s.organization_id = $1
            order by e.seq"#,
        caller.organization_id(),
        query.after,
        limit,
    )
    .fetch_all(&mut *tx)
    .await?;
    tx.commit().await?;
    let first = rows.first().ok_or(ApiError::NotFound)?;
    let last_seq = first.last_seq;
    // The last event that is kept no longer. `after` may be the largest number that there is.
    let gone = first.oldest.map_or(last_seq, |oldest| oldest - 1);
    let resync = query.after > last_seq || query.after < gone;
    let mut items: Vec<Change> = rows
        .into_iter()
        .filter_map(|row| {
            let ids = row.ids?;
            let mut versions = row.versions.unwrap_or_default();
            // Empty in rows from before events had versions.
            versions.resize(ids.len(), None);
            Some(Change {
                seq: row.seq?,
                kind: row.kind?,
                ids,
                versions,
            })
        })
        .collect();
    items.truncate(if resync { 0 } else { fits(&items)? });
    Ok(Json(Changes {
        items,
        last_seq,
        resync,
    }))
}

fn limit(parameter: Option<&str>) -> Result<i64, ApiError> {
    let limit = match parameter {
        None => Some(MAX),
        Some(text) => text.parse().ok(),
    };
    limit
        .filter(|limit| (1..=MAX).contains(limit))
        .ok_or_else(|| {
            ApiError::bad_request(
                "bad_limit",
                format!("`limit` must be a number from 1 to {MAX}."),
            )
        })
}
