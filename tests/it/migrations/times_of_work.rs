//! The times of work of tasks from before they were kept, from the audit trail.

use std::time::Duration;

use miyabi_tests::{Database, until};
use sqlx::{Connection, Executor, PgConnection};

const BACKFILL: &str = include_str!("../../../migrations/0081_times_of_work_of_older_tasks.sql");

/// Lives of tasks: the status at the first hour, at the second, and so on; the last one; and the hours
/// at which work on it began and was completed. More tasks than one batch of each, in three
/// organizations.
const ROWS: &str = "
    create table lives (title text, trail text[], started integer, completed integer);
    insert into lives values
        ('not begun', '{pending}', null, null),
        ('created in progress', '{in_progress}', 1, null),
        ('created completed', '{completed}', null, 1),
        ('usual', '{pending,in_progress,completed}', 2, 3),
        ('completed at once', '{pending,completed}', null, 2),
        ('reopened', '{pending,in_progress,completed,pending}', null, null),
        ('reopened and completed', '{pending,in_progress,completed,pending,completed}', null, 5),
        ('taken up again', '{pending,in_progress,completed,in_progress}', 4, null),
        ('taken up and completed', '{pending,in_progress,completed,in_progress,completed}', 4, 5),
        ('failed', '{pending,in_progress,failed}', 2, null),
        ('cancelled', '{pending,cancelled}', null, null),
        ('failed and completed', '{in_progress,failed,in_progress,completed}', 3, 4);
    insert into users (id, github_id, login) values (md5('user')::uuid, 1, 'user');
    insert into organizations (id, name) select md5('organization ' || n)::uuid, 'Organization' from generate_series(1, 3) n;
    insert into memberships (organization_id, user_id, role) select id, md5('user')::uuid, 'owner' from organizations;
    insert into tasks (organization_id, id, title, status, created_by, deleted_at)
        select o.id, md5(l.title || o.id || n)::uuid, l.title, l.trail[cardinality(l.trail)], md5('user')::uuid,
            case when n % 7 = 0 then now() end
        from lives l, organizations o, generate_series(1, 60) n;
    -- In the order of their ids. A refusal, another target and what changed no status are no life.
    insert into audit_log (organization_id, id, actor_id, action, outcome, target_type, target_id, after, request_id, created_at)
        select t.organization_id, (lpad(to_hex(row_number() over (order by t.id, s.hour, s.kind)), 12, '0') || substr(md5(t.id::text), 13))::uuid,
            md5('user')::uuid, case s.hour when 1 then 'task.create' else 'task.update' end,
            case s.kind when 'denied' then 'denied' else 'allowed' end, case s.kind when 'other' then 'label' else 'task' end,
            t.id, case s.kind when 'title' then '{\"title\": \"completed\"}' else jsonb_build_object('status', s.status) end,
            'request', timestamptz '2026-01-01 00:00Z' + s.hour * interval '1 hour'
        from tasks t join lives l using (title) cross join lateral (
            select status, hour, '' as kind from unnest(l.trail) with ordinality u (status, hour)
            union all select 'completed', 9, unnest(array['denied', 'other', 'title'])
        ) s;
    insert into tasks (organization_id, id, title, status, created_by)
        select id, gen_random_uuid(), 'without a trail', 'completed', md5('user')::uuid from organizations;
    update tasks set started_at = null, completed_at = null;
";

/// Tasks whose times are not those of their lives.
const WRONG: &str = "
    select t.title || ': ' || coalesce(t.started_at::text, 'null') || ', ' || coalesce(t.completed_at::text, 'null')
    from tasks t left join lives l using (title)
    where t.started_at is distinct from timestamptz '2026-01-01 00:00Z' + l.started * interval '1 hour'
        or t.completed_at is distinct from timestamptz '2026-01-01 00:00Z' + l.completed * interval '1 hour'";

async fn wrong(connection: &mut PgConnection) -> Vec<String> {
    let wrong = sqlx::query_scalar(WRONG).fetch_all(connection).await;
    wrong.unwrap()
}

#[tokio::test]
async fn older_tasks_get_the_times_that_the_trail_has_however_far_a_run_came() {
    let database = Database::migrated().await;
    let mut admin = database.connect_as_superuser().await;
    admin.execute(sqlx::raw_sql(ROWS)).await.unwrap();
    assert!(wrong(&mut admin).await.len() > 1000);
    let mut owner = database.connect_as("miyabi_owner").await;
    for left in [
        "false",
        "id < '80000000-0000-0000-0000-000000000000'",
        "started_at is not null",
    ] {
        let removed =
            format!("update tasks set started_at = null, completed_at = null where not ({left})");
        admin.execute(removed.as_str()).await.unwrap();
        owner.execute(sqlx::raw_sql(BACKFILL)).await.unwrap();
        let wrong = wrong(&mut admin).await;
        assert!(wrong.is_empty(), "{left}: {wrong:?}");
    }
}

/// Whoever reopens or completes a task while its batch is written is waited for.
#[tokio::test]
async fn a_change_of_status_meanwhile_is_not_overwritten() {
    let database = Database::migrated().await;
    let mut admin = database.connect_as_superuser().await;
    admin.execute(sqlx::raw_sql(ROWS)).await.unwrap();
    let mut other = database.connect_as_superuser().await;
    let mut change = other.begin().await.unwrap();
    // Its line of the trail is in its transaction, as the functions write it.
    change
        .execute(sqlx::raw_sql(
            "create temporary table changed as
                select organization_id, id, case title when 'usual' then 'pending' else 'completed' end as becomes
                from tasks where title in ('usual', 'failed', 'created in progress');
             update tasks t set status = c.becomes from changed c
                where c.organization_id = t.organization_id and c.id = t.id;
             insert into audit_log (organization_id, id, action, target_type, target_id, after, request_id)
                select organization_id, ('ffffffff-ffff' || substr(id::text, 14))::uuid, 'task.update', 'task', id,
                    jsonb_build_object('status', becomes), 'request' from changed;
             update lives set started = null, completed = null where title = 'usual'",
        ))
        .await
        .unwrap();
    let mut owner = database.connect_as("miyabi_owner").await;
    let waiting = until("the migration waits", Duration::from_secs(30), async || {
        let waiting: bool = sqlx::query_scalar(
            "select exists (select from pg_stat_activity
                where datname = current_database() and usename = 'miyabi_owner' and wait_event_type = 'Lock')",
        )
        .fetch_one(&mut admin)
        .await
        .unwrap();
        waiting.then_some(())
    });
    let (done, ()) = tokio::join!(owner.execute(sqlx::raw_sql(BACKFILL)), async {
        waiting.await;
        change.commit().await.unwrap();
    });
    done.unwrap();
    let unlike: Vec<String> = sqlx::query_scalar(
        "select t.title from tasks t join lives l using (title)
         where title in ('failed', 'created in progress')
            and (t.started_at is distinct from timestamptz '2026-01-01 00:00Z' + l.started * interval '1 hour'
                or t.completed_at is null or t.completed_at < '2026-02-01')",
    )
    .fetch_all(&mut admin)
    .await
    .unwrap();
    assert!(unlike.is_empty(), "{unlike:?}");
    admin
        .execute("delete from lives where title in ('failed', 'created in progress')")
        .await
        .unwrap();
    admin
        .execute("update tasks set started_at = null, completed_at = null where title in ('failed', 'created in progress')")
        .await
        .unwrap();
    assert_eq!(wrong(&mut admin).await, Vec::<String>::new());
}
