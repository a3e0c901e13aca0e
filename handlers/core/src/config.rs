//! The environment contract of docs/ARCHITECTURE.md, read once at start.
//!
//! What a function needs follows from its entry in the catalogue. A missing or wrong variable stops
//! the start with a sentence that names it.

mod database;

use std::collections::BTreeMap;

use miyabi_catalog::Function;

pub(crate) use database::{DatabaseConfig, Login};

use crate::limits::Rates;

/// Everything that the environment says.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    /// Name of the stage.
    pub(crate) stage: String,
    /// Short name of the function in the catalogue.
    pub(crate) function: &'static str,
    /// Where the database is; `None` when the function has no role there.
    pub(crate) database: Option<DatabaseConfig>,
    /// ARN of the signing keys.
    pub(crate) jwt_keys_secret: Option<String>,
    /// ARN of the origin secret.
    pub(crate) origin_secret: Option<String>,
    /// Whether requests without the origin secret are refused.
    pub(crate) origin_secret_required: bool,
    /// Scheme of the address that people use: `https`, or `http` where the stage says so.
    pub(crate) public_scheme: &'static str,
    /// How many requests of people, API tokens and addresses are answered; none where the function
    /// counts nothing.
    pub(crate) rate_limits: Rates,
    /// Months that the audit trail is kept; only the function on the schedule is given it.
    pub(crate) audit_retention_months: Option<i32>,
    /// How to reach the cache; `None`: the stage has none.
    pub(crate) cache: Option<CacheConfig>,
    /// ARNs of the functions that this one invokes, by their short names.
    pub(crate) invokes: BTreeMap<&'static str, String>,
    /// Address of the WebSocket API's stage, `https://HOST/live`, to which `/@connections/ID` is
    /// added; `None`: the function does not post to connections.
    pub(crate) connections_endpoint: Option<String>,
}

/// How to reach the cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CacheConfig {
    /// `rediss://HOST:PORT` by TLS, `redis://HOST:PORT` without.
    pub(crate) url: String,
    /// A PEM file of roots to trust instead of those that browsers trust.
    pub(crate) ca_file: Option<String>,
}

/// A sentence about the environment that says what to do.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
#[error("{0}")]
pub struct ConfigError(pub(crate) String);

