//! At 100,000 tasks in one organization among many small ones, a page costs a page: what each order,
//! filter and search reads, from EXPLAIN ANALYZE as the role that runs it.

use miyabi_tasks::list::{Asked, Order, Statement};
use miyabi_tests::Database;
use serde_json::{Value, json};
use sqlx::{Executor, PgConnection, Postgres, QueryBuilder, types::Json};
use uuid::Uuid;

use super::{seed::Tenant, shape};

pub(super) const PAGE: u64 = 50;
/// Rows read for a page, over all scans, as a multiple of the page.
pub(super) const FEW: u64 = 8;
/// Rows read where several filters meet in no index.
const SEVERAL: u64 = 4_000;

/// Rows of these tables that the scans of a plan have read: given on, and thrown away.
pub(super) fn rows_read(plan: &Value, tables: &[&str]) -> u64 {
    let number = |name: &str| plan[name].as_f64().unwrap_or_default();
    let children = plan["Plans"].as_array().into_iter().flatten();
    let children: u64 = children.map(|child| rows_read(child, tables)).sum();
    // A bitmap of an index names no table; its rows are those that the heap then gives.
    let is_one = plan["Relation Name"]
        .as_str()
        .is_some_and(|table| tables.contains(&table));
    if !is_one {
        return children;
    }
    let own = number("Actual Rows")
        + number("Rows Removed by Filter")
        + number("Rows Removed by Index Recheck");
    children + (own * number("Actual Loops")) as u64
}

/// What the list says that it does for these parameters, after a place in it.
fn statement(query: &str, tenant: Tenant, after: Option<Value>) -> QueryBuilder<'static, Postgres> {
    let uri = format!("/api/tasks?{query}").parse().unwrap();
    let asked = axum::extract::Query::<Asked>::try_from_uri(&uri).unwrap();
    let (filter, order) = asked.0.resolve(tenant.user).unwrap();
    let after = after.map(|after| serde_json::from_value(after).unwrap());
    let mut sql = QueryBuilder::new("explain (analyze, buffers, timing off, format json) ");
    let statement = Statement {
        organization: tenant.organization,
        filter: &filter,
        order,
        after: after.as_ref(),
        rows: 1 + PAGE as i64,
    };
    statement.write(&mut sql);
    sql
}

/// The plan of a statement that explains one, as a role in an organization.
pub(super) async fn explain(
    role: &mut PgConnection,
    organization: Uuid,
    mut sql: QueryBuilder<'_, Postgres>,
) -> Value {
    let set =
        format!("begin read only; select set_config('app.current_org_id', '{organization}', true)");
    role.execute(sqlx::raw_sql(&set)).await.unwrap();
    let plan: Json<Value> = sql
        .build_query_scalar()
        .persistent(false)
        .fetch_one(&mut *role)
        .await
        .unwrap_or_else(|error| panic!("{error}: {}", sql.sql()));
    role.execute("commit").await.unwrap();
    plan.0[0].clone()
}

/// A place in the middle of an order: half of the tasks come after it.
fn middle(order: &str) -> Value {
    let time = "2026-01-01T00:00:00Z";
    let id = Uuid::max();
    match order.trim_start_matches('-') {
        "priority" => json!({"time": time, "text": "p1", "id": id}),
        "title" => json!({"time": null, "text": "common 5", "id": id}),
        _ => json!({"time": time, "text": null, "id": id}),
    }
}

/// Filters that are read along an index of their own, wherever the page is.
const ALONG_AN_INDEX: [&str; 17] = [
    "assignee=me",
    "assignee=none",
    "priority=p3",
    "parent=none",
    "parent={parent}",
    "label={rare}",
    "label={frequent}",
    "label={rare}&sort=created_at",
    "due_before=2999-01-01T00:00:00Z&sort=due_at",
    "due_after=2999-01-01T00:00:00Z",
    "created_after=2999-01-01T00:00:00Z",
    "created_before=2026-01-01T00:00:00Z",
    "title_prefix=needle&sort=title",
    "title_prefix=needle",
    "title_prefix=common&sort=title",
    "title_prefix=%E5%85%B1%E9%80%9A&sort=title",
    "deleted=true",
];

/// Several filters meet in no index: what the narrowest one leaves is read and sorted, or an order
/// is walked until a page is full.
const OF_SEVERAL_FILTERS: [&str; 16] = [
    "assignee=me&status=pending,in_progress&sort=due_at",
    "assignee=me&status=pending&sort=-priority",
    "assignee=me&status=failed&sort=title",
    "assignee=none&sort=-priority",
    "assignee=none&sort=due_at",
    "assignee=none&sort=title",
    "status=failed&priority=p3",
    "status=pending&assignee=none&sort=due_at",
    "priority=p0,p1&sort=-updated_at",
    "priority=p0&sort=title",
    "label={rare}&status=pending",
    "label={rare}&sort=-priority",
    "label={middle}&sort=-priority",
    "label={frequent}&sort=title",
    "label={rare}&assignee=me",
    "label={rare}&status=failed&sort=title",
];

