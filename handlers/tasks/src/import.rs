//! `POST /api/tasks/import`: tasks of another system, each once however often the import is repeated.
//!
//! Nobody is notified and nobody watches what is imported: it is not news.

use std::collections::HashMap;

use axum::{extract::State, response::Response};
use http::StatusCode;
use miyabi_core::{
    ApiError, Audit, Caller, Db, Event, FieldError, Idempotency, IdempotencyKey, Json, Line,
    Permission, Problem, Tx, permission::tasks,
};
use serde::{Deserialize, Deserializer, Serialize, de};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    create::NewTask,
    fields::{Fields, check_due},
    hierarchy,
};

/// Most tasks of one request.
const MAX: usize = 200;

/// Tasks of another system.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TaskImport {
    /// The tasks, 1 to 200.
    #[serde(deserialize_with = "bounded")]
    #[schema(min_items = 1, max_items = 200)]
    items: Vec<ImportedTask>,
}

/// A task of another system.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ImportedTask {
    /// The system and what of it: `github:octocat/garden`.
    source: Line<100>,
    /// Its id there. A task of this source with this id that was imported before is skipped.
    external_id: Line<200>,
    /// Its address there, `http` or `https`.
    #[serde(
        default,
        deserialize_with = "web_address",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(value_type = Option<String>, pattern = "^https?://[!-~]{1,1990}$")]
    url: Option<String>,
    /// What it becomes here.
    task: NewTask,
}

/// What became of the tasks, in the order of the request.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TasksImported {
    /// One for each task of the request.
    items: Vec<ImportResult>,
}

/// What became of one task.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ImportResult {
    /// Id of the task here. It may have been deleted since an earlier import.
    task_id: Uuid,
    /// `false`: it had been imported before and was skipped.
    created: bool,
}

fn bounded<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<ImportedTask>, D::Error> {
    let items = Vec::<ImportedTask>::deserialize(deserializer)?;
    if !(1..=MAX).contains(&items.len()) {
        return Err(de::Error::custom(format_args!("must be 1 to {MAX} tasks")));
    }
    Ok(items)
}

/// An address that a page may link to: nothing but `http` and `https`, in printable ASCII.
fn web_address<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let Some(url) = Option::<String>::deserialize(deserializer)? else {
        return Ok(None);
    };
    let rest = ["https://", "http://"]
        .iter()
        .find_map(|scheme| url.strip_prefix(scheme));
    let is_printable = |rest: &str| {
        (1..=1990).contains(&rest.len()) && rest.bytes().all(|byte| byte.is_ascii_graphic())
    };
    if rest.is_some_and(is_printable) {
        return Ok(Some(url));
    }
    Err(de::Error::custom(
        "must be an address that begins with https:// or http://",
    ))
}

/// Imports tasks.
///
/// All or none. A task whose `source` and `external_id` were imported before, or come earlier in the
/// request, is skipped, so that an import can be repeated.
#[utoipa::path(
    post,
    path = "/api/tasks/import",
    tag = "tasks",
    operation_id = "importTasks",
    params(IdempotencyKey),
    request_body = TaskImport,
    responses(
        (status = 200, description = "What became of each task.", body = TasksImported),
        (status = 422, description = "`invalid`: fields with invalid values, in `errors`. `idempotency_key_reused`.", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn import(
    caller: Caller<tasks::Write>,
    State(db): State<Db>,
    key: Result<IdempotencyKey, ApiError>,
    body: Result<Json<TaskImport>, ApiError>,
) -> Result<Response, ApiError> {
    let mut tx = db.write(&caller).await?;
    let (key, Json(import)) = (key?, body?);
    if import.items.iter().any(|item| item.task.assigns()) {
        tx = tx.require(Permission::TasksAssign).await?;
    }
    let taken = key.take(&mut tx, &caller, "POST /api/tasks/import", &import);
    let request = match taken.await? {
        Idempotency::Execute(request) => request,
        Idempotency::Replay(response) => return tx.rollback().await.map(|()| response),
    };
    let organization = caller.organization_id();
    // Two imports of the same tasks at once would both find them missing. Parents are looked at, too.
    hierarchy::lock(&mut tx, organization).await?;
    let mut known = imported(&mut tx, organization, &import.items).await?;
    let (mut results, mut lines, mut created) = (Vec::new(), Vec::new(), Vec::new());
    for (number, item) in import.items.into_iter().enumerate() {
        let name = item.name();
        if let Some(task_id) = known.get(&name).copied() {
            results.push(ImportResult {
                task_id,
                created: false,
            });
            continue;
        }
        let (id, line) = insert(&mut tx, &caller, item)
            .await
            .map_err(|error| of_item(error, number))?;
        known.insert(name, id);
        lines.push(line);
        created.push((id, 1));
        results.push(ImportResult {
            task_id: id,
            created: true,
        });
    }
    if !created.is_empty() {
        tx.audit_all(lines).await?;
        tx.emit(Event::TasksChanged { tasks: created });
    }
    let imported = TasksImported { items: results };
    request.commit_with(tx, StatusCode::OK, (), &imported).await
}

impl ImportedTask {
    /// What it is known by: its source and its id there.
    fn name(&self) -> (String, String) {
        (
            self.source.as_str().to_owned(),
            self.external_id.as_str().to_owned(),
        )
    }
}

/// Those of the tasks that were imported before.
async fn imported(
    tx: &mut Tx,
    organization: Uuid,
    items: &[ImportedTask],
) -> Result<HashMap<(String, String), Uuid>, ApiError> {
    let (sources, ids): (Vec<String>, Vec<String>) = items.iter().map(ImportedTask::name).unzip();
    let rows = sqlx::query!(
        "select i.source, i.external_id, i.task_id
         from unnest($2::text[], $3::text[]) asked (source, external_id)
         join task_imports i on i.organization_id = $1 and i.source = asked.source and i.external_id = asked.external_id",
        organization,
        &sources,
        &ids,
    )
    .fetch_all(&mut **tx)
    .await?;
    let known = rows
        .into_iter()
        .map(|row| ((row.source, row.external_id), row.task_id));
    Ok(known.collect())
}

async fn insert(
    tx: &mut Tx,
    caller: &Caller<tasks::Write>,
    item: ImportedTask,
) -> Result<(Uuid, Audit), ApiError> {
    let fields = Fields::from(item.task);
    check_due(fields.due_at, fields.due_on)?;
    let id = Uuid::now_v7();
    let organization = caller.organization_id();
    let line = fields
        .insert(tx, organization, caller.user_id(), id)
        .await?;
    sqlx::query!(
        "insert into task_imports (organization_id, source, external_id, task_id, url) values ($1, $2, $3, $4, $5)",
        organization,
        item.source.as_str(),
        item.external_id.as_str(),
        id,
        item.url,
    )
    .execute(&mut **tx)
    .await?;
    Ok((id, line))
}

/// The same with the number of its item.
fn of_item(error: ApiError, number: usize) -> ApiError {
    match error {
        ApiError::Invalid(errors) => {
            let errors = errors.into_iter().map(|FieldError { field, detail }| {
                let field = format!("items[{number}].task.{field}");
                FieldError { field, detail }
            });
            ApiError::Invalid(errors.collect())
        }
        other => other,
    }
}
