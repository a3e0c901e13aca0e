//! `GET /api/activity/export`: the trail as NDJSON, in parts.

use axum::{extract::State, response::Response};
use miyabi_core::{ApiError, Caller, Db, NdjsonPart, Problem, Query, Timestamp, permission::audit};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::{
    entry::Outcome,
    list::{self, ListActivityQuery, Position},
};

/// Entries that are read at once: what is kept in memory beside the part itself.
const AT_ONCE: usize = 100;
/// Most entries of a part: it is read in a second or two.
const MAX: usize = 10_000;

/// Query parameters of the export: the filters of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Export {
    /// Entries of this user.
    actor: Option<Uuid>,
    /// Entries with this action, for example `task.update`.
    #[param(pattern = r"^[^\u0000]*$")]
    action: Option<String>,
    /// Entries with this type of target, for example `task`.
    #[param(pattern = r"^[^\u0000]*$")]
    target_type: Option<String>,
    /// Entries with this target.
    target_id: Option<Uuid>,
    /// Entries with this outcome.
    outcome: Option<Outcome>,
    /// Entries of this time or later.
    from: Option<Timestamp>,
    /// Entries before this time.
    to: Option<Timestamp>,
    /// `X-Next-Cursor` of the previous part, with the same filters.
    #[param(min_length = 1, pattern = "^[A-Za-z0-9_-]+$")]
    cursor: Option<String>,
}

impl From<Export> for ListActivityQuery {
    fn from(export: Export) -> ListActivityQuery {
        ListActivityQuery {
            actor: export.actor,
            action: export.action,
            target_type: export.target_type,
            target_id: export.target_id,
            outcome: export.outcome,
            from: export.from,
            to: export.to,
            cursor: export.cursor,
            limit: None,
        }
    }
}

/// Exports the audit trail, newest first.
///
/// Each line is an entry as in the list. A part has at most 4 MiB or 10,000 entries; the header
/// `X-Next-Cursor` is the `cursor` of the next part, and is missing in the last one. Entries that are
/// written while parts are fetched are in none of them.
#[utoipa::path(
    get,
    path = "/api/activity/export",
    operation_id = "exportActivity",
    params(Export),
    responses(
        (status = 200, description = "A part of the audit trail: one entry a line.", body = String, content_type = "application/x-ndjson", headers(("X-Next-Cursor" = String, description = "Cursor of the next part; missing in the last one."))),
        (status = 400, description = "`bad_cursor`: not a cursor of this export with these filters.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn export(
    caller: Caller<audit::Read>,
    State(db): State<Db>,
    query: Result<Query<Export>, ApiError>,
) -> Result<Response, ApiError> {
    let mut tx = db.read(&caller).await?;
    let Query(export) = query?;
    let asked = ListActivityQuery::from(export);
    let organization = caller.organization_id();
    let mut after = asked.position(&caller)?;
    let mut part = NdjsonPart::default();
    let mut lines = 0;
    loop {
        let rows = i64::try_from(AT_ONCE).unwrap_or(i64::MAX);
        let entries = list::find(&mut tx, organization, &asked, after.clone(), rows).await?;
        for entry in &entries {
            if lines == MAX || !part.push(entry)? {
                let last = after.ok_or_else(|| {
                    ApiError::Internal("The first entry did not fit into a part.".to_owned())
                })?;
                let cursor = caller.seal_cursor(&asked.scope(), &last)?;
                tx.commit().await?;
                return part.into_response(Some(cursor));
            }
            lines += 1;
            after = Some(Position::of(entry));
        }
        if entries.len() < AT_ONCE {
            tx.commit().await?;
            return part.into_response(None);
        }
    }
}
