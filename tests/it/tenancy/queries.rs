//! At 100,000 tasks in an organization, a page costs a page: what each order, filter and search
//! reads, from EXPLAIN ANALYZE as the role that runs it.

use miyabi_tasks::list::{Asked, Order, Statement};
use miyabi_tests::Database;
use serde_json::{Value, json};
use sqlx::{Executor, PgConnection, Postgres, QueryBuilder, types::Json};
use uuid::Uuid;

use super::seed;

pub(super) const PAGE: u64 = 50;
/// Rows read for a page, over all scans, as a multiple of the page.
pub(super) const FEW: u64 = 8;

/// An organization with 100,000 tasks, among another with as many. As in life, what is open is
/// newest and due last: to find it along an order of everything, all that is closed would be read.
async fn large(admin: &mut PgConnection) -> seed::Tenant {
    let tenants = [seed::tenant(admin, 1).await, seed::tenant(admin, 2).await];
    for tenant in tenants {
        let (organization, user) = (tenant.organization, tenant.user);
        let sql = format!(
            "with people as (
                insert into users (id, github_id, login)
                select gen_random_uuid(), 1000 + n + 100 * (select count(*) from users), 'user-' || n from generate_series(1, 30) n
                returning id)
             insert into memberships (organization_id, user_id, role) select '{organization}', id, 'member' from people;
             insert into labels (organization_id, id, name) select '{organization}', gen_random_uuid(), 'Label ' || n from generate_series(1, 20) n;
             insert into tasks (organization_id, id, title, description, status, priority, assignee_id, due_at, created_by, created_at, updated_at)
             select '{organization}', gen_random_uuid(),
                case when n % 10000 = 0 then 'Needle ' else 'Common ' end || n, 'Some description of ' || n,
                case when n > 5000 then (array['completed', 'completed', 'completed', 'failed', 'cancelled'])[1 + n % 5]
                    else (array['pending', 'in_progress'])[1 + n % 2] end,
                'p' || (n * 7) % 4,
                case when n % 3 > 0 then (array(select user_id from memberships where organization_id = '{organization}'))[1 + n % 31] end,
                case when n % 4 > 0 then now() + (2000 - n) * interval '1 hour' end,
                '{user}', now() - n * interval '1 minute', now() - (n - n % 100) * interval '1 minute'
             from generate_series(1, 100000) n;
             insert into task_labels (organization_id, task_id, label_id, task_created_at)
             select t.organization_id, t.id, l.id, t.created_at from tasks t join labels l using (organization_id)
             where t.organization_id = '{organization}' and l.name <> 'Label' and abs(hashtext(t.id::text || l.name)) % 30 = 0;"
        );
        admin.execute(sql.as_str()).await.unwrap();
    }
    admin.execute("vacuum analyze").await.unwrap();
    tenants[0]
}

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
fn statement(query: &str, me: Uuid, after: Option<Value>) -> QueryBuilder<'static, Postgres> {
    let uri = format!("/api/tasks?{query}").parse().unwrap();
    let asked = axum::extract::Query::<Asked>::try_from_uri(&uri).unwrap();
    let (filter, order) = asked.0.resolve(me).unwrap();
    let after = after.map(|after| serde_json::from_value(after).unwrap());
    let mut sql = QueryBuilder::new("explain (analyze, buffers, timing off, format json) ");
    let statement = Statement {
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

#[tokio::test]
async fn a_page_of_a_hundred_thousand_tasks_reads_a_few_pages_at_most() {
    let database = Database::migrated().await;
    let mut admin = database.connect_as_superuser().await;
    let tenant = large(&mut admin).await;
    let (organization, user) = (tenant.organization, tenant.user);
    let one = |what: &'static str| sqlx::query_scalar::<_, Uuid>(what).bind(organization);
    let label = one("select id from labels where organization_id = $1 and name = 'Label 7'")
        .fetch_one(&mut admin)
        .await
        .unwrap();
    let parent = one("select id from tasks where organization_id = $1 and title = 'Parent'")
        .fetch_one(&mut admin)
        .await
        .unwrap();
    let mut tasks = database.connect_as("miyabi_tasks").await;
    let mut wrong = String::new();
    let mut ask = async |query: String, after: Option<Value>, most: u64| {
        let sql = statement(&query, user, after.clone());
        let plan = explain(&mut tasks, organization, sql).await;
        let read = rows_read(&plan["Plan"], &["tasks", "task_labels"]);
        if read > most {
            let time = plan["Execution Time"].as_f64().unwrap();
            wrong += &format!(
                "{read} rows read, {most} at most, {time:.1} ms: {query}, after {after:?}\n"
            );
        }
    };
    // Along an index of their own, alone and within a status: a few pages, wherever the page is.
    let own_index = PAGE * FEW;
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
            ask(query.clone(), None, own_index).await;
            ask(query, Some(middle(order)), own_index).await;
        }
    }
    for filter in [
        "assignee=me".to_owned(),
        "assignee=none".to_owned(),
        "priority=p3".to_owned(),
        "parent=none".to_owned(),
        format!("parent={parent}"),
        format!("label={label}"),
        format!("label={label}&sort=created_at"),
        "due_before=2999-01-01T00:00:00Z&sort=due_at".to_owned(),
        "due_after=2999-01-01T00:00:00Z".to_owned(),
        "created_after=2999-01-01T00:00:00Z".to_owned(),
        "created_before=2026-01-01T00:00:00Z".to_owned(),
        "title_prefix=needle&sort=title".to_owned(),
        "title_prefix=needle".to_owned(),
        "title_prefix=common&sort=title".to_owned(),
        "deleted=true".to_owned(),
    ] {
        ask(filter, None, own_index).await;
    }
    // Several filters meet in no index: what the narrowest one leaves is read and sorted. A person's
    // tasks and a label's are 3,000 here.
    for filter in [
        "assignee=me&status=pending,in_progress&sort=due_at".to_owned(),
        "assignee=me&status=pending&sort=-priority".to_owned(),
        "assignee=me&status=failed&sort=title".to_owned(),
        "status=failed&priority=p3".to_owned(),
        "status=pending&assignee=none&sort=due_at".to_owned(),
        "priority=p0,p1&sort=-updated_at".to_owned(),
        format!("label={label}&status=pending"),
        format!("label={label}&sort=-priority"),
        format!("label={label}&assignee=me"),
        format!("label={label}&status=failed&sort=title"),
    ] {
        ask(filter, None, 12_000).await;
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    // The plan of a function is its own: the blocks that it touches are counted instead.
    for query in [
        "q=needle",
        "q=common",
        "q=description",
        "q=needle+50000",
        "q=%22some+description%22+-common",
        "q=common&status=failed&priority=p3",
    ] {
        let mut plan = Value::Null;
        for _ in 0..2 {
            plan = explain(&mut tasks, organization, statement(query, user, None)).await;
        }
        let number = |name: &str| plan["Plan"][name].as_u64().unwrap();
        let blocks = number("Shared Hit Blocks") + number("Shared Read Blocks");
        assert!(
            blocks <= PAGE * FEW * 5,
            "{blocks} blocks for {query}\n{plan:#}"
        );
    }
}
