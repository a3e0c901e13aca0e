//! Large objects of runtime roles: removed, since no function creates any.
//!
//! Row-level security does not apply to large objects. Who may create them is decided by functions
//! in `pg_catalog`, which on RDS no customer owns: there, a role that may connect may create them
//! (docs/decisions/0010-what-runtime-roles-can-lock-and-create.md). They exist until the next deploy.

use sqlx::{Connection, Executor, PgConnection, Row};

use crate::roles::runtime_roles;

/// Removes them. What cannot be removed is logged, and is no reason to stop a deploy.
pub(crate) async fn remove(connection: &mut PgConnection) {
    match try_remove(connection).await {
        Ok(0) => {}
        Ok(count) => tracing::error!(
            count,
            "Removed large objects of runtime roles. No function creates any: look for who did."
        ),
        Err(error) => tracing::error!(%error, "Large objects of runtime roles cannot be removed."),
    }
}

async fn try_remove(connection: &mut PgConnection) -> Result<usize, sqlx::Error> {
    let roles: Vec<&str> = runtime_roles().collect();
    let objects = sqlx::query(
        "select m.oid, r.rolname::text from pg_largeobject_metadata m join pg_roles r on r.oid = m.lomowner
         where r.rolname = any($1)",
    )
    .bind(&roles)
    .fetch_all(&mut *connection)
    .await?;
    let mut transaction = connection.begin().await?;
    for object in &objects {
        let (oid, role): (sqlx::postgres::types::Oid, String) =
            (object.try_get(0)?, object.try_get(1)?);
        // Only the owner of a large object may remove it, or a member of that role. The name is one
        // of the catalogue's.
        transaction
            .execute(format!("grant {role} to current_user").as_str())
            .await?;
        sqlx::query("select lo_unlink($1)")
            .bind(oid)
            .execute(&mut *transaction)
            .await?;
        transaction
            .execute(format!("revoke {role} from current_user").as_str())
            .await?;
    }
    transaction.commit().await?;
    Ok(objects.len())
}
