//! The audit trail becomes partitioned while code that knows nothing of it keeps writing.

use std::cell::Cell;

use miyabi_tests::json;
use sqlx::Executor;

use super::{migrate, unmigrated};

/// Fails the first statement of 0095.
const STOP_BEFORE_PARTITIONS: &str = "
    create function stop() returns event_trigger language plpgsql as $$
    begin
        if to_regnamespace('audit') is not null then
            raise 'stopped by the test';
        end if;
    end $$;
    create event trigger stop on ddl_command_end execute function stop();
";

/// Rows of two years, the last of them from now.
const TRAIL: &str = "
    drop event trigger stop;
    insert into organizations (id, name) values (md5('organization')::uuid, 'Maple');
    insert into audit_log (organization_id, id, action, target_type, request_id, created_at)
        select md5('organization')::uuid, md5(n::text)::uuid, 'task.update', 'task', 'old', now() - n * interval '4 hours'
        from generate_series(0, 4000) n;
";

/// What the roles may do with the trail, and by which policies and indexes.
const RIGHTS: &str = "
    select a.attname, g.grantee::regrole, g.privilege_type from pg_attribute a cross join lateral aclexplode(a.attacl) g
        where a.attrelid = 'public.audit_log'::regclass
    union all select p.policyname, array_to_string(p.roles, ' ')::name::text::regrole, p.qual || p.with_check from pg_policies p
        where p.tablename = 'audit_log' and cardinality(p.roles) = 1
    union all select i.relname, null, pg_get_expr(x.indpred, x.indrelid) from pg_index x join pg_class i on i.oid = x.indexrelid
        where x.indrelid = 'public.audit_log'::regclass and not x.indisunique
    order by 1, 2, 3";

#[tokio::test]
async fn the_trail_becomes_partitioned_beside_running_code_and_keeps_rows_and_rights() {
    let app = unmigrated().await;
    let mut admin = app.database().connect_as_superuser().await;
    admin
        .execute(sqlx::raw_sql(STOP_BEFORE_PARTITIONS))
        .await
        .unwrap();
    let stopped = migrate(&app, "apply").await.unwrap();
    assert_eq!(stopped["error"]["version"], 95, "{stopped}");
    admin.execute(sqlx::raw_sql(TRAIL)).await.unwrap();
    let rights = app.rows(RIGHTS).await;
    assert!(rights.len() > 60, "{rights:?}");

    let (is_over, written) = (Cell::new(false), Cell::new(0));
    let mut other = app.database().connect_as_superuser().await;
    let older_code = async {
        while !is_over.get() {
            // Prepared once, as functions do.
            sqlx::query(
                "insert into audit_log (organization_id, id, action, target_type, request_id)
                 values (md5('organization')::uuid, gen_random_uuid(), 'task.update', 'task', 'new')",
            )
            .execute(&mut other)
            .await
            .unwrap();
            written.set(written.get() + 1);
        }
    };
    let migration = async {
        // Something is written before it begins, and after it ended.
        while written.get() == 0 {
            tokio::task::yield_now().await;
        }
        let applied = migrate(&app, "apply").await.unwrap();
        assert_eq!(applied["pending"], json!([]), "{applied}");
        let before = written.get();
        while written.get() == before {
            tokio::task::yield_now().await;
        }
        is_over.set(true);
    };
    tokio::join!(older_code, migration);

    let counts = app
        .rows("select request_id, tableoid::regclass, count(*) from audit_log group by 1, 2 order by 1")
        .await;
    let expected = [
        format!("(new,audit.first,{})", written.get()),
        "(old,audit.first,4001)".to_owned(),
    ];
    assert_eq!(counts, expected);
    assert_eq!(app.rows(RIGHTS).await, rights);
}
