//! Plans of statements with what they read, from EXPLAIN ANALYZE as the role that runs them.

use serde_json::Value;
use sqlx::{Executor, PgConnection, Postgres, QueryBuilder, types::Json};
use uuid::Uuid;

/// Rows of these tables that the scans of a plan have read: given on, and thrown away.
pub(super) fn rows_read(plan: &Value, tables: &[&str]) -> u64 {
    let number = |name: &str| plan[name].as_f64().unwrap_or_default();
    let children = plan["Plans"].as_array().into_iter().flatten();
    let children: u64 = children.map(|child| rows_read(child, tables)).sum();
    // A bitmap of an index names no table; its rows are those that the heap then gives.
    let is_one = plan["Relation Name"]
        .as_str()
        .is_some_and(|table| tables.contains(&table));
    if !is_one {
        return children;
    }
    let own = number("Actual Rows")
        + number("Rows Removed by Filter")
        + number("Rows Removed by Index Recheck");
    children + (own * number("Actual Loops")) as u64
}

/// The plan of a statement that explains one, as a role in an organization.
pub(super) async fn explain(
    role: &mut PgConnection,
    organization: Uuid,
    sql: QueryBuilder<'static, Postgres>,
) -> Value {
    enter(role, organization).await;
    let plan = explained(role, sql).await;
    role.execute("commit").await.unwrap();
    plan
}

/// Begins a transaction in an organization.
pub(super) async fn enter(role: &mut PgConnection, organization: Uuid) {
    let set =
        format!("begin read only; select set_config('app.current_org_id', '{organization}', true)");
    role.execute(sqlx::raw_sql(&set)).await.unwrap();
}

/// The plan, in the transaction that was begun.
pub(super) async fn explained(
    role: &mut PgConnection,
    mut sql: QueryBuilder<'static, Postgres>,
) -> Value {
    let plan: Json<Value> = sql
        .build_query_scalar()
        .persistent(false)
        .fetch_one(&mut *role)
        .await
        .unwrap_or_else(|error| panic!("{error}: {}", sql.sql()));
    plan.0[0].clone()
}