impl Config {
    /// Reads the variables of a function.
    ///
    /// # Errors
    ///
    /// A sentence that names the first variable that is missing or wrong.
    pub(crate) fn read(
        function: &'static Function,
        get: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Config, ConfigError> {
        let require = |name: &str| required(function.name, name, get);
        let database = function
            .database_role
            .map(|_| DatabaseConfig::read(function, get))
            .transpose()?;
        let jwt_keys_secret = function
            .reads_jwt_keys
            .then(|| require("JWT_KEYS_SECRET"))
            .transpose()?;
        let cache = function
            .reads_jwt_keys
            .then(|| CacheConfig::read(function.name, get))
            .transpose()?
            .flatten();
        let rate_limits = match function.limits_requests() {
            true => rate_limits(function.name, &require("RATE_LIMITS")?)?,
            false => Rates::default(),
        };
        let audit_retention_months = function
            .every_minute
            .then(|| audit_retention_months(function.name, get))
            .transpose()?;
        let invokes = function
            .invokes
            .iter()
            .map(|name| {
                let arn = require(&invoked_variable(name))?;
                Ok((*name, arn))
            })
            .collect::<Result<_, ConfigError>>()?;
        let connections_endpoint = function
            .posts_to_connections
            .then(|| connections_endpoint(function.name, get))
            .transpose()?;
        let public_scheme = match get("PUBLIC_SCHEME").as_deref() {
            None | Some("https") => "https",
            Some("http") => "http",
            Some(other) => {
                return Err(ConfigError(format!(
                    "PUBLIC_SCHEME of the function `{}` is `{other}`; it must be `https` or `http`.",
                    function.name
                )));
            }
        };
        let origin_secret = get("ORIGIN_SECRET");
        let origin_secret_required = match (&origin_secret, get("ORIGIN_SECRET_REQUIRED")) {
            (None, Some(value)) if value == "true" => {
                return Err(ConfigError(format!(
                    "ORIGIN_SECRET_REQUIRED of the function `{}` is `true` and ORIGIN_SECRET is not set: every request would be answered. The templates of its stack set both.",
                    function.name
                )));
            }
            (None, _) => false,
            (Some(_), Some(value)) if value == "true" => true,
            (Some(_), Some(value)) if value == "false" => false,
            (Some(_), value) => {
                return Err(ConfigError(format!(
                    "ORIGIN_SECRET_REQUIRED of the function `{}` is `{}`; beside ORIGIN_SECRET it must be `true` or `false`.",
                    function.name,
                    value.unwrap_or_default()
                )));
            }
        };
        Ok(Config {
            stage: require("MIYABI_STAGE")?,
            public_scheme,
            function: function.name,
            database,
            jwt_keys_secret,
            origin_secret,
            origin_secret_required,
            rate_limits,
            audit_retention_months,
            cache,
            invokes,
            connections_endpoint,
        })
    }
}

impl CacheConfig {
    fn read(
        function: &str,
        get: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Option<CacheConfig>, ConfigError> {
        let Some(url) = get("VALKEY_URL") else {
            return Ok(None);
        };
        let tls = url.starts_with("rediss://");
        if !tls && !url.starts_with("redis://") {
            return Err(ConfigError(format!(
                "VALKEY_URL of the function `{function}` must begin with redis:// or rediss://.",
            )));
        }
        let ca_file = get("VALKEY_CA_FILE");
        if ca_file.is_some() && !tls {
            return Err(ConfigError(format!(
                "VALKEY_CA_FILE of the function `{function}` needs a VALKEY_URL that begins with rediss://.",
            )));
        }
        Ok(Some(CacheConfig { url, ca_file }))
    }
}

fn audit_retention_months(
    function: &str,
    get: &dyn Fn(&str) -> Option<String>,
) -> Result<i32, ConfigError> {
    let text = required(function, "AUDIT_RETENTION_MONTHS", get)?;
    let months = text.parse().ok().filter(|months| *months > 0);
    months.ok_or_else(|| {
        ConfigError(format!(
            "AUDIT_RETENTION_MONTHS of the function `{function}` is `{text}`; it must be a number from 1."
        ))
    })
}

fn rate_limits(function: &str, text: &str) -> Result<Rates, ConfigError> {
    Rates::parse(text).map_err(|error| {
        ConfigError(format!(
            "RATE_LIMITS of the function `{function}`: {error}."
        ))
    })
}

/// `ws-broadcast` -> `WS_BROADCAST_FUNCTION`: where the ARN of an invoked function is.
fn invoked_variable(name: &str) -> String {
    format!("{}_FUNCTION", name.to_uppercase().replace('-', "_"))
}

fn connections_endpoint(
    function: &str,
    get: &dyn Fn(&str) -> Option<String>,
) -> Result<String, ConfigError> {
    let endpoint = required(function, "CONNECTIONS_ENDPOINT", get)?;
    if !endpoint.starts_with("https://") && !endpoint.starts_with("http://") {
        return Err(ConfigError(format!(
            "CONNECTIONS_ENDPOINT of the function `{function}` must begin with https:// or http://."
        )));
    }
    Ok(endpoint.trim_end_matches('/').to_owned())
}

fn required(
    function: &str,
    name: &str,
    get: &dyn Fn(&str) -> Option<String>,
) -> Result<String, ConfigError> {
    get(name).ok_or_else(|| {
        ConfigError(format!("The function `{function}` needs the environment variable {name}; the templates of its stack set it."))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn read(name: &str, change: &[(&str, Option<&str>)]) -> Result<Config, ConfigError> {
        let mut variables = BTreeMap::from([
            ("MIYABI_STAGE", "local"),
            ("DATABASE_HOST", "127.0.0.1"),
            ("DATABASE_PORT", "5432"),
            ("DATABASE_NAME", "miyabi"),
            ("DATABASE_USER", "miyabi_tasks"),
            ("DATABASE_AUTH", "password"),
            ("DATABASE_SECRET", "arn:secret"),
            ("DATABASE_TLS", "disable"),
            ("JWT_KEYS_SECRET", "arn:keys"),
            (
                "RATE_LIMITS",
                "address=1/1 person=1/1 api-token=1/1 sign-in=1/1 refresh=1/1 invitations=1/1 search=1/1 token-creation=1/1",
            ),
            ("AUDIT_RETENTION_MONTHS", "13"),
            ("AWS_REGION", "eu-central-1"),
            ("WS_BROADCAST_FUNCTION", "arn:ws-broadcast"),
            ("CONNECTIONS_ENDPOINT", "https://id.example/live/"),
        ]);
        for (name, value) in change {
            match value {
                Some(value) => variables.insert(name, value),
                None => variables.remove(name),
            };
        }
        let function = miyabi_catalog::function(name).unwrap();
        Config::read(function, &|name| {
            variables.get(name).map(|value| (*value).to_owned())
        })
    }

    #[test]
    fn each_missing_variable_is_named() {
        for name in [
            "MIYABI_STAGE",
            "DATABASE_HOST",
            "DATABASE_PORT",
            "DATABASE_NAME",
            "DATABASE_USER",
            "DATABASE_AUTH",
            "DATABASE_SECRET",
            "DATABASE_TLS",
            "JWT_KEYS_SECRET",
            "RATE_LIMITS",
            "WS_BROADCAST_FUNCTION",
        ] {
            let error = read("tasks", &[(name, None)]).unwrap_err().to_string();
            assert!(error.contains(name) && error.contains("`tasks`"), "{error}");
        }
    }

    #[test]
    fn a_function_that_invokes_another_needs_its_address() {
        let error = read("auth", &[]).unwrap_err().to_string();
        assert!(error.contains("GITHUB_FUNCTION"), "{error}");
        let config = read("auth", &[("GITHUB_FUNCTION", Some("arn:github"))]).unwrap();
        assert_eq!(config.invokes["github"], "arn:github");
    }

    #[test]
    fn a_function_that_posts_to_connections_needs_their_address() {
        let config = read("ws-broadcast", &[]).unwrap();
        let endpoint = config.connections_endpoint.as_deref();
        assert_eq!(endpoint, Some("https://id.example/live"));
        for value in [None, Some("0"), Some("for ever")] {
            let error = read("ws-broadcast", &[("AUDIT_RETENTION_MONTHS", value)]);
            let error = error.unwrap_err().to_string();
            assert!(error.contains("AUDIT_RETENTION_MONTHS"), "{error}");
        }
        for value in [None, Some("id.example/live")] {
            let error = read("ws-broadcast", &[("CONNECTIONS_ENDPOINT", value)]);
            let error = error.unwrap_err().to_string();
            assert!(error.contains("CONNECTIONS_ENDPOINT"), "{error}");
        }
        assert_eq!(read("tasks", &[]).unwrap().connections_endpoint, None);
    }

    #[test]
    fn a_function_without_a_database_needs_none() {
        assert!(
            read(
                "docs",
                &[("DATABASE_HOST", None), ("JWT_KEYS_SECRET", None)]
            )
            .unwrap()
            .database
            .is_none()
        );
    }

    #[test]
    fn wrong_values_are_refused() {
        let wrong = [
            ("DATABASE_PORT", "many"),
            ("DATABASE_AUTH", "trust"),
            ("DATABASE_TLS", "prefer"),
            ("VALKEY_URL", "localhost"),
            ("ORIGIN_SECRET_REQUIRED", "perhaps"),
            ("PUBLIC_SCHEME", "ftp"),
            ("RATE_LIMITS", "person=many"),
        ];
        for (name, value) in wrong {
            assert!(
                read(
                    "tasks",
                    &[("ORIGIN_SECRET", Some("arn:origin")), (name, Some(value))]
                )
                .unwrap_err()
                .to_string()
                .contains(name)
            );
        }
    }

    #[test]
    fn an_origin_secret_that_is_required_must_be_there() {
        let error = read("tasks", &[("ORIGIN_SECRET_REQUIRED", Some("true"))])
            .unwrap_err()
            .to_string();
        assert!(error.contains("ORIGIN_SECRET is not set"), "{error}");
        assert!(read("tasks", &[("ORIGIN_SECRET_REQUIRED", Some("false"))]).is_ok());
    }

    #[test]
    fn the_bundle_is_that_of_the_region() {
        let config = read("tasks", &[("DATABASE_TLS", Some("verify-full"))]).unwrap();
        let pem = String::from_utf8(config.database.unwrap().tls.unwrap()).unwrap();
        assert!(pem.matches("BEGIN CERTIFICATE").count() >= 3, "{pem}");
        let unknown = [
            ("DATABASE_TLS", Some("verify-full")),
            ("AWS_REGION", Some("moon-1")),
        ];
        assert!(
            read("tasks", &unknown)
                .unwrap_err()
                .to_string()
                .contains("DATABASE_CA_FILE")
        );
    }
}
