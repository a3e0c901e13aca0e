//! Tasks from before they had numbers get them while code that knows no numbers goes on creating
//! tasks.

use std::cell::Cell;

use miyabi_tests::json;
use sqlx::Executor;

use super::{migrate, unmigrated};

/// Fails the first statement of 0050.
const STOP_BEFORE_NUMBERS: &str = "
    create function stop() returns event_trigger language plpgsql as $$
    begin
        if to_regclass('public.task_numbers') is not null then
            raise 'stopped by the test';
        end if;
    end $$;
    create event trigger stop on ddl_command_end execute function stop();
";

/// Two organizations, the first with more tasks than are numbered in one transaction, and an index of
/// ids that is not the order of creation.
const TASKS: &str = "
    drop event trigger stop;
    insert into users (id, github_id, login) values (md5('user')::uuid, 1, 'user');
    insert into organizations (id, name) values (md5('large')::uuid, 'Maple'), (md5('small')::uuid, '紅葉');
    insert into memberships (organization_id, user_id, role)
        select id, md5('user')::uuid, 'owner' from organizations;
    insert into tasks (organization_id, id, title, created_by, created_at, deleted_at)
        select md5(name)::uuid, md5(name || n)::uuid, 'Old', md5('user')::uuid,
            now() - interval '1 day' + n / 2 * interval '1 second', case when n % 7 = 0 then now() end
        from (values ('large', 2500), ('small', 3)) organization (name, tasks), generate_series(1, tasks) n;
    create function fail() returns trigger language plpgsql as $$
    begin
        -- The column is not there yet.
        if to_jsonb(new) ->> 'number' = '2200' then
            raise 'killed by the test';
        end if;
        return new;
    end $$;
    create trigger fail before update on tasks for each row execute function fail();
";

#[tokio::test]
async fn older_tasks_are_numbered_in_the_order_of_their_creation_beside_running_code() {
    let app = unmigrated().await;
    let mut admin = app.database().connect_as_superuser().await;
    admin
        .execute(sqlx::raw_sql(STOP_BEFORE_NUMBERS))
        .await
        .unwrap();
    let stopped = migrate(&app, "apply").await.unwrap();
    assert_eq!(stopped["error"]["version"], 50, "{stopped}");
    admin.execute(sqlx::raw_sql(TASKS)).await.unwrap();

    let (is_over, created) = (Cell::new(false), Cell::new(0));
    let mut other = app.database().connect_as_superuser().await;
    let older_code = async {
        while !is_over.get() {
            other
                .execute(
                    "insert into tasks (organization_id, id, title, created_by)
                     values (md5('large')::uuid, gen_random_uuid(), 'New', md5('user')::uuid)",
                )
                .await
                .unwrap();
            created.set(created.get() + 1);
        }
    };
    let migration = async {
        let failed = migrate(&app, "apply").await.unwrap();
        assert_eq!(failed["error"]["version"], 52, "{failed}");
        let numbered = "select count(*) from tasks where title = 'Old' and number is not null";
        assert_eq!(app.rows(numbered).await, ["(2000)"]);
        admin
            .execute(sqlx::raw_sql("drop trigger fail on tasks"))
            .await
            .unwrap();
        let applied = migrate(&app, "apply").await.unwrap();
        assert_eq!(applied["pending"], json!([]), "{applied}");
        is_over.set(true);
    };
    tokio::join!(older_code, migration);

    assert!(created.get() > 0, "nobody created a task meanwhile");
    let misnumbered = app
        .rows(
            "select number, place from (
                select number, title, row_number() over (
                    partition by organization_id order by title = 'New', case when title = 'Old' then created_at end,
                        case when title = 'Old' then id end, number) place
                from tasks) numbered
             where number is distinct from place",
        )
        .await;
    assert!(misnumbered.is_empty(), "{misnumbered:?}");
    let counts = app
        .rows(
            "select task_key, count(*) = max(number) and count(*) = count(distinct number) and max(number) = max(last_number)
             from tasks join organizations o on o.id = organization_id join task_numbers using (organization_id)
             group by task_key order by task_key",
        )
        .await;
    assert_eq!(counts, ["(MAP,t)", "(TASK,t)"]);
}
