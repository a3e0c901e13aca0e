//! What a page of the other lists reads: of the trail with each filter, of comments, of labels.
//!
//! Their statements are the ones of `.sqlx`, which a handler is compiled with or not at all.

mod statements;
mod trail;

use miyabi_tests::Database;
use sqlx::{Executor, PgConnection, QueryBuilder};
use uuid::Uuid;

use self::statements::{read, statement, tenants};
use super::{
    plans::rows_read,
    queries::{FEW, PAGE},
    seed::Tenant,
};

#[tokio::test]
async fn a_page_of_many_comments_labels_or_projects_reads_a_few_pages_at_most() {
    let database = Database::migrated().await;
    let mut admin = database.connect_as_superuser().await;
    let tenant = tenants(&mut admin, |tenant| {
        let Tenant { organization, user } = tenant;
        format!(
            "insert into task_comments (organization_id, id, task_id, author_id, body, created_at, deleted_at)
             select '{organization}', gen_random_uuid(), t.id, '{user}', 'Comment ' || n,
                timestamptz '2026-01-01 00:00:00Z' + n * interval '1 minute',
                case when n % 3 = 0 then now() end
             from tasks t, generate_series(1, 20000) n
             where t.organization_id = '{organization}' and t.title in ('Common 1', 'Common 2');
             insert into labels (organization_id, id, name)
             select '{organization}', gen_random_uuid(), 'Label ' || n from generate_series(100, 20000) n;
             insert into projects (organization_id, id, name, rank)
             select '{organization}', gen_random_uuid(), 'Project ' || n, 'P' || n || 'V' from generate_series(100, 20000) n;"
        )
    })
    .await;
    let organization = tenant.organization;
    let task: Uuid = sqlx::query_scalar(
        "select id from tasks where organization_id = $1 and title = 'Common 1'",
    )
    .bind(organization)
    .fetch_one(&mut admin)
    .await
    .unwrap();
    let (task, last) = (format!("'{task}'"), format!("'{}'", Uuid::max()));
    let (rows, named) = ((PAGE + 1).to_string(), format!("'{organization}'"));
    let mut role = database.connect_as("miyabi_tasks").await;
    let most = PAGE * FEW;
    for after in ["null", "'2026-01-08T00:00:00Z'"] {
        let sql = statement(
            "(m.created_at, m.id) > ($2, $3::uuid)",
            &[&task, after, &last, &rows],
        );
        let read = read(&mut role, organization, "task_comments", &sql).await;
        assert!(read <= most, "{read} comments read after {after}");
    }
    for after in ["null", "'Label 5'"] {
        let sql = statement("name_key > lower($1))", &[after, &rows, &named]);
        let read = read(&mut role, organization, "labels", &sql).await;
        assert!(read <= most, "{read} labels read after {after}");
    }
    for after in ["null", "'P5'"] {
        let sql = statement(
            "from projects where organization_id = $4 and ($1::text is null or (rank, id) >",
            &[after, &last, &rows, &named],
        );
        let read = read(&mut role, organization, "projects", &sql).await;
        assert!(
            read > 0 && read <= most,
            "{read} projects read after {after}"
        );
    }
}

#[tokio::test]
async fn a_page_of_many_members_roles_or_invitations_reads_a_few_pages_at_most() {
    let database = Database::migrated().await;
    let mut admin = database.connect_as_superuser().await;
    let tenant = tenants(&mut admin, |tenant| {
        let Tenant { organization, user } = tenant;
        format!(
            "with made as (
                insert into users (id, github_id, login)
                select gen_random_uuid(), 8000000000000000000 + n, 'many-' || n from generate_series(1, 20000) n
                returning id, github_id)
             insert into memberships (organization_id, user_id, role, removed_at)
             select '{organization}', id, 'member', case when github_id % 3 > 0 then now() end from made;
             insert into roles (organization_id, name, permissions)
             select '{organization}', 'role-' || n, '[]' from generate_series(1, 20000) n;
             insert into invitations (organization_id, id, role, token_hash, invited_by, expires_at, uses)
             select '{organization}', gen_random_uuid(), 'viewer', sha256(n::text::bytea), '{user}', now(), n % 2
             from generate_series(1, 20000) n;"
        )
    })
    .await;
    let organization = tenant.organization;
    let (rows, named) = ((PAGE + 1).to_string(), format!("'{organization}'"));
    let middle = "'80000000-0000-4000-8000-000000000000'";
    let mut role = database.connect_as("miyabi_orgs").await;
    for (table, part, after) in [
        ("memberships", "m.user_id > $1)", middle),
        ("users", "m.user_id > $1)", middle),
        ("roles", "or name > $1)", "'role-5'"),
        ("invitations", "or id < $1)", middle),
    ] {
        for after in ["null", after] {
            let sql = statement(part, &[after, &rows, &named]);
            let read = read(&mut role, organization, table, &sql).await;
            assert!(
                read > 0 && read <= PAGE * FEW,
                "{read} rows of {table} read after {after}"
            );
        }
    }
}

