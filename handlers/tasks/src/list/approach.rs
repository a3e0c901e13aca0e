//! How a page is found: along its order until it is full, or by sorting all tasks that match.
//!
//! PostgreSQL cannot choose well. For a limit it expects the matching tasks evenly along the order,
//! and they are not: what is due next year is new, one person's titles begin alike. It then walks
//! most of an organization for a page (95,000 of 100,000 tasks, 50 to 150 ms), or for nothing. So the
//! tasks of each filter are counted first, in the filter's own index and up to [`FEW`]: when one
//! filter alone leaves few, what matches is read through it and sorted; otherwise all filters are
//! frequent, and the order is walked.

use miyabi_core::{ApiError, BoundedConnection};
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use super::{
    Filter, Order,
    conditions::{write_any, write_reference},
    filter::Wanted,
    order::By,
};

/// How a page is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Approach {
    /// Along the order, past tasks that do not match, until the page is full.
    Walk,
    /// All tasks that match are read, through the narrowest filter, and sorted.
    Sort,
}

/// The most tasks of the narrowest filter that are read and sorted: 3,600 took 3 to 5 ms in PostgreSQL
/// 15, from memory.
const FEW: i64 = 5_000;

/// Settings of the transaction for counting and for the statement that follows. With them a plan
/// goes through indexes: a scan of the table reads all organizations.
pub const SETTINGS: &str = "select set_config('enable_seqscan', 'off', true), \
    set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true), \
    set_config('random_page_cost', '1.1', true)";

impl Approach {
    /// The approach where nothing must be counted: when one index has both the filter and the order,
    /// for a search, and for deleted tasks, which are few.
    pub fn known(filter: &Filter, order: Order) -> Option<Approach> {
        let is_along_index = filter.search.is_some() || filter.deleted || {
            let references = filter.references().map(|(_, value)| value);
            let named = references.iter().filter(|value| **value != Wanted::Any);
            let single = named.count() + usize::from(filter.label.is_some());
            let is_due = filter.has_due();
            let is_created = filter.created_from.or(filter.created_before).is_some();
            let is_title = filter.title_prefix.is_some();
            let has_priority = !filter.priorities.is_empty() && order.by != By::Priority;
            // An order's own filter has an index with each status, too.
            let is_of_order = match order.by {
                By::Created => !is_due && !is_title,
                By::Due => !is_created && !is_title,
                By::Title => !is_created && !is_due,
                By::Updated | By::Priority | By::Rank | By::Deleted => {
                    !is_created && !is_due && !is_title
                }
            };
            let is_reference =
                single == 1 && order.by == By::Created && !is_created && filter.statuses.is_empty();
            is_of_order && !has_priority && (single == 0 || is_reference)
        };
        is_along_index.then_some(Approach::Walk)
    }

    /// The approach for so many tasks of the narrowest filter.
    pub fn for_count(narrowest: i64) -> Approach {
        if narrowest > FEW {
            Approach::Walk
        } else {
            Approach::Sort
        }
    }

    /// Chooses, by counting when it must.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub(super) async fn choose(
        connection: &mut BoundedConnection,
        organization: Uuid,
        filter: &Filter,
        order: Order,
    ) -> Result<Approach, ApiError> {
        if let Some(known) = Approach::known(filter, order) {
            return Ok(known);
        }
        sqlx::query(SETTINGS).execute(&mut *connection).await?;
        let mut sql = QueryBuilder::default();
        write_counts(&mut sql, organization, filter, order);
        let narrowest: i64 = sql
            .build_query_scalar()
            .persistent(false)
            .fetch_one(connection)
            .await?;
        Ok(Approach::for_count(narrowest))
    }
}

/// Appends the statement that counts the tasks of each filter alone, up to one more than [`FEW`], and
/// returns the least. The filter must have a condition for which [`Approach::known`] is none.
pub fn write_counts(
    sql: &mut QueryBuilder<'_, Postgres>,
    organization: Uuid,
    filter: &Filter,
    order: Order,
) {
    sql.push("select least(null");
    let mut count = |condition: &dyn Fn(&mut QueryBuilder<'_, Postgres>)| {
        sql.push(", (select count(*) from (select from tasks t where t.organization_id = ");
        sql.push_bind(organization)
            .push(" and t.deleted_at is null");
        condition(sql);
        sql.push(" limit ").push_bind(FEW + 1).push(") few)");
    };
    if !filter.statuses.is_empty() {
        count(&|sql| write_any(sql, "t.status", filter.statuses.iter().map(|s| s.as_str())));
    }
    if !filter.priorities.is_empty() {
        count(&|sql| {
            write_any(
                sql,
                "t.priority",
                filter.priorities.iter().map(|p| p.as_str()),
            );
        });
    }
    for (column, value) in filter.references() {
        if value != Wanted::Any {
            count(&|sql| write_reference(sql, column, value));
        }
    }
    if filter.has_due() {
        count(&|sql| filter.write_due(sql));
    }
    if filter.created_from.or(filter.created_before).is_some() {
        count(&|sql| filter.write_created(sql));
    }
    if filter.title_prefix.is_some() {
        count(&|sql| filter.write_title_prefix(sql));
    }
    // In the order of creation, walking along the label reads no more than sorting its tasks; with a
    // range of due dates, the walk is along all tasks.
    if let Some(label) = filter.label
        && (order.by != By::Created || filter.has_due())
    {
        sql.push(", (select count(*) from (select from task_labels l where l.organization_id = ");
        sql.push_bind(organization).push(" and l.label_id = ");
        sql.push_bind(label).push(" limit ");
        sql.push_bind(FEW + 1).push(") few)");
    }
    sql.push(")");
}
