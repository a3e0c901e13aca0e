//! The migrations themselves, built into this function.

use std::{
    borrow::Cow,
    sync::LazyLock,
    time::{Duration, Instant},
};

use sqlx::{
    Connection, Executor, PgConnection,
    migrate::{Migrate, MigrateError, Migrator},
};

use crate::event::{Done, Failure, Migration};

/// The files as they were when the function was built.
static FILES: Migrator = sqlx::migrate!("../../migrations");

/// The migrations as they are compared and run: what a checkout does to the ends of lines changes
/// neither.
static MIGRATIONS: LazyLock<Vec<sqlx::migrate::Migration>> =
    LazyLock::new(|| FILES.iter().map(normalized).collect());

fn normalized(file: &sqlx::migrate::Migration) -> sqlx::migrate::Migration {
    let sql = miyabi_migration_files::normalize(&file.sql).into_owned();
    // Two statements without a transaction ended the build.
    let without_transaction =
        miyabi_migration_files::runs_without_transaction(&sql).unwrap_or(file.no_tx);
    sqlx::migrate::Migration::new(
        file.version,
        file.description.clone(),
        file.migration_type,
        Cow::Owned(sql),
        without_transaction,
    )
}

/// Longest to try a migration again whose locks others hold.
const WAIT_FOR_OTHERS: Duration = Duration::from_secs(60);
/// Time between two tries. What waited behind us gets its turn meanwhile.
const PAUSE: Duration = Duration::from_millis(250);

/// What was applied and what was not. Writes nothing.
pub(crate) async fn status(connection: &mut PgConnection) -> Result<Done, Failure> {
    Ok(Plan::read(connection).await?.done())
}

/// Runs what is pending in one transaction, and undoes it.
pub(crate) async fn dry_run(connection: &mut PgConnection) -> Result<Done, Failure> {
    let plan = Plan::read(connection).await?;
    let mut transaction = connection.begin().await?;
    for migration in plan.pending() {
        // One that refuses to be in a transaction cannot be undone.
        if !migration.no_tx {
            transaction
                .execute(&*migration.sql)
                .await
                .map_err(|error| Failure::of(migration.version, "failed", error.to_string()))?;
        }
    }
    transaction.rollback().await?;
    Ok(plan.done())
}

/// Runs what is pending, on the connection that holds the lock.
pub(crate) async fn apply(connection: &mut PgConnection) -> Result<Done, Failure> {
    let plan = Plan::read(connection).await?;
    connection
        .ensure_migrations_table()
        .await
        .map_err(|error| Failure::new("failed", error.to_string()))?;
    for migration in plan.pending() {
        apply_one(connection, migration).await?;
        tracing::info!(version = migration.version, "Applied a migration.");
    }
    status(connection).await
}

async fn apply_one(
    connection: &mut PgConnection,
    migration: &sqlx::migrate::Migration,
) -> Result<(), Failure> {
    if migration.no_tx {
        drop_invalid_indexes(connection).await?;
    }
    let began = Instant::now();
    loop {
        match connection.apply(migration).await {
            Ok(_) => return Ok(()),
            Err(error) if is_lock_timeout(&error) && began.elapsed() < WAIT_FOR_OTHERS => {
                tracing::info!(
                    version = migration.version,
                    "Somebody holds a lock that it needs; trying again."
                );
                tokio::time::sleep(PAUSE).await;
            }
            Err(error) if is_lock_timeout(&error) => {
                let detail = format!(
                    "A transaction has held a lock that it needs for {} seconds. End that one, then run this again.",
                    WAIT_FOR_OTHERS.as_secs()
                );
                return Err(Failure::of(migration.version, "locked", detail));
            }
            Err(error) => return Err(Failure::of(migration.version, "failed", error.to_string())),
        }
    }
}

/// Drops what a killed `create index concurrently` left behind: no query may use it, and
/// `if not exists` would keep it. No other migrator is building one: we have the lock.
async fn drop_invalid_indexes(connection: &mut PgConnection) -> Result<(), Failure> {
    let invalid: Vec<String> = sqlx::query_scalar(
        "select format('public.%I', c.relname) from pg_index i join pg_class c on c.oid = i.indexrelid
         where not i.indisvalid and c.relkind = 'i' and c.relnamespace = 'public'::regnamespace
         order by 1",
    )
    .fetch_all(&mut *connection)
    .await?;
    for index in invalid {
        tracing::info!(index, "Drops an index whose building was killed.");
        let drop = format!("drop index concurrently {index}");
        connection.execute(drop.as_str()).await?;
    }
    Ok(())
}

