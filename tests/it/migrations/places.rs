//! The places of tasks from before there was an order that people make.

use miyabi_tests::Database;
use sqlx::{Executor, PgConnection};

const BACKFILL: &str = include_str!("../../../migrations/0086_places_of_older_tasks.sql");

/// More tasks than one batch, in three organizations, some of them deleted.
const ROWS: &str = "
    insert into users (id, github_id, login) values (md5('user')::uuid, 1, 'user');
    insert into organizations (id, name) select md5('organization ' || n)::uuid, 'Organization' from generate_series(1, 3) n;
    insert into memberships (organization_id, user_id, role) select id, md5('user')::uuid, 'owner' from organizations;
    insert into tasks (organization_id, id, title, created_by, deleted_at)
        select o.id, md5(o.id::text || n)::uuid, 'Task ' || n, md5('user')::uuid, case when n % 7 = 0 then now() end
        from organizations o, generate_series(1, 500) n;
";

/// Tasks that are not in the order of their numbers, or have a key of another form.
const MISPLACED: &str = "
    select t.title from (
        select title, rank, number, organization_id,
            row_number() over (partition by organization_id order by rank, id) as place
        from tasks
    ) t
    where t.rank is null or t.rank !~ '^V[0-9A-Za-z]{6}$' or t.place <> t.number";

async fn misplaced(connection: &mut PgConnection) -> Vec<String> {
    let found = sqlx::query_scalar(MISPLACED).fetch_all(connection).await;
    found.unwrap()
}

#[tokio::test]
async fn older_tasks_are_placed_in_the_order_of_their_creation_however_far_a_run_came() {
    let database = Database::migrated().await;
    let mut admin = database.connect_as_superuser().await;
    admin.execute(sqlx::raw_sql(ROWS)).await.unwrap();
    // Those that are created have their places.
    assert!(misplaced(&mut admin).await.is_empty());
    let mut owner = database.connect_as("miyabi_owner").await;
    for left in ["false", "id < '80000000-0000-0000-0000-000000000000'"] {
        let removed = format!("update tasks set rank = null where not ({left})");
        admin.execute(removed.as_str()).await.unwrap();
        assert!(misplaced(&mut admin).await.len() > 500, "{left}");
        owner.execute(sqlx::raw_sql(BACKFILL)).await.unwrap();
        let misplaced = misplaced(&mut admin).await;
        assert!(misplaced.is_empty(), "{left}: {misplaced:?}");
    }
    // Whoever was moved meanwhile stays there.
    admin
        .execute(sqlx::raw_sql(
            "update tasks set rank = 'V000001V' where title = 'Task 9'",
        ))
        .await
        .unwrap();
    owner.execute(sqlx::raw_sql(BACKFILL)).await.unwrap();
    let moved =
        "select title from tasks where rank = 'V000001V' group by title having count(*) = 3";
    let moved: Vec<String> = sqlx::query_scalar(moved)
        .fetch_all(&mut admin)
        .await
        .unwrap();
    assert_eq!(moved, ["Task 9"]);
}