/// The labels of a page, by both plans that PostgreSQL may have for a statement that it keeps.
#[tokio::test]
async fn the_labels_of_a_page_are_read_task_by_task() {
    let database = Database::migrated().await;
    let mut admin = database.connect_as_superuser().await;
    let Tenant { organization, user } = tenants(&mut admin, |_| "select".to_owned()).await;
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "select id from tasks where organization_id = $1 order by created_at desc limit 100",
    )
    .bind(organization)
    .fetch_all(&mut admin)
    .await
    .unwrap();
    let mut role = database.connect_as("miyabi_tasks").await;
    let sql = statement("from unnest($2::uuid[]) page (task_id)", &["$1", "$2"]);
    let sql = format!("prepare labels (uuid[], uuid[]) as {sql}");
    role.execute(sql.as_str()).await.unwrap();
    let ids: Vec<String> = ids.iter().map(Uuid::to_string).collect();
    for mode in ["force_custom_plan", "force_generic_plan"] {
        let set = format!("set plan_cache_mode = {mode}");
        role.execute(set.as_str()).await.unwrap();
        let execute = format!("execute labels ('{{{user}}}', '{{{}}}')", ids.join(","));
        let read = read(&mut role, organization, "task_labels", &execute).await;
        assert!(
            read > 0 && read <= 2 * PAGE * FEW,
            "{read} rows of task_labels read, {mode}"
        );
        for (table, most) in [("tasks", 3), ("task_comments", 1)] {
            let read = statements::read(&mut role, organization, table, &execute).await;
            assert!(read <= most, "{read} rows of {table} read, {mode}");
        }
    }
}

#[tokio::test]
async fn what_live_updates_read_is_what_they_send() {
    const EVENTS: u64 = 20_000;
    let database = Database::migrated().await;
    let mut admin = database.connect_as_superuser().await;
    let tenant = tenants(&mut admin, |tenant| {
        let Tenant { organization, .. } = tenant;
        format!(
            "insert into outbox (organization_id, seq, type, ids, versions, delivered_at)
             select o.id, n, 'task.changed', array[gen_random_uuid()], array[1],
                case when n <= last - 300 then now() end
             from organizations o,
                lateral (select case when o.id = '{organization}' then {EVENTS} else 20 end as last) l,
                lateral generate_series(1, last) n;
             update outbox_sequences set last_seq = case when organization_id = '{organization}' then {EVENTS} else 20 end;"
        )
    })
    .await;
    let organization = tenant.organization;
    let named = format!("'{organization}'");
    let mut tasks = database.connect_as("miyabi_tasks").await;
    for (after, limit, most) in [
        ("0", "500", 502),
        ("10000", "500", 502),
        ("19990", "500", 12),
        ("20000", "500", 2),
    ] {
        let sql = statement("from outbox_sequences s", &[named.as_str(), after, limit]);
        let read = read(&mut tasks, organization, "outbox", &sql).await;
        assert!(read <= most, "{read} events read after {after}");
    }
    let ids: Vec<Uuid> = sqlx::query_scalar(
        "select id from tasks where organization_id = $1 order by title limit 100",
    )
    .bind(organization)
    .fetch_all(&mut admin)
    .await
    .unwrap();
    let ids: Vec<String> = ids.iter().map(Uuid::to_string).collect();
    let ids = format!("'{{{}}}'", ids.join(","));
    let sql = statement(
        "t.id = any(array(select unnest($2::uuid[])))",
        &[named.as_str(), &ids, "false"],
    );
    let found = read(&mut tasks, organization, "tasks", &sql).await;
    assert!((1..=200).contains(&found), "{found} tasks read by id");
    let sql = statement("as wanted (status, since)", &[named.as_str(), "5001", "30"]);
    for (table, most) in [("tasks", 5 * 5_001), ("task_labels", 20 * 5_001)] {
        let read = read(&mut tasks, organization, table, &sql).await;
        assert!(read <= most, "{read} rows of {table} read for a snapshot");
    }
    let mut broadcast = database.connect_as("miyabi_ws_broadcast").await;
    let sql = statement(
        "for update skip locked)\n            select e.seq",
        &[named.as_str(), "100"],
    );
    // A lock is no reading: `explain` needs a transaction that may write.
    enter_to_write(&mut broadcast, organization).await;
    let explained = format!("explain (analyze, buffers, timing off, format json) {sql}");
    let plan = super::plans::explained(&mut broadcast, QueryBuilder::new(explained)).await;
    broadcast.execute("rollback").await.unwrap();
    let read = rows_read(&plan["Plan"], &["outbox"]);
    assert!(
        (1..=110).contains(&read),
        "{read} events read for a batch\n{plan:#}"
    );
}

async fn enter_to_write(role: &mut PgConnection, organization: Uuid) {
    let set = format!("begin; select set_config('app.current_org_id', '{organization}', true)");
    role.execute(sqlx::raw_sql(&set)).await.unwrap();
}
