//! The list in the table `revoked_tokens`.

use futures_util::future::BoxFuture;

use super::{Revocations, TokenIds, Withdrawal, epoch_margin, remembered};
use crate::{ApiError, BoundedConnection};

/// The list in the database.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InPostgres;

impl Revocations for InPostgres {
    fn committed<'a>(&'a self, _: &'a [Withdrawal]) -> BoxFuture<'a, ()> {
        Box::pin(std::future::ready(()))
    }

    fn is_known_withdrawn<'a>(&'a self, _: &'a TokenIds) -> BoxFuture<'a, bool> {
        Box::pin(std::future::ready(false))
    }

    fn learn(&self, _: &TokenIds, _: bool) {}
}

/// Writes a withdrawal, and forgets those that are over. Every time in the table is the database's:
/// environments whose clocks differ share it.
pub(crate) async fn write(
    connection: &mut BoundedConnection,
    what: Withdrawal,
) -> Result<(), ApiError> {
    // An epoch never moves back, whatever the order in which two of them are committed.
    sqlx::query!(
        "insert into revoked_tokens as r (kind, id, issued_before, expires_at)
         values ($1, $2,
            case when $1 = 'user' then clock_timestamp() - make_interval(secs => $3) end,
            clock_timestamp() + make_interval(secs => $4))
         on conflict (kind, id) do update
            set issued_before = greatest(r.issued_before, excluded.issued_before),
                expires_at = greatest(r.expires_at, excluded.expires_at)",
        what.kind(),
        what.id(),
        epoch_margin().as_seconds_f64(),
        remembered().as_seconds_f64(),
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "delete from revoked_tokens where (kind, id) in (
            select kind, id from revoked_tokens where expires_at < clock_timestamp()
            limit 100 for update skip locked)"
    )
    .execute(connection)
    .await?;
    Ok(())
}
