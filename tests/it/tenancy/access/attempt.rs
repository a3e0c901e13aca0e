//! One statement under one state of the settings, and what it came to.

use std::fmt;

use sqlx::{Executor, PgConnection};

use crate::tenancy::seed::Tenant;

/// What `app.current_org_id` and `app.current_user_id` hold.
#[derive(Debug, Clone, Copy)]
pub(super) enum Setting {
    /// Never set on this connection.
    Unset,
    /// What a setting is after a transaction in which it was local.
    Empty,
    /// No id.
    Garbage,
    /// The organization and user whose rows are asked for.
    Own(Tenant),
    /// Another organization and user.
    Other(Tenant),
}

impl Setting {
    fn sql(self) -> String {
        let set = |organization: &str, user: &str| {
            format!(
                "select set_config('app.current_org_id', '{organization}', true), set_config('app.current_user_id', '{user}', true)"
            )
        };
        match self {
            Setting::Unset => "select 1".to_owned(),
            Setting::Empty => set("", ""),
            Setting::Garbage => set("garbage", "' or true --").replace("' or", "'' or"),
            Setting::Own(tenant) | Setting::Other(tenant) => {
                set(&tenant.organization.to_string(), &tenant.user.to_string())
            }
        }
    }

    /// The errors of a statement that reads the setting: 42704 undefined parameter, 22P02 no uuid.
    pub(super) fn fails_with(self) -> Option<&'static str> {
        match self {
            Setting::Unset => Some("42704"),
            Setting::Empty | Setting::Garbage => Some("22P02"),
            Setting::Own(_) | Setting::Other(_) => None,
        }
    }
}

/// What a statement came to.
#[derive(PartialEq, Eq, Clone)]
pub(super) enum Outcome {
    Rows(u64),
    Error(String),
}

impl fmt::Debug for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Rows(rows) => write!(formatter, "{rows} rows"),
            Outcome::Error(code) => write!(formatter, "SQLSTATE {code}"),
        }
    }
}

/// Runs a statement in a transaction with the setting, and undoes it. A new session for `Unset`: a
/// session that has once set a parameter has it empty ever after.
pub(super) async fn attempt(
    connection: &mut PgConnection,
    setting: Setting,
    statement: &str,
) -> Outcome {
    connection.execute("begin").await.unwrap();
    connection.execute(setting.sql().as_str()).await.unwrap();
    let outcome = match connection.execute(statement).await {
        Ok(done) => Outcome::Rows(done.rows_affected()),
        Err(error) => Outcome::Error(
            error
                .as_database_error()
                .unwrap_or_else(|| panic!("{error}"))
                .code()
                .unwrap()
                .into_owned(),
        ),
    };
    connection.execute("rollback").await.unwrap();
    outcome
}

pub(super) fn no_such_grant(outcome: &Outcome) -> bool {
    *outcome == Outcome::Error("42501".to_owned())
}
