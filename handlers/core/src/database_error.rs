//! What an error of the database is answered with when no handler expected it.

use http::StatusCode;

use crate::ApiError;

/// Whether the connection is over: it broke, or PostgreSQL said goodbye. Nothing that was not
/// committed on it has any effect.
pub(crate) fn is_lost(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::Tls(_) => true,
        sqlx::Error::Database(database) => database.code().is_some_and(|code| is_goodbye(&code)),
        _ => false,
    }
}

/// Terminated by an administrator, for lying idle, for a crash elsewhere; starting up or shutting
/// down; any connection exception.
fn is_goodbye(code: &str) -> bool {
    matches!(code, "57P01" | "57P02" | "57P03" | "57P05" | "25P03") || code.starts_with("08")
}

/// Turns an SQL error into an answer. Never gives [`ApiError::Database`].
///
/// SQLSTATE codes are those of PostgreSQL 15, appendix A.
pub(crate) fn answer(error: &sqlx::Error) -> ApiError {
    let database = match error {
        sqlx::Error::Database(database) => database,
        sqlx::Error::RowNotFound => return ApiError::NotFound,
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => return ApiError::Unavailable(error.to_string()),
        _ => return ApiError::Internal(error.to_string()),
    };
    let code = database.code().unwrap_or_default();
    let name = database.constraint().unwrap_or("a constraint");
    match code.as_ref() {
        // Text that the encoding or a JSON document cannot hold.
        "22021" | "22P05" => ApiError::invalid("body", "contains text that cannot be stored"),
        // Serialization failure, deadlock: the same request can work.
        "40001" | "40P01" => ApiError::conflict(
            "try_again",
            "Somebody else changed the same thing at the same moment. Try again.",
        ),
        // Lock and statement timeouts, too many connections.
        "55P03" | "57014" | "53300" => ApiError::Unavailable(error.to_string()),
        goodbye if is_goodbye(goodbye) => ApiError::Unavailable(error.to_string()),
        // The password or token of the role is not accepted: until it is, nothing works.
        "28P01" | "28000" => ApiError::Unavailable(error.to_string()),
        "23505" => {
            tracing::warn!(
                constraint = name,
                "A handler has no response for this constraint."
            );
            ApiError::conflict("conflict", "Something like it is there already.")
        }
        "23503" | "23514" | "22001" | "22003" | "22007" | "22008" => {
            tracing::warn!(
                constraint = name,
                "A handler has no response for this constraint."
            );
            ApiError::refused(
                StatusCode::UNPROCESSABLE_ENTITY,
                "invalid",
                "A value in the request is not acceptable.",
            )
        }
        _ => ApiError::Internal(format!("{error} (SQLSTATE {code})")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// PostgreSQL 15, appendix A: what the server says before it closes a connection.
    #[test]
    fn a_goodbye_of_the_server_is_a_lost_connection_and_a_refused_statement_is_not() {
        for code in [
            "57P01", "57P02", "57P03", "57P05", "25P03", "08000", "08006",
        ] {
            assert!(is_goodbye(code), "{code}");
        }
        for code in ["57014", "55P03", "25P02", "23505", "42501", "53300"] {
            assert!(!is_goodbye(code), "{code}");
        }
    }
}
