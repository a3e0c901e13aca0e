//! How a function reaches its database, from its environment.

use std::fs;

use miyabi_catalog::Function;

use super::{ConfigError, required};

/// How to reach the database.
#[derive(Debug, Clone)]
pub(crate) struct DatabaseConfig {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) name: String,
    pub(crate) user: String,
    pub(crate) login: Login,
    /// PEM certificates to verify the server against; `None`: no TLS.
    pub(crate) tls: Option<Vec<u8>>,
}

/// How a function proves to be its role.
#[derive(Debug, Clone)]
pub(crate) enum Login {
    /// A token signed with the function's own credentials.
    Iam,
    /// The password in the secret with this ARN.
    Password(String),
}

impl DatabaseConfig {
    /// Reads the variables of a function that has a role in the database.
    pub(super) fn read(
        function: &Function,
        get: &dyn Fn(&str) -> Option<String>,
    ) -> Result<DatabaseConfig, ConfigError> {
        let require = |name: &str| required(function.name, name, get);
        let port = require("DATABASE_PORT")?;
        let port = port.parse().map_err(|_| {
            ConfigError(format!(
                "DATABASE_PORT of the function `{}` is `{port}`, which is not a port.",
                function.name
            ))
        })?;
        let login = match require("DATABASE_AUTH")?.as_str() {
            "iam" => Login::Iam,
            "password" => Login::Password(require("DATABASE_SECRET")?),
            other => {
                return Err(ConfigError(format!(
                    "DATABASE_AUTH of the function `{}` is `{other}`; it must be `iam` or `password`.",
                    function.name
                )));
            }
        };
        let tls = match require("DATABASE_TLS")?.as_str() {
            "disable" => None,
            "verify-full" => Some(certificates(get)?),
            other => {
                return Err(ConfigError(format!(
                    "DATABASE_TLS of the function `{}` is `{other}`; it must be `verify-full` or `disable`.",
                    function.name
                )));
            }
        };
        let (host, name, user) = (
            require("DATABASE_HOST")?,
            require("DATABASE_NAME")?,
            require("DATABASE_USER")?,
        );
        Ok(DatabaseConfig {
            host,
            port,
            name,
            user,
            login,
            tls,
        })
    }
}

/// The certificates to verify the database with.
fn certificates(get: &dyn Fn(&str) -> Option<String>) -> Result<Vec<u8>, ConfigError> {
    if let Some(path) = get("DATABASE_CA_FILE") {
        return fs::read(&path).map_err(|error| {
            ConfigError(format!(
                "The file that DATABASE_CA_FILE names, {path}, cannot be read: {error}."
            ))
        });
    }
    let region = get("AWS_REGION").unwrap_or_default();
    crate::certificates::of_region(&region).map(|pem| pem.as_bytes().to_vec()).ok_or_else(|| {
        ConfigError(format!(
            "No certificate of RDS in the region `{region}` is known. Name a PEM file in DATABASE_CA_FILE."
        ))
    })
}
