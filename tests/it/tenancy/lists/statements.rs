//! The statements of lists as handlers send them, and what they read for a large organization.

use std::{fs, path::Path};

use serde_json::Value;
use sqlx::{Executor, PgConnection, QueryBuilder};
use uuid::Uuid;

use crate::tenancy::{
    plans::{explain, rows_read},
    seed::Tenant,
    shape,
};

/// The statement of a handler that has this part, with values in the places of its parameters: it
/// is planned for values there, too.
pub(super) fn statement(part: &str, values: &[&str]) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.sqlx");
    let mut found = Vec::new();
    for file in fs::read_dir(folder).unwrap() {
        let text = fs::read_to_string(file.unwrap().path()).unwrap();
        let checked_in: Value = serde_json::from_str(&text).unwrap();
        let query = checked_in["query"].as_str().unwrap();
        if query.contains(part) {
            found.push(query.to_owned());
        }
    }
    let [query] = &found[..] else {
        panic!("{} statements of .sqlx have `{part}`", found.len());
    };
    // The last one first: `$1` is also the beginning of `$10`.
    let places = values.iter().enumerate().rev();
    places.fold(query.clone(), |query, (index, value)| {
        query.replace(&format!("${}", index + 1), value)
    })
}

/// How many rows of a table a page reads.
pub(super) async fn read(
    role: &mut PgConnection,
    organization: Uuid,
    table: &str,
    sql: &str,
) -> u64 {
    read_in(role, organization, &[table], sql).await
}

/// How many rows of several tables, or of the partitions of one, a page reads.
pub(super) async fn read_in(
    role: &mut PgConnection,
    organization: Uuid,
    tables: &[&str],
    sql: &str,
) -> u64 {
    let explained = format!("explain (analyze, buffers, timing off, format json) {sql}");
    let plan = explain(role, organization, QueryBuilder::new(explained)).await;
    rows_read(&plan["Plan"], tables)
}

/// A large organization among a thousand small ones, with what a statement adds for each.
pub(super) async fn tenants(admin: &mut PgConnection, fill: impl Fn(&Tenant) -> String) -> Tenant {
    let large = shape::fill(admin, 1000).await;
    admin.execute(sqlx::raw_sql(&fill(&large))).await.unwrap();
    admin.execute("vacuum analyze").await.unwrap();
    large
}
