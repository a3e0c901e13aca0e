//! A timestamp as PostgreSQL sends and stores it. What is stored out of bounds is read as the nearest
//! timestamp.

use sqlx::{
    Postgres, TypeInfo as _,
    encode::IsNull,
    error::BoxDynError,
    postgres::{PgArgumentBuffer, PgTypeInfo, PgValueFormat, PgValueRef},
};
use time::{OffsetDateTime, UtcOffset, macros::datetime};

use super::{MAX, MIN, Timestamp};

/// Where PostgreSQL counts from, in its binary format: microseconds since then.
const POSTGRES_EPOCH: OffsetDateTime = datetime!(2000-01-01 00:00:00 UTC);

impl Timestamp {
    /// The nearest one to a stored number of microseconds, which may be out of bounds: a row that a
    /// migration has still to correct must not make its page unreadable.
    pub(super) fn from_postgres(microseconds: i64) -> Timestamp {
        let utc = POSTGRES_EPOCH.checked_add(time::Duration::microseconds(microseconds));
        let nearest = if microseconds < 0 { MIN } else { MAX };
        Timestamp(utc.unwrap_or(nearest).clamp(MIN, MAX))
    }
}

impl sqlx::Type<Postgres> for Timestamp {
    fn type_info() -> PgTypeInfo {
        <OffsetDateTime as sqlx::Type<Postgres>>::type_info()
    }

    fn compatible(info: &PgTypeInfo) -> bool {
        info.name() == "TIMESTAMPTZ"
    }
}

impl sqlx::postgres::PgHasArrayType for Timestamp {
    fn array_type_info() -> PgTypeInfo {
        <OffsetDateTime as sqlx::postgres::PgHasArrayType>::array_type_info()
    }
}

impl sqlx::Encode<'_, Postgres> for Timestamp {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        <OffsetDateTime as sqlx::Encode<'_, Postgres>>::encode_by_ref(&self.0, buffer)
    }
}

impl sqlx::Decode<'_, Postgres> for Timestamp {
    fn decode(value: PgValueRef<'_>) -> Result<Timestamp, BoxDynError> {
        match value.format() {
            // sqlx's own decoder panics for `infinity` and for years that it does not know.
            PgValueFormat::Binary => {
                let microseconds = <i64 as sqlx::Decode<'_, Postgres>>::decode(value)?;
                Ok(Timestamp::from_postgres(microseconds))
            }
            PgValueFormat::Text => {
                let stored = <OffsetDateTime as sqlx::Decode<'_, Postgres>>::decode(value)?;
                Ok(Timestamp(stored.to_offset(UtcOffset::UTC).clamp(MIN, MAX)))
            }
        }
    }
}
