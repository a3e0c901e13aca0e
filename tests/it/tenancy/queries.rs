//! At 100,000 tasks in one organization among many small ones, a page costs a page: what each order,
//! filter and search reads, from EXPLAIN ANALYZE as the role that runs it.

use miyabi_tasks::list::{Approach, Asked, Filter, Order, SETTINGS, Statement, write_counts};
use miyabi_tests::Database;
use serde_json::{Value, json};
use sqlx::{Executor, PgConnection, Postgres, QueryBuilder};
use uuid::Uuid;

use super::{
    plans::{enter, explain, explained, rows_read},
    seed::Tenant,
    shape,
};

pub(super) const PAGE: u64 = 50;
/// Rows read for a page, over all scans, as a multiple of the page.
pub(super) const FEW: u64 = 8;
/// Rows read where no index has both the filters and the order. PostgreSQL 15 reads 100,000 rows of
/// tasks in about 45 ms; these are half of the 20 ms that a list may take.
const MOST: u64 = 20_000;
/// Blocks of 8 KiB touched for a search: 900 to 3,500 were measured, with a filter that few tasks have
/// 7,600, in 7 ms, and for a word that the older half of the tasks has 6,200. Asking for the words of all
/// 100,000 tasks would be several for each: 218,000 for that word.
const MOST_BLOCKS: u64 = 10_000;

fn asked(query: &str, tenant: Tenant) -> (Filter, Order) {
    let uri = format!("/api/tasks?{query}").parse().unwrap();
    let asked = axum::extract::Query::<Asked>::try_from_uri(&uri).unwrap();
    asked.0.resolve(tenant.user).unwrap()
}

/// What the list says that it does for these parameters, after a place in it.
fn statement(
    (filter, order): &(Filter, Order),
    approach: Approach,
    tenant: Tenant,
    after: Option<Value>,
) -> QueryBuilder<'static, Postgres> {
    let after = after.map(|after| serde_json::from_value(after).unwrap());
    let mut sql = QueryBuilder::new("explain (analyze, buffers, timing off, format json) ");
    let statement = Statement {
        organization: tenant.organization,
        filter,
        order: *order,
        approach,
        after: after.as_ref(),
        // One more than the page, to know whether there is another.
        rows: i64::try_from(PAGE + 1).unwrap(),
    };
    statement.write(&mut sql);
    sql
}

/// How the list finds a page, and the plan of its statement.
async fn page(
    role: &mut PgConnection,
    tenant: Tenant,
    query: &str,
    after: Option<Value>,
) -> (Approach, Value) {
    let asked = asked(query, tenant);
    enter(role, tenant.organization).await;
    let approach = match Approach::known(&asked.0, asked.1) {
        Some(known) => known,
        None => {
            role.execute(SETTINGS).await.unwrap();
            let mut counts = QueryBuilder::default();
            write_counts(&mut counts, tenant.organization, &asked.0, asked.1);
            let counted = counts.build_query_scalar().persistent(false);
            Approach::for_count(counted.fetch_one(&mut *role).await.unwrap())
        }
    };
    let plan = explained(role, statement(&asked, approach, tenant, after)).await;
    role.execute("commit").await.unwrap();
    (approach, plan)
}

/// A place in the middle of an order: about half of the tasks come after it.
fn middle(order: &str) -> Value {
    let created = "2025-11-27T00:00:00Z";
    let id = Uuid::max();
    match order.trim_start_matches('-') {
        "priority" => json!({"time": created, "text": "p1", "id": id}),
        "title" => json!({"time": null, "text": "common 5", "id": id}),
        "rank" => json!({"time": null, "text": "V000D0S", "id": id}),
        "due_at" => json!({"time": "2020-07-01T00:00:00Z", "text": null, "id": id}),
        _ => json!({"time": created, "text": null, "id": id}),
    }
}

/// Filters that are read along an index of their own, wherever the page is.
const ALONG_AN_INDEX: [&str; 19] = [
    "assignee=me",
    "assignee=none",
    "priority=p3",
    "parent=none",
    "parent={parent}",
    "project=none",
    "project={project}",
    "overdue=true&today=2006-01-01&sort=due_at",
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
];

/// Filters of each kind: frequent, rare and without a task. Any two of different kinds are combined,
/// in each order.
const FILTERS: [&str; 32] = [
    "status=failed",
    "status=pending",
    "status=pending,in_progress",
    "status=completed",
    "priority=p0",
    "priority=p0,p1",
    "assignee=me",
    "assignee=none",
    "assignee={few}",
    "assignee={new}",
    "created_by=me",
    "created_by={few}",
    "created_by={new}",
    "label={frequent}",
    "label={middle}",
    "label={rare}",
    "label={unused}",
    "parent=none",
    "parent={parent}",
    "project=none",
    "project={project}",
    "project={empty}",
    "overdue=true&today=2006-01-01",
    "due_after=2026-03-01T00:00:00Z",
    "due_after=2999-01-01T00:00:00Z",
    "created_after=2025-12-31T00:00:00Z",
    // Broad ranges: 10,000 tasks, which every order by another time has at its end.
    "due_before=2016-01-01T00:00:00Z",
    "created_after=2025-12-25T00:00:00Z",
    "title_prefix=needle",
    "title_prefix=common",
    "title_prefix=%E5%85%B1%E9%80%9A",
    "title_prefix=xyzzy",
];

