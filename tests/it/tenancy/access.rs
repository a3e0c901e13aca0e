//! Every tenant table x every operation x every state of the settings x every runtime role.

mod attempt;

use miyabi_tests::Database;
use sqlx::{PgConnection, Row};
use uuid::Uuid;

use self::attempt::{Outcome, Setting, attempt, no_such_grant};
use super::{runtime_roles, seed, seed::Tenant, tenant_tables};

/// One table as one role.
struct Subject<'a> {
    table: &'a str,
    /// Columns that the role may select, insert, update.
    select: Vec<String>,
    insert: Vec<String>,
    update: Vec<String>,
    may_delete: bool,
}

async fn subject<'a>(connection: &mut PgConnection, role: &str, table: &'a str) -> Subject<'a> {
    let row = sqlx::query(
        "select array_remove(array_agg(case when has_column_privilege($1, c.oid, a.attnum, 'select') then a.attname::text end), null),
            array_remove(array_agg(case when has_column_privilege($1, c.oid, a.attnum, 'insert') then a.attname::text end), null),
            array_remove(array_agg(case when has_column_privilege($1, c.oid, a.attnum, 'update') then a.attname::text end), null),
            has_table_privilege($1, c.oid, 'delete')
         from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
         where c.oid = $2::regclass group by c.oid",
    )
    .bind(role)
    .bind(format!("public.{table}"))
    .fetch_one(connection)
    .await
    .unwrap();
    Subject {
        table,
        select: row.get(0),
        insert: row.get(1),
        update: row.get(2),
        may_delete: row.get(3),
    }
}

/// The rows of a tenant in a table, as JSON, and how to find them.
async fn rows_of(
    connection: &mut PgConnection,
    table: &str,
    tenant: Tenant,
) -> Vec<serde_json::Value> {
    sqlx::query_scalar(&format!(
        "select to_jsonb(t) from {table} t where {}",
        is_of(table, tenant)
    ))
    .fetch_all(connection)
    .await
    .unwrap()
}

fn is_of(table: &str, Tenant { organization, user }: Tenant) -> String {
    match table {
        "organizations" => format!("id = '{organization}'"),
        "users" => format!("id = '{user}'"),
        _ => format!("organization_id = '{organization}'"),
    }
}

