//! The statistics of tasks from before they were kept, from the tasks and the audit trail.

use std::time::Duration;

use miyabi_tests::{Database, until};
use sqlx::{Connection, Executor, PgConnection};

const BACKFILL: &str = include_str!("../../../migrations/0103_stats_of_older_tasks.sql");
const ADD_UP: &str = include_str!("../../../migrations/0104_add_up_stats_of_older_tasks.sql");

/// Lives of tasks: how each was on the first day, on the second, and so on. More tasks than one batch,
/// in three organizations. Of those that are lost, the trail has nothing.
const ROWS: &str = "
    create table lives (title text, states text[]);
    insert into lives values
        ('not begun', '{pending p2}'),
        ('usual', '{pending p1,in_progress p1,completed p1}'),
        ('created completed', '{completed p0}'),
        ('created completed and reopened', '{completed p0,pending p0,completed p0}'),
        ('reopened', '{pending p3,completed p3,pending p3}'),
        ('more urgent', '{pending p3,pending p2,pending p0}'),
        ('less urgent when closed', '{pending p1,cancelled p1,cancelled p3,pending p3}'),
        ('failed', '{in_progress p1,failed p1}'),
        ('deleted', '{pending p1,pending p1 deleted}'),
        ('restored', '{pending p1,pending p1 deleted,pending p1,completed p1,completed p1 deleted}'),
        ('lost and completed', '{pending p2,completed p2}'),
        ('lost and deleted', '{pending p2,completed p2,completed p2 deleted}');
    insert into users (id, github_id, login) values (md5('user')::uuid, 1, 'user');
    insert into organizations (id, name) select md5('organization ' || n)::uuid, 'Organization' from generate_series(1, 3) n;
    insert into memberships (organization_id, user_id, role) select id, md5('user')::uuid, 'owner' from organizations;
    create view steps as
        select l.title, s.day, s.state, split_part(s.state, ' ', 1) as status, split_part(s.state, ' ', 2) as priority,
            s.state like '%deleted' as is_deleted, lag(s.state) over w as old_state, split_part(lag(s.state) over w, ' ', 1) as old_status,
            split_part(lag(s.state) over w, ' ', 2) as old_priority, coalesce(lag(s.state) over w like '%deleted', false) as was_deleted,
            lead(s.state) over w is null as is_last
        from lives l, unnest(l.states) with ordinality s (state, day)
        window w as (partition by l.title order by s.day);
    insert into tasks (organization_id, id, title, status, priority, created_by, created_at, completed_at, deleted_at)
        select o.id, md5(s.title || o.id || n)::uuid, s.title, s.status, s.priority, md5('user')::uuid, timestamptz '2026-01-01 12:00Z',
            (select max(timestamptz '2025-12-31 12:00Z' + c.day * interval '1 day') from steps c
                where c.title = s.title and c.status = 'completed' and c.old_status is distinct from 'completed' and s.status = 'completed'),
            case when s.is_deleted then timestamptz '2025-12-31 12:00Z' + s.day * interval '1 day' end
        from steps s, organizations o, generate_series(1, 60) n where s.is_last;
    insert into audit_log (organization_id, id, actor_id, action, target_type, target_id, before, after, request_id, created_at)
        select t.organization_id, (lpad(to_hex(row_number() over (order by t.id, s.day)), 12, '0') || substr(md5(t.id::text), 13))::uuid,
            md5('user')::uuid,
            case when s.day = 1 then 'task.create' when s.is_deleted and not s.was_deleted then 'task.delete'
                when s.was_deleted and not s.is_deleted then 'task.restore' else 'task.update' end,
            'task', t.id,
            jsonb_strip_nulls(jsonb_build_object('status', case when s.status <> s.old_status then s.old_status end,
                'priority', case when s.priority <> s.old_priority then s.old_priority end)),
            jsonb_strip_nulls(jsonb_build_object('status', case when s.status is distinct from s.old_status then s.status end,
                'priority', case when s.priority is distinct from s.old_priority then s.priority end)),
            'request', timestamptz '2025-12-31 12:00Z' + s.day * interval '1 day'
        from tasks t join steps s using (title) where title not like 'lost%';
    create view expected as
        select t.organization_id, date '2025-12-31' + s.day::integer as day, e.event, e.was_open_as, e.is_open_as
        from tasks t join steps s using (title) cross join lateral (
            select 'created' as event, null as was_open_as, s.priority as is_open_as where s.day = 1
            union all
            select case when s.status = 'completed' then 'completed' end, s.priority, null
                where s.day = 1 and s.status not in ('pending', 'in_progress')
            union all
            select case when s.is_deleted and not s.was_deleted then 'deleted' when s.was_deleted and not s.is_deleted then 'restored'
                    when s.status = 'completed' and s.old_status <> 'completed' then 'completed'
                    when s.status in ('pending', 'in_progress') and s.old_status not in ('pending', 'in_progress') then 'reopened' end,
                case when s.old_status in ('pending', 'in_progress') and not s.was_deleted then s.old_priority end,
                case when s.status in ('pending', 'in_progress') and not s.is_deleted then s.priority end
                where s.day > 1
        ) e
        where e.event is not null or e.was_open_as is distinct from e.is_open_as;
