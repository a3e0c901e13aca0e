//! At 100,000 tasks in an organization, a page costs a page: what each list, filter and search
//! reads, from EXPLAIN ANALYZE as the role that runs it.

use miyabi_tests::Database;
use serde_json::Value;
use sqlx::{Executor, PgConnection};
use uuid::Uuid;

use super::seed;

const PAGE: u64 = 50;
/// Rows read for a page, over all scans, as a multiple of the page.
const FEW: u64 = 4;

/// An organization with 100,000 tasks, among another with as many.
async fn large(admin: &mut PgConnection) -> seed::Tenant {
    let tenants = [seed::tenant(admin, 1).await, seed::tenant(admin, 2).await];
    for tenant in tenants {
        let (organization, user) = (tenant.organization, tenant.user);
        let sql = format!(
            "insert into tasks (organization_id, id, title, description, status, priority, assignee_id, due_at, created_by, created_at, updated_at)
             select '{organization}', gen_random_uuid(),
                case when n % 10000 = 0 then 'Needle ' else 'Common ' end || n, 'Some description of ' || n,
                (array['pending', 'in_progress', 'completed', 'failed', 'cancelled'])[1 + n % 5],
                'p' || n % 4, case when n % 3 = 0 then '{user}'::uuid end, now() + n * interval '1 minute',
                '{user}', now() - n * interval '1 second', now() - (n * 7919 % 100000) * interval '1 second'
             from generate_series(1, 100000) n;
             insert into task_labels (organization_id, task_id, label_id, task_created_at)
             select t.organization_id, t.id, l.id, t.created_at from tasks t join labels l using (organization_id)
             where t.organization_id = '{organization}' and t.title not in ('Parent', 'Child') and abs(hashtext(t.title)) % 50 = 0;"
        );
        admin.execute(sql.as_str()).await.unwrap();
    }
    admin.execute("analyze").await.unwrap();
    tenants[0]
}

/// Rows that the scans of a plan have read: given on, and thrown away.
fn rows_read(plan: &Value) -> u64 {
    let number = |name: &str| plan[name].as_f64().unwrap_or_default();
    let children: u64 = plan["Plans"]
        .as_array()
        .into_iter()
        .flatten()
        .map(rows_read)
        .sum();
    let own = if plan["Node Type"]
        .as_str()
        .is_some_and(|kind| kind.contains("Scan"))
    {
        (number("Actual Rows")
            + number("Rows Removed by Filter")
            + number("Rows Removed by Index Recheck"))
            * number("Actual Loops")
    } else {
        0.0
    };
    children + own as u64
}

async fn explain(tasks: &mut PgConnection, organization: Uuid, query: &str) -> Value {
    let set =
        format!("begin read only; select set_config('app.current_org_id', '{organization}', true)");
    tasks.execute(sqlx::raw_sql(&set)).await.unwrap();
    let plan: sqlx::types::Json<Value> = sqlx::query_scalar(&format!(
        "explain (analyze, buffers, timing off, format json) {query}"
    ))
    .fetch_one(&mut *tasks)
    .await
    .unwrap_or_else(|error| panic!("{error}: {query}"));
    tasks.execute("commit").await.unwrap();
    plan.0[0]["Plan"].clone()
}

#[tokio::test]
async fn a_page_of_a_hundred_thousand_tasks_reads_a_few_pages_at_most() {
    let database = Database::migrated().await;
    let mut admin = database.connect_as_superuser().await;
    let tenant = large(&mut admin).await;
    let (organization, user) = (tenant.organization, tenant.user);
    let label: Uuid = sqlx::query_scalar("select id from labels where organization_id = $1")
        .bind(organization)
        .fetch_one(&mut admin)
        .await
        .unwrap();
    let parent: Uuid =
        sqlx::query_scalar("select id from tasks where organization_id = $1 and title = 'Parent'")
            .bind(organization)
            .fetch_one(&mut admin)
            .await
            .unwrap();
    let newest = "order by created_at desc, id desc limit 50";
    let after =
        "(created_at, id) < (now() - interval '12 hours', 'ffffffff-ffff-ffff-ffff-ffffffffffff')";
    let queries = [
        format!("select id, title from tasks where deleted_at is null {newest}"),
        format!("select id, title from tasks where deleted_at is null and {after} {newest}"),
        "select id, title from tasks where deleted_at is null order by updated_at desc, id desc limit 50".to_owned(),
        "select id, title from tasks where deleted_at is null order by due_key, id limit 50".to_owned(),
        "select id, title from tasks where deleted_at is null order by priority, created_at, id limit 50".to_owned(),
        "select id, title from tasks where deleted_at is null order by title_key, id limit 50".to_owned(),
        format!("select id, title from tasks where deleted_at is null and status = 'failed' {newest}"),
        format!("select id, title from tasks where deleted_at is null and status = 'failed' and {after} {newest}"),
        format!("select id, title from tasks where deleted_at is null and priority = 'p3' {newest}"),
        format!("select id, title from tasks where deleted_at is null and assignee_id = '{user}' {newest}"),
        format!("select id, title from tasks where deleted_at is null and created_by = '{user}' {newest}"),
        format!("select id, title from tasks where deleted_at is null and parent_id = '{parent}' {newest}"),
        "select id, title from tasks where deleted_at is null and due_key < now() + interval '1 hour' order by due_key, id limit 50".to_owned(),
        "select id, title from tasks where deleted_at is null and title_key ^@ 'needle' order by title_key, id limit 50".to_owned(),
        "select id, title from tasks where deleted_at is not null order by deleted_at desc, id desc limit 50".to_owned(),
        format!(
            "select t.id, t.title from task_labels l join tasks t on t.organization_id = l.organization_id and t.id = l.task_id
             where l.label_id = '{label}' and t.deleted_at is null order by l.task_created_at desc, l.task_id desc limit 50"
        ),
    ];
    let mut tasks = database.connect_as("miyabi_tasks").await;
    for query in &queries {
        let plan = explain(&mut tasks, organization, query).await;
        let read = rows_read(&plan);
        assert!(
            read <= PAGE * FEW,
            "{read} rows read for a page of {PAGE}: {query}\n{plan:#}"
        );
    }
    // The plan of a function is its own: the blocks that it touches are counted instead, at most a
    // few for a row of the page.
    for words in [
        "needle",
        "common",
        "description",
        "needle 50000",
        "\"some description\" -common",
    ] {
        let query = format!("select app.search_tasks('{words}', 50)");
        explain(&mut tasks, organization, &query).await;
        let plan = explain(&mut tasks, organization, &query).await;
        let blocks = plan["Shared Hit Blocks"].as_u64().unwrap()
            + plan["Shared Read Blocks"].as_u64().unwrap();
        assert!(
            blocks <= PAGE * FEW * 4,
            "{blocks} blocks for a page of {words:?}\n{plan:#}"
        );
    }
}
