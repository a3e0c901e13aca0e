//! What a page of the audit trail reads, with each filter.

use miyabi_tests::Database;
use sqlx::Executor;
use uuid::Uuid;

use super::statements::{read_in, statement, tenants};
use crate::tenancy::{
    queries::{FEW, PAGE},
    seed::Tenant,
};

/// A partition for each month of 2025, as a stage has that is a year old: the rows of the test are
/// spread over two of them, and one that holds what is before.
const A_YEAR_OF_PARTITIONS: &str = "
    alter table audit_log detach partition audit.first;
    do $$
    begin
        for n in 0..13 loop
            execute format('create table audit.month_of_test_%s partition of public.audit_log for values from (%L) to (%L)', n,
                timestamptz '2025-01-01 00:00:00Z' + make_interval(months => n), timestamptz '2025-01-01 00:00:00Z' + make_interval(months => n + 1));
        end loop;
    end $$;
    alter table audit_log attach partition audit.first for values from (minvalue) to ('2025-01-01 00:00:00Z')";

/// What only few lines of the trail have, of each kind: the actor.
const RARE_ACTOR: Uuid = Uuid::from_u128(7);

/// The list of the trail, by the filters of its address in their order, after a place in it.
fn trail(organization: Uuid, filters: &[(&str, &str)], after: Option<&str>) -> String {
    const NAMES: [&str; 7] = [
        "actor",
        "action",
        "target_type",
        "target_id",
        "outcome",
        "from",
        "to",
    ];
    let value = |name: &&str| {
        let filter = filters.iter().find(|(filter, _)| filter == name);
        filter.map_or("null".to_owned(), |(_, value)| format!("'{value}'"))
    };
    let mut values: Vec<String> = NAMES.iter().map(value).collect();
    assert_eq!(
        values.iter().filter(|value| *value != "null").count(),
        filters.len(),
        "{filters:?}"
    );
    match after {
        Some(time) => values.extend([format!("'{time}'"), format!("'{}'", Uuid::max())]),
        None => values.extend(["null".to_owned(), "null".to_owned()]),
    }
    values.extend([(PAGE + 1).to_string(), format!("'{organization}'")]);
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    statement("from audit_log e left join users", &values)
}

#[tokio::test]
async fn a_page_of_a_hundred_thousand_lines_of_the_trail_reads_a_few_pages_at_most() {
    let database = Database::migrated().await;
    let mut admin = database.connect_as_superuser().await;
    admin
        .execute(sqlx::raw_sql(A_YEAR_OF_PARTITIONS))
        .await
        .unwrap();
    // As in life, nearly all of it is changes of tasks that succeeded. What is rare is spread over
    // all of the time.
    let tenant = tenants(&mut admin, |tenant| {
        let Tenant { organization, user } = tenant;
        format!(
            "insert into audit_log (organization_id, id, actor_id, action, outcome, target_type, target_id, request_id, created_at)
             select '{organization}', gen_random_uuid(),
                case when n % 20000 = 1 then '{RARE_ACTOR}' else '{user}' end::uuid,
                case when n % 20000 = 2 then 'label.delete' else 'task.update' end,
                case when n % 20000 = 3 then 'denied' else 'allowed' end,
                case when n % 20000 = 4 then 'label' else 'task' end,
                gen_random_uuid(), 'request', timestamptz '2026-01-01 00:00:00Z' - n * interval '1 minute'
             from generate_series(1, 100000) n;
             insert into audit_log (organization_id, id, actor_id, action, outcome, target_type, target_id, request_id, created_at)
             select m.organization_id, gen_random_uuid(), m.user_id,
                case when n % 5 = 0 then 'label.delete' else 'task.update' end,
                case when n % 7 = 0 then 'denied' else 'allowed' end,
                case when n % 5 = 0 then 'label' else 'task' end,
                gen_random_uuid(), 'request', timestamptz '2026-01-01 00:00:00Z' - n * interval '1 minute'
             from memberships m, generate_series(1, 10) n where m.organization_id <> '{organization}';"
        )
    })
    .await;
    let organization = tenant.organization;
    let target: Uuid = sqlx::query_scalar(
        "select target_id from audit_log where organization_id = $1 and target_id is not null order by created_at limit 1",
    )
    .bind(organization)
    .fetch_one(&mut admin)
    .await
    .unwrap();
    let (rare, frequent) = (RARE_ACTOR.to_string(), tenant.user.to_string());
    let target = target.to_string();
    let cases: [&[(&str, &str)]; 17] = [
        &[],
        &[("actor", &rare)],
        &[("actor", &frequent)],
        &[("action", "label.delete")],
        &[("action", "task.update")],
        &[("target_type", "label")],
        &[("target_type", "task")],
        &[("target_type", "nothing")],
        &[("target_id", &target)],
        &[("outcome", "denied")],
        &[("outcome", "allowed")],
        &[("from", "2999-01-01T00:00:00Z")],
        &[("to", "2001-01-01T00:00:00Z")],
        &[
            ("from", "2025-11-30T00:00:00Z"),
            ("to", "2025-12-01T00:00:00Z"),
        ],
        &[("outcome", "denied"), ("to", "2025-12-01T00:00:00Z")],
        &[("target_type", "label"), ("from", "2025-12-01T00:00:00Z")],
        &[("outcome", "denied"), ("actor", &frequent)],
    ];
    let partitions: Vec<String> = sqlx::query_scalar(
        "select c.relname::text from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'audit_log'::regclass",
    )
    .fetch_all(&mut admin)
    .await
    .unwrap();
    assert!(partitions.len() > 12, "{partitions:?}");
    let partitions: Vec<&str> = partitions.iter().map(String::as_str).collect();
    let mut role = database.connect_as("miyabi_activity").await;
    let mut wrong = String::new();
    for filters in cases {
        for after in [None, Some("2025-11-27T00:00:00Z")] {
            let sql = trail(organization, filters, after);
            let read = read_in(&mut role, organization, &partitions, &sql).await;
            if read > PAGE * FEW {
                wrong += &format!("{read} rows read: {filters:?}, after {after:?}\n");
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}