/// Each filter alone, and each with those of another kind after it.
fn combinations() -> Vec<String> {
    let kind = |filter: &str| filter.split('=').next().unwrap().to_owned();
    let mut queries = Vec::new();
    for (place, filter) in FILTERS.iter().enumerate() {
        queries.push(format!("{filter}&"));
        let others = FILTERS[place..].iter();
        let others = others.filter(|other| kind(other) != kind(filter));
        queries.extend(others.map(|other| format!("{filter}&{other}&")));
    }
    queries
}

const SEARCHES: [&str; 22] = [
    "q=needle",
    "q=common",
    "q=description",
    "q=maple",
    // Every other organization has this word, and this one does not.
    "q=zebra",
    "q=needle+50000",
    "q=%22some+description%22+-common",
    // In comments alone.
    "q=walnut",
    // 共通, 共通の仕事, 仕, 議事録 and 録: Japanese that a third of the tasks has, and that few comments have.
    "q=%E5%85%B1%E9%80%9A",
    "q=%E5%85%B1%E9%80%9A%E3%81%AE%E4%BB%95%E4%BA%8B",
    "q=%E4%BB%95",
    "q=%E8%AD%B0%E4%BA%8B%E9%8C%B2",
    "q=%E9%8C%B2",
    "q=walnut+or+maple",
    "q=-common",
    "q=common&status=failed&priority=p3",
    "q=common&label={rare}",
    "q=common&assignee=none&status=pending",
    // Of the older half of the tasks: more than are asked one by one before the index is.
    "q=quince",
    // Words that every task has, and none in this order.
    "q=%22some+description+some+description+some+description+some+description+some+description%22",
    "q=quince+-90000+-89993+-89986+-89979+-89972+-89965+-89958+-89951+-89944+-89937",
    // Each is in the newest tasks, and in no other.
    "q=1+or+2+or+3+or+4+or+5+or+6+or+7+or+8+or+9+or+10+or+11+or+12+or+13+or+14+or+15+or+16",
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
    for (name, from) in [
        ("{parent}", "tasks where title = 'Common 1'"),
        ("{frequent}", "labels where name = 'Label 1'"),
        ("{middle}", "labels where name = 'Label 3'"),
        ("{rare}", "labels where name = 'Label 7'"),
        ("{unused}", "labels where name = 'Label 20'"),
        ("{project}", "projects where name = 'Project 1'"),
        ("{empty}", "projects where name = 'Project 5'"),
        // Of the large organization: the others have no such number.
        (
            "{few}",
            "memberships join users on id = user_id where login = 'user-31'",
        ),
        (
            "{new}",
            "memberships join users on id = user_id where login = 'user-32'",
        ),
    ] {
        let query = format!("select id::text from {from} and organization_id = $1");
        let id: String = sqlx::query_scalar(&query)
            .bind(tenant.organization)
            .fetch_one(&mut admin)
            .await
            .unwrap_or_else(|error| panic!("{error}: {query}"));
        ids.push((name, id));
    }
    let with_ids = |query: &str| {
        let replace = |query: String, (name, id): &(&str, String)| query.replace(name, id);
        ids.iter().fold(query.to_owned(), replace)
    };
    let mut tasks = database.connect_as("miyabi_tasks").await;
    let mut wrong = String::new();
    let mut ask = async |query: &str, after: Option<Value>, most: u64| {
        let (approach, plan) = page(&mut tasks, tenant, &with_ids(query), after.clone()).await;
        let read = rows_read(&plan["Plan"], &["tasks", "task_labels"]);
        if read > most {
            let time = plan["Execution Time"].as_f64().unwrap();
            wrong += &format!(
                "{read} rows read, {most} at most, {time:.1} ms, {approach:?}: {query}, after {after:?}\n"
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
        ] {
            let query = format!("{filter}sort={order}");
            ask(&query, None, PAGE * FEW).await;
            ask(&query, Some(middle(order)), PAGE * FEW).await;
        }
        // One task in seven: twice the rows that are expected until a page is full.
        let query = format!("created_by=me&sort={order}");
        ask(&query, None, 2 * 7 * PAGE).await;
        ask(&query, Some(middle(order)), 2 * 7 * PAGE).await;
    }
    for query in ALONG_AN_INDEX {
        ask(query, None, PAGE * FEW).await;
    }
    // To read the whole trash, 3,000 tasks, and sort it costs about as much as to walk along it: which of
    // the two is chosen depends on the sample that the statistics are made of.
    ask("deleted=true", None, MOST).await;
    for filters in combinations() {
        for order in Order::names() {
            ask(&format!("{filters}sort={order}"), None, MOST).await;
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    // The plan of a function is its own: the blocks that it touches are counted instead. The first
    // call of a connection reads the dictionary of the language, too.
    for query in SEARCHES {
        let mut plan = Value::Null;
        for _ in 0..2 {
            (_, plan) = page(&mut tasks, tenant, &with_ids(query), None).await;
        }
        let number = |name: &str| plan["Plan"][name].as_u64().unwrap();
        let blocks = number("Shared Hit Blocks") + number("Shared Read Blocks");
        assert!(
            blocks <= MOST_BLOCKS,
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
    let asked = asked(&format!("label={label}&sort=title"), tenant);
    let named = statement(&asked, Approach::Walk, tenant, None);
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
    assert!(read > MOST, "{read} rows read\n{plan:#}");
}
