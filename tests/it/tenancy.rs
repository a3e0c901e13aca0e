//! Tenancy, proven from the catalog of a migrated database: a new table without a policy, a role
//! with too much, a key without its organization fail here by themselves.

mod access;
mod catalog;
mod interleaved;
mod lists;
mod plans;
mod purge;
mod queries;
mod same_words;
mod seed;
mod shape;

/// The roles that functions log in as. What the catalogue of routes says, without the owner.
fn runtime_roles() -> Vec<&'static str> {
    let roles = miyabi_catalog::FUNCTIONS
        .iter()
        .filter_map(|function| function.database_role);
    roles.filter(|role| *role != "miyabi_owner").collect()
}

/// Tables that are of no organization, and why that is right.
const OF_NO_ORGANIZATION: &[(&str, &str)] = &[
    ("built_in_roles", "the same for all; granted to nobody"),
    (
        "rate_limits",
        "addresses, people and tokens of all; granted to nobody",
    ),
    (
        "refresh_tokens",
        "looked up by hash before the user is known; granted to miyabi_auth only",
    ),
    (
        "revoked_tokens",
        "ids and times; granted to miyabi_auth only",
    ),
    (
        "sessions",
        "a user's, in whichever organization; granted to miyabi_auth only",
    ),
    (
        "sign_in_attempts",
        "before anybody is known; granted to miyabi_auth only",
    ),
];

/// Every table with rows of organizations or of their people.
async fn tenant_tables(connection: &mut sqlx::PgConnection) -> Vec<String> {
    let tables: Vec<String> = sqlx::query_scalar(
        "select relname::text from pg_class
         where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and relname <> '_sqlx_migrations'
         order by 1",
    )
    .fetch_all(connection)
    .await
    .unwrap();
    tables
        .into_iter()
        .filter(|table| !OF_NO_ORGANIZATION.iter().any(|(name, _)| name == table))
        .collect()
}
