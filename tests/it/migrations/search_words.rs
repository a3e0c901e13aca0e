//! The words of tasks and comments from before there was a table for them.

use std::time::Duration;

use miyabi_tests::{Database, until};
use sqlx::{Connection, Executor, PgConnection};

const OF_TASKS: &str = include_str!("../../../migrations/0071_search_words_of_tasks.sql");
const OF_COMMENTS: &str = include_str!("../../../migrations/0072_search_words_of_comments.sql");

/// More tasks than one batch, some of them deleted, each with a comment, every third of which is
/// deleted.
const ROWS: &str = "
    insert into users (id, github_id, login) values ('00000000-0000-0000-0000-000000000001', 1, 'user');
    insert into organizations (id, name)
        select md5('organization ' || n)::uuid, 'Organization' from generate_series(1, 3) n;
    insert into memberships (organization_id, user_id, role)
        select id, '00000000-0000-0000-0000-000000000001', 'owner' from organizations;
    insert into tasks (organization_id, id, title, description, created_by, deleted_at)
        select o.id, md5('task ' || o.id || n)::uuid, '議事録 ' || n, 'Running ' || n, '00000000-0000-0000-0000-000000000001',
            case when n % 7 = 0 then now() end
        from organizations o, generate_series(1, 150) n;
    insert into task_comments (organization_id, id, task_id, author_id, body, deleted_at)
        select organization_id, md5('comment ' || id)::uuid, id, created_by, 'About ' || title,
            case when title like '%3' then now() end
        from tasks;
";

/// All words, each with what it is of.
async fn words(connection: &mut PgConnection) -> Vec<String> {
    sqlx::query_scalar(
        "select t::text from task_words t order by organization_id, task_id, source_id",
    )
    .fetch_all(connection)
    .await
    .unwrap()
}

async fn backfill(owner: &mut PgConnection) {
    for sql in [OF_TASKS, OF_COMMENTS] {
        owner.execute(sqlx::raw_sql(sql)).await.unwrap();
    }
}

#[tokio::test]
async fn older_rows_get_the_words_that_new_ones_have_however_far_a_run_came() {
    let database = Database::migrated().await;
    let mut admin = database.connect_as_superuser().await;
    admin.execute(sqlx::raw_sql(ROWS)).await.unwrap();
    let expected = words(&mut admin).await;
    assert!(expected.len() > 600, "{}", expected.len());
    let mut owner = database.connect_as("miyabi_owner").await;
    // Nothing, what a run wrote that was killed, and rows that were changed meanwhile.
    for left in [
        "false",
        "source_id < '80000000-0000-0000-0000-000000000000'",
        "task_id = source_id",
    ] {
        let removed = format!("delete from task_words where not coalesce({left}, false)");
        admin.execute(removed.as_str()).await.unwrap();
        assert!(words(&mut admin).await.len() < expected.len(), "{left}");
        backfill(&mut owner).await;
        assert_eq!(words(&mut admin).await, expected, "{left}");
    }
}

/// Whoever deletes or changes a row while its batch is written is waited for.
#[tokio::test]
async fn the_words_of_a_row_that_is_changed_meanwhile_are_not_kept() {
    let database = Database::migrated().await;
    let mut admin = database.connect_as_superuser().await;
    admin.execute(sqlx::raw_sql(ROWS)).await.unwrap();
    admin.execute("delete from task_words").await.unwrap();

    let mut other = database.connect_as_superuser().await;
    let mut change = other.begin().await.unwrap();
    change
        .execute(sqlx::raw_sql(
            "update tasks set deleted_at = now() where title like '%11' and deleted_at is null;
             update task_comments set deleted_at = now() where body like '%11' and deleted_at is null;
             update task_comments set body = 'changed' where body like '%12' and deleted_at is null",
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
    let (_, ()) = tokio::join!(backfill(&mut owner), async {
        waiting.await;
        change.commit().await.unwrap();
    });

    let written = words(&mut admin).await;
    admin
        .execute(sqlx::raw_sql(
            "delete from task_words;
             update tasks set description = description || ' ';
             update task_comments set body = body || ' '",
        ))
        .await
        .unwrap();
    assert_eq!(written, words(&mut admin).await);
}
