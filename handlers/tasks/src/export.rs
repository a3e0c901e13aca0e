//! `GET /api/export`: an organization as NDJSON, in parts.
//!
//! Rows are read table after table, each in the order of its ids, and each as it is when its part is
//! read: parts are transactions of their own, as a client may take an hour between two. The first line
//! names the last event before the export. All that was committed up to it is in the export; whatever
//! happened later may be, and `/api/changes` after that event names all of it.

use axum::{extract::State, response::Response};
use miyabi_core::{ApiError, Caller, Db, NdjsonPart, Problem, Query, RawJson, Tx, permission::org};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;
use uuid::Uuid;

/// Rows that are read at once: what is kept in memory beside the part itself.
const AT_ONCE: i64 = 200;

/// The tables, in the order in which one refers to those before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Table {
    Export,
    Organization,
    Roles,
    Members,
    Labels,
    Projects,
    Tasks,
    TaskComments,
}

impl Table {
    fn next(self) -> Option<Table> {
        match self {
            Table::Export => Some(Table::Organization),
            Table::Organization => Some(Table::Roles),
            Table::Roles => Some(Table::Members),
            Table::Members => Some(Table::Labels),
            Table::Labels => Some(Table::Projects),
            Table::Projects => Some(Table::Tasks),
            Table::Tasks => Some(Table::TaskComments),
            Table::TaskComments => None,
        }
    }
}

/// Query parameters of the export.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Export {
    /// `X-Next-Cursor` of the previous part.
    #[param(min_length = 1, pattern = "^[A-Za-z0-9_-]+$")]
    cursor: Option<String>,
}

/// The table in which a part begins, and the last row of it that was in the part before.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Position {
    table: Table,
    after: Option<String>,
}

/// A line.
#[derive(Serialize)]
struct Line<'a> {
    table: Table,
    row: &'a RawJson,
}

/// A row, with its place in the table.
struct Row {
    key: String,
    row: RawJson,
}

/// What a cursor belongs to.
const SCOPE: &str = "export";

