//! The list in the table `revoked_tokens`.

use futures_util::future::BoxFuture;
use sqlx::PgConnection;
use time::OffsetDateTime;

use super::{Revocations, TokenIds, Withdrawal, remembered};
use crate::{ApiError, Db};

/// The list in the database.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InPostgres;

impl Revocations for InPostgres {
    fn withdraw<'a>(
        &'a self,
        connection: &'a mut PgConnection,
        what: Withdrawal,
    ) -> BoxFuture<'a, Result<(), ApiError>> {
        Box::pin(write(connection, what, OffsetDateTime::now_utc()))
    }

    fn is_withdrawn<'a>(
        &'a self,
        token: &'a TokenIds,
        db: &'a Db,
    ) -> BoxFuture<'a, Result<bool, ApiError>> {
        Box::pin(db.with_connection(async |connection| {
            sqlx::query_scalar!(
                r#"select app.is_withdrawn($1, $2, $3, $4) as "withdrawn!""#,
                token.user,
                token.session,
                token.token,
                token.issued_at,
            )
            .fetch_one(connection)
            .await
        }))
    }

    fn is_in_the_database(&self) -> bool {
        true
    }
}

/// Writes a withdrawal, and forgets those that are over.
pub(super) async fn write(
    connection: &mut PgConnection,
    what: Withdrawal,
    now: OffsetDateTime,
) -> Result<(), ApiError> {
    let issued_before = matches!(what, Withdrawal::User(_)).then_some(now);
    sqlx::query!(
        "insert into revoked_tokens (kind, id, issued_before, expires_at) values ($1, $2, $3, $4)
         on conflict (kind, id) do update
            set issued_before = excluded.issued_before, expires_at = excluded.expires_at",
        what.kind(),
        what.id(),
        issued_before,
        now + remembered(),
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "delete from revoked_tokens where (kind, id) in (
            select kind, id from revoked_tokens where expires_at < $1 limit 100 for update skip locked)",
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}
