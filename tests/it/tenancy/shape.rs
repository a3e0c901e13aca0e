//! The shape of real tenants: one large organization among many small ones, which use the same
//! words. Two equal organizations would hide what a plan for the average tenant costs the large one.

use sqlx::{Executor, PgConnection};

use super::seed::Tenant;

const SQL: &str = include_str!("../../shape/tenants.sql");

/// Fills a database with an organization of 100,000 tasks among that many small ones; returns the
/// large one with its owner.
pub(super) async fn fill(admin: &mut PgConnection, small: u32) -> Tenant {
    let sql = SQL
        .replace("FIRST", "0")
        .replace("LAST", &small.to_string())
        .replace("LARGE", "100000");
    admin.execute(sqlx::raw_sql(&sql)).await.unwrap();
    admin.execute("vacuum analyze").await.unwrap();
    let organization = sqlx::query_scalar(
        "select organization_id from tasks group by organization_id order by count(*) desc limit 1",
    )
    .fetch_one(&mut *admin)
    .await
    .unwrap();
    let user = sqlx::query_scalar(
        "select user_id from memberships where organization_id = $1 and role = 'owner'",
    )
    .bind(organization)
    .fetch_one(&mut *admin)
    .await
    .unwrap();
    Tenant { organization, user }
}