/// SQLSTATE 55P03, lock_not_available.
fn is_lock_timeout(error: &MigrateError) -> bool {
    let (MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)) = error else {
        return false;
    };
    error
        .as_database_error()
        .is_some_and(|error| error.code().as_deref() == Some("55P03"))
}

/// What the database has, against what this function has.
struct Plan {
    applied: Vec<Migration>,
    pending: Vec<&'static sqlx::migrate::Migration>,
}

impl Plan {
    /// Writes nothing, not even the table in which the applied ones are.
    ///
    /// # Errors
    ///
    /// `edited` when an applied migration is not the one that we have, `out_of_order` when one that is
    /// pending comes before one that was applied.
    async fn read(connection: &mut PgConnection) -> Result<Plan, Failure> {
        let has_table: bool =
            sqlx::query_scalar("select to_regclass('public._sqlx_migrations') is not null")
                .fetch_one(&mut *connection)
                .await?;
        let rows: Vec<(i64, String, Vec<u8>)> = if has_table {
            sqlx::query_as("select version, description, checksum from public._sqlx_migrations where success order by version")
                .fetch_all(&mut *connection)
                .await?
        } else {
            Vec::new()
        };
        for migration in MIGRATIONS.iter() {
            let applied = rows
                .iter()
                .find(|(version, ..)| *version == migration.version);
            if applied.is_some_and(|(.., checksum)| *checksum != *migration.checksum) {
                return Err(Failure::of(
                    migration.version,
                    "edited",
                    "This migration was edited after it was applied. Undo the edit, and write a new migration instead.",
                ));
            }
        }
        let is_pending = |migration: &&sqlx::migrate::Migration| {
            !rows
                .iter()
                .any(|(version, ..)| *version == migration.version)
        };
        let pending: Vec<_> = MIGRATIONS.iter().filter(is_pending).collect();
        let files = MIGRATIONS.iter().map(|migration| migration.version);
        let applied = rows.iter().map(|(version, ..)| *version);
        if let Err(refusal) = miyabi_migration_files::assert_in_order(files, applied) {
            return Err(Failure::new("out_of_order", refusal.to_string()));
        }
        let applied = rows
            .into_iter()
            .map(|(version, description, _)| Migration {
                version,
                description,
            })
            .collect();
        Ok(Plan { applied, pending })
    }

    fn pending(&self) -> impl Iterator<Item = &'static sqlx::migrate::Migration> {
        self.pending.iter().copied()
    }

    fn done(self) -> Done {
        let pending = self.pending().map(|migration| Migration {
            version: migration.version,
            description: Cow::into_owned(migration.description.clone()),
        });
        Done {
            run: None,
            pending: pending.collect(),
            schema_version: self.applied.last().map_or(0, |migration| migration.version),
            applied: self.applied,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_and_a_byte_order_mark_change_neither_checksum_nor_mode() {
        let file = |sql: &'static str| {
            normalized(&sqlx::migrate::Migration::new(
                1,
                "a".into(),
                sqlx::migrate::MigrationType::Simple,
                sql.into(),
                false,
            ))
        };
        let plain = file("-- no-transaction\nselect 1;\n");
        for other in [
            "-- no-transaction\r\nselect 1;\r\n",
            "\u{feff}-- no-transaction\nselect 1;\r\n",
        ] {
            let other = file(other);
            assert_eq!(
                (other.checksum, other.sql, other.no_tx),
                (plain.checksum.clone(), plain.sql.clone(), true)
            );
        }
        assert_ne!(file("select 2;").checksum, plain.checksum);
    }

    #[test]
    fn the_files_of_this_checkout_have_the_checksums_that_databases_have() {
        for (file, migration) in FILES.iter().zip(MIGRATIONS.iter()) {
            assert_eq!(file.checksum, migration.checksum, "{}", file.version);
        }
    }
}
