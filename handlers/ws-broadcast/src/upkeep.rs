//! What the schedule does each minute beside live updates: it deletes what is over, makes the
//! partitions of the audit trail, and adds up the statistics of days.
//!
//! Each task does a bounded part of its work and leaves the rest to the next sweep. Each is a function
//! of the database that runs as the owner and decides by itself what is over, so that this one is
//! granted no table. One that fails keeps no other from running.

use std::time::Instant;

use miyabi_catalog::metrics::AUDIT_DEFAULT_PARTITION;
use miyabi_core::{ApiError, App};

/// Most buckets of rate limits that are forgotten in a sweep.
const BUCKETS: i32 = 10_000;
/// Most rows that one transaction deletes.
const ROWS: i32 = 1_000;
/// Most changes of tasks that one transaction adds to the statistics of their days.
const STATS_CHANGES: i32 = 5_000;
/// Most accounts that one transaction deletes.
const ACCOUNTS: i32 = 10;
/// Most transactions of one task in a sweep.
const TIMES: usize = 20;

/// Does every task once, as long as there is time.
pub(crate) async fn run(app: &App, deadline: Instant) {
    let limits = "Full buckets of rate limits could not be deleted.";
    report(limits, forget_rate_limits(app)).await;
    let partitions = "The partitions of the audit trail could not be kept.";
    report(partitions, keep_audit_partitions(app)).await;
    let accounts = "Accounts whose time has come could not be deleted.";
    report(accounts, delete_accounts(app)).await;
    let stats = "The statistics of days could not be added up.";
    report(stats, add_up_stats(app, deadline)).await;
    for what in [Purge::Organizations, Purge::Tasks, Purge::Comments] {
        let purges = "What was deleted 30 days ago could not be purged.";
        report(purges, purge(app, what, deadline)).await;
    }
}

async fn report(sentence: &str, task: impl Future<Output = Result<(), ApiError>>) {
    if let Err(error) = task.await {
        tracing::error!(?error, "{sentence}");
    }
}

/// Their connections are closed by the event that each organization gets.
async fn delete_accounts(app: &App) -> Result<(), ApiError> {
    let mut tx = app.db().before_sign_in().await?;
    let deleted = sqlx::query_scalar!(r#"select app.delete_accounts($1) as "deleted!""#, ACCOUNTS)
        .fetch_one(&mut *tx)
        .await?;
    tx.commit().await?;
    if deleted > 0 {
        tracing::info!(deleted, "Accounts were deleted.");
    }
    Ok(())
}

async fn forget_rate_limits(app: &App) -> Result<(), ApiError> {
    let mut tx = app.db().before_sign_in().await?;
    sqlx::query_scalar!("select app.forget_rate_limits($1)", BUCKETS)
        .fetch_one(&mut *tx)
        .await?;
    tx.commit().await
}

/// Rows of the trail that are in no month's partition are written and read like others. They mean
/// that nobody made the partition in time: the sweep did not run for months. The metric is what the
/// alarm `audit-default-partition` reads.
async fn keep_audit_partitions(app: &App) -> Result<(), ApiError> {
    let mut tx = app.db().before_sign_in().await?;
    let kept = sqlx::query!(
        r#"select made as "made!", dropped as "dropped!", deleted as "deleted!", unexpected as "unexpected!"
           from app.keep_audit_partitions($1, $2)"#,
        app.audit_retention_months()?,
        ROWS,
    )
    .fetch_one(&mut *tx)
    .await?;
    tx.commit().await?;
    let unexpected = f64::from(u8::from(kept.unexpected));
    app.write_metric(AUDIT_DEFAULT_PARTITION, unexpected);
    if kept.unexpected {
        tracing::error!(
            "The audit trail has rows outside of the partitions of its months. Look for earlier failures of this task."
        );
    }
    if kept.made > 0 || kept.dropped > 0 || kept.deleted > 0 {
        let (made, dropped, deleted) = (kept.made, kept.dropped, kept.deleted);
        tracing::info!(made, dropped, deleted, "The audit trail was kept in order.");
    }
    Ok(())
}

/// Readers add what is left themselves.
async fn add_up_stats(app: &App, deadline: Instant) -> Result<(), ApiError> {
    for _ in 0..TIMES {
        if Instant::now() >= deadline {
            break;
        }
        let mut tx = app.db().before_sign_in().await?;
        let added =
            sqlx::query_scalar!(r#"select app.add_up_stats($1) as "added!""#, STATS_CHANGES)
                .fetch_one(&mut *tx)
                .await?;
        tx.commit().await?;
        if added < i64::from(STATS_CHANGES) {
            break;
        }
    }
    Ok(())
}

/// What is purged 30 days after its deletion.
#[derive(Debug, Clone, Copy)]
enum Purge {
    Organizations,
    Tasks,
    Comments,
}

async fn purge(app: &App, what: Purge, deadline: Instant) -> Result<(), ApiError> {
    let mut total = 0;
    for _ in 0..TIMES {
        if Instant::now() >= deadline {
            break;
        }
        let mut tx = app.db().before_sign_in().await?;
        let deleted = match what {
            Purge::Organizations => {
                sqlx::query_scalar!(r#"select app.purge_organizations($1) as "deleted!""#, ROWS)
                    .fetch_one(&mut *tx)
                    .await?
            }
            Purge::Tasks => {
                sqlx::query_scalar!(r#"select app.purge_tasks($1) as "deleted!""#, ROWS)
                    .fetch_one(&mut *tx)
                    .await?
            }
            Purge::Comments => {
                sqlx::query_scalar!(r#"select app.purge_comments($1) as "deleted!""#, ROWS)
                    .fetch_one(&mut *tx)
                    .await?
            }
        };
        tx.commit().await?;
        total += deleted;
        if deleted == 0 {
            break;
        }
    }
    if total > 0 {
        tracing::info!(?what, total, "What was deleted 30 days ago was purged.");
    }
    Ok(())
}