";

/// What is written and not expected, or expected and not written.
const WRONG: &str = "
    select format('%s %s %s %s -> %s', sum(n), day, event, was_open_as, is_open_as) from (
        select 1 as n, organization_id, day, event, was_open_as, is_open_as from stats_changes
        union all
        select -1, * from expected
    ) c group by organization_id, day, event, was_open_as, is_open_as having sum(n) <> 0";

async fn wrong(connection: &mut PgConnection) -> Vec<String> {
    let wrong = sqlx::query_scalar(WRONG).fetch_all(connection).await;
    wrong.unwrap()
}

#[tokio::test]
async fn older_tasks_are_counted_on_the_days_of_the_trail_however_far_a_run_came() {
    let database = Database::migrated().await;
    let mut admin = database.connect_as_superuser().await;
    admin.execute(sqlx::raw_sql(ROWS)).await.unwrap();
    assert!(
        wrong(&mut admin).await.len() > 10,
        "the triggers know no trail"
    );
    let mut owner = database.connect_as("miyabi_owner").await;
    for left in [
        "true",
        "false",
        "task_id < '80000000-0000-0000-0000-000000000000'",
        "event = 'created'",
    ] {
        let removed = format!("delete from stats_changes where (({left}) is true) is false");
        admin.execute(removed.as_str()).await.unwrap();
        owner.execute(sqlx::raw_sql(BACKFILL)).await.unwrap();
        assert_eq!(wrong(&mut admin).await, Vec::<String>::new(), "{left}");
    }
    owner.execute(sqlx::raw_sql(ADD_UP)).await.unwrap();
    let (left, open, created): (i64, i64, i64) = sqlx::query_as(
        "select (select count(*) from stats_changes),
            sum(open_p0 + open_p1 + open_p2 + open_p3)::bigint - (select count(*) from tasks
                where deleted_at is null and status in ('pending', 'in_progress')),
            sum(created)::bigint - (select count(*) from tasks)
         from stats_days",
    )
    .fetch_one(&mut admin)
    .await
    .unwrap();
    assert_eq!((left, open, created), (0, 0, 0));
}

/// Whoever changes a task while its batch is written is waited for, and counted once.
#[tokio::test]
async fn a_change_meanwhile_is_counted_once() {
    let database = Database::migrated().await;
    let mut admin = database.connect_as_superuser().await;
    admin.execute(sqlx::raw_sql(ROWS)).await.unwrap();
    admin.execute("delete from stats_changes").await.unwrap();
    let mut other = database.connect_as_superuser().await;
    let mut change = other.begin().await.unwrap();
    // Its line of the trail is in its transaction, as the functions write it.
    change
        .execute(sqlx::raw_sql(
            "update tasks set status = 'completed' where title = 'not begun';
             insert into audit_log (organization_id, id, action, target_type, target_id, before, after, request_id, created_at)
                select organization_id, ('ffffffff-ffff' || substr(id::text, 14))::uuid, 'task.update', 'task', id,
                    '{\"status\": \"pending\"}', '{\"status\": \"completed\"}', 'request', '2026-01-02 12:00Z'
                from tasks where title = 'not begun';
             update lives set states = states || array['completed p2'] where title = 'not begun'",
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
    assert_eq!(wrong(&mut admin).await, Vec::<String>::new());
}