#[tokio::test]
async fn no_role_reaches_a_row_of_another_organization_by_any_operation() {
    let database = Database::migrated().await;
    let mut admin = database.connect_as_superuser().await;
    let own = seed::tenant(&mut admin, 1).await;
    let other = seed::tenant(&mut admin, 2).await;
    let mut wrong = Vec::new();
    for table in tenant_tables(&mut admin).await {
        let rows = rows_of(&mut admin, &table, own).await;
        assert!(
            !rows.is_empty(),
            "tenancy/seed.rs makes no row in `{table}`"
        );
        for role in runtime_roles() {
            let subject = subject(&mut admin, role, &table).await;
            let mut fresh = database.connect_as(role).await;
            let mut used = database.connect_as(role).await;
            for setting in [
                Setting::Unset,
                Setting::Empty,
                Setting::Garbage,
                Setting::Own(own),
                Setting::Other(other),
            ] {
                let connection = if matches!(setting, Setting::Unset) {
                    &mut fresh
                } else {
                    &mut used
                };
                wrong.extend(
                    probe(connection, &subject, setting, own, &rows)
                        .await
                        .into_iter()
                        .map(|problem| format!("{role} on {table}, {setting:?}: {problem}")),
                );
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Tries the four operations on the rows of `own`. Gives what went otherwise than it should.
async fn probe(
    connection: &mut PgConnection,
    subject: &Subject<'_>,
    setting: Setting,
    own: Tenant,
    rows: &[serde_json::Value],
) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut expect = |operation: &str, outcome: &Outcome, right: bool| {
        if !right {
            wrong.push(format!("{operation} came to {outcome:?}"));
        }
    };
    let (table, filter) = (subject.table, is_of(subject.table, own));
    let visible = match setting {
        Setting::Own(_) => rows.len() as u64,
        _ => 0,
    };
    let fails = setting
        .fails_with()
        .map(|code| Outcome::Error(code.to_owned()));
    let reaches = |outcome: &Outcome, rows: u64| match &fails {
        Some(error) => outcome == error,
        None => *outcome == Outcome::Rows(rows),
    };

    // Without a filter a select must not say more either.
    for condition in [filter.as_str(), "true"] {
        let columns = if subject.select.is_empty() {
            "1".to_owned()
        } else {
            subject.select.join(", ")
        };
        let outcome = attempt(
            connection,
            setting,
            &format!("select {columns} from {table} where {condition}"),
        )
        .await;
        let right = if subject.select.is_empty() {
            no_such_grant(&outcome)
        } else if condition == "true" && matches!(setting, Setting::Other(_)) {
            matches!(outcome, Outcome::Rows(_))
        } else {
            reaches(&outcome, visible)
        };
        expect("select", &outcome, right);
    }

    let outcome = attempt(connection, setting, &insert(subject, &rows[0])).await;
    let right = match setting {
        _ if subject.insert.is_empty() => no_such_grant(&outcome),
        // Past the policy, and stopped by what is there already.
        Setting::Own(_) => {
            matches!(&outcome, Outcome::Rows(1)) || outcome == Outcome::Error("23505".to_owned())
        }
        // "new row violates row-level security policy"
        Setting::Other(_) => no_such_grant(&outcome),
        _ => Some(&outcome) == fails.as_ref(),
    };
    expect("insert", &outcome, right);

    let column = subject.update.first().map_or("ctid", String::as_str);
    let outcome = attempt(
        connection,
        setting,
        &format!("update {table} set {column} = {column} where {filter}"),
    )
    .await;
    let right = if subject.update.is_empty() {
        !matches!(outcome, Outcome::Rows(_))
    } else {
        reaches(&outcome, visible)
    };
    expect("update", &outcome, right);

    let outcome = attempt(
        connection,
        setting,
        &format!("delete from {table} where {filter}"),
    )
    .await;
    let right = if subject.may_delete {
        reaches(&outcome, visible) || (visible > 0 && outcome == Outcome::Error("23503".to_owned()))
    } else {
        no_such_grant(&outcome)
    };
    expect("delete", &outcome, right);
    wrong
}

/// Inserts the row again, as far as the role may name its columns.
fn insert(subject: &Subject<'_>, row: &serde_json::Value) -> String {
    let table = subject.table;
    if subject.insert.is_empty() {
        return format!("insert into {table} default values");
    }
    let columns = subject.insert.join(", ");
    let row = row.to_string().replace('\'', "''");
    format!(
        "insert into {table} ({columns}) select {columns} from jsonb_populate_record(null::{table}, '{row}')"
    )
}

#[tokio::test]
async fn no_role_may_move_a_row_to_another_organization() {
    let mut admin = Database::migrated().await.connect_as_superuser().await;
    for table in tenant_tables(&mut admin).await {
        for role in runtime_roles() {
            let subject = subject(&mut admin, role, &table).await;
            let moved = subject
                .update
                .iter()
                .any(|column| column == "organization_id" || column == "id");
            assert!(!moved, "{role} may update the key of {table}");
        }
    }
}

#[tokio::test]
async fn a_task_cannot_name_anything_of_another_organization() {
    let database = Database::migrated().await;
    let mut admin = database.connect_as_superuser().await;
    let (own, other) = (
        seed::tenant(&mut admin, 1).await,
        seed::tenant(&mut admin, 2).await,
    );
    let foreign_task: Uuid =
        sqlx::query_scalar("select id from tasks where organization_id = $1 limit 1")
            .bind(other.organization)
            .fetch_one(&mut admin)
            .await
            .unwrap();
    let foreign_project: Uuid =
        sqlx::query_scalar("select id from projects where organization_id = $1")
            .bind(other.organization)
            .fetch_one(&mut admin)
            .await
            .unwrap();
    let mut tasks = database.connect_as("miyabi_tasks").await;
    for (column, value) in [
        ("assignee_id", other.user),
        ("parent_id", foreign_task),
        ("project_id", foreign_project),
    ] {
        let statement = format!("update tasks set {column} = '{value}'");
        let outcome = attempt(&mut tasks, Setting::Own(own), &statement).await;
        assert_eq!(outcome, Outcome::Error("23503".to_owned()), "{column}");
        // The same as for an id that nobody has.
        let statement = format!("update tasks set {column} = '{}'", Uuid::new_v4());
        assert_eq!(
            attempt(&mut tasks, Setting::Own(own), &statement).await,
            outcome,
            "{column}"
        );
    }
}