const SEARCHES: [&str; 10] = [
    "q=needle",
    "q=common",
    "q=description",
    "q=maple",
    // Every other organization has this word, and this one does not.
    "q=zebra",
    "q=needle+50000",
    "q=%22some+description%22+-common",
    "q=common&status=failed&priority=p3",
    "q=common&label={rare}",
    "q=common&assignee=none&status=pending",
];

#[tokio::test]
async fn a_page_of_a_large_tenant_among_fifty_small_ones_reads_a_few_pages_at_most() {
    check_pages(50).await;
}

#[tokio::test]
async fn a_page_of_a_large_tenant_among_a_thousand_small_ones_reads_a_few_pages_at_most() {
    check_pages(1000).await;
}

async fn check_pages(small: u32) {
    let database = Database::migrated().await;
    let mut admin = database.connect_as_superuser().await;
    let tenant = shape::fill(&mut admin, small).await;
    let mut ids = Vec::new();
    for (name, query) in [
        (
            "{parent}",
            "select id from tasks where organization_id = $1 and title = 'Common 1'",
        ),
        (
            "{frequent}",
            "select id from labels where organization_id = $1 and name = 'Label 1'",
        ),
        (
            "{middle}",
            "select id from labels where organization_id = $1 and name = 'Label 3'",
        ),
        (
            "{rare}",
            "select id from labels where organization_id = $1 and name = 'Label 7'",
        ),
    ] {
        let id: Uuid = sqlx::query_scalar(query)
            .bind(tenant.organization)
            .fetch_one(&mut admin)
            .await
            .unwrap();
        ids.push((name, id.to_string()));
    }
    let with_ids = |query: &str| {
        let replace = |query: String, (name, id): &(&str, String)| query.replace(name, id);
        ids.iter().fold(query.to_owned(), replace)
    };
    let mut tasks = database.connect_as("miyabi_tasks").await;
    let mut wrong = String::new();
    let mut ask = async |query: &str, after: Option<Value>, most: u64| {
        let sql = statement(&with_ids(query), tenant, after.clone());
        let plan = explain(&mut tasks, tenant.organization, sql).await;
        let read = rows_read(&plan["Plan"], &["tasks", "task_labels"]);
        if read > most {
            let time = plan["Execution Time"].as_f64().unwrap();
            wrong += &format!(
                "{read} rows read, {most} at most, {time:.1} ms: {query}, after {after:?}\n"
            );
        }
    };
    for order in Order::names() {
        for filter in [
            "",
            "status=pending&",
            "status=completed&",
            "status=pending,in_progress&",
            "status=failed,cancelled&",
            "created_by=me&",
        ] {
            let query = format!("{filter}sort={order}");
            ask(&query, None, PAGE * FEW).await;
            ask(&query, Some(middle(order)), PAGE * FEW).await;
        }
    }
    for query in ALONG_AN_INDEX {
        ask(query, None, PAGE * FEW).await;
    }
    for query in OF_SEVERAL_FILTERS {
        ask(query, None, SEVERAL).await;
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    // The plan of a function is its own: the blocks that it touches are counted instead. The first
    // call of a connection reads the dictionary of the language, too.
    for query in SEARCHES {
        let mut plan = Value::Null;
        for _ in 0..2 {
            let sql = statement(&with_ids(query), tenant, None);
            plan = explain(&mut tasks, tenant.organization, sql).await;
        }
        let number = |name: &str| plan["Plan"][name].as_u64().unwrap();
        let blocks = number("Shared Hit Blocks") + number("Shared Read Blocks");
        assert!(
            blocks <= PAGE * FEW * 5,
            "{blocks} blocks for {query}\n{plan:#}"
        );
    }
}

/// What a plan for the average tenant reads here: the tests above would see it.
#[tokio::test]
async fn a_statement_that_does_not_name_its_organization_reads_far_more() {
    let database = Database::migrated().await;
    let mut admin = database.connect_as_superuser().await;
    let tenant = shape::fill(&mut admin, 1000).await;
    let label: Uuid =
        sqlx::query_scalar("select id from labels where organization_id = $1 and name = 'Label 1'")
            .bind(tenant.organization)
            .fetch_one(&mut admin)
            .await
            .unwrap();
    let mut tasks = database.connect_as("miyabi_tasks").await;
    let named = statement(&format!("label={label}&sort=title"), tenant, None);
    let (before, rest) = named
        .sql()
        .split_once("t.organization_id = $1 and ")
        .unwrap();
    let rest = rest
        .replace("$2", &format!("'{label}'"))
        .replace("$3", "51");
    let unnamed = QueryBuilder::new(format!("{before}{rest}"));
    let plan = explain(&mut tasks, tenant.organization, unnamed).await;
    let read = rows_read(&plan["Plan"], &["tasks", "task_labels"]);
    assert!(read > SEVERAL, "{read} rows read\n{plan:#}");
}
