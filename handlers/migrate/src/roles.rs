//! Lets the runtime roles log in, as the stage says: by password, or by RDS IAM authentication.
//!
//! The roles themselves and what they may do are made by the migrations.

use std::{collections::BTreeMap, env, time::Duration};

use miyabi_catalog::FUNCTIONS;
use miyabi_core::App;
use serde::Deserialize;
use sqlx::{Executor, PgConnection};

use crate::{event::Failure, scram};

const VARIABLE: &str = "DATABASE_ROLE_SECRETS";
/// Migrators of two databases of one server change the same roles: the loser tries again.
const TRIES: u32 = 20;

/// How roles log in.
pub(crate) enum Logins {
    /// By a token of RDS.
    Iam,
    /// By password: role and verifier.
    Passwords(BTreeMap<String, String>),
}

#[derive(Deserialize)]
struct Secret {
    username: String,
    password: String,
}

/// The roles that log in besides the owner.
pub(crate) fn runtime_roles() -> impl Iterator<Item = &'static str> {
    FUNCTIONS
        .iter()
        .filter(|function| function.name != "migrate")
        .filter_map(|function| function.database_role)
}

/// Reads the secrets of the roles, when the stage has passwords.
pub(crate) async fn logins(app: &App) -> Result<Logins, Failure> {
    let Some(text) = env::var(VARIABLE).ok().filter(|text| !text.is_empty()) else {
        return Ok(Logins::Iam);
    };
    let arns: BTreeMap<String, String> = serde_json::from_str(&text).map_err(|error| {
        Failure::new(
            "roles",
            format!("{VARIABLE} is not a JSON object of role and ARN: {error}."),
        )
    })?;
    let mut verifiers = BTreeMap::new();
    for role in runtime_roles() {
        let arn = arns.get(role).ok_or_else(|| {
            Failure::new(
                "roles",
                format!("{VARIABLE} does not name the secret of the role `{role}`."),
            )
        })?;
        let secret = app.secret(arn).await.map_err(|_| {
            Failure::new(
                "unavailable",
                format!("The secret of the role `{role}` cannot be read."),
            )
        })?;
        let secret: Secret = serde_json::from_str(&secret).map_err(|_| {
            Failure::new(
                "roles",
                format!(
                    "The secret of the role `{role}` is not {{\"username\": .., \"password\": ..}}."
                ),
            )
        })?;
        if secret.username != role {
            return Err(Failure::new(
                "roles",
                format!("The secret of the role `{role}` is that of another role."),
            ));
        }
        let verifier = scram::verifier(&secret.password).map_err(|detail| {
            Failure::new(
                "roles",
                format!("The password of the role `{role}` {detail}."),
            )
        })?;
        verifiers.insert(role.to_owned(), verifier);
    }
    Ok(Logins::Passwords(verifiers))
}

/// Lets the roles in. The same again changes nothing.
pub(crate) async fn let_in(connection: &mut PgConnection, logins: &Logins) -> Result<(), Failure> {
    match logins {
        Logins::Iam => {
            for role in runtime_roles() {
                run(
                    connection,
                    role,
                    &format!("alter role {role} login; grant rds_iam to {role}"),
                )
                .await?;
            }
        }
        Logins::Passwords(verifiers) => {
            for (role, verifier) in verifiers {
                // Role names are from the catalogue, and a verifier has no quote in it.
                run(
                    connection,
                    role,
                    &format!("alter role {role} login password '{verifier}'"),
                )
                .await?;
            }
        }
    }
    Ok(())
}

async fn run(connection: &mut PgConnection, role: &str, sql: &str) -> Result<(), Failure> {
    for attempt in 1.. {
        match connection.execute(sqlx::raw_sql(sql)).await {
            Ok(_) => break,
            // "tuple concurrently updated" has no SQLSTATE of its own.
            Err(sqlx::Error::Database(error))
                if error.code().as_deref() == Some("XX000") && attempt < TRIES =>
            {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            // Without the statement, which holds the verifier.
            Err(error) => {
                return Err(Failure::new(
                    "roles",
                    format!("The role `{role}` cannot be let in: {error}."),
                ));
            }
        }
    }
    Ok(())
}
