//! `GET /api/activity`.
//!
//! Pages backwards in time. What happens from now on, `/api/changes` says.

use axum::extract::State;
use miyabi_core::{
    ApiError, Caller, Db, Json, Limit, Page, Problem, Query, RawJson, Timestamp, Tx,
    permission::audit,
};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;
use uuid::Uuid;

use crate::entry::{Actor, Entry, Outcome, UsedApiToken};

/// Query parameters of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListActivityQuery {
    /// Entries of this user.
    pub(crate) actor: Option<Uuid>,
    /// Entries with this action, for example `task.update`.
    #[param(pattern = r"^[^\u0000]*$")]
    pub(crate) action: Option<String>,
    /// Entries with this type of target, for example `task`.
    #[param(pattern = r"^[^\u0000]*$")]
    pub(crate) target_type: Option<String>,
    /// Entries with this target.
    pub(crate) target_id: Option<Uuid>,
    /// Entries with this outcome.
    pub(crate) outcome: Option<Outcome>,
    /// Entries of this time or later.
    pub(crate) from: Option<Timestamp>,
    /// Entries before this time.
    pub(crate) to: Option<Timestamp>,
    /// `next_cursor` of the previous page, with the same filters.
    #[param(min_length = 1, pattern = "^[A-Za-z0-9_-]+$")]
    pub(crate) cursor: Option<String>,
    /// Maximum number of items, 1 to 100.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 100, default = 50)]
    pub(crate) limit: Option<String>,
}

/// The last entry of the page before.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Position {
    at: Timestamp,
    id: Uuid,
}

/// Lists the audit trail, newest first.
///
/// Includes refused actions, with the outcome `denied`.
#[utoipa::path(
    get,
    path = "/api/activity",
    operation_id = "listActivity",
    params(ListActivityQuery),
    responses(
        (status = 200, description = "A page of the audit trail.", body = Page<Entry>),
        (status = 400, description = "`bad_cursor`: not a cursor of this list with these filters. `bad_limit`.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "`invalid`: a filter with an invalid value.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn list(
    caller: Caller<audit::Read>,
    State(db): State<Db>,
    query: Result<Query<ListActivityQuery>, ApiError>,
) -> Result<Json<Page<Entry>>, ApiError> {
    let mut tx = db.read(&caller).await?;
    let Query(asked) = query?;
    let limit = Limit::parse(asked.limit.as_deref())?;
    let after = asked.position(&caller)?;
    let entries = find(
        &mut tx,
        caller.organization_id(),
        &asked,
        after,
        limit.rows(),
    )
    .await?;
    tx.commit().await?;
    let page = Page::new(&entries, limit, |last| {
        caller.seal_cursor(&asked.scope(), &Position::of(&entries[last]))
    })?;
    Ok(Json(page))
}

/// The newest entries after a place, `rows` at most.
pub(crate) async fn find(
    tx: &mut Tx,
    organization: Uuid,
    asked: &ListActivityQuery,
    after: Option<Position>,
    rows: i64,
) -> Result<Vec<Entry>, ApiError> {
    let (after_at, after_id) = after.map(|last| (last.at.get(), last.id)).unzip();
    // Filters may be absent (`$1 is null or ..`): only a plan made for the values finds the index of
    // the one that is there.
    tx.plan_for_values().await?;
    // One more than asked for says whether there is another page.
    let rows = sqlx::query!(
        r#"select e.id, e.created_at as "created_at: Timestamp", e.action, e.outcome, e.actor_id, e.target_type, e.target_id,
                e.before::text as "before: RawJson", e.after::text as "after: RawJson", e.request_id, e.session_id,
                e.api_token_id, t.name as "token_name?", t.last_four as "last_four?", u.login as "login?", u.name as "name?", u.avatar_url as "avatar_url?"
            from audit_log e left join users u on u.id = e.actor_id
                left join api_tokens t on t.organization_id = e.organization_id and t.id = e.api_token_id
            where e.organization_id = $11 and ($1::uuid is null or e.actor_id = $1)
                and ($2::text is null or e.action = $2)
                and ($3::text is null or e.target_type = $3)
                and ($4::uuid is null or e.target_id = $4)
                and ($5::text is null or e.outcome = $5)
                and ($6::timestamptz is null or e.created_at >= $6)
                and ($7::timestamptz is null or e.created_at < $7)
                and ($8::timestamptz is null or (e.created_at, e.id) < ($8, $9::uuid))
            order by e.created_at desc, e.id desc
            limit $10"#,
        asked.actor,
        asked.action,
        asked.target_type,
        asked.target_id,
        asked.outcome.map(Outcome::as_str),
        asked.from.map(Timestamp::get),
        asked.to.map(Timestamp::get),
        after_at,
        after_id,
        rows,
        // Row-level security says the same, unseen by the planner: it would plan for an average tenant.
        organization,
    )
    .fetch_all(&mut **tx)
    .await?;
    let entries = rows.into_iter().map(|row| Entry {
        id: row.id,
        at: row.created_at,
        action: row.action,
        outcome: Outcome::stored(&row.outcome),
        actor: row.actor_id.map(|id| Actor {
            id,
            login: row.login,
            name: row.name,
            avatar_url: row.avatar_url,
        }),
        api_token: row.api_token_id.map(|id| UsedApiToken {
            id,
            name: row.token_name,
            last_four: row.last_four,
        }),
        session_id: row.session_id,
        target_type: row.target_type,
        target_id: row.target_id,
        before: row.before,
        after: row.after,
        request_id: row.request_id,
    });
    Ok(entries.collect())
}

impl Position {
    pub(crate) fn of(entry: &Entry) -> Position {
        Position {
            at: entry.at,
            id: entry.id,
        }
    }
}

impl ListActivityQuery {
    /// What a cursor belongs to: this list with these filters.
    pub(crate) fn scope(&self) -> impl Serialize + '_ {
        (
            "activity",
            (self.actor, &self.action, &self.target_type, self.target_id),
            (self.outcome, self.from, self.to),
        )
    }

    pub(crate) fn position(
        &self,
        caller: &Caller<audit::Read>,
    ) -> Result<Option<Position>, ApiError> {
        let open = |cursor: &String| caller.open_cursor(&self.scope(), cursor);
        self.cursor.as_ref().map(open).transpose()
    }
}