/// Exports the organization.
///
/// Each line is `{"table": "..", "row": {..}}`: organization, roles, members, labels, projects, tasks
/// and comments, without deleted ones. A part has at most 4 MiB; the header `X-Next-Cursor` is the
/// `cursor` of the next part, and is missing in the last one. The first line, of the table `export`, has the
/// `seq` of the last event before the export: everything up to it is in the export, and
/// `/api/changes?after=seq` names what changed meanwhile.
#[utoipa::path(
    get,
    path = "/api/export",
    tag = "organizations",
    operation_id = "exportOrganization",
    params(Export),
    responses(
        (status = 200, description = "A part of the organization: one row a line.", body = String, content_type = "application/x-ndjson", headers(("X-Next-Cursor" = String, description = "Cursor of the next part; missing in the last one."))),
        (status = 400, description = "`bad_cursor`: not a cursor of an export of this organization.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn export(
    caller: Caller<org::Export>,
    State(db): State<Db>,
    query: Result<Query<Export>, ApiError>,
) -> Result<Response, ApiError> {
    let mut tx = db.read(&caller).await?;
    let Query(export) = query?;
    let begin = Position {
        table: Table::Export,
        after: None,
    };
    let mut position = match &export.cursor {
        None => begin,
        Some(cursor) => caller.open_cursor(&SCOPE, cursor)?,
    };
    let mut part = NdjsonPart::default();
    loop {
        let Position { table, after } = &position;
        let rows = rows(&mut tx, *table, caller.organization_id(), after.as_deref()).await?;
        let is_last = i64::try_from(rows.len()).unwrap_or(AT_ONCE) < AT_ONCE;
        for Row { key, row } in rows {
            let table = position.table;
            if !part.push(&Line { table, row: &row })? {
                let cursor = caller.seal_cursor(&SCOPE, &position)?;
                tx.commit().await?;
                return part.into_response(Some(cursor));
            }
            position.after = Some(key);
        }
        if is_last {
            let Some(table) = position.table.next() else {
                tx.commit().await?;
                return part.into_response(None);
            };
            position = Position { table, after: None };
        }
    }
}

/// The next rows of a table, [`AT_ONCE`] at most.
async fn rows(
    tx: &mut Tx,
    table: Table,
    organization: Uuid,
    after: Option<&str>,
) -> Result<Vec<Row>, ApiError> {
    // $1 is the organization, $2 the last key that is known, $3 how many rows there may be.
    macro_rules! select {
        ($sql:literal $(, $limit:expr)?) => {
            sqlx::query_as!(Row, $sql, organization, after $(, $limit)?)
                .fetch_all(&mut **tx)
                .await?
        };
    }
    Ok(match table {
        Table::Export => select!(
            r#"select organization_id::text as "key!", json_build_object('seq', last_seq, 'at', now())::text as "row!: RawJson"
               from outbox_sequences where organization_id = $1 and $2::text is null"#
        ),
        Table::Organization => select!(
            r#"select id::text as "key!",
                json_build_object('id', id, 'name', name, 'task_key', task_key, 'created_at', created_at)::text as "row!: RawJson"
               from organizations where id = $1 and $2::text is null"#
        ),
        Table::Roles => select!(
            r#"select name as "key!",
                json_build_object('name', name, 'permissions', permissions, 'built_in', built_in)::text as "row!: RawJson"
               from roles where organization_id = $1 and ($2::text is null or name > $2) order by name limit $3"#,
            AT_ONCE
        ),
        Table::Members => select!(
            r#"select m.user_id::text as "key!",
                json_build_object('user_id', m.user_id, 'login', u.login, 'name', u.name, 'role', m.role,
                    'created_at', m.created_at, 'removed_at', m.removed_at)::text as "row!: RawJson"
               from memberships m join users u on u.id = m.user_id
               where m.organization_id = $1 and ($2::text is null or m.user_id > $2::text::uuid)
               order by m.user_id limit $3"#,
            AT_ONCE
        ),
        Table::Labels => select!(
            r#"select id::text as "key!",
                json_build_object('id', id, 'name', name, 'color', color, 'created_at', created_at, 'updated_at', updated_at)::text as "row!: RawJson"
               from labels where organization_id = $1 and ($2::text is null or id > $2::text::uuid) order by id limit $3"#,
            AT_ONCE
        ),
        Table::Projects => select!(
            r#"select id::text as "key!",
                json_build_object('id', id, 'name', name, 'color', color, 'rank', rank, 'archived_at', archived_at,
                    'created_at', created_at, 'updated_at', updated_at)::text as "row!: RawJson"
               from projects where organization_id = $1 and ($2::text is null or id > $2::text::uuid) order by id limit $3"#,
            AT_ONCE
        ),
        Table::Tasks => select!(
            r#"select t.id::text as "key!",
                json_build_object('id', t.id, 'number', t.number, 'title', t.title, 'description', t.description,
                    'status', t.status, 'priority', t.priority, 'assignee_id', t.assignee_id, 'parent_id', t.parent_id,
                    'project_id', t.project_id, 'due_at', t.due_at, 'due_on', t.due_on, 'metadata', t.metadata,
                    'label_ids', array(select l.label_id from task_labels l where l.organization_id = t.organization_id and l.task_id = t.id order by l.label_id),
                    'version', t.version, 'created_by', t.created_by, 'created_at', t.created_at, 'updated_at', t.updated_at)::text as "row!: RawJson"
               from tasks t
               where t.organization_id = $1 and t.deleted_at is null and ($2::text is null or t.id > $2::text::uuid)
               order by t.id limit $3"#,
            AT_ONCE
        ),
        Table::TaskComments => select!(
            r#"select c.id::text as "key!",
                json_build_object('id', c.id, 'task_id', c.task_id, 'author_id', c.author_id, 'body', c.body,
                    'version', c.version, 'created_at', c.created_at, 'updated_at', c.updated_at)::text as "row!: RawJson"
               from task_comments c join tasks t on t.organization_id = c.organization_id and t.id = c.task_id
               where c.organization_id = $1 and c.deleted_at is null and t.deleted_at is null
                and ($2::text is null or c.id > $2::text::uuid)
               order by c.id limit $3"#,
            AT_ONCE
        ),
    })
}
